//! Documents point at what exists, and their code is tried.

use std::collections::BTreeSet;

use super::Finding;
use super::tree::{File, Tree};

const RULE: &str = "links";
/// What makes the code of a document a test of the documentation.
const INCLUSION: &str = "#[doc = include_str!(\"";
/// A word in backquotes that starts so is taken for a path from the root.
const PATH_STARTS: &[&str] = &["crates/", "datasets/", "docs/", "xtask/", ".ci/", ".cargo/"];

/// Relative links of a document, and the paths that it names in backquotes.
pub(crate) fn links(file: &File, tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut in_block = false;
    for (index, line) in file.text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_block = !in_block;
        }
        if in_block {
            continue;
        }
        let mut missing = |what: &str, path: &str| {
            let message = format!("{what} `{path}`, which does not exist");
            findings.push(Finding::new(RULE, &file.path, index + 1, message));
        };
        for target in link_targets(line).filter(|target| is_relative(target)) {
            let path = target.split('#').next().unwrap_or(target);
            if !tree.paths.contains(&resolve(&file.path, path)) {
                missing("links to", target);
            }
        }
        for path in quoted_paths(line) {
            if !tree.paths.contains(path.trim_end_matches('/')) {
                missing("names", path);
            }
        }
    }
    findings
}

/// Blocks of code say their language, and Rust is compiled: the document is included by a Rust file.
pub(crate) fn code(file: &File, included: &BTreeSet<String>) -> Vec<Finding> {
    let finding = |line, message: &str| Finding::new("code", &file.path, line, message);
    let mut findings = Vec::new();
    let mut in_block = false;
    for (index, line) in file.text.lines().enumerate() {
        let Some(language) = line.trim_start().strip_prefix("```") else { continue };
        in_block = !in_block;
        if in_block && language.is_empty() {
            findings.push(finding(
                index + 1,
                "a block of code without its language, such as rust, sh, toml, text",
            ));
        }
        if in_block && language.starts_with("rust") && !included.contains(&file.path) {
            let message = "Rust that nothing compiles; include the document as those in \
                           crates/ganymede-train/src/documents.rs";
            findings.push(finding(index + 1, message));
        }
    }
    findings
}

/// The documents that Rust files include as documentation.
pub(crate) fn included(tree: &Tree) -> BTreeSet<String> {
    let mut included = BTreeSet::new();
    for file in tree.files.iter().filter(|file| file.is_rust()) {
        let targets = file.text.split(INCLUSION).skip(1).filter_map(|rest| rest.split('"').next());
        included.extend(targets.map(|target| resolve(&file.path, target)));
    }
    included
}

/// What stands between `](` and `)`.
fn link_targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next())
}

fn is_relative(target: &str) -> bool {
    !target.is_empty()
        && !target.starts_with('#')
        && !target.contains("://")
        && !target.starts_with("mailto:")
}

/// Words between backquotes that look like paths; patterns (`*`, `<name>`, `…`) are left out.
fn quoted_paths(line: &str) -> impl Iterator<Item = &str> {
    let quoted = line.split('`').skip(1).step_by(2);
    quoted.filter(|word| {
        let is_path = PATH_STARTS.iter().any(|start| word.starts_with(start));
        is_path && !word.contains([' ', '*', '<', '{', '…', ':'])
    })
}

/// `target` as seen from the folder of `from`, with `.` and `..` taken out.
fn resolve(from: &str, target: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    parts.join("/")
}
