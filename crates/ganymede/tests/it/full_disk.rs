//! A disk that is full: the file and the cause are named, what was whole stays whole, and with some room again a run
//! goes on.

use std::fs;
use std::path::Path;

use ganymede_files::testing::{fill_but, on_small_disk};
use ganymede_tensor::{Device, load_weights};
use ganymede_train::Sampler;

use crate::common::{CLOTHES, RING, call, config, expect, ganymede, text};

fn mount_point(dir: &Path) -> std::path::PathBuf {
    let mount = dir.join("disk");
    fs::create_dir(&mount).unwrap();
    mount
}

/// Nothing half-written is left.
#[track_caller]
fn assert_no_remains(dir: &Path) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        assert!(path.extension().is_none_or(|extension| extension != "tmp"), "{}", path.display());
        if path.is_dir() {
            assert_no_remains(&path);
        }
    }
}

#[test]
fn a_run_loses_nothing_wherever_the_disk_fills_up() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(dir.path(), RING);
    let name = "full_disk::a_run_loses_nothing_wherever_the_disk_fills_up";
    on_small_disk(name, &mount_point(dir.path()), 2000, |disk| {
        let mut named = std::collections::BTreeSet::new();
        // Each amount of room ends at another file: configuration, picture, checkpoint, log, curves, summary.
        for room in (0..=400).step_by(40) {
            let out = disk.join(format!("run-{room}"));
            fill_but(disk, room);
            let train = ["train", "--config", text(&config), "--out", text(&out), "--steps", "40"];
            let output = call(&train);
            fs::remove_file(disk.join("ballast")).unwrap();
            if output.status.success() {
                fs::remove_dir_all(&out).unwrap();
                continue;
            }
            let words = expect(&output, 1, &["No space left on device", "free some space", text(disk)]);
            named.insert(
                words.split("could not ").nth(1).unwrap_or_default().split(':').next().unwrap().to_owned(),
            );
            if out.exists() {
                assert_no_remains(&out);
            }
            let last = out.join("checkpoints/last.safetensors");
            if last.exists() {
                assert!(words.contains(&format!("--resume {}", text(&out))), "{words}");
                assert!(Sampler::from_checkpoint(&last, &Device::Cpu).is_ok());
            }
            if out.join("run.toml").exists() {
                let again = call(&["train", "--resume", text(&out)]);
                let words = expect(&again, 0, &[]);
                assert!(words.contains("completed") || words.contains("nothing left to do"), "{words}");
                let log = fs::read_to_string(out.join("log.jsonl")).unwrap();
                assert_eq!(log.lines().count(), 13);
            }
            let _ = fs::remove_dir_all(&out);
        }
        assert!(named.len() >= 3, "these writes failed: {named:?}");
    });
}

#[test]
fn a_long_run_ends_with_a_word_and_goes_on_with_more_room() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(dir.path(), RING);
    let name = "full_disk::a_long_run_ends_with_a_word_and_goes_on_with_more_room";
    on_small_disk(name, &mount_point(dir.path()), 1000, |disk| {
        let out = disk.join("run");
        let output = call(&["train", "--config", text(&config), "--out", text(&out), "--steps", "4000"]);
        let resume = format!("--resume {}", out.display());
        expect(&output, 1, &["No space left on device", "free some space", &resume]);
        assert_no_remains(&out);
        for entry in fs::read_dir(out.join("samples")).unwrap() {
            fs::remove_file(entry.unwrap().path()).unwrap();
        }
        // As far as the last whole checkpoint, and on.
        let state = fs::read(out.join("checkpoints/last.safetensors")).unwrap();
        let text_of_state = String::from_utf8_lossy(&state[..4000.min(state.len())]).into_owned();
        let step: u64 =
            text_of_state.split("\\\"step\\\":").nth(1).unwrap().split(',').next().unwrap().parse().unwrap();
        let steps = (step + 3).to_string();
        let again = call(&["train", "--resume", text(&out), "--steps", &steps, "--json"]);
        expect(&again, 0, &["going on from step"]);
        let summary: serde_json::Value = serde_json::from_slice(&again.stdout).unwrap();
        assert_eq!(summary["step"], step + 3, "{summary}");
    });
}

#[test]
fn samples_that_were_written_are_whole() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(dir.path(), CLOTHES);
    let run = dir.path().join("run");
    expect(&call(&["train", "--config", text(&config), "--out", text(&run), "--steps", "2", "-q"]), 0, &[]);
    on_small_disk("full_disk::samples_that_were_written_are_whole", &mount_point(dir.path()), 1200, |disk| {
        let out = disk.join("pictures");
        let output = call(&["sample", text(&run), "--num", "5000", "--out", text(&out)]);
        expect(&output, 1, &["No space left on device", text(&out), "samples are whole, in"]);
        assert_no_remains(&out);
        let written = fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().path());
        let count = written.inspect(|path| drop(image::open(path).unwrap())).count();
        assert!(count >= 64, "{count}");
        fs::remove_dir_all(&out).unwrap();

        // One file holds all or nothing, and an older one stays.
        let tensor = disk.join("images.safetensors");
        expect(&call(&["sample", text(&run), "--num", "3", "--tensor", text(&tensor)]), 0, &["wrote"]);
        let before = fs::read(&tensor).unwrap();
        let output = call(&["sample", text(&run), "--num", "9000", "--tensor", text(&tensor)]);
        expect(&output, 1, &["No space left on device", text(&tensor)]);
        assert_eq!(fs::read(&tensor).unwrap(), before);
        assert_eq!(load_weights(&tensor, None, &Device::Cpu).unwrap()["images"].dims()[0], 3);
        assert_no_remains(disk);
    });
}

#[test]
fn decoded_images_that_cannot_be_kept_cost_time_and_not_the_run() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(dir.path(), CLOTHES);
    let data = dir.path().join("pictures");
    fs::create_dir(&data).unwrap();
    for i in 0..20u8 {
        let noise = |x: u32, y: u32| image::Luma([(x * 7 + y * 31) as u8 ^ i.wrapping_mul(13)]);
        image::GrayImage::from_fn(8, 8, noise).save(data.join(format!("{i}.png"))).unwrap();
    }
    let name = "full_disk::decoded_images_that_cannot_be_kept_cost_time_and_not_the_run";
    on_small_disk(name, &mount_point(dir.path()), 200, |disk| {
        fill_but(disk, 0);
        let out = dir.path().join("run");
        let mut train = ganymede(&["train", "--config", text(&config), "--data", text(&data)]);
        let output =
            train.args(["--out", text(&out), "--steps", "2"]).env("GANYMEDE_DATA", disk).output().unwrap();
        expect(&output, 0, &["could not be kept", "0 are free", text(disk)]);
    });
}
