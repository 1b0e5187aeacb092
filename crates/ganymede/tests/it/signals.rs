//! Signals: what was ignored at the start stays ignored; what is heard ends a run soon and well.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::common::{CLOTHES, RING, config, expect, ganymede, send, text, wait_for_lines};

const LOGGED: [&str; 4] = ["--set", "log.log_every=1", "--set", "log.checkpoint_every=1000"];

/// The program as a shell starts it that has turned some signals off.
fn without(signals: &str, dir: &Path, out: &Path, steps: &str) -> Child {
    let config = config(dir, RING);
    let script = format!("trap '' {signals}; exec \"$0\" \"$@\"");
    let mut command = Command::new("sh");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_ganymede")]);
    command.args([
        "train",
        "--config",
        text(&config),
        "--out",
        text(out),
        "--steps",
        steps,
        "--set",
        "run.batch=256",
    ]);
    command.args(LOGGED).stderr(Stdio::piped()).spawn().unwrap()
}

// Elsewhere only SIGHUP can be left alone.
#[cfg(target_os = "linux")]
#[test]
fn signals_that_were_ignored_stay_ignored() {
    let dir = tempfile::tempdir().unwrap();
    for (i, signals) in ["HUP", "INT", "HUP INT TERM"].into_iter().enumerate() {
        let out = dir.path().join(i.to_string());
        let mut child = without(signals, dir.path(), &out, "120");
        wait_for_lines(&mut child, &out.join("log.jsonl"), 10);
        assert!(child.try_wait().unwrap().is_none(), "it is to be under way still");
        for signal in signals.split(' ') {
            send(&child, signal);
            send(&child, signal);
        }
        let output = child.wait_with_output().unwrap();
        expect(&output, 0, &["completed"]);
    }
}

#[test]
fn each_signal_that_is_heard_leaves_a_checkpoint() {
    let dir = tempfile::tempdir().unwrap();
    for signal in ["HUP", "TERM", "INT"] {
        let out = dir.path().join(signal);
        let ignored = if signal == "HUP" { "QUIT" } else { "HUP" };
        let mut child = without(ignored, dir.path(), &out, "1000000");
        wait_for_lines(&mut child, &out.join("log.jsonl"), 10);
        send(&child, signal);
        expect(&child.wait_with_output().unwrap(), 130, &["finishing this step", "interrupted", "--resume"]);
    }
}

#[test]
fn before_the_first_step_a_signal_ends_the_program_with_a_word() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("run");
    let measured = format!("{CLOTHES}\n[eval]\nextractor = \"fashion-cnn\"\nsamples = 5000\n");
    let config = config(dir.path(), &measured);
    let args = ["train", "--config", text(&config), "--out", text(&out)];
    let mut child = ganymede(&args).stderr(Stdio::piped()).spawn().unwrap();
    // The folder is taken before the data are read and described.
    let begun = Instant::now();
    while !out.join("run.lock").exists() && begun.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(child.try_wait().unwrap().is_none());
    send(&child, "TERM");
    expect(&child.wait_with_output().unwrap(), 130, &["interrupted by SIGTERM"]);
    // It is not in the way of the next try.
    expect(&ganymede(&args).args(["--steps", "1", "--set", "eval.samples=10"]).output().unwrap(), 0, &[]);
}

/// A run that is measured after each step, for hours if it is let.
fn start_measuring(dir: &Path, out: &Path) -> Child {
    let measured = format!("{CLOTHES}\n[eval]\nextractor = \"fashion-cnn\"\nevery = 2\nsamples = 200000\n");
    let config = config(dir, &measured);
    let mut command = ganymede(&["train", "--config", text(&config), "--out", text(out)]);
    let mut child = command.args(LOGGED).stderr(Stdio::piped()).spawn().unwrap();
    wait_for_lines(&mut child, &out.join("log.jsonl"), 2);
    // The measurement is begun as soon as the second step is logged.
    std::thread::sleep(Duration::from_millis(300));
    child
}

#[test]
fn a_measurement_is_left_when_an_end_is_asked_for_and_made_by_the_resume() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("run");
    let child = start_measuring(dir.path(), &out);
    send(&child, "TERM");
    expect(&child.wait_with_output().unwrap(), 130, &["interrupted", "2 of 12 steps"]);
    assert_eq!(fs::read_to_string(out.join("metrics.jsonl")).unwrap(), "", "half a measurement is none");
    // Left in the same measurement again: the resume does not pass it over.
    let mut child = ganymede(&["train", "--resume", text(&out)]).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_secs(2));
    assert!(child.try_wait().unwrap().is_none());
    send(&child, "TERM");
    let words = expect(&child.wait_with_output().unwrap(), 130, &["interrupted"]);
    assert!(words.contains("2 of 12 steps") || words.contains("interrupted by SIGTERM"), "{words}");
}

#[test]
fn words_that_nobody_can_read_do_not_end_a_run() {
    let dir = tempfile::tempdir().unwrap();
    let (config, out) = (config(dir.path(), RING), dir.path().join("run"));
    let Ok(full) = fs::OpenOptions::new().write(true).open("/dev/full") else {
        return println!("skipped: this system has no /dev/full");
    };
    let mut command = ganymede(&["train", "--config", text(&config), "--out", text(&out)]);
    let status = command.stderr(full).stdout(Stdio::null()).status().unwrap();
    assert!(status.success(), "{status}");
    assert!(out.join("summary.json").exists());
}
