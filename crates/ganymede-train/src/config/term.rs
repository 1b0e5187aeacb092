//! `[[term]]`.

use toml::Table;

use super::check::Check;
use super::nearest::hint;
use super::section::{kind_of, read_settings, settings_of};
use crate::trainer::terms::{TERMS, TermConfig};

/// An entry of the list.
pub(super) fn read(section: &str, table: &Table, check: &mut Check) -> Option<TermConfig> {
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
    let spec = read_settings(section, kind.name, &settings_of(table), kind.read, check)?;
    for problem in spec.check() {
        check.add(&format!("{section}.{}", problem.field), problem.to_string());
    }
    Some(TermConfig::new(kind, spec))
}
