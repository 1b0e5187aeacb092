//! One to sixteen images: what can be done is done, and what cannot is said.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::{CLOTHES, config, expect, ganymede, text};

const MEASURED: &str = "\n[eval]\nextractor = \"fashion-cnn\"\nevery = 2\nsamples = 12\n";

fn paint(dir: &Path, count: u8, level: impl Fn(u8) -> u8) -> PathBuf {
    let data = dir.join(format!("{count}-images"));
    fs::create_dir_all(&data).unwrap();
    for i in 0..count {
        let at = |x: u32, y: u32| image::Luma([level(i).wrapping_add((x * 9 + y * 17) as u8)]);
        image::GrayImage::from_fn(8, 8, at).save(data.join(format!("{i}.png"))).unwrap();
    }
    data
}

fn train(dir: &Path, args: &[&str]) -> std::process::Output {
    // Decoded pictures are cached in the data folder, which must not be the project's.
    let mut command = ganymede(&["train"]);
    command.args(args).env("GANYMEDE_DATA", dir.join("cache")).output().unwrap()
}

#[test]
fn any_number_of_images_is_trained_on_measured_and_resumed() {
    let dir = tempfile::tempdir().unwrap();
    let metrics = "metrics = [\"fid\", \"precision-recall\", \"density-coverage\", \"kid\"]\n";
    let config = config(dir.path(), &(CLOTHES.to_owned() + MEASURED + metrics));
    let cases: &[(u8, &[&str], &[&str])] = &[
        (1, &["fewer than a batch of 8", "fid is left out", "distance of raw values"], &[]),
        (2, &["pr is left out", "needs 4 real samples, there are 2"], &["fid", "kid"]),
        (3, &["density-coverage is left out", "needs 6 real samples, there are 3"], &["fid", "kid"]),
        (5, &["density-coverage is left out"], &["fid", "precision", "recall", "kid"]),
        (8, &[], &["fid", "precision", "recall", "density", "coverage", "kid"]),
        (16, &[], &["fid", "precision", "recall", "density", "coverage", "kid"]),
    ];
    for (count, wants, measured) in cases {
        let data = paint(dir.path(), *count, |i| i * 15);
        let out = dir.path().join(format!("run-{count}"));
        let begin = ["--config", text(&config), "--data", text(&data), "--out", text(&out), "--steps", "3"];
        let words = expect(&train(dir.path(), &begin), 0, wants);
        assert_eq!(words.contains("fewer than a batch"), *count < 8, "{words}");
        expect(&train(dir.path(), &["--resume", text(&out), "--steps", "5"]), 0, &["going on from step 3"]);
        let lines = fs::read_to_string(out.join("metrics.jsonl")).unwrap();
        assert!(!lines.contains("null") && !lines.contains("NaN"), "{lines}");
        let entries: Vec<serde_json::Value> =
            lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(entries.len(), 2, "{lines}");
        for entry in &entries {
            let values = entry["values"].as_array().cloned().unwrap_or_default();
            let names: Vec<&str> = values.iter().map(|value| value["measure"].as_str().unwrap()).collect();
            assert_eq!(&names, measured, "{count}");
            assert_eq!(
                entry["metric"].as_str(),
                Some(if *count == 1 { "sliced-wasserstein" } else { "quality" })
            );
        }
        assert!(out.join("checkpoints/best.safetensors").exists());
    }
    // Measured afterwards: what was named and cannot be had is a failure, said by name.
    let eval = |count: u8, more: &[&str]| {
        let out = dir.path().join(format!("run-{count}"));
        let mut command = ganymede(&["eval", text(&out)]);
        command.args(more).env("GANYMEDE_DATA", dir.path().join("cache")).output().unwrap()
    };
    expect(&eval(1, &[]), 2, &["nothing can be measured", "fid", "there are 1"]);
    expect(&eval(3, &[]), 0, &["left out: pr", "left out: density-coverage"]);
    let named = eval(3, &["--metrics", "fid,density-coverage"]);
    expect(&named, 1, &["left out: density-coverage: it needs 6 real samples, there are 3"]);
    assert!(String::from_utf8(named.stdout).unwrap().contains("fid-fashion-cnn"));
}

#[test]
fn images_that_are_all_equal_have_no_ratio_of_distances() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(dir.path(), CLOTHES);
    let data = paint(dir.path(), 9, |_| 40);
    let out = dir.path().join("run");
    let begin = ["--config", text(&config), "--data", text(&data), "--out", text(&out), "--json"];
    let output = train(dir.path(), &[&begin[..], &["--set", "eval.extractor=none"]].concat());
    let words = expect(&output, 0, &["hardly differ from one another"]);
    assert!(!words.contains("times as far"), "{words}");
    let digits = |text: &str| text.split(|c: char| !c.is_ascii_digit()).map(str::len).max();
    assert!(digits(&words).unwrap() < 12, "{words}");
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(summary["verdict"].as_str().unwrap().len() < 600, "{summary}");
}
