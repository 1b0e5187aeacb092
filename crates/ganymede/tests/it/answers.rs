//! Answers on standard output, and paths in them.
#![cfg(target_os = "linux")]

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::common::{expect, ganymede};

/// serde fails for a path that is not UTF-8, after all the work. Its words are in a program exactly where some path is
/// serialised, in whatever way: `json!(path)`, a field of a type, a generic function.
#[test]
fn no_path_is_serialised() {
    let odd = Path::new(std::ffi::OsStr::from_bytes(b"\xff"));
    let words = serde_json::to_string(odd).unwrap_err().to_string();
    let program = fs::read(env!("CARGO_BIN_EXE_ganymede")).unwrap();
    let found = program.windows(words.len()).any(|bytes| bytes == words.as_bytes());
    assert!(!found, "the program serialises a path: give JSON the text of `ganymede_files::path_text`");
}

#[test]
fn a_lost_answer_is_a_failure_and_a_closed_pipe_is_none() {
    let shell = |args: &[&str], redirection: &str| {
        let script = format!("exec \"$0\" \"$@\" {redirection}");
        let mut sh = Command::new("sh");
        sh.args(["-c", &script, env!("CARGO_BIN_EXE_ganymede")]).args(args).output().unwrap()
    };
    for args in [&["doctor", "--json"][..], &["doctor"], &["data", "list", "--json"]] {
        expect(&shell(args, "> /dev/full"), 1, &["the result is lost", "No space left"]);
        expect(&shell(args, ">&-"), 1, &["the result is lost", "closed"]);
    }
    expect(&shell(&["--help"], "> /dev/full"), 1, &["No space left"]);
    for args in [&["doctor", "--json"][..], &["train", "--help"]] {
        let mut child = ganymede(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let said = expect(&child.wait_with_output().unwrap(), 0, &[]);
        assert!(!said.contains("error"), "{said}");
    }
}
