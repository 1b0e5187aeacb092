//! `--set section.key=value`: from text to a layer, and what to say of one that reaches into nothing.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::error::ConfigError;

/// A list of a configuration, into whose entries an assignment can reach.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum List {
    Penalty,
    Term,
}

impl List {
    const ALL: [Self; 2] = [Self::Penalty, Self::Term];

    fn key(self) -> &'static str {
        match self {
            Self::Penalty => "penalty",
            Self::Term => "term",
        }
    }

    fn plural(self) -> &'static str {
        match self {
            Self::Penalty => "penalties",
            Self::Term => "terms",
        }
    }

    /// `penalty.0.gamma=10`.
    fn example(self) -> &'static str {
        match self {
            Self::Penalty => "penalty.0.gamma=10",
            Self::Term => "term.0.weight=0.1",
        }
    }

    /// A kind that has such settings.
    fn kind_with(self, settings: &Table) -> &str {
        match (settings.get("kind").and_then(Value::as_str), self) {
            (Some(kind), _) => kind,
            (None, Self::Term) => "lecam",
            (None, Self::Penalty) if settings.contains_key("target") => "wgan-gp",
            (None, Self::Penalty) if settings.contains_key("lambda") || settings.contains_key("c") => {
                "dragan"
            }
            (None, Self::Penalty) => "r1",
        }
    }
}

/// Assignments as one layer: sections, and settings of entries of lists by their index.
#[derive(Default)]
pub(super) struct Assignments {
    pub(super) sections: Table,
    entries: BTreeMap<(List, usize), (String, Table)>,
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
        match List::ALL.into_iter().find(|list| list.key() == path[0]) {
            Some(list) if path.len() > 1 => self.add_to(list, &path[1..], value, text),
            _ => insert(&mut self.sections, &path, value),
        }
    }

    fn add_to(&mut self, list: List, path: &[&str], value: Value, text: &str) -> Result<(), String> {
        let (name, plural) = (list.key(), list.plural());
        let such_as = |key: &str| format!("write it as {name}.N.key=value, such as {name}.0.{key}={value}");
        match *path {
            [index, key] => {
                let index =
                    index.parse().map_err(|_| format!("{plural} are numbered from 0: {}", such_as(key)))?;
                let fresh = || (text.to_owned(), Table::new());
                let (_, table) = self.entries.entry((list, index)).or_insert_with(fresh);
                table.insert(key.into(), value);
                Ok(())
            }
            [key] if key.parse::<usize>().is_err() => Err(format!("{plural} are a list: {}", such_as(key))),
            _ => Err(format!("write it as {name}.N.key=value, such as {}", list.example())),
        }
    }

    /// Hands the settings of each entry of `table`'s lists to `lay`.
    pub(super) fn into_lists(
        self,
        table: &mut Table,
        lay: impl Fn(&mut Table, Table),
    ) -> Result<(), ConfigError> {
        let preset = table.get("preset").and_then(Value::as_str).map(str::to_owned);
        for ((list, index), (text, settings)) in self.entries {
            let entries = match table.get_mut(list.key()) {
                Some(Value::Array(items)) => items.as_mut_slice(),
                _ => &mut [],
            };
            let count = entries.len();
            match entries.get_mut(index).and_then(Value::as_table_mut) {
                Some(entry) => lay(entry, settings),
                None => return Err(refusal(&text, no_entry(list, preset.as_deref(), count, &settings))),
            }
        }
        Ok(())
    }
}

fn refusal(text: &str, reason: String) -> ConfigError {
    ConfigError::Override { text: text.to_owned(), reason }
}

/// What to do instead of setting something of an entry that is not there.
fn no_entry(list: List, preset: Option<&str>, count: usize, settings: &Table) -> String {
    let (name, plural) = (list.key(), list.plural());
    let whose = preset.map_or_else(|| "this configuration".to_owned(), |name| format!("`{name}`"));
    let has = match count {
        0 => format!("{whose} has no {name}"),
        1 => format!("{whose} has one {name}, {name}.0"),
        n => format!("{whose} has {n} {plural}, {name}.0 to {name}.{}", n - 1),
    };
    let kind = list.kind_with(settings);
    let others = settings.iter().filter(|(key, _)| *key != "kind");
    let others: String = others.map(|(key, value)| format!(", {key} = {value}")).collect();
    let verb = if count == 0 { "add one with" } else { "replace the list with" };
    format!("{has}; {verb} --set '{name}=[{{ kind = \"{kind}\"{others} }}]'")
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
