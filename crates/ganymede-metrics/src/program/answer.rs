//! How the program ends, and where its result goes.

use std::cell::Cell;

use anyhow::Result;
use ganymede_files::Output;
use serde_json::Value;

use super::words;

/// How the program ends, as scripts see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    Done = 0,
    Failed = 1,
    Usage = 2,
    Interrupted = 130,
}

/// Where the result goes as JSON, if anywhere: tried before the work, written once.
pub(crate) struct Json {
    pub(crate) to: Option<Output>,
    written: Cell<bool>,
}

impl Json {
    pub(crate) fn nowhere() -> Self {
        Self { to: None, written: Cell::new(false) }
    }

    /// The first object is the result; what fails after it does not replace it.
    pub(crate) fn write(&self, object: impl FnOnce() -> Value) -> Result<()> {
        match &self.to {
            Some(to) if !self.written.replace(true) => words::write_json(to, &object()),
            _ => Ok(()),
        }
    }
}
