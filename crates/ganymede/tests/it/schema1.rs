//! Runs that the last version with checkpoints of schema 1 left behind; see `fixtures/schema1/gen.py`.

use std::fs;
use std::path::{Path, PathBuf};

use ganymede_tensor::testing::{Tol, assert_close};
use ganymede_tensor::{Device, Tensor, load_weights};
use serde_json::Value;

use crate::common::{call, expect, text};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/schema1").join(name)
}

/// A copy of a run that may be written to.
fn copy(name: &str, into: &Path) -> PathBuf {
    let (from, to) = (fixture(name).join("run"), into.join(name));
    fs::create_dir_all(to.join("checkpoints")).unwrap();
    for entry in fs::read_dir(&from).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_file()) {
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
    let checkpoint = Path::new("checkpoints/last.safetensors");
    fs::copy(from.join(checkpoint), to.join(checkpoint)).unwrap();
    to
}

fn images(path: &Path) -> Tensor {
    load_weights(path, None, &Device::Cpu).unwrap()["images"].clone()
}

fn log(path: &Path) -> Vec<Value> {
    fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn they_draw_what_they_drew() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["ring", "clothes"] {
        let run = copy(name, dir.path());
        let out = dir.path().join(format!("{name}.safetensors"));
        expect(&call(&["sample", text(&run), "--num", "4", "--tensor", text(&out)]), 0, &["wrote"]);
        let tol = Tol { rel: 1e-5, abs: 1e-5 };
        assert_close(&images(&out), &images(&fixture(name).join("images.safetensors")), tol);
    }
}

/// R1 draws no random numbers, so all that is drawn goes on where it was; processors round differently, and Adam's first
/// steps are as large for a tiny gradient as for any.
#[test]
fn clothes_go_on_as_they_would_have() {
    let dir = tempfile::tempdir().unwrap();
    let run = copy("clothes", dir.path());
    expect(&call(&["train", "--resume", text(&run), "--steps", "10"]), 0, &["going on from step"]);
    let (ours, theirs) = (log(&run.join("log.jsonl")), log(&fixture("clothes").join("log-of-10.jsonl")));
    assert_eq!((ours.len(), theirs.len()), (10, 10));
    for (ours, theirs) in ours.iter().zip(&theirs) {
        for name in
            ["step", "images", "loss_d", "loss_g", "penalty", "penalty_norm", "score_real", "grad_norm_d"]
        {
            let (our, their) = (ours[name].as_f64().unwrap(), theirs[name].as_f64().unwrap());
            assert!((our - their).abs() <= 2e-3 * their.abs().max(1.0), "{name}: {our}, {their} in {theirs}");
        }
    }
}

/// The noise of its penalty is drawn in another way now, so that only the beginning is the same.
#[test]
fn points_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let run = copy("ring", dir.path());
    let before = fs::read_to_string(run.join("log.jsonl")).unwrap();
    expect(&call(&["train", "--resume", text(&run), "--steps", "12"]), 0, &["going on from step"]);
    let after = fs::read_to_string(run.join("log.jsonl")).unwrap();
    assert!(after.starts_with(&before), "{after}");
    let last = log(&run.join("log.jsonl")).pop().unwrap();
    assert_eq!(last["step"], 12);
    assert!(last["loss_d"].as_f64().unwrap().is_finite());
}
