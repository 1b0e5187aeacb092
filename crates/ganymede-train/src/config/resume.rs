//! What may change when a run is resumed.

use std::collections::{BTreeMap, BTreeSet};

use toml::Value;

use super::Run;
use super::error::{ConfigError, Problem};

/// Keys that change how far, where or how visibly a run goes, not what it computes. Where the data are is one: what
/// they are is compared by their hash.
const FREE: [&str; 7] =
    ["run.steps", "run.threads", "run.device", "run.silence", "limits.minutes", "data.name", "data.vectors"];
/// Sections of such keys: how often something is written or looked at.
const FREE_SECTIONS: [&str; 2] = ["log.", "monitor."];

/// A setting that differs between the run as begun and as resumed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// `section.key`.
    pub key: String,
    /// As the run was begun.
    pub old: String,
    /// From here on.
    pub new: String,
}

impl Run {
    /// The settings in which `next` differs from this run, if a resume may change all of them: the number
    /// of steps, threads, device, time limit, the sections `log` and `monitor`, and the place of the data, whose content must be
    /// the same.
    ///
    /// # Errors
    /// [`ConfigError::ChangedOnResume`] names every other setting that differs.
    pub fn changes_on_resume(&self, next: &Run) -> Result<Vec<Change>, ConfigError> {
        let changes = self.changes(next);
        let refused: Vec<Problem> = changes
            .iter()
            .filter(|change| {
                let key = change.key.as_str();
                !FREE.contains(&key) && !FREE_SECTIONS.iter().any(|section| key.starts_with(section))
            })
            .map(|change| Problem {
                key: change.key.clone(),
                message: format!("was {}, now {}", change.old, change.new),
            })
            .collect();
        if refused.is_empty() { Ok(changes) } else { Err(ConfigError::ChangedOnResume { changes: refused }) }
    }

    fn changes(&self, next: &Run) -> Vec<Change> {
        let (old, new) = (flat(self), flat(next));
        let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        let shown = |side: &BTreeMap<String, String>, key| {
            side.get(key).cloned().unwrap_or_else(|| "unset".to_owned())
        };
        keys.into_iter()
            .filter(|key| old.get(*key) != new.get(*key))
            .map(|key| Change { key: key.clone(), old: shown(&old, key), new: shown(&new, key) })
            .collect()
    }
}

fn flat(run: &Run) -> BTreeMap<String, String> {
    let value = Value::try_from(run.to_file()).expect("a run file holds only what TOML can say");
    let mut out = BTreeMap::new();
    flatten("", &value, &mut out);
    out
}

fn flatten(path: &str, value: &Value, out: &mut BTreeMap<String, String>) {
    let join = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match value {
        Value::Table(table) => table.iter().for_each(|(key, value)| flatten(&join(key), value, out)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(i, value)| flatten(&join(&i.to_string()), value, out));
        }
        other => {
            out.insert(path.to_owned(), other.to_string());
        }
    }
}
