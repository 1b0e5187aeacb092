//! `--sampling`: what a run's discriminator has to say of samples.

use std::path::Path;

use ganymede_tensor::{Device, Tensor, load_weights};
use ganymede_train::Trainer;
use serde_json::Value;

use crate::common::{CLOTHES, RING, call, expect, run, text};

fn numbers(path: &Path, name: &str) -> Vec<f32> {
    let tensor: Tensor = load_weights(path, None, &Device::Cpu).unwrap()[name].clone();
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

#[test]
fn samples_are_refused_or_moved_as_the_discriminator_says() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("run");
    Trainer::new(&run(RING, &["run.steps=3", "loss.kind=non-saturating"]), &out)
        .unwrap()
        .run(&mut ())
        .unwrap();
    let draw = |name: &str, more: &[&str]| {
        let path = dir.path().join(name);
        let kept = dir.path().join(format!("z-{name}"));
        let args = ["sample", text(&out), "--num", "70", "--json", "--tensor", text(&path)];
        let args = [&args[..], &["--save-latents", text(&kept)], more].concat();
        let output = call(&args);
        expect(&output, 0, &[]);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        (numbers(&path, "images"), numbers(&kept, "z"), report)
    };
    let (plain, z, report) = draw("plain", &[]);
    assert!(report.get("drawn").is_none());
    let rejection = ["--sampling", "rejection", "--rejection-gamma", "0", "--rejection-burn-in", "100"];
    let (kept, of_kept, report) = draw("kept", &rejection);
    let drawn = report["drawn"].as_u64().unwrap();
    assert!(drawn > 70 && kept != plain && of_kept.len() == z.len(), "{drawn}");
    assert_eq!(draw("again", &rejection).0, kept);
    // What was kept can be made again from its vectors.
    let latents = dir.path().join("z-kept");
    assert_eq!(draw("given", &["--latents", text(&latents)]).0, kept);

    let langevin = ["--sampling", "langevin", "--langevin-steps", "3", "--langevin-step-size", "0.1"];
    let (moved, of_moved, report) = draw("moved", &langevin);
    assert!(moved != plain && of_moved != z && report.get("drawn").is_none());
    let (still, of_still, _) =
        draw("still", &["--sampling", "langevin", "--langevin-steps", "1", "--langevin-step-size", "1e-12"]);
    let near = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-3;
    assert!(still.iter().zip(&plain).all(near) && of_still.iter().zip(&z).all(near));

    let refuse = |more: &[&str], wants: &[&str]| {
        expect(&call(&[&["sample", text(&out)], more].concat()), 2, wants);
    };
    refuse(&["--sampling", "metropolis"], &["rejection", "langevin"]);
    refuse(&["--rejection-gamma", "0"], &["--sampling"]);
    refuse(&["--sampling", "rejection", "--rejection-gamma", "lots"], &["percentile"]);
    refuse(&["--sampling", "rejection", "--rejection-burn-in", "0"], &["--rejection-burn-in"]);
    refuse(&["--sampling", "rejection", "--langevin-steps", "3"], &["--langevin-steps", "langevin"]);
    refuse(&["--sampling", "rejection", "--latents", text(&latents)], &["--latents", "not drawn again"]);
    refuse(&["--sampling", "langevin", "--truncation", "1"], &["truncation"]);
    refuse(&["--sampling", "langevin", "--langevin-step-size", "nan"], &["step size"]);
    refuse(&["--sampling", "langevin", "--checkpoint", "last,last"], &["name one checkpoint"]);
    refuse(&["--sampling", "rejection", "--interpolate", "slerp"], &["--sampling"]);
}

#[test]
fn a_discriminator_whose_scores_are_no_ratio_has_no_say() {
    let dir = tempfile::tempdir().unwrap();
    let refused = |name: &str, sets: &[&str], wants: &[&str]| {
        let out = dir.path().join(name);
        Trainer::new(&run(RING, &[&["run.steps=1"], sets].concat()), &out).unwrap().run(&mut ()).unwrap();
        expect(&call(&["sample", text(&out), "--sampling", "rejection"]), 2, wants);
    };
    refused("hinge", &["loss.kind=hinge"], &["`hinge`", "non-saturating"]);
    refused("smoothed", &["loss.kind=non-saturating", "loss.real_label=0.9"], &["loss.real_label = 0.9"]);
    refused("packed", &["loss.kind=non-saturating", "discriminator.pack=2"], &["several samples together"]);
    refused("several", &["loss.kind=non-saturating", "discriminator.members=2"], &["several scores"]);
}

/// The same number twice, and another than without.
#[test]
fn refined_samples_are_measured() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("run");
    let sets = ["run.steps=2", "data.resolution=32", "loss.kind=non-saturating", "eval.extractor=none"];
    Trainer::new(&run(CLOTHES, &sets), &out).unwrap().run(&mut ()).unwrap();
    let measure = |more: &[&str]| {
        let args =
            ["eval", text(&out), "--json", "--extractor", "fashion-cnn", "--metrics", "fid", "--num", "20"];
        let output = call(&[&args[..], more].concat());
        expect(&output, 0, &[]);
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        report["values"][0]["value"].as_f64().unwrap()
    };
    let rejection = ["--sampling", "rejection", "--rejection-burn-in", "20"];
    let (plain, kept) = (measure(&[]), measure(&rejection));
    assert!(kept.is_finite() && kept != plain);
    assert_eq!(measure(&rejection), kept);
    let args = ["eval", text(&out), "--checkpoint", "last,last", "--extractor", "fashion-cnn"];
    expect(&call(&[&args[..], &rejection].concat()), 2, &["name one checkpoint"]);
}
