//! From images to images, from training to drawing.

use std::fs;
use std::path::Path;

use ganymede_tensor::{Device, load_weights};
use ganymede_train::Trainer;

use crate::common::{call, expect, run, text};
use crate::resume::check_stopped_runs_resume;

/// A tenth of the preset.
const EDGES: &str = r#"
[run]
steps = 6
batch = 4
[data]
name = "fashion-mnist-10k"
resolution = 16
pairs = "edges"
flip = true
[generator]
kind = "pix2pix"
width = 4
[discriminator]
kind = "pix2pix"
width = 4
layers = 1
[[term]]
kind = "l1"
weight = { kind = "linear", from = 100, to = 10 }
[log]
log_every = 2
sample_every = 3
checkpoint_every = 4
samples = 12
"#;

#[test]
fn images_of_images_resume_to_the_same_bytes() {
    check_stopped_runs_resume(EDGES, &[1, 4]);
}

#[test]
fn samples_are_made_of_the_data_or_of_images_that_are_given() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("run");
    Trainer::new(&run(EDGES, &[]), &out).unwrap().run(&mut ()).unwrap();
    let log = fs::read_to_string(out.join("log.jsonl")).unwrap();
    assert!(log.lines().all(|line| line.contains("\"l1\":") && line.contains("\"accuracy_real\":")), "{log}");
    let out = text(&out);
    let tensor = |path: &Path| {
        load_weights(path, None, &Device::Cpu).unwrap()["images"].flatten_all().unwrap().to_vec1::<f32>().unwrap()
    };
    let draw = |name: &str, more: &[&str]| {
        let path = dir.path().join(name);
        let mut args = vec!["sample", out, "--tensor", text(&path)];
        args.extend(more);
        expect(&call(&args), 0, &["wrote"]);
        tensor(&path)
    };
    let by_seed = draw("a", &["--num", "3", "--seed", "1"]);
    assert_eq!(by_seed.len(), 3 * 256);
    assert_eq!(by_seed, draw("b", &["--num", "3", "--seed", "1"]));
    assert_ne!(by_seed, draw("c", &["--num", "3", "--seed", "2"]));

    // Two images of their own, one sample each unless more are asked for.
    let drawings = dir.path().join("drawings");
    expect(&call(&["sample", out, "--num", "2", "--no-grid", "--out", text(&drawings)]), 0, &["wrote 2"]);
    let given = ["--condition", text(&drawings)];
    let two = draw("d", &given);
    assert_eq!(two.len(), 2 * 256);
    let four = draw("e", &[&given[..], &["--num", "4"]].concat());
    assert_eq!((&four[..512], &four[512..]), (&two[..], &two[..]));
    let first = drawings.join("000000.png");
    assert_eq!(draw("f", &["--condition", text(&first)]), two[..256]);
    let pictures = dir.path().join("pictures");
    expect(&call(&["sample", out, "--num", "5", "--out", text(&pictures)]), 0, &["wrote 5 samples"]);
    assert!(pictures.join("grid.png").exists());

    let weights = format!("{out}/checkpoints/last.safetensors");
    expect(&call(&["sample", "--weights", &weights]), 2, &["images [1, 16, 16]", "--condition"]);
    let mut alone = vec!["sample", "--weights", &weights, "--num", "2", "--out", out];
    alone.extend(given);
    expect(&call(&alone), 2, &["not empty"]);
    expect(&call(&["sample", out, "--class", "1"]), 2, &["without classes"]);
    expect(&call(&["sample", out, "--condition", "nowhere.png"]), 1, &["nowhere.png"]);
    let evaluated = ["eval", out, "--extractor", "fashion-cnn", "--num", "20", "--metrics", "fid"];
    expect(&call(&evaluated), 0, &[]);
}
