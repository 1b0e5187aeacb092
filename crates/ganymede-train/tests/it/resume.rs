//! A run that was stopped, killed or crashed goes on to the bytes of one that was not.

use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use ganymede_train::{Observer, Outcome, Progress, StopReason, Trainer};

use crate::common::{CLOTHES, RING, assert_same_run, config, expect, ganymede, run, text};

/// Asks for an end after some step.
struct StopAt {
    after: u64,
    seen: u64,
}

impl Observer for StopAt {
    fn stepped(&mut self, progress: &Progress<'_>) {
        self.seen = progress.step;
    }

    fn stop_requested(&mut self) -> bool {
        self.seen >= self.after
    }
}

#[track_caller]
fn check_stopped_runs_resume(config: &str, stops: &[u64]) {
    let dir = tempfile::tempdir().unwrap();
    let (straight, stopped) = (dir.path().join("straight"), dir.path().join("stopped"));
    let run = run(config, &[]);
    let summary = Trainer::new(&run, &straight).unwrap().run(&mut ()).unwrap();
    assert_eq!(summary.outcome, Outcome::Completed);

    let mut trainer = Trainer::new(&run, &stopped).unwrap();
    for &after in stops {
        let summary = trainer.run(&mut StopAt { after, seen: 0 }).unwrap();
        assert_eq!(summary.outcome, Outcome::Stopped { reason: StopReason::Requested });
        assert_eq!(summary.step, after);
        // The extra picture of a stop is no file of an uninterrupted run.
        fs::remove_file(stopped.join(format!("samples/step-{after:06}.png"))).unwrap();
        drop(trainer);
        trainer = Trainer::resume(&stopped, &run).unwrap();
        assert_eq!(trainer.step(), after);
    }
    let summary = trainer.run(&mut ()).unwrap();
    assert_eq!((summary.outcome, summary.resumed_from), (Outcome::Completed, stops.last().copied()));
    assert_same_run(&straight, &stopped);
}

#[test]
fn points_resume_to_the_same_bytes() {
    check_stopped_runs_resume(RING, &[1, 11, 29]);
}

#[test]
fn images_resume_to_the_same_bytes() {
    check_stopped_runs_resume(CLOTHES, &[3, 9]);
}

#[test]
fn measured_images_resume_to_the_same_bytes() {
    let measured = format!("{CLOTHES}\n[eval]\nextractor = \"fashion-cnn\"\nevery = 4\nsamples = 40\n");
    check_stopped_runs_resume(&measured, &[3, 9]);
}

#[test]
fn more_steps_can_be_asked_for_later() {
    let dir = tempfile::tempdir().unwrap();
    let (straight, extended) = (dir.path().join("straight"), dir.path().join("extended"));
    let (long, short) = (run(RING, &["run.steps=40"]), run(RING, &["run.steps=20"]));
    Trainer::new(&long, &straight).unwrap().run(&mut ()).unwrap();
    Trainer::new(&short, &extended).unwrap().run(&mut ()).unwrap();
    let mut trainer = Trainer::resume(&extended, &long).unwrap();
    assert_eq!(trainer.changes().len(), 1);
    trainer.run(&mut ()).unwrap();
    assert_same_run(&straight, &extended);
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    let dir = tempfile::tempdir().unwrap();
    let make = |name: &str, seed: u64| {
        let out = dir.path().join(name);
        Trainer::new(&run(RING, &[&format!("run.seed={seed}")]), &out).unwrap().run(&mut ()).unwrap();
        out
    };
    let (a, b, c) = (make("a", 5), make("b", 5), make("c", 6));
    assert_same_run(&a, &b);
    assert_ne!(fs::read(a.join("log.jsonl")).unwrap(), fs::read(c.join("log.jsonl")).unwrap());
}

/// A run of the program that logs each step, slow enough to be killed in the middle.
const SLOW: &[&str] = &[
    "--set",
    "run.steps=120",
    "--set",
    "run.batch=512",
    "--set",
    "generator.width=96",
    "--set",
    "discriminator.width=96",
    "--set",
    "log.log_every=1",
    "--set",
    "log.checkpoint_every=15",
    "--quiet",
];

fn start(dir: &Path, out: &str) -> Child {
    let config = config(dir, RING);
    let mut command = ganymede(&["train", "--config", text(&config), "--out", text(&dir.join(out))]);
    command.args(SLOW).stderr(Stdio::null()).spawn().unwrap()
}

/// Waits until the log has so many lines, or the program has ended.
fn wait_for_lines(child: &mut Child, log: &Path, lines: usize) {
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() && begun.elapsed() < Duration::from_secs(120) {
        let bytes = fs::read(log).unwrap_or_default();
        if bytes.iter().filter(|byte| **byte == b'\n').count() >= lines {
            return;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn a_killed_program_resumes_to_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    assert!(start(dir.path(), "straight").wait().unwrap().success());
    let killed = dir.path().join("killed");
    let log = killed.join("log.jsonl");
    let mut child = start(dir.path(), "killed");
    // The first kill falls before any checkpoint but that of step 0, the others between two.
    for lines in [4, 40, 77] {
        wait_for_lines(&mut child, &log, lines);
        child.kill().unwrap();
        let status = child.wait().unwrap();
        assert!(status.code().is_none(), "it ended by itself: {status}");
        // What a kill in the midst of a write leaves.
        let mut torn = fs::read(&log).unwrap();
        torn.extend(b"{\"step\":");
        fs::write(&log, torn).unwrap();
        fs::write(killed.join("checkpoints/.last.safetensors.a1b2c3.tmp"), "half").unwrap();
        child =
            ganymede(&["train", "--resume", text(&killed), "--quiet"]).stderr(Stdio::null()).spawn().unwrap();
    }
    assert!(child.wait().unwrap().success());
    assert_same_run(&dir.path().join("straight"), &killed);
}

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_a_checkpoint_and_says_how_to_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("run");
    let config = config(dir.path(), RING);
    let mut child = ganymede(&["train", "--config", text(&config), "--out", text(&out)])
        .args(&SLOW[..SLOW.len() - 1])
        .args(["--set", "run.steps=100000", "--json"])
        .stderr(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    wait_for_lines(&mut child, &out.join("log.jsonl"), 20);
    let pid = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let resume = format!("ganymede train --resume {}", out.display());
    expect(&output, 130, &["interrupted", &resume]);
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(summary["outcome"], "stopped");
    let step = summary["step"].as_u64().unwrap();
    assert!(step >= 20, "{step}");

    let steps = format!("{}", step + 5);
    let again = ganymede(&["train", "--resume", text(&out), "--steps", &steps, "--json"]).output().unwrap();
    expect(&again, 0, &[&format!("going on from step {step}"), "run.steps was 100000"]);
    let summary: serde_json::Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!((summary["resumed_from"].as_u64(), summary["step"].as_u64()), (Some(step), Some(step + 5)));
}
