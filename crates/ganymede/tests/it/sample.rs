//! Drawing from runs and from weights that others published.

use std::fs;
use std::path::{Path, PathBuf};

use ganymede_tensor::testing::{Tol, assert_close};
use ganymede_tensor::{Device, Tensor, load_weights};
use ganymede_train::{Latents, Sampler, Trainer, Truncation};

use crate::common::{CLOTHES, RING, call, expect, run, text};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/dcgan").join(name)
}

fn tensor(path: &Path, name: &str) -> Tensor {
    load_weights(path, None, &Device::Cpu).unwrap()[name].clone()
}

#[test]
fn a_tutorials_weights_give_pytorchs_images() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out.safetensors");
    let (weights, latents) = (fixture("all.pth"), fixture("latents.safetensors"));
    let mut args = vec!["sample", "--weights", text(&weights), "--model", "dcgan"];
    args.extend(["--latents", text(&latents), "--tensor", text(&out)]);
    // Two state dicts are in the file, and one is a generator's.
    expect(&call(&args), 0, &["wrote", "under `netG` are taken", "left out are `netD`"]);
    let same = tensor(&out, "images");
    args.extend(["--key", "netG"]);
    expect(&call(&args), 0, &["wrote"]);
    assert_close(&tensor(&out, "images"), &same, Tol { rel: 0.0, abs: 0.0 });
    let tol = Tol { rel: 1e-5, abs: 1e-5 };
    assert_close(&tensor(&out, "images"), &tensor(&fixture("images.safetensors"), "images"), tol);

    let pictures = dir.path().join("pictures");
    args.truncate(5);
    args.extend(["--key", "netG", "--num", "3", "--out", text(&pictures), "--json"]);
    let output = call(&args);
    expect(&output, 0, &["wrote 3 samples"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["shape"], serde_json::json!([3, 16, 16]));
    for name in ["000000.png", "000002.png", "grid.png"] {
        assert!(pictures.join(name).exists(), "{name}");
    }
    expect(&call(&args), 2, &["not empty"]);
}

#[test]
fn foreign_files_are_refused_in_words() {
    let dir = tempfile::tempdir().unwrap();
    let text_file = dir.path().join("notes.pth");
    fs::write(&text_file, "hello").unwrap();
    let weights = text(&text_file);
    expect(&call(&["sample", "--weights", weights, "--model", "dcgan"]), 1, &["notes.pth"]);
    expect(&call(&["sample", "--weights", weights, "--model", "dcgn"]), 2, &["did you mean", "dcgan"]);
    let pth = fixture("all.pth");
    expect(&call(&["sample", "--weights", text(&pth)]), 2, &["--model"]);
    let wrong = ["sample", "--weights", text(&pth), "--model", "dcgan", "--key", "netD"];
    expect(&call(&wrong), 1, &["dcgan"]);
}

#[test]
fn samples_of_a_run_follow_seed_truncation_and_checkpoint() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("run");
    Trainer::new(&run(CLOTHES, &[]), &out).unwrap().run(&mut ()).unwrap();
    let run_dir = text(&out);
    let draw = |name: &str, more: &[&str]| {
        let path = dir.path().join(name);
        let mut args = vec!["sample", run_dir, "--num", "6", "--tensor", text(&path)];
        args.extend(more);
        expect(&call(&args), 0, &[]);
        tensor(&path, "images").flatten_all().unwrap().to_vec1::<f32>().unwrap()
    };
    let first = draw("a", &[]);
    assert_eq!(first.len(), 6 * 64);
    assert_eq!(first, draw("b", &["--seed", "0"]));
    assert_ne!(first, draw("c", &["--seed", "1"]));
    assert_ne!(first, draw("d", &["--truncation", "0.5"]));
    assert_ne!(first, draw("e", &["--checkpoint", "best"]));
    let refuse = |more: &[&str], want: &str| {
        let mut args = vec!["sample", run_dir];
        args.extend(more);
        expect(&call(&args), 2, &[want]);
    };
    refuse(&["--truncation", "-1"], "above 0");
    refuse(&["--num", "0"], "at least 1");
    refuse(&["--class", "3"], "without classes");
    refuse(&["--checkpoint", "bset"], "last, best");
    expect(&call(&["sample", run_dir, "--checkpoint", "7"]), 1, &["step-000007"]);
}

#[test]
fn points_become_a_table_and_a_plot() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("run");
    Trainer::new(&run(RING, &["run.steps=2"]), &out).unwrap().run(&mut ()).unwrap();
    expect(&call(&["sample", text(&out), "--num", "7"]), 0, &["generated-1"]);
    let table = fs::read_to_string(out.join("generated-1/points.csv")).unwrap();
    assert_eq!(table.lines().count(), 8);
    assert!(out.join("generated-1/scatter.png").exists());
}

#[test]
fn truncated_latents_stay_within_their_bound() {
    let sampler = Sampler::from_weights(
        &fixture("all.pth"),
        ganymede_models::GeneratorKind::named("dcgan").unwrap(),
        Some("netG"),
        &Device::Cpu,
    );
    let sampler = sampler.unwrap().with_truncation(Some(Truncation::Resample { psi: 0.4 })).unwrap();
    let latents = Latents::Random { count: 50, seed: 1 };
    let z = sampler.latents(&latents).unwrap().next_batch().unwrap().unwrap();
    let z = z.flatten_all().unwrap().to_vec1::<f32>().unwrap();
    assert!(z.iter().all(|z| z.abs() <= 0.4) && z.iter().any(|z| z.abs() > 0.2));
    let wrong = Tensor::zeros((2, 5), ganymede_tensor::DType::F32, &Device::Cpu).unwrap();
    let sampler = sampler.with_truncation(None).unwrap();
    let error = sampler.latents(&Latents::Given(wrong)).unwrap_err().to_string();
    assert!(error.contains("[2, 5]") && error.contains("(N, 6)"), "{error}");
}

#[test]
fn standing_statistics_change_the_pictures_and_not_the_latent_vectors() {
    let sampler = || {
        let kind = ganymede_models::GeneratorKind::named("dcgan").unwrap();
        Sampler::from_weights(&fixture("all.pth"), kind, Some("netG"), &Device::Cpu).unwrap()
    };
    let latents = Latents::Random { count: 4, seed: 1 };
    let draw = |sampler: &Sampler| -> Vec<f32> {
        let z = sampler.latents(&latents).unwrap().next_batch().unwrap().unwrap();
        let condition = sampler.class_batches(None, 1).unwrap().next_batch(4).unwrap();
        sampler.generate(&z, &condition).unwrap().flatten_all().unwrap().to_vec1().unwrap()
    };
    let standing = |seed| draw(&sampler().with_standing_statistics(3, seed).unwrap());
    assert_ne!(standing(1), draw(&sampler()));
    assert_eq!(standing(1), standing(1));
    assert_ne!(standing(1), standing(2));
    let refused = sampler().with_standing_statistics(0, 1).err().unwrap().to_string();
    assert!(refused.contains("16 is usual"), "{refused}");
    // Those of truncated latent vectors are others.
    let truncated = sampler().with_truncation(Some(Truncation::Norm { psi: 0.3 })).unwrap();
    let truncated = truncated.with_standing_statistics(3, 1).unwrap().with_truncation(None).unwrap();
    assert_ne!(draw(&truncated), standing(1));
}
