//! One owner a run folder, each new run a folder of its own, and damage that is told of.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Output, Stdio};

use ganymede_train::{Outcome, TrainError, Trainer};

use crate::common::{CLOTHES, RING, call, config, expect, ganymede, run, text, wait_for_lines};

/// A run without end.
fn start_endless(dir: &Path, out: &Path) -> Child {
    let config = config(dir, RING);
    let mut command = ganymede(&["train", "--config", text(&config), "--out", text(out), "--quiet"]);
    let sets =
        ["--set", "run.steps=1000000000", "--set", "log.log_every=1", "--set", "log.sample_every=100000"];
    let mut child = command.args(sets).stderr(Stdio::null()).spawn().unwrap();
    wait_for_lines(&mut child, &out.join("log.jsonl"), 20);
    child
}

#[test]
fn a_second_process_in_a_run_is_refused_and_a_crash_leaves_no_lock() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("run");
    let mut first = start_endless(dir.path(), &out);
    let second = call(&["train", "--resume", text(&out)]);
    let who = format!("process {} on", first.id());
    expect(&second, 2, &[text(&out), "is in use", "stop it", if cfg!(unix) { &who } else { "" }]);
    expect(
        &call(&["train", "--config", text(&config(dir.path(), RING)), "--out", text(&out)]),
        2,
        &["not empty"],
    );
    // Readers are not in the way.
    expect(&call(&["sample", text(&out), "--num", "4"]), 0, &["wrote 4 samples"]);
    assert!(first.try_wait().unwrap().is_none(), "the first goes on");
    first.kill().unwrap();
    first.wait().unwrap();
    let again = call(&["train", "--resume", text(&out), "--set", "limits.minutes=1e-9"]);
    expect(&again, 0, &["going on from step"]);
    assert_eq!(fs::read(out.join("run.lock")).unwrap(), b"", "nobody has it");
}

#[test]
fn two_trainers_of_one_process_exclude_each_other_too() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("run");
    let run = run(RING, &[]);
    let first = Trainer::new(&run, &out).unwrap();
    assert!(matches!(Trainer::resume(&out, &run).err(), Some(TrainError::InUse { .. })));
    drop(first);
    let mut resumed = Trainer::resume(&out, &run).unwrap();
    assert_eq!(resumed.run(&mut ()).unwrap().outcome, Outcome::Completed);
}

fn at_once(commands: impl Iterator<Item = std::process::Command>) -> Vec<Output> {
    let start = |mut command: std::process::Command| command.stderr(Stdio::piped()).spawn().unwrap();
    let children: Vec<Child> = commands.map(start).collect();
    children.into_iter().map(|child| child.wait_with_output().unwrap()).collect()
}

#[test]
fn four_runs_at_once_get_four_folders() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(dir.path(), &format!("preset = \"ring-r1\"\n{RING}"));
    let outputs = at_once((0..4).map(|_| {
        let mut command = ganymede(&["train", "--config", text(&config), "--steps", "2"]);
        command.current_dir(dir.path());
        command
    }));
    outputs.iter().for_each(|output| drop(expect(output, 0, &["writing runs/ring-r1-"])));
    for n in 1..=4 {
        let summary = dir.path().join(format!("runs/ring-r1-{n}/summary.json"));
        assert!(summary.exists(), "{}", summary.display());
    }
}

#[test]
fn of_four_who_name_one_folder_one_trains_and_the_others_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let (config, out) = (config(dir.path(), RING), dir.path().join("run"));
    let args = ["train", "--config", text(&config), "--out", text(&out), "--quiet"];
    let outputs = at_once((0..4).map(|_| ganymede(&args)));
    let (done, refused): (Vec<_>, Vec<_>) = outputs.iter().partition(|output| output.status.success());
    assert_eq!(done.len(), 1);
    for output in refused {
        let words = expect(output, 2, &[text(&out)]);
        assert!(words.contains("is in use") || words.contains("not empty"), "{words}");
    }
    let log = fs::read_to_string(out.join("log.jsonl")).unwrap();
    assert_eq!(log.lines().count(), 13, "each step once");
}

#[test]
fn a_run_that_cannot_start_leaves_no_folder_in_the_way() {
    let dir = tempfile::tempdir().unwrap();
    let (config, out) = (config(dir.path(), CLOTHES), dir.path().join("deep/run"));
    let mut command = ganymede(&["train", "--config", text(&config), "--out", text(&out), "--quiet"]);
    command.args(["--set", "eval.extractor=inception2015"]).env("GANYMEDE_CACHE", dir.path().join("cache"));
    expect(&command.output().unwrap(), 1, &["inception"]);
    assert!(!out.parent().unwrap().exists());
    expect(&call(&["train", "--config", text(&config), "--out", text(&out), "--quiet"]), 0, &[]);
}

#[test]
fn the_output_folder_is_tried_before_the_data_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let (file, data) = (dir.path().join("file"), dir.path().join("data"));
    fs::write(&file, "").unwrap();
    fs::create_dir(&data).unwrap();
    fs::write(data.join("a.png"), "no picture").unwrap();
    let (config, out) = (config(dir.path(), CLOTHES), file.join("run"));
    let output = call(&["train", "--config", text(&config), "--data", text(&data), "--out", text(&out)]);
    expect(&output, 1, &[text(&out), "choose another --out"]);
}

/// A run of 40 steps, with kept checkpoints at 20 and 40.
fn finished(dir: &Path) -> PathBuf {
    let out = dir.join("run");
    Trainer::new(&run(RING, &[]), &out).unwrap().run(&mut ()).unwrap();
    out
}

type Contents = Vec<(PathBuf, std::time::SystemTime, Vec<u8>)>;

fn contents(dir: &Path) -> Contents {
    let mut all = Vec::new();
    for part in ["", "samples", "checkpoints"] {
        for entry in fs::read_dir(dir.join(part)).unwrap().map(Result::unwrap) {
            if entry.path().is_file() {
                let modified = entry.metadata().unwrap().modified().unwrap();
                all.push((entry.path(), modified, fs::read(entry.path()).unwrap()));
            }
        }
    }
    all.sort();
    all
}

#[test]
fn nothing_is_left_to_do_for_a_finished_run() {
    let dir = tempfile::tempdir().unwrap();
    let out = finished(dir.path());
    let before = contents(&out);
    let output = call(&["train", "--resume", text(&out), "--json"]);
    expect(&output, 0, &["nothing left to do: all 40 steps are made", "--steps"]);
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&summary["outcome"], &summary["folder"]), (&"completed".into(), &text(&out).into()));
    expect(
        &call(&["train", "--resume", text(&out), "--steps", "40", "--threads", "1"]),
        0,
        &["nothing left"],
    );
    assert!(contents(&out) == before, "no file is written again");
    // What may not change is refused all the same.
    expect(&call(&["train", "--resume", text(&out), "--seed", "9"]), 2, &["run.seed: was 0, now 9"]);
    expect(&call(&["train", "--resume", text(&out), "--steps", "44"]), 0, &["going on from step 40"]);
}

#[test]
fn fewer_steps_than_were_made_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let out = finished(dir.path());
    let before = contents(&out);
    let output = call(&["train", "--resume", text(&out), "--steps", "20"]);
    expect(&output, 2, &["made 40 steps", "20 are asked for"]);
    let kimg = call(&["train", "--resume", text(&out), "--kimg", "0.1"]);
    expect(&kimg, 2, &["made 40 steps", "4 are asked for"]);
    let (now, before) = (contents(&out), before);
    assert!(now.iter().zip(&before).all(|(a, b)| a.0 == b.0 && a.2 == b.2), "nothing was changed");
}

#[test]
fn without_its_last_checkpoint_a_run_does_not_begin_again() {
    let dir = tempfile::tempdir().unwrap();
    let out = finished(dir.path());
    let log = fs::read(out.join("log.jsonl")).unwrap();
    let last = out.join("checkpoints/last.safetensors");
    let resume = || call(&["train", "--resume", text(&out), "--quiet"]);
    let whole = fs::read(&last).unwrap();
    for damage in ["gone", "cut"] {
        match damage {
            "gone" => fs::remove_file(&last).unwrap(),
            _ => fs::write(&last, &whole[..whole.len() / 2]).unwrap(),
        }
        let copy = format!("cp {} {}", out.join("checkpoints/best.safetensors").display(), last.display());
        let words = expect(&resume(), 1, &["last.safetensors", "step-000020.safetensors", &copy]);
        assert_eq!(words.matches("last.safetensors: ").count(), 1, "the file is named once: {words}");
        assert_eq!(fs::read(out.join("log.jsonl")).unwrap(), log, "{words}");
    }
    // What the words offer works, from every checkpoint there is, to the same bytes.
    for other in ["best", "step-000020", "step-000040"] {
        fs::copy(out.join(format!("checkpoints/{other}.safetensors")), &last).unwrap();
        expect(&resume(), 0, &[]);
        assert!(fs::read(&last).unwrap() == whole, "{other}");
        assert_eq!(fs::read(out.join("log.jsonl")).unwrap(), log);
    }
    // With nothing to go on from, the words say so; without a step made, it begins.
    fs::remove_dir_all(out.join("checkpoints")).unwrap();
    expect(&resume(), 1, &["missing", "no other checkpoint", "--config"]);
    ["log.jsonl", "metrics.jsonl"].iter().for_each(|file| fs::write(out.join(file), "").unwrap());
    expect(&resume(), 0, &[]);
    assert!(fs::read(&last).unwrap() == whole);
}

#[test]
fn a_damaged_log_is_told_of_and_not_cut() {
    let dir = tempfile::tempdir().unwrap();
    let out = finished(dir.path());
    let resume = |wants: &[&str]| {
        expect(&call(&["train", "--resume", text(&out), "--steps", "41", "--quiet"]), 1, wants);
    };
    for file in ["log.jsonl", "metrics.jsonl"] {
        let path = out.join(file);
        let whole = fs::read_to_string(&path).unwrap();
        let damaged = whole.replacen("\n{", "\nx", 1);
        fs::write(&path, &damaged).unwrap();
        resume(&[file, "line 2", "not a record"]);
        assert_eq!(fs::read_to_string(&path).unwrap(), damaged);
        fs::remove_file(&path).unwrap();
        resume(&[file, "missing"]);
        // A field of a newer version, and a value that was no number.
        let newer = whole.replacen("{\"step\"", "{\"new\":null,\"step\"", 1);
        fs::write(&path, newer.replacen(":0.", ":null,\"old\":0.", 1)).unwrap();
    }
    let steps = |file: &str| {
        let text = fs::read_to_string(out.join(file)).unwrap();
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        lines.iter().map(|line| line["step"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    let before = (steps("log.jsonl"), steps("metrics.jsonl"));
    expect(&call(&["train", "--resume", text(&out), "--steps", "41", "--quiet"]), 0, &[]);
    assert_eq!((steps("log.jsonl"), steps("metrics.jsonl")), before);
}

#[test]
fn samples_that_are_not_numbers_are_a_divergence() {
    let dir = tempfile::tempdir().unwrap();
    let check = |name: &str, text_of: &str, sets: &[&str]| {
        let out = dir.path().join(name);
        let config = config(dir.path(), text_of);
        let mut command = ganymede(&["train", "--config", text(&config), "--out", text(&out), "--json"]);
        // The weights leap in the first step, and no step is logged before somebody looks.
        let sets =
            [&["optimizer.generator.lr=1e30", "log.log_every=1000", "log.checkpoint_every=1000"], sets]
                .concat();
        command.args(sets.iter().flat_map(|set| ["--set", set]));
        let output = command.output().unwrap();
        expect(&output, 3, &["diverged", "samples of the generator"]);
        let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(summary["outcome"], "diverged", "{name}");
        let step = summary["step"].as_u64().unwrap();
        assert!(out.join("summary.json").exists(), "{name}");
        assert!(!out.join(format!("samples/step-{step:06}.png")).exists(), "{name}: no black picture");
        // The last good checkpoint is there to draw from.
        expect(&call(&["sample", text(&out), "--num", "2"]), 0, &["wrote 2 samples"]);
    };
    let measured = format!("{CLOTHES}\n[eval]\nextractor = \"fashion-cnn\"\nevery = 1\nsamples = 20\n");
    check("points-pictured", RING, &["log.sample_every=1"]);
    check("images-pictured", CLOTHES, &["log.sample_every=1"]);
    check("images-measured", &measured, &["log.sample_every=1000"]);
    // Seen only at the very end.
    check("late", CLOTHES, &["log.sample_every=1000", "run.steps=1"]);
}
