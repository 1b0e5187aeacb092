//! Preset, file and `--set` laid over one another, before anything is typed.

use std::path::Path;

use toml::{Table, Value};

use super::assign::Assignments;
use super::error::{ConfigError, Problem};
use super::file::RunFile;
use super::{Run, read};
use crate::presets;

/// Configuration tables laid over one another; the later wins.
///
/// Tables are merged key by key; lists (`penalty`, `term`) are replaced whole. Where a layer changes the `kind` of
/// a section, what the layers below said in that section is forgotten, for it was said of another kind:
/// laying `optimizer.generator.kind = "sgd"` over an Adam preset leaves no `beta1` behind.
///
/// ```
/// let mut layers = ganymede_train::Layers::preset("ring-r1")?;
/// layers.set(&["run.steps=100", "run.seed=7"])?;
/// assert_eq!(layers.resolve()?.steps, 100);
/// # Ok::<(), ganymede_train::ConfigError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Layers {
    table: Table,
}

impl Layers {
    /// Starts from a preset.
    ///
    /// # Errors
    /// [`ConfigError::UnknownPreset`], which offers the nearest name.
    pub fn preset(name: &str) -> Result<Self, ConfigError> {
        let mut table = read::parse(presets::text(name)?, name)?;
        table.insert("preset".into(), Value::String(name.into()));
        Ok(Self { table })
    }

    /// Starts from a file; the file's own `preset` lies below it, or else the preset `base`, where one is
    /// given.
    ///
    /// # Errors
    /// The file cannot be read, is not TOML, or names an unknown preset.
    pub fn file(path: &Path, base: Option<&str>) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        Self::text(&text, &path.display().to_string(), base)
    }

    /// Starts from a file that says everything, such as a `run.toml`: its `preset` is a record, not a base.
    ///
    /// # Errors
    /// The file cannot be read or is not TOML.
    pub fn whole_file(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        Ok(Self { table: read::parse(&text, &path.display().to_string())? })
    }

    /// [`Layers::whole_file`] of the text of a run that is known.
    pub(crate) fn whole_text(text: &str) -> Result<Self, ConfigError> {
        Ok(Self { table: read::parse(text, "the run's configuration")? })
    }

    /// Like [`Layers::file`], from text; `origin` names the text in errors.
    ///
    /// # Errors
    /// The text is not TOML or names an unknown preset.
    pub fn text(text: &str, origin: &str, base: Option<&str>) -> Result<Self, ConfigError> {
        let mut table = read::parse(text, origin)?;
        let named = table.get("preset").and_then(Value::as_str).map(str::to_owned);
        let mut layers = match base.or(named.as_deref()) {
            Some(name) => Self::preset(name)?,
            None => Self::default(),
        };
        if base.is_some() {
            table.remove("preset");
        }
        layers.lay(table);
        Ok(layers)
    }

    /// Lays a table on top.
    pub fn lay(&mut self, upper: Table) {
        merge(&mut self.table, upper);
    }

    /// Lays `section.key=value` assignments on top, all as one layer, so that their order does not matter; all of
    /// them or, where one cannot be made, none.
    ///
    /// Values are TOML (`0.1`, `true`, `[1, 2]`, `"text"`); what is not TOML is taken as text, so that
    /// quotes may be left out. A number reaches into a list: `penalty.0.gamma=5`, `term.0.weight=0.1`.
    ///
    /// # Errors
    /// [`ConfigError::Override`]: no `=`, an empty key, or a path through something that is not a section.
    pub fn set<S: AsRef<str>>(&mut self, assignments: &[S]) -> Result<(), ConfigError> {
        let mut all = Assignments::read(assignments)?;
        // On a copy: an assignment that cannot be made leaves the others unmade.
        let mut next = self.clone();
        next.lay(std::mem::take(&mut all.sections));
        all.into_lists(&mut next.table, merge)?;
        *self = next;
        Ok(())
    }

    /// The typed file: every unknown key and every wrong type is reported at once.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`].
    pub fn typed(&self) -> Result<RunFile, ConfigError> {
        match read::read(&self.table) {
            (file, problems) if problems.is_empty() => Ok(file),
            (_, problems) => Err(ConfigError::Invalid { problems }),
        }
    }

    /// Types, checks and fills in: unknown keys, wrong types and bad values are reported together.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`].
    pub fn resolve(&self) -> Result<Run, ConfigError> {
        let (file, mut problems) = read::read(&self.table);
        match file.resolve() {
            Ok(run) if problems.is_empty() => Ok(run),
            Err(ConfigError::Invalid { problems: more }) => {
                let known: Vec<String> = problems.iter().map(|p| p.key.clone()).collect();
                problems.extend(more.into_iter().filter(|p: &Problem| !known.contains(&p.key)));
                Err(ConfigError::Invalid { problems })
            }
            Err(other) => Err(other),
            Ok(_) => Err(ConfigError::Invalid { problems }),
        }
    }
}

/// Two ways to say one thing, of which the later layer's counts: a key, and the other key with what belongs to that one.
const TWO_WAYS: &[(&str, &[&str])] = &[
    ("steps", &["kimg"]),
    ("kimg", &["steps"]),
    ("decay", &["half_life_kimg", "rampup"]),
    ("half_life_kimg", &["decay", "warmup"]),
];

fn merge(lower: &mut Table, upper: Table) {
    let changes_kind = match (lower.get("kind"), upper.get("kind")) {
        (Some(old), Some(new)) => old != new,
        _ => false,
    };
    if changes_kind {
        lower.clear();
    }
    for (one, others) in TWO_WAYS {
        if upper.contains_key(*one) && !upper.contains_key(others[0]) {
            others.iter().for_each(|other| drop(lower.remove(*other)));
        }
    }
    for (key, value) in upper {
        match (lower.get_mut(&key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => merge(below, above),
            (_, value) => {
                lower.insert(key, value);
            }
        }
    }
}
