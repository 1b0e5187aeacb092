//! Truncation, interpolation, classes side by side, latent vectors in files, path length: what `sample`, `eval` and
//! `study truncation` make of a run.

use std::fs;
use std::path::{Path, PathBuf};

use ganymede_tensor::{Device, Tensor, load_weights};
use ganymede_train::Trainer;
use serde_json::Value;

use crate::common::{CLOTHES, RING, call, expect, run, text};

/// A step of a generator with a mapping network.
const MAPPED: &str = r#"
[run]
steps = 1
batch = 4
[data]
name = "fashion-mnist-10k"
resolution = 32
[generator]
kind = "stylegan2"
z_dim = 6
w_dim = 5
mapping_layers = 2
channel_base = 64
channel_max = 8
[discriminator]
width = 4
[loss]
kind = "hinge"
[log]
samples = 4
[eval]
extractor = "none"
"#;

/// A run of two steps, told the class.
fn small(dir: &Path) -> PathBuf {
    let out = dir.join("run");
    let sets = [
        "run.steps=2",
        "data.resolution=32",
        "eval.extractor=none",
        "generator.conditioning=norm",
        "discriminator.conditioning=projection",
    ];
    Trainer::new(&run(CLOTHES, &sets), &out).unwrap().run(&mut ()).unwrap();
    out
}

fn tensor(path: &Path, name: &str) -> Tensor {
    load_weights(path, None, &Device::Cpu).unwrap()[name].clone()
}

fn numbers(tensor: &Tensor) -> Vec<f32> {
    tensor.flatten_all().unwrap().to_vec1().unwrap()
}

#[test]
fn what_is_drawn_of_a_run_follows_the_options() {
    let dir = tempfile::tempdir().unwrap();
    let out = small(dir.path());
    truncation_and_latents(dir.path(), text(&out));
    every_class(&out);
    interpolation(dir.path(), &out);
    path_length(text(&out));
    study(&out);
    leak(text(&out));
}

fn truncation_and_latents(dir: &Path, run: &str) {
    let draw = |name: &str, more: &[&str]| {
        let path = dir.join(name);
        let args = [&["sample", run, "--num", "5", "--class", "1", "--tensor", text(&path)], more].concat();
        expect(&call(&args), 0, &[]);
        numbers(&tensor(&path, "images"))
    };
    let kept = dir.join("z.safetensors");
    let plain = draw("plain", &["--save-latents", text(&kept)]);
    assert_eq!(tensor(&kept, "z").dims(), [5, 5]);
    assert_eq!(draw("again", &["--latents", text(&kept)]), plain);
    let norm = ["--truncation", "0.5", "--truncation-form", "norm"];
    let truncated = draw("norm", &norm);
    assert_ne!(truncated, plain);
    assert_eq!(draw("given", &[&norm[..], &["--latents", text(&kept)]].concat()), truncated);
    assert_ne!(draw("literal", &["--truncation", "0.5", "--truncation-form", "norm-literal"]), truncated);

    let refuse = |more: &[&str], want: &str| {
        expect(&call(&[&["sample", run], more].concat()), 2, &[want]);
    };
    refuse(&["--truncation", "0.5", "--truncation-form", "w"], "no mapping network");
    refuse(&["--truncation", "0.5", "--truncation-cutoff", "2"], "leave the cutoff out");
    refuse(&["--truncation", "0.5", "--truncation-form", "nrom"], "did you mean `norm`");
    refuse(&["--truncation-form", "norm"], "--truncation");
    refuse(&["--truncation", "0.5", "--latents", text(&kept)], "not drawn again");
    refuse(&["--noise", "random"], "draws nothing but its latent vectors");
    refuse(&["--noise", "loud"], "const or random");
    refuse(&["--style-mixing", "2x3"], "no mapping network");
    refuse(&["--style-mixing", "2"], "such as 4x6");
    expect(&call(&["sample", run, "--save-latents", text(&dir.join("none/z"))]), 1, &["none"]);
}

fn every_class(run: &Path) {
    let args = ["sample", text(run), "--every-class", "--num", "3", "--json"];
    let output = call(&args);
    expect(&output, 0, &["wrote 30 samples"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let folder = run.join("generated-1");
    assert_eq!((&report["samples"], folder.is_dir()), (&30.into(), true));
    // Ten rows of three, each 64 pixels large.
    let grid = image::open(folder.join("grid.png")).unwrap();
    assert_eq!((grid.width(), grid.height()), (3 * 66 + 2, 10 * 66 + 2));
    assert!(folder.join("000029.png").is_file());
    expect(&call(&["sample", text(run), "--every-class", "--class", "1"]), 2, &["cannot be used with"]);
}

fn interpolation(dir: &Path, run: &Path) {
    let draw = |more: &[&str]| call(&[&["sample", text(run), "--interpolate"], more].concat());
    let output = draw(&["slerp", "--keyframes", "3", "--frames", "2", "--animate", "apng", "--json"]);
    expect(&output, 0, &["interpolation-1"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["keyframes"], &report["frames"]), (&3.into(), &6.into()));
    let folder = run.join("interpolation-1");
    let grid = image::open(folder.join("interpolation.png")).unwrap();
    assert_eq!((grid.width(), grid.height()), (3 * 66 + 2, 3 * 66 + 2));
    assert!(ganymede_files::is_drawing(&fs::read(folder.join("animation.png")).unwrap()));
    let out = dir.join("film");
    let gif = ["lerp", "--frames", "1", "--animate", "gif", "--fps", "10", "--no-grid", "--out", text(&out)];
    expect(&draw(&gif), 0, &["animation.gif"]);
    assert!(fs::read(out.join("animation.gif")).unwrap().starts_with(b"GIF89a"));
    assert_eq!(fs::read_dir(&out).unwrap().count(), 1);

    expect(&draw(&["slerp", "--no-grid"]), 2, &["nothing to write"]);
    expect(&draw(&["lerp", "--space", "w"]), 2, &["no mapping network"]);
    expect(&draw(&["slerp", "--keyframes", "1"]), 2, &["at least 2"]);
    expect(&draw(&["slerp", "--fps", "10"]), 2, &["--animate"]);
    expect(&draw(&["slerp", "--num", "3"]), 2, &["cannot be used with"]);
    expect(&draw(&["slerp", "--keyframes", "1000", "--frames", "1000"]), 2, &["too large", "--no-grid"]);
    expect(&call(&["sample", text(run), "--frames", "3"]), 2, &["--interpolate"]);
    assert!(!run.join("interpolation-2").exists(), "what is refused leaves no folder");
}

fn path_length(run: &str) {
    let output = call(&["eval", run, "--ppl", "z", "--ppl-pairs", "10", "--json"]);
    expect(&output, 0, &["10 pairs"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["name"], &report["pairs"]), (&"ppl-z-full-fashion-cnn".into(), &10.into()));
    assert!(report["value"].as_f64().unwrap() > 0.0);
    expect(&call(&["eval", run, "--ppl", "w"]), 2, &["no mapping network"]);
    expect(&call(&["eval", run, "--ppl", "z", "--metrics", "fid"]), 2, &["cannot be used with"]);
    expect(&call(&["eval", run, "--ppl-crop"]), 2, &["--ppl"]);
    let weights = format!("{run}/checkpoints/last.safetensors");
    expect(
        &call(&["eval", run, "--ppl", "z", "--weights", &weights]),
        1,
        &["last.safetensors", "net.slice1.0.weight"],
    );
}

fn study(run: &Path) {
    let study = |more: &[&str]| {
        let usual = ["study", "truncation", text(run), "--extractor", "fashion-cnn", "--num", "12"];
        call(&[&usual, more].concat())
    };
    let output = study(&["--psi", "0.5,1", "--thresholds", "0.5"]);
    expect(&output, 0, &["4 of 4  resample 0.5: fid", "truncation.png"]);
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(table.contains("| form | threshold | fid-fashion-cnn-12 |"), "{table}");
    let folder = run.join("truncation-1");
    assert_eq!(fs::read_to_string(folder.join("truncation.md")).unwrap(), table);
    let report: Value = serde_json::from_slice(&fs::read(folder.join("truncation.json")).unwrap()).unwrap();
    let points = report["points"].as_array().unwrap();
    assert_eq!((points.len(), &points[0]["truncation"]), (4, &Value::Null));
    assert_eq!(points[1]["truncation"], serde_json::json!({ "form": "norm", "psi": 0.5 }));
    assert!(folder.join("truncation.png").is_file());
    expect(&study(&["--forms", "w"]), 2, &["no mapping network"]);
    expect(&study(&["--psi", "0,1"]), 2, &["above 0"]);
    assert!(!run.join("truncation-2").exists(), "what is refused leaves no folder");
}

fn leak(run: &str) {
    let study =
        |more: &[&str]| call(&[&["study", "leak", run, "--steps", "2", "--num", "12"], more].concat());
    let output = study(&["--p", "0.5"]);
    expect(&output, 0, &[]);
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(table.contains("ada bgc, p = 0.50") && table.contains("generated / clean"), "{table}");
    assert_eq!(study(&["--p", "0.5"]).stdout, table.as_bytes());
    // The run is of none.
    expect(&study(&[]), 2, &["how probable", "--p"]);
}

/// The same of a generator with a mapping network.
#[test]
fn what_is_drawn_in_w_follows_the_options() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("run");
    Trainer::new(&run(MAPPED, &[]), &out).unwrap().run(&mut ()).unwrap();
    let run = text(&out);
    let draw = |name: &str, more: &[&str]| {
        let path = dir.path().join(name);
        expect(&call(&[&["sample", run, "--num", "5", "--tensor", text(&path)], more].concat()), 0, &[]);
        numbers(&tensor(&path, "images"))
    };
    let kept = dir.path().join("zw.safetensors");
    let plain = draw("plain", &["--save-latents", text(&kept)]);
    assert_eq!((tensor(&kept, "z").dims(), tensor(&kept, "w").dims()), (&[5, 6][..], &[5, 5][..]));
    // In w unless said otherwise, also of vectors that are given.
    let truncated = draw("w", &["--truncation", "0.5", "--latents", text(&kept)]);
    assert_ne!(truncated, plain);
    assert_eq!(draw("said", &["--truncation", "0.5", "--truncation-form", "w"]), truncated);
    assert_ne!(draw("coarse", &["--truncation", "0.5", "--truncation-cutoff", "1"]), truncated);
    assert_eq!(draw("whole", &["--truncation", "1"]), plain);
    assert_ne!(draw("noise", &["--noise", "random"]), plain);
    assert_ne!(draw("again", &["--truncation", "0.5", "--truncation-form", "resample"]), plain);

    let refuse = |more: &[&str], want: &str| {
        expect(&call(&[&["sample", run], more].concat()), 2, &[want]);
    };
    refuse(&["--truncation", "0.5", "--truncation-form", "norm"], "use the form `w` or `resample`");
    refuse(&["--truncation", "0.5", "--truncation-cutoff", "9"], "give 1 to 8");
    refuse(&["--style-mixing", "2x3", "--mix-layers", "fine"], "numbered 0 to 7");
    refuse(&["--interpolate", "slerp", "--space", "w"], "by lerp");

    let table = ["sample", run, "--style-mixing", "2x3", "--mix-layers", "1-2", "--noise", "random"];
    expect(&call(&table), 0, &["style-mixing.png: layers 1 to 2 of 8"]);
    let sheet = image::open(out.join("style-mixing-1/style-mixing.png")).unwrap();
    assert_eq!((sheet.width(), sheet.height()), (4 * 66 + 2, 3 * 66 + 2));
    let film = ["sample", run, "--interpolate", "lerp", "--space", "w", "--keyframes", "2", "--frames", "2"];
    expect(&call(&[&film[..], &["--truncation", "0.7"]].concat()), 0, &["interpolation-1"]);
    let path = ["eval", run, "--ppl", "w", "--ppl-sampling", "end", "--ppl-pairs", "8", "--ppl-crop"];
    let output = call(&path);
    expect(&output, 0, &[]);
    assert!(String::from_utf8_lossy(&output.stdout).starts_with("ppl-w-end-crop-fashion-cnn "));
    let study = ["study", "truncation", run, "--extractor", "fashion-cnn", "--num", "12", "--psi", "0.5"];
    // What the generator has: not the length of a vector.
    expect(
        &call(&[&study[..], &["--thresholds", "1"]].concat()),
        0,
        &["2 of 3  w 0.5: fid", "3 of 3  resample 1: fid"],
    );
}

#[test]
fn points_are_truncated_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("run");
    Trainer::new(&run(RING, &["run.steps=2"]), &out).unwrap().run(&mut ()).unwrap();
    let ring = text(&out);
    for form in ["norm", "norm-literal", "resample"] {
        let args = ["sample", ring, "--num", "3", "--truncation", "0.5", "--truncation-form", form];
        expect(&call(&args), 0, &["wrote 3 samples"]);
    }
    let refused = [
        (&["sample", ring, "--interpolate", "slerp"][..], "points"),
        (&["sample", ring, "--every-class"], "without classes"),
        (&["sample", ring, "--style-mixing", "2x2"], "no mapping network"),
        (&["eval", ring, "--ppl", "z"], "points"),
        (&["study", "truncation", ring, "--extractor", "fashion-cnn"], "points"),
        (&["study", "leak", ring, "--p", "0.5"], "images"),
    ];
    for (args, want) in refused {
        expect(&call(args), 2, &[want]);
    }
}

/// Of several checkpoints each makes some of the samples, from the latent vectors that any of them would be given, and the same
/// ones every time.
#[test]
fn snapshots_of_a_run_are_an_ensemble() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("run");
    let sets = ["run.steps=2", "log.keep_every=1", "data.resolution=32", "eval.extractor=none"];
    Trainer::new(&run(CLOTHES, &sets), &out).unwrap().run(&mut ()).unwrap();
    let samples = |which: &str| {
        let (pictures, file) =
            (dir.path().join(format!("pictures-{which}")), dir.path().join(format!("{which}.safetensors")));
        let args = ["sample", text(&out), "--checkpoint", which, "--num", "24", "--tensor", text(&file)];
        expect(&call(&[&args[..], &["--out", text(&pictures)]].concat()), 0, &[]);
        let images = tensor(&file, "images");
        (0..24).map(|i| numbers(&images.narrow(0, i, 1).unwrap())).collect::<Vec<_>>()
    };
    let (both, early, late) = (samples("1,last"), samples("1"), samples("last"));
    let origins: Vec<bool> = (0..24)
        .map(|i| {
            assert!(both[i] == early[i] || both[i] == late[i], "sample {i} is of neither");
            both[i] == early[i]
        })
        .collect();
    assert!(origins.contains(&true) && origins.contains(&false), "{origins:?}");
    assert_eq!(samples("last,1,last").len(), 24);
    expect(&call(&["sample", text(&out), "--checkpoint", "1,7"]), 1, &["step-000007"]);
    expect(&call(&["sample", text(&out), "--checkpoint", "1,"]), 2, &["--checkpoint", "last, best"]);

    let options = ["--extractor", "fashion-cnn", "--num", "60", "--metrics", "fid", "--json"];
    let found = call(&[&["eval", text(&out), "--checkpoint", "1,last"][..], &options].concat());
    expect(&found, 0, &["last.safetensors"]);
    let report: Value = serde_json::from_slice(&found.stdout).unwrap();
    assert_eq!(report["checkpoint"].as_array().unwrap().len(), 2);
}
