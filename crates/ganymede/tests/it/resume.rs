//! A run that was stopped, killed or crashed goes on to the bytes of one that was not.

use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};

use ganymede_tensor::{Checkpoint, DType, Device, Tensor};
use ganymede_train::{Observer, Outcome, Progress, StopReason, Trainer};

use crate::common::{CLOTHES, RING, assert_same_run, config, ganymede, run, text, wait_for_lines};
#[cfg(unix)]
use crate::common::{expect, send};

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
pub(crate) fn check_stopped_runs_resume(config: &str, stops: &[u64]) {
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

/// Asks for an end when it is itself asked for the n-th time: in the midst of a picture, a measurement, anywhere.
struct StopWhenAsked(usize);

impl Observer for StopWhenAsked {
    fn stop_requested(&mut self) -> bool {
        self.0 = self.0.saturating_sub(1);
        self.0 == 0
    }
}

#[track_caller]
fn check_any_stop_resumes(config: &str, every: usize) {
    let dir = tempfile::tempdir().unwrap();
    let (straight, stopped) = (dir.path().join("straight"), dir.path().join("stopped"));
    let run = run(config, &[]);
    Trainer::new(&run, &straight).unwrap().run(&mut ()).unwrap();
    let mut trainer = Trainer::new(&run, &stopped).unwrap();
    let (mut stops, mut unsettled) = (0, 0);
    // Later and later, as the machine may be slow, and ask more often.
    while trainer.run(&mut StopWhenAsked(every + 5 * stops)).unwrap().outcome != Outcome::Completed {
        stops += 1;
        let state = checkpoint_state(&stopped);
        unsettled += usize::from(state["settled"] == false);
        drop(trainer);
        trainer = Trainer::resume(&stopped, &run).unwrap();
    }
    assert!(stops > 1 && unsettled > 0, "{stops} stops, {unsettled} of them in the midst of a look");
    assert_same_run(&straight, &stopped);
}

fn checkpoint_state(run: &Path) -> serde_json::Value {
    let path = run.join("checkpoints/last.safetensors");
    let checkpoint = Checkpoint::load(&path, &Device::Cpu).unwrap();
    serde_json::from_str(&checkpoint.metadata["state"]).unwrap()
}

#[test]
fn points_stopped_in_the_midst_of_anything_resume_to_the_same_bytes() {
    check_any_stop_resumes(RING, 43);
    check_any_stop_resumes(RING, 10);
}

#[test]
fn images_stopped_in_the_midst_of_anything_resume_to_the_same_bytes() {
    let measured = format!("{CLOTHES}\n[eval]\nextractor = \"fashion-cnn\"\nevery = 4\nsamples = 130\n");
    check_any_stop_resumes(&measured, 6);
}

#[test]
fn a_stop_in_the_last_look_leaves_only_that_look_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("run");
    // The last step is measured for the summary only.
    let run = run(RING, &["run.steps=12"]);
    let mut trainer = Trainer::new(&run, &out).unwrap();
    let summary = trainer.run(&mut StopWhenAsked(60)).unwrap();
    assert_eq!((summary.step, summary.outcome), (12, Outcome::Stopped { reason: StopReason::Requested }));
    drop(trainer);
    assert_eq!(Trainer::finished(&out, &run).unwrap(), None);
    let summary = Trainer::resume(&out, &run).unwrap().run(&mut ()).unwrap();
    assert_eq!((summary.step, &summary.outcome), (12, &Outcome::Completed));
    assert!(summary.metric.is_some());
    assert_eq!(Trainer::finished(&out, &run).unwrap().unwrap().step, 12);
}

#[test]
fn how_often_something_is_written_may_change_on_a_resume() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("run");
    Trainer::new(&run(RING, &["run.steps=20"]), &out).unwrap().run(&mut ()).unwrap();
    let sets = [
        "log.log_every=1",
        "log.sample_every=4",
        "log.checkpoint_every=2",
        "log.keep_every=0",
        "log.samples=9",
    ];
    let mut trainer = Trainer::resume(&out, &run(RING, &sets)).unwrap();
    assert_eq!(trainer.changes().len(), 6, "{:?}", trainer.changes());
    trainer.run(&mut ()).unwrap();
    drop(trainer);
    let log = fs::read_to_string(out.join("log.jsonl")).unwrap();
    assert_eq!(log.lines().count(), 6 + 20);
    // What is computed is what was: the weights are those of a run that was never touched.
    let straight = dir.path().join("straight");
    Trainer::new(&run(RING, &[]), &straight).unwrap().run(&mut ()).unwrap();
    let weights = |dir: &Path| {
        let file = Checkpoint::load(&dir.join("checkpoints/last.safetensors"), &Device::Cpu).unwrap();
        let read = |(name, t): (&String, &Tensor)| {
            let flat = t.to_dtype(DType::F32).unwrap().flatten_all().unwrap();
            (name.clone(), flat.to_vec1::<f32>().unwrap())
        };
        file.tensors.iter().map(read).collect::<Vec<_>>()
    };
    assert!(weights(&out) == weights(&straight));
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
    send(&child, "INT");
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
