//! Sections that a `kind` opens: what else may stand in them is said by the kind's own type, in the crate that owns it.

use ganymede_models::{Fault, read_table};
use serde::Serialize;
use serde::de::DeserializeOwned;
use toml::{Table, Value};

use super::bounds::{self, MOST_STEPS};
use super::check::{Check, shown};
use super::course::Course;
use super::nearest::hint;
use super::read;
use super::scheduled::Scheduled;

/// The key that opens a section.
pub(super) const KIND: &str = "kind";

/// The name under `kind`, if one was typed that is a name.
pub(super) fn kind_of<'a>(section: &str, table: &'a Table, check: &mut Check) -> Option<&'a str> {
    match table.get(KIND)? {
        Value::String(name) => Some(name),
        other => {
            check.add(&format!("{section}.{KIND}"), format!("found {other}, expected a name in quotes"));
            None
        }
    }
}

/// What a section says besides its kind.
pub(super) fn settings_of(table: &Table) -> Table {
    table.iter().filter(|(key, _)| *key != KIND).map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// Reads the settings of a kind by its own grammar; each key that it refuses is noted and left out.
pub(super) fn read_settings<T>(
    section: &str,
    kind: &str,
    settings: &Table,
    read: impl Fn(&Table) -> Result<T, Fault>,
    check: &mut Check,
) -> Option<T> {
    let mut left = Value::Table(settings.clone());
    loop {
        let fault = match read(left.as_table().expect("it was made as one")) {
            Ok(read) => return Some(read),
            Err(fault) => fault,
        };
        let removed = read::remove(&mut left, &fault.path);
        let path: Vec<String> = std::iter::once(section.to_owned()).chain(fault.path).collect();
        let mut problem = read::problem(&path, removed.as_ref(), &fault.message);
        if let Some(rest) = problem.message.strip_prefix(read::NO_SUCH_KEY) {
            problem.message = format!("`{kind}` has no such setting{rest}");
        }
        check.problems.push(problem);
        removed?;
    }
}

/// A closed set of kinds, each number of which may follow a course.
///
/// `usual` is the kind where none is typed; without it `kind` must be there.
pub(super) fn scheduled<T: Clone + Serialize + DeserializeOwned>(
    section: &str,
    table: &Table,
    (names, usual): (&[&str], Option<&str>),
    steps: u64,
    check: &mut Check,
) -> Option<Scheduled<T>> {
    let typed = kind_of(section, table, check).or(usual.filter(|_| !table.contains_key(KIND)));
    let Some(kind) = typed else {
        if !table.contains_key(KIND) {
            check.add(&format!("{section}.{KIND}"), format!("is missing: {}", names.join(", ")));
        }
        return None;
    };
    if !names.contains(&kind) {
        check.add(&format!("{section}.{KIND}"), format!("there is no `{kind}`{}", hint(kind, names)));
        return None;
    }
    let mut settings = settings_of(table);
    let mut courses = Vec::new();
    for (key, value) in &mut settings {
        let name = format!("{section}.{key}");
        if let Value::Table(typed) = value {
            // A number that is certainly read, should the course be none.
            let course = course(&name, typed, steps, check).unwrap_or(Course::Constant { value: 0.5 });
            *value = Value::Float(course.at(0));
            courses.push((key.clone(), course));
        } else {
            check_number(&name, value, check);
        }
    }
    let read = |settings: &Table| read_kind::<T>(kind, settings);
    let start = read_settings(section, kind, &settings, read, check)?;
    Some(Scheduled::new(start, courses))
}

/// Settings of one kind of a closed set.
fn read_kind<T: DeserializeOwned>(kind: &str, settings: &Table) -> Result<T, Fault> {
    let tagged = Table::from_iter([(kind.to_owned(), Value::Table(settings.clone()))]);
    // The first segment of a path is the kind.
    read_table(&tagged).map_err(|fault| Fault { path: fault.path.into_iter().skip(1).collect(), ..fault })
}

/// A number out of the bounds of its key; another type is the kind's own to refuse.
pub(super) fn check_number(key: &str, value: &Value, check: &mut Check) {
    let number = value.as_float().or(value.as_integer().map(|whole| whole as f64));
    let (Some(x), Some(bound)) = (number, bounds::find(key)) else { return };
    if !bound.holds(x) {
        check.add(key, format!("found {}, expected {}", shown(x), bound.words()));
    }
}

/// A number or its course.
pub(super) fn number(
    key: &str,
    value: Option<&Value>,
    default: f64,
    steps: u64,
    check: &mut Check,
) -> Course {
    let fixed = |value| Course::Constant { value };
    match value {
        None => fixed(default),
        Some(Value::Table(table)) => course(key, table, steps, check).unwrap_or(fixed(default)),
        Some(value) => match value.as_float().or(value.as_integer().map(|whole| whole as f64)) {
            Some(x) => fixed(check.number(key, Some(x), default)),
            None => {
                check.add(key, format!("found {value}, expected a number, or the table of a course"));
                fixed(default)
            }
        },
    }
}

/// A course for the number under `key`, all of whose values lie within the key's bounds.
pub(super) fn course(key: &str, table: &Table, steps: u64, check: &mut Check) -> Option<Course> {
    let kind = kind_of(key, table, check);
    let Some(kind) = kind else {
        if !table.contains_key(KIND) {
            let names = Course::NAMES.join(", ");
            check.add(&format!("{key}.{KIND}"), format!("is missing: {names}"));
        }
        return None;
    };
    if !Course::NAMES.contains(&kind) {
        let reason = format!("there is no `{kind}`{}", hint(kind, Course::NAMES));
        check.add(&format!("{key}.{KIND}"), reason);
        return None;
    }
    let read = |settings: &Table| read_kind::<Course>(kind, settings);
    let course = read_settings(key, kind, &settings_of(table), read, check)?;
    checked(key, course, steps, check)
}

/// A course whose end is written down, if it can be and all of its values lie within the bounds of `key`.
pub(super) fn checked(key: &str, mut course: Course, steps: u64, check: &mut Check) -> Option<Course> {
    course.end_at(steps);
    if let Some((part, reason)) = course.problem() {
        check.add(&format!("{key}.{part}"), reason);
        return None;
    }
    if let Some(step) = course.steps().into_iter().find(|step| *step > MOST_STEPS + 1) {
        check.add(key, format!("found step {step}, at most {MOST_STEPS} are possible"));
        return None;
    }
    let bound = bounds::of(key);
    // A rate that ends at 0 stands still, which is no mistake.
    if let Some(x) =
        course.extremes().into_iter().find(|x| !(bound.holds(*x) || *x == 0.0 && bound.ends_at_0()))
    {
        check.add(key, format!("found {} on its course, expected {}", shown(x), bound.words()));
        return None;
    }
    Some(course)
}
