//! `ganymede diagnose` on runs of other programs, and of this one.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::common::{RING, call, config, status_and_words, text};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/diagnose").join(name)
}

/// The symptoms that are raised at the end, and everything.
fn diagnosis(args: &[&str]) -> (Vec<String>, Value) {
    let output = call(&[&["diagnose", "--json"], args].concat());
    let (status, words) = status_and_words(&output);
    assert_eq!(status, 0, "{words}");
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let raised = found["raised"].as_array().unwrap().iter().filter(|alert| alert["severity"] != "note");
    (raised.map(|alert| alert["symptom"].as_str().unwrap().to_owned()).collect(), found)
}

#[test]
fn event_files_of_a_pytorch_trainer_show_what_was_wrong() {
    // Made by fixtures/diagnose/gen.py.
    for (file, wanted) in [
        ("healthy.tfevents", None),
        ("collapsed.tfevents", Some("mode-collapse")),
        ("overfitting.tfevents", Some("discriminator-overfitting")),
    ] {
        let (raised, found) = diagnosis(&[text(&fixture(file))]);
        match wanted {
            None => assert!(raised.is_empty(), "{file}: {raised:?}"),
            Some(symptom) => assert!(raised.iter().any(|name| name == symptom), "{file}: {found}"),
        }
    }
}

#[test]
fn unknown_columns_are_a_question_and_not_a_guess() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("log.csv");
    let rows: String =
        (1..=60).map(|i| format!("{i},{},{}\n", 0.7, if i < 40 { "1.3" } else { "nan" })).collect();
    fs::write(&log, format!("n,alpha,omega\n{rows}")).unwrap();
    let (status, words) = status_and_words(&call(&["diagnose", text(&log)]));
    assert_eq!(status, 2, "{words}");
    assert!(
        words.contains("which of these columns are the losses of the two players? alpha, n, omega"),
        "{words}"
    );
    let given = ["--column", "loss_g=alpha", "--column", "loss_d=omega", "--step", "n"];
    let (raised, found) = diagnosis(&[&[text(&log)], &given[..]].concat());
    assert_eq!(raised, ["divergence"], "{found}");
    assert!(found["unseen"].as_array().unwrap().iter().any(|unseen| unseen["symptom"] == "mode-collapse"));
    for (args, word) in [
        (&["--column", "loss_d=beta"][..], "no such column"),
        (&["--column", "los_d=omega"], "there is no series `los_d`"),
        (&["--column", "omega"], "SERIES=COLUMN"),
        (&["--step", "m"], "there is no column `m`"),
        (&["--tile", "0"], "--tile"),
        (&["--tile", "5000"], "--tile"),
    ] {
        let (status, words) = status_and_words(&call(&[&["diagnose", text(&log)], args].concat()));
        assert!(status == 2 && words.contains(word), "{args:?}: {words}");
    }
}

#[test]
fn what_is_no_log_is_said_to_be_none() {
    let dir = tempfile::tempdir().unwrap();
    let put = |name: &str, bytes: &[u8]| {
        let path = dir.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    let empty = dir.path().join("empty");
    fs::create_dir(&empty).unwrap();
    for (path, word) in [
        (put("log.txt", b"step 1 loss 2"), "no log that is known"),
        (put("log.jsonl", b"step 1 loss 2"), "no JSON object"),
        (put("empty.csv", b""), "there are no numbers"),
        (put("noise.tfevents.1", &[7; 100]), "noise.tfevents.1"),
        (empty, "neither a run of ours"),
        (dir.path().join("nowhere.csv"), "nowhere.csv"),
    ] {
        let (status, words) = status_and_words(&call(&["diagnose", text(&path)]));
        assert!(status != 0 && words.contains(word), "{}: {status} {words}", path.display());
    }
}

#[test]
fn a_run_of_ours_and_the_series_are_known() {
    let dir = tempfile::tempdir().unwrap();
    let run = dir.path().join("run");
    let ring = config(dir.path(), RING);
    assert!(
        call(&["train", "--config", text(&ring), "--out", text(&run), "--steps", "20", "-q"])
            .status
            .success()
    );
    let (_, found) = diagnosis(&[text(&run)]);
    let read: Vec<&str> =
        found["read"].as_array().unwrap().iter().filter_map(|used| used["series"].as_str()).collect();
    assert!(read.contains(&"loss_d") && read.contains(&"grad_norm_g"), "{found}");
    let listed = call(&["diagnose", "--columns"]);
    assert!(String::from_utf8(listed.stdout).unwrap().lines().any(|line| line == "score_held_out"));
}
