//! Samples in any number: written as they come, the same for the same seed, and never black for want of a number.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use ganymede_models::{Condition, GeneratorKind};
use ganymede_tensor::{Checkpoint, DType, Device, Rng, Tensor, load_weights};
use ganymede_train::{Latents, Sampler, Trainer, Truncation};

use crate::common::{CLOTHES, RING, call, expect, ganymede, run, text};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/dcgan").join(name)
}

fn grey_run(dir: &Path) -> PathBuf {
    let out = dir.join("run");
    Trainer::new(&run(CLOTHES, &["run.steps=2"]), &out).unwrap().run(&mut ()).unwrap();
    out
}

fn save(path: &Path, name: &str, tensor: Tensor) {
    let tensors = BTreeMap::from([(name.to_owned(), tensor)]);
    Checkpoint { tensors, metadata: BTreeMap::new() }.save(path).unwrap();
}

fn numbers(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

#[test]
fn batches_change_no_sample_and_no_byte() {
    let dir = tempfile::tempdir().unwrap();
    let run = grey_run(dir.path());
    let out = dir.path().join("images.safetensors");
    // Two batches and a part of one.
    expect(
        &call(&["sample", text(&run), "--num", "150", "--seed", "5", "--tensor", text(&out)]),
        0,
        &["wrote"],
    );
    let last = run.join("checkpoints/last.safetensors");
    let sampler = Sampler::from_checkpoint(&last, &Device::Cpu).unwrap();
    let z = Rng::stream(5, "sample").normal((150, sampler.z_dim()), DType::F32, &Device::Cpu).unwrap();
    let images = sampler.generate(&z, &Condition::None).unwrap();
    let whole = dir.path().join("whole.safetensors");
    save(&whole, "images", images);
    assert!(fs::read(&out).unwrap() == fs::read(&whole).unwrap());

    // The same vectors from a file, of any float type that holds them.
    for dtype in [DType::F32, DType::F64] {
        let (given, again) = (dir.path().join("z.safetensors"), dir.path().join("again.safetensors"));
        save(&given, "anything", z.to_dtype(dtype).unwrap());
        let args = ["sample", text(&run), "--latents", text(&given), "--tensor", text(&again)];
        expect(&call(&args), 0, &["wrote"]);
        assert!(fs::read(&again).unwrap() == fs::read(&whole).unwrap());
        expect(&call(&[&args[..], &["--num", "70"]].concat()), 0, &[]);
        let first = &load_weights(&again, None, &Device::Cpu).unwrap()["images"];
        assert_eq!(
            numbers(first),
            numbers(&sampler.generate(&z.narrow(0, 0, 70).unwrap(), &Condition::None).unwrap())
        );
        expect(&call(&[&args[..], &["--num", "151"]].concat()), 2, &["150 latent vectors", "151"]);
    }
}

#[test]
fn grey_samples_are_grey_files_and_the_grid_is_of_the_first() {
    let dir = tempfile::tempdir().unwrap();
    let run = grey_run(dir.path());
    let draw = |name: &str, more: &[&str]| {
        let out = dir.path().join(name);
        expect(
            &call(&[&["sample", text(&run), "--num", "70", "--out", text(&out)], more].concat()),
            0,
            &["wrote 70"],
        );
        fs::read_dir(&out)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect::<BTreeSet<_>>()
    };
    let with_grid = draw("with", &[]);
    let without = draw("without", &["--no-grid"]);
    assert_eq!(with_grid.len(), 71);
    assert_eq!(with_grid.difference(&without).collect::<Vec<_>>(), ["grid.png"]);
    for file in ["000000.png", "000069.png"] {
        let image = image::open(dir.path().join("with").join(file)).unwrap();
        assert_eq!((image.color(), image.width()), (image::ColorType::L8, 8));
    }
    let grid = image::open(dir.path().join("with/grid.png")).unwrap();
    assert_eq!(grid.width(), 8 * 66 + 2);

    let out = dir.path().join("colour");
    let (weights, out) = (fixture("all.pth"), text(&out).to_owned());
    let args = ["sample", "--weights", text(&weights), "--model", "dcgan", "--key", "netG", "--num", "2"];
    expect(&call(&[&args[..], &["--out", &out]].concat()), 0, &["wrote 2"]);
    assert_eq!(image::open(Path::new(&out).join("000001.png")).unwrap().color(), image::ColorType::Rgb8);
}

#[cfg(unix)]
#[test]
fn an_interruption_leaves_what_is_whole_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let run = grey_run(dir.path());
    let out = dir.path().join("pictures");
    let args = ["sample", text(&run), "--num", "10000000", "--out", text(&out), "--json"];
    let child = ganymede(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let begun = Instant::now();
    // Samples are there long before the last of them could be.
    while !out.join("000064.png").exists() {
        assert!(begun.elapsed() < Duration::from_secs(120), "no sample was written");
        std::thread::sleep(Duration::from_millis(5));
    }
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let output = child.wait_with_output().unwrap();
    expect(&output, 130, &["stopping", "interrupted after", "of 10000000 samples"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let files: Vec<PathBuf> = fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(report["samples"].as_u64(), Some(files.len() as u64 - 1));
    assert!(files.iter().all(|file| image::open(file).is_ok()));
}

#[test]
fn weights_that_are_not_finite_draw_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let good = load_weights(&fixture("all.pth"), Some("netG"), &Device::Cpu).unwrap();
    let names: Vec<&str> =
        good.keys().map(String::as_str).filter(|name| !name.contains("num_batches")).collect();
    let variance = *names.iter().find(|name| name.ends_with("running_var")).unwrap();
    let cases =
        [(names[0], f32::NAN), (*names.last().unwrap(), f32::INFINITY), (variance, f32::NEG_INFINITY)];
    for (name, value) in cases {
        let mut tensors = good.clone();
        let tensor = &tensors[name];
        let mut values = numbers(tensor);
        // One number of one channel.
        let at = values.len() - 1;
        values[at] = value;
        let poisoned = Tensor::from_vec(values, tensor.shape().clone(), &Device::Cpu).unwrap();
        tensors.insert(name.to_owned(), poisoned);
        let path = dir.path().join("poisoned.safetensors");
        Checkpoint { tensors, metadata: BTreeMap::new() }.save(&path).unwrap();
        let out = dir.path().join("pictures");
        let args = ["sample", "--weights", text(&path), "--model", "dcgan", "--out", text(&out), "--json"];
        let output = call(&args);
        let number = format!("number {at} of the tensor `{name}`");
        expect(&output, 3, &["poisoned.safetensors", &number, &value.to_string()]);
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["exit_status"], 3);
        assert!(!out.exists());
    }
}

#[test]
fn latent_vectors_that_cannot_be_used_draw_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let run = grey_run(dir.path());
    let given = dir.path().join("z.safetensors");
    let out = dir.path().join("pictures");
    let check = |z: Tensor, status: i32, wants: &[&str]| {
        save(&given, "z", z);
        let args = ["sample", text(&run), "--latents", text(&given), "--out", text(&out)];
        expect(&call(&args), status, wants);
        assert!(!out.exists());
    };
    let good = || vec![0.5f64; 100 * 5];
    let tensor = |values: Vec<f64>, shape: &[usize]| Tensor::from_vec(values, shape, &Device::Cpu).unwrap();
    for (at, value, want) in [(3, f64::NAN, "NaN"), (499, f64::INFINITY, "inf"), (77, -1e300, "-inf")] {
        let mut values = good();
        values[at] = value;
        let place = format!("number {} of latent vector {} is {want}", at % 5, at / 5);
        check(tensor(values, &[100, 5]), 3, &["z.safetensors", &place]);
    }
    check(tensor(good(), &[50, 10]), 2, &["[50, 10]", "(N, 5)"]);
    check(tensor(good(), &[100, 5, 1]), 2, &["[100, 5, 1]", "(N, 5)"]);
    check(Tensor::zeros((4, 5), DType::I64, &Device::Cpu).unwrap(), 2, &["whole numbers", "f32"]);
    check(Tensor::zeros((4, 5), DType::U8, &Device::Cpu).unwrap(), 2, &["whole numbers", "f32"]);
    fs::write(&given, "no tensors").unwrap();
    expect(
        &call(&["sample", text(&run), "--latents", text(&given)]),
        1,
        &["z.safetensors", "not a safetensors"],
    );
    let missing = dir.path().join("none.safetensors");
    expect(
        &call(&["sample", text(&run), "--latents", text(&missing)]),
        1,
        &["none.safetensors: no such file"],
    );
    // Points too large for an f32 are found where they come to be, and named.
    let points = dir.path().join("points");
    Trainer::new(&self::run(RING, &["run.steps=2"]), &points).unwrap().run(&mut ()).unwrap();
    save(&given, "z", Tensor::full(3e38f32, (70, 3), &Device::Cpu).unwrap());
    let args = ["sample", text(&points), "--latents", text(&given), "--out", text(&out)];
    expect(&call(&args), 3, &["of sample 0 is", "too large for an f32"]);
}

#[test]
fn places_that_cannot_be_written_are_found_before_the_work() {
    let dir = tempfile::tempdir().unwrap();
    let run = grey_run(dir.path());
    let file = dir.path().join("file");
    fs::write(&file, "mine").unwrap();
    let (under, nowhere) = (file.join("out"), dir.path().join("none/out.safetensors"));
    let pictures = dir.path().join("pictures");
    // So many that the work would take hours.
    let check = |args: &[&str], status: i32, wants: &[&str]| {
        expect(&call(&[&["sample", text(&run), "--num", "10000000"], args].concat()), status, wants);
        assert!(!pictures.exists());
    };
    check(&["--out", text(&under)], 1, &[text(&under)]);
    check(&["--tensor", text(&nowhere)], 1, &[text(&nowhere)]);
    check(&["--tensor", text(&nowhere), "--out", text(&pictures)], 1, &[text(&nowhere)]);
    check(&["--tensor", text(dir.path()), "--out", text(&pictures)], 1, &["not a regular file"]);
    check(&["--out", text(&run)], 2, &["not empty"]);
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    let pipe = dir.path().join("pipe");
    if Command::new("mkfifo").arg(&pipe).status().is_ok_and(|status| status.success()) {
        check(&["--tensor", text(&pipe), "--out", text(&pictures)], 1, &["pipe", "not a regular file"]);
    }
    if cfg!(target_os = "linux") {
        check(&["--out", "/proc/pictures"], 1, &["/proc/pictures"]);
    }
}

#[test]
fn several_at_once_get_a_folder_each() {
    let dir = tempfile::tempdir().unwrap();
    let run = grey_run(dir.path());
    let begin = || ganymede(&["sample", text(&run), "--num", "2"]).stderr(Stdio::piped()).spawn().unwrap();
    let children: Vec<_> = (0..4).map(|_| begin()).collect();
    for child in children {
        expect(&child.wait_with_output().unwrap(), 0, &["wrote 2 samples"]);
    }
    for n in 1..=4 {
        assert!(run.join(format!("generated-{n}/000001.png")).exists(), "{n}");
    }
}

#[test]
fn latent_batches_are_those_of_one_draw() {
    for truncation in [None, Some(0.7), Some(0.01)] {
        let sampler = Sampler::from_weights(
            &fixture("all.pth"),
            GeneratorKind::named("dcgan").unwrap(),
            Some("netG"),
            &Device::Cpu,
        );
        let form = truncation.map(|psi| Truncation::Resample { psi });
        let sampler = sampler.unwrap().with_truncation(form).unwrap();
        let source = Latents::Random { count: 200, seed: 9 };
        let mut batches = sampler.latents(&source).unwrap();
        let mut all = Vec::new();
        while let Some(z) = batches.next_batch().unwrap() {
            assert!(z.dims()[0] <= 64);
            all.extend(numbers(&z));
        }
        let mut rng = Rng::stream(9, "sample");
        let shape = (200, sampler.z_dim());
        let once = match truncation {
            None => rng.normal(shape, DType::F32, &Device::Cpu),
            Some(psi) => rng.truncated_normal(psi, shape, DType::F32, &Device::Cpu),
        };
        assert_eq!(all, numbers(&once.unwrap()));
    }
}
