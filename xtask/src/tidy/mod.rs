//! `cargo xtask tidy`: the rules of the repository that the compiler cannot check.

mod code;
mod docs;
mod layers;
mod paths;
mod rules;
#[cfg(test)]
mod tests;
mod tree;

use std::fmt;

use anyhow::{Result, bail};

use crate::workspace::Workspace;
use crate::{Command, shell};
use tree::Tree;

pub(crate) const COMMAND: Command = Command {
    name: "tidy",
    arguments: "",
    summary: "the rules of the repository: sizes, layers, unsafe, links, wording",
    details: "
size      a source file has at most 600 lines, and is named from 400 on; tests are excluded
layers    crates depend downwards only; only ganymede-tensor names candle or cudarc, only ganymede-kernels gemm
programs  only programs print, exit or use anyhow
unsafe    only in ganymede-kernels, ganymede-tensor and ganymede-lapack, each with the reason why it is sound
exports   no glob re-export, no prelude
leftovers no todo!, unimplemented!, dbg!, ignored test, note to do something later, or copy of a file
links     a relative link of a document, or a path that it names, exists
code      a block of code in a document says its language, and Rust in it is compiled
wording   no path of one person's machine; words of the field
paths     no type that is serialised holds a path
fixtures  the script that made a fixture lies beside it

Each finding is printed as `file:line: [rule] what, and what to do`. A warning does not fail.",
    run,
};

/// Something that a rule has to say of a place.
#[derive(Debug)]
struct Finding {
    path: String,
    /// From 1; `None` where the file as a whole is meant.
    line: Option<usize>,
    rule: &'static str,
    message: String,
    severity: Severity,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Severity {
    Warning,
    Failure,
}

impl Finding {
    fn new(
        rule: &'static str,
        path: &str,
        line: impl Into<Option<usize>>,
        message: impl Into<String>,
    ) -> Self {
        let (path, line, message) = (path.to_owned(), line.into(), message.into());
        Self { path, line, rule, message, severity: Severity::Failure }
    }

    fn warning(self) -> Self {
        Self { severity: Severity::Warning, ..self }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        let warning = if self.severity == Severity::Warning { "warning: " } else { "" };
        write!(f, ": {warning}[{}] {}", self.rule, self.message)
    }
}

pub(crate) fn run(args: &[String]) -> Result<()> {
    shell::no_arguments("tidy", args)?;
    let tree = Tree::read(&shell::root())?;
    let mut findings = check(&tree);
    findings.extend(layers::dependencies(&Workspace::load()?.packages));
    for finding in &findings {
        println!("{finding}");
    }
    let failures = findings.iter().filter(|finding| finding.severity == Severity::Failure).count();
    if failures > 0 {
        bail!("tidy: {failures} findings in {} files read", tree.files.len());
    }
    eprintln!("tidy: {} files are in order", tree.files.len());
    Ok(())
}

/// Every rule that looks at files only.
fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let included = docs::included(tree);
    for file in &tree.files {
        findings.extend(rules::leftover_notes(file));
        findings.extend(rules::machine_paths(file));
        findings.extend(rules::words(file));
        if file.is_rust() {
            findings.extend(rules::rust(file));
        }
        if file.is_markdown() {
            findings.extend(docs::links(file, tree));
            findings.extend(docs::code(file, &included));
        }
    }
    findings.extend(rules::stray_files(tree));
    findings.extend(rules::fixtures(tree));
    findings
}
