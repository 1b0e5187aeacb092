//! Where words and results go: words to standard error, results to standard output.

use std::io::Write;
use std::path::Path;

use anyhow::Context;
use serde_json::Value;

/// A request that cannot be met as it was put.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Misuse(pub(crate) String);

/// A line for a person. A closed terminal is no reason to stop, so a failure is passed over.
pub(crate) fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// A line for whoever asked: the answer itself.
pub(crate) fn result(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// One object: the last line of standard output for `-`, else a file.
pub(crate) fn write_json(to: &Path, value: &Value) -> anyhow::Result<()> {
    if to == Path::new("-") {
        result(&value.to_string());
        return Ok(());
    }
    let text = serde_json::to_string_pretty(value)?;
    ganymede_tensor::write_atomic(to, |out| writeln!(out, "{text}"))
        .with_context(|| format!("could not write {}", to.display()))
}

/// `1 image`, `2 images`.
pub(crate) fn count(n: usize, one: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_no_plural() {
        assert_eq!((count(1, "image"), count(0, "image")), ("1 image".into(), "0 images".into()));
    }
}
