//! Event files beside the log: the same numbers, nothing twice after a resume, and nothing that depends on them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use ganymede_files::events::{EventContent, EventData, EventReader, EventScalars};
use serde_json::Value;

use crate::common::{CLOTHES, RING, assert_same_run, call, config, expect, ganymede, text};

fn train(dir: &Path, configuration: &str, out: &Path, more: &[&str]) {
    let config = config(dir, configuration);
    expect(&call(&[&["train", "--config", text(&config), "--out", text(out)], more].concat()), 0, &[]);
}

/// Asserts that every number of the log stands once in the event files, and no other.
#[track_caller]
fn assert_as_logged(run: &Path) {
    let found = EventScalars::read(&run.join("tensorboard")).unwrap();
    assert!(found.remarks.is_empty(), "{:?}", found.remarks);
    let mut logged: BTreeMap<String, Vec<(i64, f32)>> = BTreeMap::new();
    for line in fs::read_to_string(run.join("log.jsonl")).unwrap().lines() {
        let record: serde_json::Map<String, Value> = serde_json::from_str(line).unwrap();
        for (name, value) in record.iter().filter(|(name, _)| *name != "step") {
            let point = (record["step"].as_i64().unwrap(), value.as_f64().unwrap() as f32);
            logged.entry(name.clone()).or_default().push(point);
        }
    }
    assert!(logged.contains_key("loss_d") && logged["images"].len() > 2);
    for (name, points) in logged {
        let (_, events) = found.tags.iter().find(|(tag, _)| tag.split_once('/').unwrap().1 == name).unwrap();
        let events: Vec<(i64, f32)> = events.iter().map(|point| (point.step, point.value as f32)).collect();
        assert_eq!(events, points, "{name}");
    }
    for (tag, points) in &found.tags {
        assert!(points.windows(2).all(|pair| pair[0].step < pair[1].step), "{tag}: {points:?}");
    }
}

/// Pictures by step.
type Pictures = Vec<(i64, Vec<u8>)>;

/// The pictures in the event files by step, the texts, and the tags of histograms with their steps.
fn other_values(run: &Path) -> (Pictures, Vec<String>, Vec<(String, i64)>) {
    let mut files: Vec<_> =
        fs::read_dir(run.join("tensorboard")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let (mut pictures, mut texts, mut histograms) = (Vec::new(), Vec::new(), Vec::new());
    for file in files {
        let bytes = fs::read(file).unwrap();
        let mut reader = EventReader::new(&bytes[..]);
        while let Some(event) = reader.next_event().unwrap() {
            let EventContent::Summary(values) = event.content else { continue };
            for value in values {
                match value.data {
                    EventData::Image { encoded, .. } => pictures.push((event.step, encoded)),
                    EventData::Strings(strings) => texts.push(String::from_utf8(strings.concat()).unwrap()),
                    EventData::Histogram(_) => histograms.push((value.tag, event.step)),
                    _ => {}
                }
            }
        }
    }
    (pictures, texts, histograms)
}

#[test]
fn all_that_is_logged_stands_in_the_event_files() {
    let dir = tempfile::tempdir().unwrap();
    let run = dir.path().join("run");
    train(dir.path(), CLOTHES, &run, &[]);
    assert_as_logged(&run);
    let (pictures, texts, histograms) = other_values(&run);
    assert_eq!(pictures.iter().map(|(step, _)| *step).collect::<Vec<_>>(), [0, 5, 10, 12]);
    for (step, picture) in pictures {
        assert_eq!(picture, fs::read(run.join(format!("samples/step-{step:06}.png"))).unwrap());
    }
    let summary: Value = serde_json::from_slice(&fs::read(run.join("summary.json")).unwrap()).unwrap();
    assert!(
        texts[0].contains("    [optimizer.discriminator]\n") && texts[1] == summary["verdict"],
        "{texts:?}"
    );
    // Weights at every picture, gradients at those that a step led to.
    for (group, wanted) in [("", &[0, 5, 10, 12][..]), ("gradient/", &[5, 10, 12])] {
        for layer in ["generator/main.0.weight", "discriminator/main.0.weight_orig"] {
            let tag = format!("{group}{layer}");
            let steps = histograms.iter().filter(|(of, _)| *of == tag).map(|(_, step)| *step);
            assert_eq!(steps.collect::<Vec<_>>(), wanted, "{tag} among {histograms:?}");
        }
    }
}

#[test]
fn nothing_depends_on_the_event_files() {
    let dir = tempfile::tempdir().unwrap();
    let [with, without] = ["with", "without"].map(|name| dir.path().join(name));
    train(dir.path(), RING, &with, &[]);
    train(dir.path(), RING, &without, &["--set", "log.tensorboard=false"]);
    assert!(!without.join("tensorboard").exists());
    // But for the setting itself.
    let settings = fs::read_to_string(without.join("run.toml")).unwrap();
    fs::write(without.join("run.toml"), settings.replace("tensorboard = false", "tensorboard = true"))
        .unwrap();
    assert_same_run(&with, &without);
}

#[test]
fn a_run_that_is_killed_or_resumed_has_nothing_twice() {
    let dir = tempfile::tempdir().unwrap();
    let run = dir.path().join("run");
    train(dir.path(), RING, &run, &["--steps", "23"]);
    // As if it had been killed at 23: the last checkpoint is that of 21, and the log goes further.
    let kept = dir.path().join("kept");
    train(dir.path(), RING, &kept, &["--steps", "21"]);
    fs::copy(kept.join("checkpoints/last.safetensors"), run.join("checkpoints/last.safetensors")).unwrap();
    for steps in ["30", "40"] {
        let output = ganymede(&["train", "--resume", text(&run), "--steps", steps]).output().unwrap();
        expect(&output, 0, &["completed"]);
        assert_as_logged(&run);
    }
    let (pictures, texts, _) = other_values(&run);
    let steps: Vec<i64> = pictures.iter().map(|(step, _)| *step).collect();
    assert_eq!(steps, [0, 10, 20, 30, 40]);
    assert_eq!(texts.iter().filter(|text| text.contains("The run completed")).count(), 1);
    assert_eq!(fs::read_dir(run.join("tensorboard")).unwrap().count(), 3);
}
