//! Where words and results go: words to standard error, results to standard output.

use std::io::Write;
use std::path::Path;

use anyhow::Result;
use ganymede_files::Output;
use serde_json::Value;

/// A request that cannot be met as it was put.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Misuse(pub(crate) String);

/// A line for a person. A closed terminal is no reason to stop, so a failure is passed over.
pub(crate) fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Lines for whoever asked: the answer itself. Where it cannot be written it is lost, and that is an error; where nobody
/// reads on it is not.
pub(crate) fn result(text: &str) -> Result<()> {
    Ok(Output::new(Path::new("-"))?.write(format!("{text}\n").as_bytes())?)
}

/// One object: a line of standard output, else a file for people, too.
pub(crate) fn write_json(to: &Output, value: &Value) -> Result<()> {
    let text = if to.is_stdout() { value.to_string() } else { serde_json::to_string_pretty(value)? };
    Ok(to.write(format!("{text}\n").as_bytes())?)
}

/// An error with its causes, each of them once: some say their cause themselves.
pub(crate) fn told(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

/// `1 image`, `2 images`.
pub(crate) fn count(n: usize, one: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_told_once() {
        let inner = std::io::Error::other("no such file");
        let once = anyhow::Error::new(inner).context("a.npz: no such file").context("--real");
        assert_eq!(told(&once), "--real: a.npz: no such file");
        assert_eq!(told(&anyhow::anyhow!("broken").context("the file")), "the file: broken");
    }

    #[test]
    fn one_is_no_plural() {
        assert_eq!((count(1, "image"), count(0, "image")), ("1 image".into(), "0 images".into()));
    }
}
