//! Paths are bytes, and JSON is text: a type that serialises a path fails for some of them.

use super::Finding;
use super::code::has_word;
use super::tree::File;

/// Types that derive `Serialize` and hold a path. What is serialised in other ways is found in the programs themselves,
/// by the tests `no_path_is_serialised`.
pub(crate) fn serialised(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (at, _) in file.code.match_indices("derive(") {
        let rest = &file.code[at..];
        let derives = &rest[..rest.find(')').unwrap_or(rest.len())];
        if !has_word(derives, "Serialize") {
            continue;
        }
        let first_line = file.code[..at].matches('\n').count() + 1;
        for (offset, line) in rest[..item_length(rest)].lines().enumerate() {
            if has_word(line, "PathBuf") || has_word(line, "Path") {
                let message = "a path in a type that derives `Serialize` fails where it is not UTF-8; hold the \
                               text of `ganymede_files::path_text`";
                findings.push(Finding::new("paths", &file.path, first_line + offset, message));
            }
        }
    }
    findings
}

/// Up to the end of the braces of the first item, or to its semicolon.
fn item_length(code: &str) -> usize {
    let mut depth = 0;
    for (at, c) in code.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => return at,
            '}' => depth -= 1,
            ';' if depth == 0 => return at,
            _ => {}
        }
    }
    code.len()
}
