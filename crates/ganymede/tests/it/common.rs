//! The program and small runs that it makes.

#[path = "../../../ganymede-train/tests/it/common.rs"]
mod small;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output};
use std::time::{Duration, Instant};

pub(crate) use small::{CLOTHES, RING, run};

/// The program.
pub(crate) fn ganymede(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ganymede"));
    command.args(args);
    command
}

/// Runs the program to its end.
pub(crate) fn call(args: &[&str]) -> Output {
    ganymede(args).output().unwrap()
}

/// The exit status and what it said to a person.
pub(crate) fn status_and_words(output: &Output) -> (i32, String) {
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code().unwrap_or(-1), words)
}

/// Asserts a status and that the words hold each of `wants`.
#[track_caller]
pub(crate) fn expect(output: &Output, status: i32, wants: &[&str]) -> String {
    let (found, words) = status_and_words(output);
    assert_eq!(found, status, "{words}");
    for want in wants {
        assert!(words.contains(want), "{words:?} should say {want:?}");
    }
    words
}

/// Writes a configuration file.
pub(crate) fn config(dir: &Path, text: &str) -> PathBuf {
    let path = dir.join("config.toml");
    fs::write(&path, text).unwrap();
    path
}

/// Asserts that two runs left the same bytes in everything that the clock does not write.
#[track_caller]
pub(crate) fn assert_same_run(a: &Path, b: &Path) {
    let files = deterministic_files(a);
    assert_eq!(files, deterministic_files(b));
    assert!(files.iter().any(|file| file.ends_with("last.safetensors")), "{files:?}");
    for file in files {
        let (left, right) = (fs::read(a.join(&file)).unwrap(), fs::read(b.join(&file)).unwrap());
        assert!(left == right, "{} differs between {} and {}", file.display(), a.display(), b.display());
    }
}

fn deterministic_files(root: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for dir in ["", "samples", "checkpoints"] {
        for entry in fs::read_dir(root.join(dir)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            // Written by the clock, or about the machine.
            let others =
                ["timing.jsonl", "summary.json", "run.lock", "data.path", "vectors.path", "report.html"];
            if path.is_file() && !others.contains(&name) {
                files.push(path.strip_prefix(root).unwrap().to_owned());
            }
        }
    }
    files.sort();
    files
}

/// `path` as text.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Waits until the file has so many lines, or the program has ended.
pub(crate) fn wait_for_lines(child: &mut Child, file: &Path, lines: usize) {
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() && begun.elapsed() < Duration::from_secs(120) {
        let bytes = fs::read(file).unwrap_or_default();
        if bytes.iter().filter(|byte| **byte == b'\n').count() >= lines {
            return;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Sends a signal to the program.
#[cfg(unix)]
pub(crate) fn send(child: &Child, signal: &str) {
    let pid = child.id().to_string();
    assert!(Command::new("kill").args([&format!("-{signal}"), &pid]).status().unwrap().success());
}
