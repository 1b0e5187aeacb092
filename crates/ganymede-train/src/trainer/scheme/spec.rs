//! What a configuration says of a scheme.

use std::fmt;
use std::sync::Arc;

use ganymede_models::Fault;
use toml::{Table, Value};

use super::Scheme;
use crate::config::Run;

/// A scheme's place in the table.
pub struct SchemeKind {
    /// Its name in configurations.
    pub name: &'static str,
    /// What it is, in one line.
    pub summary: &'static str,
    /// Its settings from a table, every one of which may be left out.
    pub(crate) read: fn(&Table) -> Result<Box<dyn SchemeSpec>, Fault>,
}

/// The settings of a scheme: the one struct that its table is read into.
pub(crate) trait SchemeSpec: fmt::Debug + Send + Sync {
    /// Why such a run cannot have the scheme; nothing if it can.
    fn refuses(&self, run: &Run) -> Option<String>;

    /// Whether the discriminator's loss is differentiated in the generated samples that it was given.
    fn differentiates_samples(&self) -> bool {
        false
    }

    fn build(&self) -> Box<dyn Scheme>;

    /// Every setting, as a configuration says it.
    fn write(&self) -> Table {
        Table::new()
    }
}

/// A scheme and its settings, as a configuration chooses it.
#[derive(Clone)]
pub struct SchemeConfig {
    kind: &'static SchemeKind,
    spec: Arc<dyn SchemeSpec>,
}

impl SchemeConfig {
    pub(crate) fn new(kind: &'static SchemeKind, spec: Box<dyn SchemeSpec>) -> Self {
        Self { kind, spec: spec.into() }
    }

    /// The kind with its usual settings.
    pub(crate) fn usual(kind: &'static SchemeKind) -> Self {
        let spec = (kind.read)(&Table::new()).expect("every setting may be left out");
        Self::new(kind, spec)
    }

    /// The kind.
    pub fn kind(&self) -> &'static SchemeKind {
        self.kind
    }

    pub(crate) fn spec(&self) -> &dyn SchemeSpec {
        self.spec.as_ref()
    }

    pub(crate) fn write(&self) -> Table {
        let kind = ("kind".to_owned(), Value::String(self.kind.name.to_owned()));
        std::iter::once(kind).chain(self.spec.write()).collect()
    }
}

impl fmt::Debug for SchemeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl fmt::Debug for SchemeConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple(self.kind.name).field(&self.spec).finish()
    }
}

impl PartialEq for SchemeConfig {
    fn eq(&self, other: &Self) -> bool {
        self.write() == other.write()
    }
}
