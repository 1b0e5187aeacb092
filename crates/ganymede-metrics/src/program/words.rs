//! Where words and results go: words to standard error, results to standard output.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
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
    Ok(open(Path::new("-"))?.write(format!("{text}\n").as_bytes())?)
}

/// A place for a result, tried before the work.
pub(crate) fn open(path: &Path) -> Result<Output> {
    let output = Output::new(path)?;
    if output.is_stdout() && ganymede_tensor::stdout_was_closed() {
        let way_out = "open it, or give --quiet and --json FILE";
        bail!("standard output is closed, and the result would be lost; {way_out}");
    }
    Ok(output)
}

/// Refuses to write over what is read.
pub(crate) fn refuse_overwriting<'a>(
    to: &Output,
    inputs: impl IntoIterator<Item = &'a PathBuf>,
) -> Result<()> {
    match inputs.into_iter().find(|input| to.is_same_file(input)) {
        None => Ok(()),
        Some(input) => {
            let (to, input) = (to.path().display(), input.display());
            Err(Misuse(format!("{to}: this would overwrite {input}, which is read; name another file"))
                .into())
        }
    }
}

/// One object: a line of standard output, else a file for people, too.
pub(crate) fn write_json(to: &Output, value: &Value) -> Result<()> {
    if to.is_stdout() {
        return result(&value.to_string());
    }
    Ok(to.write(format!("{}\n", serde_json::to_string_pretty(value)?).as_bytes())?)
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
