//! Runs on images with vectors or images beside them: they resume, are measured, and are refused what cannot be.

use std::fs;
use std::path::{Path, PathBuf};

use ganymede_files::testing::encode;
use ganymede_tensor::{Checkpoint, Device, Tensor};
use ganymede_train::Trainer;
use image::{GrayImage, ImageFormat, Luma};

use crate::common::{call, config, expect, ganymede, run, text};
use crate::resume::check_stopped_runs_resume;

/// Images.
const COUNT: usize = 6;

/// Built in, so that nothing decoded is kept.
const CLOTHES: &str = "fashion-mnist-10k";

/// A small run on data, and what more is said of them.
fn small(data: &str, more: &str) -> String {
    format!(
        "[run]\nsteps = 8\nbatch = 4\n[data]\nname = '{data}'\nresolution = 8\nflip = true\n{more}\n[generator]\nwidth = \
         4\nz_dim = 5\n[discriminator]\nwidth = 4\n[log]\nlog_every = 2\nsample_every = 3\ncheckpoint_every = \
         4\nsamples = 9\n"
    )
}

/// Pairs side by side.
fn images(dir: &Path) -> PathBuf {
    let folder = dir.join("images");
    fs::create_dir(&folder).unwrap();
    for i in 0..COUNT {
        let level = |x: u32, y: u32| Luma([(x * 13 + y * 5 + 30 * i as u32) as u8]);
        let bytes = encode(&GrayImage::from_fn(16, 8, level).into(), ImageFormat::Png);
        fs::write(folder.join(format!("{i}.png")), bytes).unwrap();
    }
    folder
}

fn vectors(path: &Path, rows: usize, first: f32) {
    let values: Vec<f32> = (0..3 * rows).map(|i| first + i as f32).collect();
    let tensor = Tensor::from_vec(values, (rows, 3), &Device::Cpu).unwrap();
    let tensors = [("vectors".to_owned(), tensor)].into();
    Checkpoint { tensors, metadata: [].into() }.save(path).unwrap();
}

#[test]
fn images_with_vectors_or_images_beside_them_resume_to_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("v.safetensors");
    vectors(&file, 10_000, 0.0);
    check_stopped_runs_resume(&small(CLOTHES, &format!("vectors = '{}'", file.display())), &[5]);
    check_stopped_runs_resume(&small(CLOTHES, "pairs = 'downsampled'"), &[3]);
}

#[test]
fn other_vectors_are_refused_and_the_same_ones_are_found() {
    let dir = tempfile::tempdir().unwrap();
    let folder = images(dir.path());
    let file = dir.path().join("v.safetensors");
    vectors(&file, COUNT, 0.0);
    // Decoded pictures are kept in the data folder, which must not be the project's.
    let cache = dir.path().join("cache");
    let keep = |args: &[&str]| ganymede(args).env("GANYMEDE_DATA", &cache).output().unwrap();
    let begin = config(dir.path(), &small(text(&folder), "vectors = 'v.safetensors'"));
    let out = dir.path().join("run");
    let (begin, out) = (text(&begin), text(&out));
    let train = ["train", "--config", begin, "--out", out, "--steps", "2", "--threads", "1"];
    expect(&ganymede(&train).current_dir(dir.path()).env("GANYMEDE_DATA", &cache).output().unwrap(), 0, &[]);
    // From another folder: where they were.
    expect(&keep(&["train", "--resume", out, "--steps", "3"]), 0, &["going on from step 2"]);
    let moved = dir.path().join("moved.safetensors");
    fs::rename(&file, &moved).unwrap();
    expect(&keep(&["train", "--resume", out, "--steps", "4"]), 1, &["v.safetensors", "could not read"]);
    let place = format!("data.vectors={}", moved.display());
    let resume = ["train", "--resume", out, "--steps", "4", "--set", &place];
    expect(&keep(&resume), 0, &["going on from step 3"]);
    vectors(&moved, COUNT, 1.0);
    expect(
        &keep(&["train", "--resume", out, "--steps", "5"]),
        1,
        &["has changed", "vectors", "data.vectors"],
    );
    vectors(&moved, COUNT + 1, 0.0);
    expect(
        &keep(&["train", "--resume", out, "--steps", "5"]),
        1,
        &["[7, 3]", "6 images", "one row an image"],
    );
}

#[test]
fn generators_that_are_told_nothing_are_given_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("run");
    let text_of_run = small(CLOTHES, "pairs = 'edges'");
    Trainer::new(&run(&text_of_run, &["run.steps=1"]), &out).unwrap().run(&mut ()).unwrap();
    let out = text(&out);
    expect(&call(&["sample", out, "--num", "2"]), 0, &["wrote 2 samples"]);
    let told = ["sample", out, "--condition", "x.png"];
    expect(&call(&told), 2, &["neither vectors nor images", "--condition"]);
    expect(&call(&["sample", out, "--class", "1"]), 2, &["without classes"]);
    expect(&call(&["sample", out, "--class", "1", "--condition", "x.png"]), 2, &["--condition"]);
}

/// What is wrong with pairs is said before a folder of a run is left behind.
#[test]
fn data_that_are_no_pairs_are_refused_in_words() {
    let dir = tempfile::tempdir().unwrap();
    let folder = images(dir.path());
    let out = dir.path().join("run");
    for (more, status, says) in [
        ("pairs = 'folders'", 1, "`A` and `B`"),
        ("vectors = 'nowhere.npy'", 1, "nowhere.npy"),
        ("pairs = 'sideways'", 2, "data.pairs"),
        ("pairs = 'downsampled'\nfactor = 16", 2, "data.factor"),
    ] {
        let config = config(dir.path(), &small(text(&folder), more));
        let args = ["train", "--config", text(&config), "--out", text(&out)];
        let cache = dir.path().join("cache");
        expect(&ganymede(&args).env("GANYMEDE_DATA", cache).output().unwrap(), status, &[says]);
        assert!(!out.exists(), "{more}");
    }
}
