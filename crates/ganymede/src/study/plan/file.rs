//! The file of a study: what is compared, on what, how often.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use super::cell::slug;
use crate::words::Misuse;

const SCHEMA: i64 = 1;
/// A longer file is no study.
const MOST_BYTES: u64 = 1 << 20;
const MOST_SEEDS: i64 = 1000;
pub(super) const MOST_CELLS: usize = 10_000;
/// Methods, data sets and rows of other people.
const MOST_ITEMS: usize = 100;
/// Letters of a name.
const MOST_NAME: usize = 60;

/// A study.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct StudyFile {
    pub(super) title: String,
    /// What is to be known of the table: the rule, the budget, how it differs from others.
    pub(super) notes: Vec<String>,
    pub(super) seeds: Vec<u64>,
    /// The most that a run may take.
    pub(super) minutes: Option<f64>,
    /// What all methods build on, where they name nothing themselves.
    pub(super) preset: Option<String>,
    pub(super) set: Vec<String>,
    pub(super) data: Vec<DataItem>,
    pub(super) methods: Vec<MethodItem>,
    pub(super) published: Vec<PublishedItem>,
}

/// The file as it is typed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Typed {
    schema: Option<i64>,
    title: Option<String>,
    #[serde(default)]
    notes: Vec<String>,
    seeds: Value,
    minutes: Option<f64>,
    preset: Option<String>,
    #[serde(default)]
    set: Vec<String>,
    #[serde(default)]
    data: Vec<DataItem>,
    method: Vec<MethodItem>,
    #[serde(default)]
    published: Vec<PublishedItem>,
}

/// A data set.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DataItem {
    pub(super) name: String,
    #[serde(default)]
    pub(super) set: Vec<String>,
}

/// A method.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MethodItem {
    pub(super) name: String,
    /// Who proposed it.
    pub(super) paper: Option<String>,
    pub(super) preset: Option<String>,
    /// A configuration, beside the study's file.
    pub(super) config: Option<String>,
    #[serde(default)]
    pub(super) set: Vec<String>,
}

/// What others have published: shown beside the table, as text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PublishedItem {
    pub(super) method: String,
    pub(super) source: String,
    /// The data set, where there are several.
    pub(super) data: Option<String>,
    #[serde(default)]
    pub(super) values: Table,
}

/// The text of a file of reasonable size.
pub(super) fn read_text(path: &Path) -> Result<String> {
    let shown = path.display();
    let file = File::open(path).map_err(|error| Misuse(format!("cannot read {shown}: {error}")))?;
    let mut bytes = Vec::new();
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes).with_context(|| format!("cannot read {shown}"))?;
    if bytes.len() as u64 > MOST_BYTES {
        let reason = format!("{shown} has more than {MOST_BYTES} bytes: it is no study");
        return Err(Misuse(reason).into());
    }
    String::from_utf8(bytes).map_err(|_| Misuse(format!("{shown} is not text in UTF-8")).into())
}

impl StudyFile {
    /// Reads a study; `origin` names it in messages.
    pub(super) fn read(text: &str, origin: &str) -> Result<Self> {
        let typed: Typed = toml::from_str(text).map_err(|error| Misuse(format!("{origin}: {error}")))?;
        Self::checked(typed).map_err(|reason| Misuse(format!("{origin}: {reason}")).into())
    }

    fn checked(typed: Typed) -> Result<Self, String> {
        if let Some(schema) = typed.schema.filter(|schema| *schema != SCHEMA) {
            return Err(format!("schema = {schema}, this version reads {SCHEMA}"));
        }
        let seeds = seeds(&typed.seeds)?;
        if typed.minutes.is_some_and(|minutes| !minutes.is_finite() || minutes < 0.0) {
            return Err("minutes: give a number of at least 0".to_owned());
        }
        let data = match typed.data.is_empty() {
            true => vec![DataItem { name: "data".to_owned(), set: Vec::new() }],
            false => typed.data,
        };
        names("data", data.iter().map(|data| data.name.as_str()))?;
        if typed.method.is_empty() {
            return Err("there is no [[method]]: name at least one".to_owned());
        }
        names("method", typed.method.iter().map(|method| method.name.as_str()))?;
        if let Some(both) =
            typed.method.iter().find(|method| method.preset.is_some() && method.config.is_some())
        {
            return Err(format!(
                "method `{}` has a preset and a config: a config names its preset itself",
                both.name
            ));
        }
        if typed.published.len() > MOST_ITEMS {
            return Err(format!(
                "{} rows of [[published]], at most {MOST_ITEMS} are possible",
                typed.published.len()
            ));
        }
        let known = |name: &String| data.iter().any(|data| data.name == *name);
        if let Some(name) =
            typed.published.iter().filter_map(|row| row.data.as_ref()).find(|name| !known(name))
        {
            return Err(format!("[[published]] is of the data `{name}`, which there are not"));
        }
        Ok(Self {
            title: typed.title.unwrap_or_else(|| "A study".to_owned()),
            notes: typed.notes,
            seeds,
            minutes: typed.minutes.filter(|minutes| *minutes > 0.0),
            preset: typed.preset,
            set: typed.set,
            data,
            methods: typed.method,
            published: typed.published,
        })
    }
}

/// `seeds = 10` are 0 to 9; a list says them one by one.
fn seeds(value: &Value) -> Result<Vec<u64>, String> {
    let wanted = format!("seeds: give how many, 1 to {MOST_SEEDS}, or a list of them such as [3, 4]");
    let found: Vec<u64> = match value {
        Value::Integer(count @ 1..=MOST_SEEDS) => (0..count.unsigned_abs()).collect(),
        Value::Array(list) if (1..=MOST_SEEDS as usize).contains(&list.len()) => {
            let seed = |value: &Value| value.as_integer().and_then(|seed| u64::try_from(seed).ok());
            list.iter().map(seed).collect::<Option<_>>().ok_or_else(|| wanted.clone())?
        }
        other => return Err(format!("{wanted}; found {}", shortened(&other.to_string()))),
    };
    let mut seen = BTreeSet::new();
    match found.iter().find(|seed| !seen.insert(**seed)) {
        Some(twice) => Err(format!("seeds: {twice} stands there twice")),
        None => Ok(found),
    }
}

/// Names become names of files, and rows of a table.
fn names<'a>(what: &str, names: impl Iterator<Item = &'a str>) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    let mut count = 0;
    for name in names {
        count += 1;
        let letters = name.chars().count();
        if name.trim().is_empty()
            || letters > MOST_NAME
            || name.chars().any(|c| c.is_control() || "|,".contains(c))
        {
            let name = shortened(name);
            return Err(format!(
                "[[{what}]] name `{name}`: give 1 to {MOST_NAME} letters in a line, without `|` and commas: columns end at the \
                 one, and `--only` parts names at the other"
            ));
        }
        if !seen.insert(slug(name)) {
            return Err(format!(
                "[[{what}]] name `{name}`: another one has that name, or one that makes the same file"
            ));
        }
    }
    match count {
        0..=MOST_ITEMS => Ok(()),
        many => Err(format!("{many} of [[{what}]], at most {MOST_ITEMS} are possible")),
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(MOST_NAME).collect()
}
