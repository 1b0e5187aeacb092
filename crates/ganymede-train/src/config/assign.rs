//! `--set section.key=value`: from text to a layer, and what to say of one that reaches into nothing.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::error::ConfigError;

const PENALTY: &str = "penalty";

/// Assignments as one layer: sections, and settings of entries of `penalty` by their index.
#[derive(Default)]
pub(super) struct Assignments {
    pub(super) sections: Table,
    penalties: BTreeMap<usize, (String, Table)>,
}

impl Assignments {
    /// Reads all of them; nothing is laid over anything yet.
    pub(super) fn read<S: AsRef<str>>(assignments: &[S]) -> Result<Self, ConfigError> {
        let mut all = Self::default();
        for text in assignments.iter().map(AsRef::as_ref) {
            all.add(text).map_err(|reason| refusal(text, reason))?;
        }
        Ok(all)
    }

    fn add(&mut self, text: &str) -> Result<(), String> {
        let (key, value) =
            text.split_once('=').ok_or("write it as section.key=value, for example --set run.batch=32")?;
        let path: Vec<&str> = key.trim().split('.').map(str::trim).collect();
        if path.iter().any(|segment| segment.is_empty()) {
            return Err("a part of the key is empty; write it as section.key=value".into());
        }
        let value = literal(value.trim())?;
        if path[0] != PENALTY || path.len() == 1 {
            return insert(&mut self.sections, &path, value);
        }
        match path[1..] {
            [index, key] => {
                let index = index.parse().map_err(|_| {
                    format!(
                        "penalties are numbered from 0: write it as penalty.N.key=value, such as penalty.0.{key}={value}"
                    )
                })?;
                let (_, table) =
                    self.penalties.entry(index).or_insert_with(|| (text.to_owned(), Table::new()));
                table.insert(key.into(), value);
                Ok(())
            }
            [key] if key.parse::<usize>().is_err() => Err(format!(
                "penalties are a list: write it as penalty.N.key=value, such as penalty.0.{key}={value}"
            )),
            _ => Err("write it as penalty.N.key=value, such as penalty.0.gamma=10".into()),
        }
    }

    /// Hands the settings of each entry of `table`'s penalties to `lay`.
    pub(super) fn into_penalties(
        self,
        table: &mut Table,
        lay: impl Fn(&mut Table, Table),
    ) -> Result<(), ConfigError> {
        if self.penalties.is_empty() {
            return Ok(());
        }
        let preset = table.get("preset").and_then(Value::as_str).map(str::to_owned);
        let list = match table.get_mut(PENALTY) {
            Some(Value::Array(items)) => items.as_mut_slice(),
            _ => &mut [],
        };
        let count = list.len();
        for (index, (text, settings)) in self.penalties {
            match list.get_mut(index).and_then(Value::as_table_mut) {
                Some(entry) => lay(entry, settings),
                None => return Err(refusal(&text, no_entry(preset.as_deref(), count, &settings))),
            }
        }
        Ok(())
    }
}

fn refusal(text: &str, reason: String) -> ConfigError {
    ConfigError::Override { text: text.to_owned(), reason }
}

/// What to do instead of setting something of an entry that is not there.
fn no_entry(preset: Option<&str>, count: usize, settings: &Table) -> String {
    let whose = preset.map_or_else(|| "this configuration".to_owned(), |name| format!("`{name}`"));
    let has = match count {
        0 => format!("{whose} has no penalty"),
        1 => format!("{whose} has one penalty, penalty.0"),
        n => format!("{whose} has {n} penalties, penalty.0 to penalty.{}", n - 1),
    };
    let kind = match settings.get("kind").and_then(Value::as_str) {
        Some(kind) => kind,
        None if settings.contains_key("target") => "wgan-gp",
        None if settings.contains_key("lambda") || settings.contains_key("c") => "dragan",
        None => "r1",
    };
    let others = settings.iter().filter(|(key, _)| *key != "kind");
    let others: String = others.map(|(key, value)| format!(", {key} = {value}")).collect();
    let verb = if count == 0 { "add one with" } else { "replace the list with" };
    format!("{has}; {verb} --set 'penalty=[{{ kind = \"{kind}\"{others} }}]'")
}

/// A value of TOML; what is none is text.
fn literal(text: &str) -> Result<Value, String> {
    let parsed = format!("v = {text}").parse::<Table>().ok().and_then(|mut table| table.remove("v"));
    let digits = text.trim_start_matches(['-', '+']);
    match parsed {
        Some(value) => Ok(value),
        None if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) && digits.len() > 18 => {
            Err(format!("{text} is too large a number; whole numbers end at {}", i64::MAX))
        }
        None => Ok(Value::String(text.to_owned())),
    }
}

fn insert(table: &mut Table, path: &[&str], value: Value) -> Result<(), String> {
    let Some((last, parents)) = path.split_last() else { return Ok(()) };
    let mut here = table;
    for segment in parents {
        here = here
            .entry((*segment).to_owned())
            .or_insert_with(|| Value::Table(Table::new()))
            .as_table_mut()
            .ok_or_else(|| format!("`{segment}` is set to a value elsewhere, so it has no keys"))?;
    }
    if here.get(*last).is_some_and(|there| there.is_table() && !value.is_table()) {
        return Err(format!("`{last}` is a section, whose keys are set elsewhere; set its keys only"));
    }
    here.insert((*last).to_owned(), value);
    Ok(())
}
