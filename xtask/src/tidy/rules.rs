//! Rules about the text of single files.

use super::Finding;
use super::code::has_word;
use super::tree::{File, Tree};
use super::{layers, paths};

const LONG_FILE: usize = 400;
const TOO_LONG_FILE: usize = 600;

/// Crates that speak to the machine below Rust.
const MAY_BE_UNSAFE: &[&str] =
    &["crates/ganymede-kernels", "crates/ganymede-tensor", "crates/ganymede-lapack"];

/// All rules for a Rust file.
pub(crate) fn rust(file: &File) -> Vec<Finding> {
    let rules: [fn(&File) -> Vec<Finding>; 7] =
        [size, programs, unsafe_code, exports, leftovers, layers::backend_names, paths::serialised];
    rules.iter().flat_map(|rule| rule(file)).collect()
}

fn size(file: &File) -> Vec<Finding> {
    let lines = file.text.lines().count();
    if file.is_test() || lines <= LONG_FILE {
        return Vec::new();
    }
    let finding = |limit| {
        Finding::new("size", &file.path, None, format!("{lines} lines, over {limit}; split it by concept"))
    };
    vec![if lines > TOO_LONG_FILE { finding(TOO_LONG_FILE) } else { finding(LONG_FILE).warning() }]
}

/// Printing and exiting are for those who own the terminal.
fn programs(file: &File) -> Vec<Finding> {
    if file.is_test() || is_program(&file.path) {
        return Vec::new();
    }
    let words = ["println!", "eprintln!", "print!", "eprint!", "process::exit", "anyhow"];
    find(file, "programs", &words, |word| format!("`{word}` in a library; return a value or a typed error"))
}

fn is_program(path: &str) -> bool {
    let folders = ["/src/bin/", "/src/cli/", "/src/program/", "/examples/"];
    let files = ["/src/main.rs", "/src/cli.rs", "/src/program.rs", "/build.rs"];
    folders.iter().any(|folder| path.contains(folder))
        || files.iter().any(|end| path.ends_with(end))
        || ["xtask/", "crates/ganymede/", "examples/"].iter().any(|folder| path.starts_with(folder))
}

/// Where `unsafe` is used. That a function *is* unsafe is a duty of its callers, and clippy wants it documented.
fn unsafe_code(file: &File) -> Vec<Finding> {
    let allowed = MAY_BE_UNSAFE.contains(&file.crate_folder());
    let text: Vec<&str> = file.text.lines().collect();
    let code: Vec<&str> = file.code.lines().collect();
    let mut findings = find(file, "unsafe", &["unsafe"], |_| {
        if allowed {
            "`unsafe` without a `SAFETY:` comment above it".into()
        } else {
            format!("`unsafe` outside {}", MAY_BE_UNSAFE.join(" and "))
        }
    });
    let is_reasoned = |line: usize| has_safety_reason(&text[..line]) || code[line - 1].contains("unsafe fn");
    findings.retain(|finding| !(allowed && finding.line.is_some_and(is_reasoned)));
    findings
}

/// Looks upwards from the last of `lines` to the next empty one.
fn has_safety_reason(lines: &[&str]) -> bool {
    let block = lines.iter().rev().take_while(|line| !line.trim().is_empty());
    block.into_iter().any(|line| line.contains("SAFETY:") || line.contains("# Safety"))
}

/// The public face of a crate is spelled out.
fn exports(file: &File) -> Vec<Finding> {
    let mut findings =
        find(file, "exports", &["mod prelude"], |_| "a prelude hides where a name comes from".into());
    let mut rest = file.code.as_str();
    let mut before = 0;
    while let Some(at) = rest.find("pub use ") {
        let statement = rest[at..].split(';').next().unwrap_or_default();
        if statement.contains('*') {
            let line = 1 + file.code[..before + at].matches('\n').count();
            findings.push(Finding::new("exports", &file.path, line, "glob re-export; name each item"));
        }
        before += at + statement.len();
        rest = &rest[at + statement.len()..];
    }
    findings
}

fn leftovers(file: &File) -> Vec<Finding> {
    let words = ["todo!", "unimplemented!", "dbg!", "#[ignore"];
    find(file, "leftovers", &words, |word| {
        format!("`{word}` is for work that is under way; finish it or take it out")
    })
}

/// Notes to oneself, in any file.
pub(crate) fn leftover_notes(file: &File) -> Vec<Finding> {
    let notes = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X"), concat!("HA", "CK")];
    let mut findings = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        if let Some(note) = notes.iter().find(|note| has_word(line, note)) {
            let message = format!("`{note}`; do it, or open an issue");
            findings.push(Finding::new("leftovers", &file.path, index + 1, message));
        }
    }
    findings
}

/// What holds on one machine only. Tests may make up a home folder.
pub(crate) fn machine_paths(file: &File) -> Vec<Finding> {
    let starts =
        [concat!("/ro", "ot/"), concat!("/wo", "rk/"), concat!("/ho", "me/"), concat!("/Us", "ers/")];
    let starts = if file.is_test() { &starts[..2] } else { &starts[..] };
    let mut findings = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        let is_start =
            |at: usize| !line[..at].ends_with(|c: char| c.is_alphanumeric() || "._-/}>)*".contains(c));
        if let Some(start) =
            starts.iter().find(|start| line.match_indices(**start).any(|(at, _)| is_start(at)))
        {
            let message = format!("a path under `{start}` exists on one machine only");
            findings.push(Finding::new("wording", &file.path, index + 1, message));
        }
    }
    findings
}

/// Words that say nothing of the program: a run has stretches between its resumes, and a user is a person.
pub(crate) fn words(file: &File) -> Vec<Finding> {
    let words =
        [concat!("sess", "ion"), concat!("sess", "ions"), concat!("assis", "tant"), concat!("chat", "bot")];
    let mut findings = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        let line = line.to_lowercase();
        if let Some(word) = words.iter().find(|word| has_word(&line, word)) {
            let message =
                format!("`{word}`; say what of the program is meant, such as a run or a stretch of it");
            findings.push(Finding::new("wording", &file.path, index + 1, message));
        }
    }
    findings
}

/// What editors and merges leave behind.
pub(crate) fn stray_files(tree: &Tree) -> Vec<Finding> {
    let ends = [".orig", ".rej", ".bak", ".old", ".new", ".rs.txt", "~"];
    let stray = tree.paths.iter().filter(|path| ends.iter().any(|end| path.ends_with(end)));
    stray.map(|path| Finding::new("leftovers", path, None, "a copy of another file; remove it")).collect()
}

/// Numbers that nobody can make again prove nothing.
pub(crate) fn fixtures(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for path in tree.paths.iter().filter(|path| path.contains("/tests/fixtures/")) {
        let is_numbers = [".safetensors", ".pth", ".pt", ".npy"].iter().any(|end| path.ends_with(end));
        let Some((folder, _)) = path.rsplit_once('/').filter(|_| is_numbers) else {
            continue;
        };
        // A fixture of many files has folders in it.
        let above = std::iter::successors(Some(folder), |folder| Some(folder.rsplit_once('/')?.0));
        let mut places = above.take_while(|folder| folder.contains("/tests/fixtures/"));
        if !places.any(|folder| tree.paths.contains(&format!("{folder}/gen.py"))) {
            let message = "the script that made this fixture, gen.py, does not lie beside it";
            findings.push(Finding::new("fixtures", path, None, message));
        }
    }
    findings
}

/// A finding for each line of code with one of `words`; the first that it has.
fn find(file: &File, rule: &'static str, words: &[&str], message: impl Fn(&str) -> String) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in file.code_lines() {
        if let Some(word) = words.iter().find(|word| has_word(line, word)) {
            findings.push(Finding::new(rule, &file.path, number, message(word)));
        }
    }
    findings
}
