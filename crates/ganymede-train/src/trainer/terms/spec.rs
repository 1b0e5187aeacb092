//! What a configuration says of a term.

use std::fmt;
use std::sync::Arc;

use ganymede_models::{Fault, Problem};
use toml::{Table, Value};

use super::term::Term;
use crate::config::{Course, Run};

/// A term's place in the table.
pub(crate) struct TermKind {
    /// Its name in configurations.
    pub(crate) name: &'static str,
    /// Its settings from a table, every one of which may be left out.
    pub(crate) read: fn(&Table) -> Result<Box<dyn TermSpec>, Fault>,
}

/// The settings of a term: the one struct that its table is read into.
pub(crate) trait TermSpec: fmt::Debug + Send + Sync {
    /// What is wrong with the settings by themselves.
    fn check(&self) -> Vec<Problem>;

    /// Why such a run cannot have the term; nothing if it can.
    fn refuses(&self, run: &Run) -> Option<String>;

    /// Lets a setting follow a course, whose numbers have been checked; whether it may.
    fn follow(&mut self, _key: &str, _course: Course) -> bool {
        false
    }

    /// What it adds to the discriminator's loss.
    fn for_discriminator(&self) -> Option<Box<dyn Term>>;

    /// What it adds to the generator's loss.
    fn for_generator(&self) -> Option<Box<dyn Term>>;

    /// Every setting, as a configuration says it.
    fn write(&self) -> Table;
}

/// A term and its settings, as a configuration chooses it.
#[derive(Clone)]
pub struct TermConfig {
    kind: &'static TermKind,
    spec: Arc<dyn TermSpec>,
}

impl TermConfig {
    pub(crate) fn new(kind: &'static TermKind, spec: Box<dyn TermSpec>) -> Self {
        Self { kind, spec: spec.into() }
    }

    /// Its name in configurations.
    pub(crate) fn name(&self) -> &'static str {
        self.kind.name
    }

    pub(crate) fn spec(&self) -> &dyn TermSpec {
        self.spec.as_ref()
    }

    pub(crate) fn write(&self) -> Table {
        let kind = ("kind".to_owned(), Value::String(self.kind.name.to_owned()));
        std::iter::once(kind).chain(self.spec.write()).collect()
    }
}

impl fmt::Debug for TermConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.spec.fmt(f)
    }
}

impl PartialEq for TermConfig {
    fn eq(&self, other: &Self) -> bool {
        self.write() == other.write()
    }
}
