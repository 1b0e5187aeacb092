//! A configuration as a list of settings, and where several differ.

use std::collections::BTreeSet;

use serde::Serialize;
use toml::Value;

use super::shortened;

/// Settings that a page shows.
const MOST_SETTINGS: usize = 1000;
/// Tables in tables.
const MOST_DEPTH: usize = 16;

/// `section.key` and its value as TOML.
pub(super) type Setting = [String; 2];

/// A setting that not all runs have alike: for each of them its value, where it has one.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Difference {
    key: String,
    values: Vec<Option<String>>,
}

/// The settings of `run.toml`, in its order.
pub(super) fn settings(table: &toml::Table) -> Vec<Setting> {
    let mut all = Vec::new();
    table.iter().for_each(|(key, value)| collect(key, value, MOST_DEPTH, &mut all));
    all
}

fn collect(key: &str, value: &Value, depth: usize, all: &mut Vec<Setting>) {
    if all.len() == MOST_SETTINGS {
        return;
    }
    match value {
        Value::Table(table) if depth > 0 => {
            table.iter().for_each(|(name, value)| collect(&format!("{key}.{name}"), value, depth - 1, all));
        }
        Value::Array(items) if depth > 0 && items.iter().any(Value::is_table) => {
            let items = items.iter().enumerate();
            items.for_each(|(i, value)| collect(&format!("{key}.{i}"), value, depth - 1, all));
        }
        Value::String(text) => all.push([shortened(key), shortened(text)]),
        other => all.push([shortened(key), shortened(&other.to_string())]),
    }
}

/// Where the configurations of several runs differ, in the order of the first that has the setting.
pub(super) fn differences(runs: &[&[Setting]]) -> Vec<Difference> {
    let mut seen = BTreeSet::new();
    let keys = runs.iter().flat_map(|run| run.iter().map(|[key, _]| key));
    let keys: Vec<&String> = keys.filter(|key| seen.insert(*key)).collect();
    let value =
        |run: &[Setting], key: &str| run.iter().find(|[k, _]| k == key).map(|[_, value]| value.clone());
    let all = keys
        .into_iter()
        .map(|key| Difference { key: key.clone(), values: runs.iter().map(|run| value(run, key)).collect() });
    all.filter(|difference| difference.values.iter().any(|value| *value != difference.values[0])).collect()
}

/// The text at `section.key`.
pub(super) fn text_at(table: &toml::Table, key: &str) -> Option<String> {
    at(table, key)?.as_str().map(shortened)
}

/// The whole number at `section.key`.
pub(super) fn whole_at(table: &toml::Table, key: &str) -> Option<u64> {
    u64::try_from(at(table, key)?.as_integer()?).ok()
}

fn at<'a>(table: &'a toml::Table, key: &str) -> Option<&'a Value> {
    match key.split_once('.') {
        Some((section, key)) => table.get(section)?.as_table()?.get(key),
        None => table.get(key),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Setting> {
        settings(&text.parse().unwrap())
    }

    #[test]
    fn settings_are_flat_and_differences_are_named() {
        let a = read("schema = 1\n[run]\nseed = 0\nsteps = 10\n[[penalty]]\nkind = \"r1\"\ngamma = 0.5\n");
        let keys: Vec<&str> = a.iter().map(|[key, _]| key.as_str()).collect();
        assert_eq!(keys, ["schema", "run.seed", "run.steps", "penalty.0.kind", "penalty.0.gamma"]);
        let b = read("schema = 1\npenalty = []\n[run]\nseed = 3\nsteps = 10\n");
        let found = differences(&[&a, &b]);
        let found: Vec<(&str, Vec<Option<&str>>)> = found
            .iter()
            .map(|d| (d.key.as_str(), d.values.iter().map(|value| value.as_deref()).collect()))
            .collect();
        let wanted = [
            ("run.seed", vec![Some("0"), Some("3")]),
            ("penalty.0.kind", vec![Some("r1"), None]),
            ("penalty.0.gamma", vec![Some("0.5"), None]),
            ("penalty", vec![None, Some("[]")]),
        ];
        assert_eq!(found, wanted);
        assert!(differences(&[&a]).is_empty() && differences(&[]).is_empty());
    }

    #[test]
    fn places_in_a_table_are_found() {
        let table: toml::Table = "preset = \"x\"\n[run]\nsteps = 7\nseed = -1\n".parse().unwrap();
        assert_eq!(text_at(&table, "preset").as_deref(), Some("x"));
        assert_eq!((whole_at(&table, "run.steps"), whole_at(&table, "run.seed")), (Some(7), None));
        assert_eq!((text_at(&table, "run.steps"), text_at(&table, "a.b")), (None, None));
    }
}
