//! `[[term]]`.

use toml::{Table, Value};

use super::bounds;
use super::check::Check;
use super::course::Course;
use super::nearest::hint;
use super::section::{course, kind_of, read_settings, settings_of};
use crate::trainer::terms::{TERMS, TermConfig};

/// An entry of the list.
pub(super) fn read(section: &str, table: &Table, steps: u64, check: &mut Check) -> Option<TermConfig> {
    let typed = kind_of(section, table, check);
    let names: Vec<&str> = TERMS.iter().map(|kind| kind.name).collect();
    let Some(kind) = TERMS.iter().find(|kind| Some(kind.name) == typed) else {
        match typed {
            Some(typed) => {
                check.add(&format!("{section}.kind"), format!("there is no `{typed}`{}", hint(typed, &names)))
            }
            None if table.contains_key("kind") => {}
            None => check.add(&format!("{section}.kind"), format!("is missing: {}", names.join(", "))),
        }
        return None;
    };
    let mut settings = settings_of(table);
    let mut courses = Vec::new();
    for (key, value) in &mut settings {
        let name = format!("{section}.{key}");
        if let (Value::Table(typed), Some(_)) = (&*value, bounds::find(&name)) {
            // A number that is certainly read, should the course be none.
            let course = course(&name, typed, steps, check).unwrap_or(Course::Constant { value: 0.5 });
            *value = Value::Float(course.at(0));
            courses.push((key.clone(), course));
        }
    }
    let mut spec = read_settings(section, kind.name, &settings, kind.read, check)?;
    for (key, course) in courses {
        if !spec.follow(&key, course) {
            let reason = format!("`{}` has one number for the whole run here", kind.name);
            check.add(&format!("{section}.{key}"), reason);
        }
    }
    for problem in spec.check() {
        check.add(&format!("{section}.{}", problem.field), problem.to_string());
    }
    Some(TermConfig::new(kind, spec))
}
