//! Small runs and the program that makes them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output};
use std::time::{Duration, Instant};

use ganymede_train::{Layers, Run};

/// Points of the plane: some milliseconds a run. Every random stream, both penalties and a schedule are in
/// use.
pub(crate) const RING: &str = r#"
[run]
steps = 40
batch = 16
[data]
name = "ring"
[generator]
z_dim = 3
width = 12
layers = 2
[discriminator]
width = 12
layers = 2
spectral = true
[loss]
kind = "relativistic-paired"
[[penalty]]
kind = "dragan"
lambda = 0.5
interval = 3
[[penalty]]
kind = "r2"
gamma = 0.1
[optimizer]
n_critic = 2
[schedule]
kind = "linear"
from_step = 5
to_step = 100
[log]
log_every = 3
sample_every = 10
checkpoint_every = 7
keep_every = 20
samples = 30
"#;

/// Small images: batch normalisation, spectral normalisation, flips, momentum, clipping and an average.
pub(crate) const CLOTHES: &str = r#"
[run]
steps = 12
batch = 8
[data]
name = "fashion-mnist-10k"
resolution = 8
flip = true
[generator]
width = 4
z_dim = 5
norm = "batch"
[discriminator]
width = 4
norm = "batch"
spectral = true
[loss]
kind = "hinge"
[optimizer]
weight_clip = 0.5
[optimizer.generator]
kind = "rmsprop"
lr = 1e-3
momentum = 0.5
centered = true
[optimizer.discriminator]
kind = "sgd"
lr = 1e-2
momentum = 0.9
nesterov = true
[ema]
decay = 0.9
[log]
log_every = 2
sample_every = 5
checkpoint_every = 4
samples = 9
"#;

/// A configuration with changes.
pub(crate) fn run(text: &str, sets: &[&str]) -> Run {
    let mut layers = Layers::text(text, "test", None).unwrap();
    layers.set(sets).unwrap();
    layers.resolve().unwrap()
}

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
            let others = ["timing.jsonl", "summary.json", "run.lock", "data.path"];
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
