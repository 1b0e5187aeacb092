//! Documents point at what exists.

use super::Finding;
use super::tree::{File, Tree};

const RULE: &str = "links";
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
