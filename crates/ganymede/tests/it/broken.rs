//! Bad input and bad luck: a clear error, the right exit status, and nothing lost.

use std::fs;
use std::path::Path;

use ganymede_train::{Outcome, Sampler, Trainer};

use crate::common::{CLOTHES, RING, call, config, expect, ganymede, run, text};

fn finished(dir: &Path, name: &str, sets: &[&str]) -> std::path::PathBuf {
    let out = dir.join(name);
    Trainer::new(&run(RING, sets), &out).unwrap().run(&mut ()).unwrap();
    out
}

#[track_caller]
fn resume_error(dir: &Path) -> String {
    let run = run(RING, &["run.steps=60"]);
    match Trainer::resume(dir, &run) {
        Ok(_) => panic!("this should not resume"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn divergence_is_a_result_with_its_own_status_and_keeps_the_last_good_checkpoint() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("run");
    let config = config(dir.path(), RING);
    let good = ["train", "--config", text(&config), "--out", text(&out), "--steps", "21"];
    expect(&call(&good), 0, &[]);
    let before = fs::read(out.join("checkpoints/last.safetensors")).unwrap();

    let diverged = dir.path().join("diverged");
    let output = call(&[
        "train",
        "--config",
        text(&config),
        "--out",
        text(&diverged),
        "--set",
        "optimizer.generator.lr=1e30",
        "--json",
    ]);
    expect(&output, 3, &["diverged", "lower learning rate"]);
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(summary["outcome"], "diverged");
    assert!(summary["diverged_at"].as_u64().unwrap() <= 3, "{summary}");
    assert!(summary["cause"].is_string());
    // What is kept can be drawn from.
    expect(&call(&["sample", text(&diverged), "--num", "4"]), 0, &["wrote 4 samples"]);
    assert_eq!(before, fs::read(out.join("checkpoints/last.safetensors")).unwrap());
}

#[test]
fn weights_that_are_not_finite_are_never_written_over_good_ones() {
    // Nothing is logged before the checkpoint is due, so only the look at the weights can see it.
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("run");
    let sets = ["log.log_every=1000", "log.checkpoint_every=6", "optimizer.generator.lr=1e30"];
    let summary = Trainer::new(&run(RING, &sets), &out).unwrap().run(&mut ()).unwrap();
    let Outcome::Diverged { step, cause, .. } = summary.outcome else { panic!("{:?}", summary.outcome) };
    assert!(step == 6 && cause.contains("weights"), "{step} {cause}");
    let device = ganymede_tensor::Device::Cpu;
    assert!(Sampler::from_checkpoint(&out.join("checkpoints/last.safetensors"), &device).is_ok());
}

#[test]
fn a_checkpoint_cut_short_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let out = finished(dir.path(), "run", &[]);
    let path = out.join("checkpoints/last.safetensors");
    let whole = fs::read(&path).unwrap();
    for length in [whole.len() / 2, 20, 3, 0] {
        fs::write(&path, &whole[..length]).unwrap();
        let error = resume_error(&out);
        assert!(error.contains("last.safetensors"), "{length}: {error}");
    }
    fs::write(&path, &whole[..whole.len() - 10]).unwrap();
    let output = call(&["train", "--resume", text(&out), "--steps", "60"]);
    expect(&output, 1, &["last.safetensors", "cut short"]);
    let mut flipped = whole;
    let at = flipped.len() - 10;
    flipped[at] ^= 1;
    fs::write(&path, flipped).unwrap();
    assert!(resume_error(&out).contains("damaged"));
}

#[test]
fn a_checkpoint_of_another_architecture_is_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    let out = finished(dir.path(), "run", &[]);
    let other = finished(dir.path(), "other", &["generator.width=20"]);
    let file = "checkpoints/last.safetensors";
    fs::copy(other.join(file), out.join(file)).unwrap();
    let error = resume_error(&out);
    for want in ["another architecture", "generator", "width 20", "width 12"] {
        assert!(error.contains(want), "{error}");
    }
    let images = dir.path().join("images");
    Trainer::new(&run(CLOTHES, &["run.steps=1"]), &images).unwrap().run(&mut ()).unwrap();
    fs::copy(images.join(file), out.join(file)).unwrap();
    assert!(resume_error(&out).contains("another architecture"));
}

#[test]
fn a_resume_cannot_change_what_is_computed() {
    let dir = tempfile::tempdir().unwrap();
    let out = finished(dir.path(), "run", &[]);
    let output = call(&["train", "--resume", text(&out), "--seed", "9", "--set", "run.batch=3"]);
    expect(&output, 2, &["run.seed: was 0, now 9", "run.batch: was 16, now 3"]);
    expect(&call(&["train", "wgan", "--resume", text(&out)]), 2, &["cannot be used with"]);
    let nowhere = dir.path().join("nowhere");
    expect(&call(&["train", "--resume", text(&nowhere)]), 2, &["no run.toml", "nowhere"]);
}

#[test]
fn changed_data_stop_a_resume() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("pictures");
    fs::create_dir(&data).unwrap();
    let paint = |name: &str, level: u8| {
        let picture = image::GrayImage::from_pixel(8, 8, image::Luma([level]));
        picture.save(data.join(name)).unwrap();
    };
    (0..6).for_each(|i| paint(&format!("{i}.png"), i * 40));
    let config = config(dir.path(), CLOTHES);
    let out = dir.path().join("run");
    // Decoded pictures are cached in the data folder, which must not be the project's.
    let train = |args: &[&str]| {
        let mut command = ganymede(&["train"]);
        command.args(args).env("GANYMEDE_DATA", dir.path().join("cache")).output().unwrap()
    };
    let begin = ["--config", text(&config), "--data", text(&data), "--out", text(&out), "--steps", "2"];
    expect(&train(&begin), 0, &[]);
    expect(&train(&["--resume", text(&out), "--steps", "3"]), 0, &["going on from step 2"]);
    paint("6.png", 250);
    expect(&train(&["--resume", text(&out), "--steps", "4"]), 1, &["data set has changed"]);
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    let config = config(dir.path(), RING);
    let out = file.join("run");
    let output = call(&["train", "--config", text(&config), "--out", text(&out)]);
    expect(&output, 1, &[text(&out), "choose another --out"]);
    let output = call(&["train", "--config", text(&config), "--out", "/proc/ganymede"]);
    if cfg!(target_os = "linux") {
        expect(&output, 1, &["could not create /proc/ganymede"]);
    }
}

#[test]
fn other_peoples_folders_are_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let precious = dir.path().join("precious");
    fs::create_dir(&precious).unwrap();
    fs::write(precious.join("thesis.tex"), "words").unwrap();
    let config = config(dir.path(), RING);
    let output = call(&["train", "--config", text(&config), "--out", text(&precious)]);
    expect(&output, 2, &["not empty", "choose another --out"]);
    assert_eq!(fs::read_dir(&precious).unwrap().count(), 1);
}
