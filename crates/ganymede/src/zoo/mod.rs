//! `ganymede zoo`: the page of all networks.

mod facts;
mod page;
mod tables;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::study::results::Results;
use crate::{Exit, words};

#[derive(Debug, clap::Args)]
pub(crate) struct ZooArgs {
    /// The page; what was measured and pictures lie in the folder of the same name without `.md`
    #[arg(value_name = "FILE", default_value = "docs/zoo.md")]
    page: PathBuf,
    /// Fail where the page is not what the tables and the measurements say
    #[arg(long, conflicts_with = "bless")]
    check: bool,
    /// Write the page; without either it is printed
    #[arg(long)]
    bless: bool,
}

pub(crate) fn run(args: &ZooArgs) -> Result<Exit> {
    let page = made(&args.page)?;
    if args.bless {
        ganymede_tensor::write_atomic(&args.page, |out| out.write_all(page.as_bytes()))
            .with_context(|| format!("cannot write {}", args.page.display()))?;
    } else if args.check {
        if let Some(difference) = difference(&args.page, &page) {
            words::say(&format!("error: {difference}"));
            return Ok(Exit::Failed);
        }
    } else {
        words::result(page.trim_end());
    }
    Ok(Exit::Done)
}

/// The page as it should be, with what lies in its folder.
fn made(path: &Path) -> Result<String> {
    let folder = path.with_extension("");
    let mut pictures = Vec::new();
    for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|extension| extension == "png") {
            pictures.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
        }
    }
    page::page(&Results::of(&folder).read()?, &pictures)
}

/// The first line that differs, if one does.
fn difference(path: &Path, page: &str) -> Option<String> {
    let there = fs::read_to_string(path).unwrap_or_default().replace("\r\n", "\n");
    if there == page {
        return None;
    }
    let same = there.lines().zip(page.lines()).take_while(|(there, made)| there == made).count();
    let made = page.lines().nth(same).unwrap_or("the end");
    Some(format!(
        "{}:{}: the tables and measurements say `{made}`; if that is meant, `cargo xtask zoo --bless`",
        path.display(),
        same + 1
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_as_the_tables_and_measurements_say() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/zoo.md");
        let page = made(&path).unwrap();
        assert_eq!(difference(&path, &page), None);
    }

    #[test]
    fn a_difference_is_named_by_its_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("zoo.md");
        fs::write(&path, "a\r\nb\n").unwrap();
        assert_eq!(difference(&path, "a\nb\n"), None);
        let words = difference(&path, "a\nc\n").unwrap();
        assert!(words.contains("zoo.md:2") && words.contains("`c`"), "{words}");
    }
}
