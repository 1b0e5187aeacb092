//! What can be wrong with a configuration.

use std::fmt;
use std::path::PathBuf;

/// One thing wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The key, as `section.key`.
    pub key: String,
    /// What was found, what is expected and, where one is near, the name that was probably meant.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.message)
    }
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// No preset has this name.
    #[error("there is no preset `{name}`{hint}")]
    UnknownPreset {
        /// As typed.
        name: String,
        /// The nearest name, or all names.
        hint: String,
    },
    /// A configuration file could not be read.
    #[error("cannot read the configuration {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// Not TOML.
    #[error("{origin} is not valid TOML: {message}")]
    Syntax {
        /// The file, or `--set`.
        origin: String,
        /// The parser's reason, with line and column.
        message: String,
    },
    /// A `--set` that is not `section.key=value`.
    #[error("--set {text}: {reason}")]
    Override {
        /// As typed.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Keys or values that are unknown, mistyped, out of range or at odds: all that were found.
    #[error("{}", list(problems))]
    Invalid {
        /// All problems, in the order of the file's sections.
        problems: Vec<Problem>,
    },
    /// Settings that cannot change when a run is resumed.
    #[error(
        "--resume continues the run as it was begun; these settings differ:\n{}\nLeave them out, or start a new run.",
        lines(changes)
    )]
    ChangedOnResume {
        /// One for each setting: old and new value.
        changes: Vec<Problem>,
    },
}

fn list(problems: &[Problem]) -> String {
    match problems {
        [one] => format!("the configuration has a problem: {one}"),
        many => format!("the configuration has {} problems:\n{}", many.len(), lines(many)),
    }
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(|p| format!("  {p}")).collect::<Vec<_>>().join("\n")
}
