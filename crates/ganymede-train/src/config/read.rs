//! From a TOML table to a [`RunFile`], with every unknown key and wrong type named, not only the first.

use serde_path_to_error::{Path, Segment};
use toml::{Table, Value};

use super::check::shown;
use super::error::{ConfigError, Problem};
use super::file::RunFile;
use super::nearest::hint;

/// How the refusal of an unknown key begins.
pub(super) const NO_SUCH_KEY: &str = "no such key";

/// Parses TOML text; `origin` names it in errors.
pub(super) fn parse(text: &str, origin: &str) -> Result<Table, ConfigError> {
    text.parse::<Table>().map_err(|error| ConfigError::Syntax {
        origin: origin.to_owned(),
        message: error.to_string().trim_end().to_owned(),
    })
}

/// Reads what is well typed and reports the rest.
///
/// serde stops at the first fault; so the fault is noted, its key taken out, and the reading begun again.
pub(super) fn read(table: &Table) -> (RunFile, Vec<Problem>) {
    let mut root = Value::Table(table.clone());
    let mut problems = Vec::new();
    loop {
        let error = match serde_path_to_error::deserialize::<_, RunFile>(root.clone()) {
            Ok(file) => return (file, problems),
            Err(error) => error,
        };
        let path = segments(error.path());
        let removed = remove(&mut root, &path);
        problems.push(problem(&path, removed.as_ref(), &error.into_inner().to_string()));
        if removed.is_none() {
            return (RunFile::default(), problems);
        }
    }
}

pub(super) fn segments(path: &Path) -> Vec<String> {
    path.iter()
        .filter_map(|segment| match segment {
            Segment::Seq { index } => Some(index.to_string()),
            Segment::Map { key } => Some(key.clone()),
            Segment::Enum { variant } => Some(variant.clone()),
            Segment::Unknown => None,
        })
        .collect()
}

pub(super) fn remove(root: &mut Value, path: &[String]) -> Option<Value> {
    let (last, parents) = path.split_last()?;
    let parent = parents.iter().try_fold(root, |value, segment| match value {
        Value::Table(table) => table.get_mut(segment),
        Value::Array(items) => items.get_mut(segment.parse::<usize>().ok()?),
        _ => None,
    })?;
    match parent {
        Value::Table(table) => table.remove(last),
        Value::Array(items) => {
            let index = last.parse::<usize>().ok()?;
            (index < items.len()).then(|| items.remove(index))
        }
        _ => None,
    }
}

pub(super) fn problem(path: &[String], value: Option<&Value>, message: &str) -> Problem {
    let key = path.join(".");
    let message = message.lines().next().unwrap_or_default();
    if message.starts_with("unknown field") {
        let typed = path.last().map_or("", String::as_str);
        // serde writes: unknown field `typed`, expected one of `a`, `b`
        let known: Vec<&str> = message.split('`').skip(3).step_by(2).collect();
        return Problem { key, message: format!("{NO_SUCH_KEY}{}", hint(typed, &known)) };
    }
    let expected = message.rsplit_once("expected ").map_or(message, |(_, expected)| expected);
    let found = match value {
        None => "nothing".to_owned(),
        Some(Value::Float(x)) => shown(*x),
        Some(other) => other.to_string(),
    };
    Problem { key, message: format!("found {}, expected {}", found.trim(), in_words(expected)) }
}

fn in_words(expected: &str) -> &str {
    match expected.trim() {
        "u64" | "u32" | "usize" => "a whole number, 0 or more",
        "f64" => "a number",
        "a string" | "string" => "a name in quotes",
        "a boolean" => "true or false",
        "a sequence" => "a list of tables ([[penalty]])",
        other if other.starts_with("struct") => "a section of keys",
        other => other,
    }
}
