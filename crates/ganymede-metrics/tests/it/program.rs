//! The program, as scripts and people use it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use ganymede_tensor::Rng;
use image::{GrayImage, ImageFormat, Luma, RgbImage};
use ndarray::Array2;
use ndarray_npy::write_npy;
use serde_json::Value;

/// Runs the program with a cache of its own.
pub(crate) fn call(dir: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_ganymede-metrics"))
        .args(args)
        .env("GANYMEDE_CACHE", dir.join("cache"))
        .env("NO_COLOR", "1")
        .output()
        .unwrap()
}

/// Standard error, after a check of the status and of words that must be in it.
#[track_caller]
pub(crate) fn expect(output: &Output, status: i32, words: &[&str]) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(status), "{text}\n{}", String::from_utf8_lossy(&output.stdout));
    for word in words {
        assert!(text.contains(word), "{word:?} is missing in: {text}");
    }
    text
}

/// The last line of standard output.
pub(crate) fn json(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(text.lines().last().unwrap_or_default()).unwrap_or_else(|e| panic!("{e}: {text}"))
}

pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// `n` grey images of blurred noise around `level`.
pub(crate) fn pictures(dir: &Path, name: &str, seed: u64, n: usize, level: f64) -> PathBuf {
    let folder = dir.join(name);
    fs::create_dir_all(&folder).unwrap();
    let mut rng = Rng::new(seed);
    for i in 0..n {
        let (cx, cy) = (rng.unit() * 28.0, rng.unit() * 28.0);
        let image = GrayImage::from_fn(28, 28, |x, y| {
            let distance = (f64::from(x) - cx).hypot(f64::from(y) - cy);
            Luma([(level + 40.0 * rng.unit() + 80.0 * (-distance / 6.0).exp()).clamp(0.0, 255.0) as u8])
        });
        image.save(folder.join(format!("{i:03}.png"))).unwrap();
    }
    folder
}

const FASHION: [&str; 2] = ["--extractor", "fashion-cnn"];

pub(crate) fn measure(dir: &Path, real: &Path, fake: &Path, more: &[&str]) -> Output {
    let mut args = vec!["--real", text(real), "--fake", text(fake)];
    args.extend(FASHION);
    args.extend(more);
    call(dir, &args)
}

#[test]
fn two_folders_give_every_measure_and_say_where_it_comes_from() {
    let dir = tempfile::tempdir().unwrap();
    let (real, fake) =
        (pictures(dir.path(), "photos", 1, 60, 60.0), pictures(dir.path(), "samples", 2, 50, 90.0));
    let output = measure(dir.path(), &real, &fake, &["--metrics", "all", "--json", "-", "--batch", "16"]);
    let words = expect(&output, 0, &["60 real images are no more than the", "not measured: sfid"]);
    assert!(!words.contains("error"), "{words}");
    let result = json(&output);
    assert_eq!(result["schema"], 1);
    assert_eq!(result["results"]["fid"]["name"], "fid-fashion-cnn-clean-50");
    let measured = ["fid", "fid-infinity", "kid", "is", "mind", "vendi", "ms-ssim", "swd"];
    for name in measured {
        assert!(result["results"][name]["value"].is_f64(), "{name}: {result}");
        assert_eq!(result["results"][name]["provenance"]["fake"], 50);
    }
    assert!(result["results"]["prdc"]["coverage"].is_f64());
    assert!(result["results"]["memorisation"]["authentic_percent"].is_f64());
    assert_eq!(result["real"]["count"], 60);
    let shown = String::from_utf8_lossy(&output.stdout);
    for want in [
        "Fréchet distance (FID by fashion-cnn)",
        "resized by clean",
        "better: lower",
        "covariance over n − 1",
    ] {
        assert!(shown.contains(want), "{want}: {shown}");
    }
    // The same again, from the cache, gives the same.
    let again = measure(dir.path(), &real, &fake, &["--metrics", "all", "--json", "-", "--quiet"]);
    assert_eq!(json(&again)["results"], result["results"]);
    assert_eq!(String::from_utf8_lossy(&again.stdout).lines().count(), 1);
}

#[test]
fn statistics_of_shards_are_those_of_the_whole() {
    let dir = tempfile::tempdir().unwrap();
    let whole = pictures(dir.path(), "whole", 3, 40, 60.0);
    let fake = pictures(dir.path(), "made", 4, 40, 80.0);
    for (part, range) in [("a", 0..15), ("b", 15..40)] {
        fs::create_dir(dir.path().join(part)).unwrap();
        for i in range {
            let name = format!("{i:03}.png");
            fs::copy(whole.join(&name), dir.path().join(part).join(&name)).unwrap();
        }
    }
    let stats = |name: &str| {
        let (from, to) = (dir.path().join(name), dir.path().join(format!("{name}.stats")));
        let args = [&["stats", text(&from), "-o", text(&to)], &FASHION[..]].concat();
        expect(&call(dir.path(), &args), 0, &["images"]);
        to
    };
    let (a, b, all) = (stats("a"), stats("b"), stats("whole"));
    let merged = dir.path().join("merged.stats");
    expect(&call(dir.path(), &["merge", text(&a), text(&b), "-o", text(&merged)]), 0, &["40 images"]);
    let fid = |real: &Path| {
        let output = measure(dir.path(), real, &fake, &["--metrics", "fid", "--json", "-", "--quiet"]);
        expect(&output, 0, &[]);
        json(&output)["results"]["fid"]["value"].as_f64().unwrap()
    };
    let want = fid(&whole);
    for got in [fid(&merged), fid(&all)] {
        assert!((got / want - 1.0).abs() < 1e-6, "{got} {want}");
    }
    // What statistics do not hold is said, and an error only where it was asked for.
    expect(&measure(dir.path(), &all, &fake, &[]), 0, &["not measured: prdc", "stats --rows"]);
    expect(&measure(dir.path(), &all, &fake, &["--metrics", "prdc"]), 1, &["error: prdc"]);
    // Statistics of another resizing are refused.
    let other = measure(dir.path(), &all, &fake, &["--resize", "legacy-pytorch"]);
    expect(&other, 2, &["not made alike", "resize: clean against legacy-pytorch"]);
    // And those of pytorch-fid's form are written and read.
    let npz = dir.path().join("whole.npz");
    let args = [&["stats", text(&whole), "-o", text(&npz)], &FASHION[..]].concat();
    expect(&call(dir.path(), &args), 0, &[]);
    assert!((fid(&npz) / want - 1.0).abs() < 1e-6);
}

#[test]
fn results_of_different_provenance_are_not_compared() {
    let dir = tempfile::tempdir().unwrap();
    let (real, fake) =
        (pictures(dir.path(), "photos", 1, 20, 60.0), pictures(dir.path(), "made", 2, 20, 90.0));
    let write = |name: &str, more: &[&str]| {
        let to = dir.path().join(name);
        let args = [&["--metrics", "fid", "--json", text(&to)], more].concat();
        expect(&measure(dir.path(), &real, &fake, &args), 0, &[]);
        to
    };
    let (a, b) = (write("a.json", &[]), write("b.json", &["--resize", "legacy-tensorflow"]));
    let same = call(dir.path(), &["compare", text(&a), text(&a), "--json", "-"]);
    expect(&same, 0, &[]);
    assert_eq!(json(&same)["comparison"]["fid"]["comparable"], true);
    let refused = call(dir.path(), &["compare", text(&a), text(&b)]);
    expect(&refused, 1, &["not comparable", "resize: clean against legacy-tensorflow", "--anyway"]);
    assert!(refused.stdout.is_empty());
    let anyway = call(dir.path(), &["compare", text(&a), text(&b), "--anyway"]);
    expect(&anyway, 1, &["not comparable"]);
    assert!(String::from_utf8_lossy(&anyway.stdout).contains("fid"));
    let nonsense = dir.path().join("c.json");
    fs::write(&nonsense, "{}").unwrap();
    expect(&call(dir.path(), &["compare", text(&a), text(&nonsense)]), 1, &["c.json", "schema"]);
}

#[test]
fn features_of_files_are_measured_without_a_network() {
    let dir = tempfile::tempdir().unwrap();
    let mut rng = Rng::new(5);
    let mut draw =
        |n: usize, shift: f32| Array2::from_shape_simple_fn((n, 6), || rng.standard_normal() as f32 + shift);
    let (real, mut fake) = (draw(80, 0.0), draw(70, 0.5));
    let path = |name: &str| dir.path().join(name);
    write_npy(path("real.npy"), &real).unwrap();
    write_npy(path("fake.npy"), &fake).unwrap();
    let (a, b) = (path("real.npy"), path("fake.npy"));
    let args = ["features", text(&a), text(&b), "--json", "-"];
    let output = call(dir.path(), &args);
    expect(&output, 0, &[]);
    let result = json(&output);
    assert!(result["results"]["fid"]["value"].as_f64().unwrap() > 0.5);
    assert!(result["results"]["prdc"]["precision"].as_f64().unwrap() > 0.3);
    // The same through the main command.
    let both = call(
        dir.path(),
        &["--real", text(&path("real.npy")), "--fake", text(&path("fake.npy")), "--json", "-"],
    );
    assert_eq!(json(&both)["results"]["fid"]["value"], result["results"]["fid"]["value"]);
    fake[(3, 2)] = f32::NAN;
    write_npy(path("broken.npy"), &fake).unwrap();
    let broken = call(dir.path(), &["features", text(&path("real.npy")), text(&path("broken.npy"))]);
    expect(&broken, 1, &["broken.npy", "row 3, column 2 is NaN"]);
    fs::write(path("text.npy"), "no numbers").unwrap();
    expect(
        &call(dir.path(), &["features", text(&path("real.npy")), text(&path("text.npy"))]),
        1,
        &["text.npy"],
    );
}

#[test]
fn suspicious_folders_are_pointed_out() {
    let dir = tempfile::tempdir().unwrap();
    let real = pictures(dir.path(), "generated", 1, 12, 60.0);
    expect(&measure(dir.path(), &real, &real, &["--metrics", "mind"]), 0, &["hold the same images"]);
    let odd = pictures(dir.path(), "photos", 2, 12, 90.0);
    fs::copy(odd.join("000.png"), odd.join("copy.png")).unwrap();
    fs::copy(real.join("001.png"), odd.join("stolen.png")).unwrap();
    fs::write(odd.join("empty.png"), "").unwrap();
    let whole = fs::read(odd.join("002.png")).unwrap();
    fs::write(odd.join("cut.png"), &whole[..whole.len() / 2]).unwrap();
    RgbImage::from_fn(40, 30, |x, y| image::Rgb([x as u8, y as u8, 200]))
        .save(odd.join("colour.png"))
        .unwrap();
    GrayImage::new(28, 28).save_with_format(odd.join("lossy.jpg"), ImageFormat::Jpeg).unwrap();
    let wants = [
        "2 files of the generated images could not be used",
        "cut.png: damaged or cut short",
        "of 2 sizes",
        "are grey, the others in colour",
        "are copies of others",
        "1 image of the real folder are also among",
        "generated images are JPEG and real ones are not",
        "are they swapped",
    ];
    expect(&measure(dir.path(), &real, &odd, &["--metrics", "mind"]), 0, &wants);
}

#[test]
fn a_report_shows_worst_and_best_samples() {
    let dir = tempfile::tempdir().unwrap();
    let (real, fake) =
        (pictures(dir.path(), "photos", 1, 30, 60.0), pictures(dir.path(), "made", 2, 20, 90.0));
    let folder = dir.path().join("report");
    let output = measure(dir.path(), &real, &fake, &["--metrics", "mind", "--report", text(&folder)]);
    expect(&output, 0, &["least realistic"]);
    let picture = image::open(folder.join("samples.png")).unwrap();
    assert_eq!((picture.width(), picture.height()), (8 * 134 + 6, 2 * 280 + 6));
    let list: Value = serde_json::from_slice(&fs::read(folder.join("samples.json")).unwrap()).unwrap();
    let scores: Vec<f64> =
        list["samples"].as_array().unwrap().iter().map(|s| s["realism"].as_f64().unwrap()).collect();
    assert!(scores.len() == 20 && scores.is_sorted());
    expect(&output, 0, &["no picture of bins: 30 real samples are too few"]);
    let file = dir.path().join("one.png");
    expect(&measure(dir.path(), &real, &fake, &["--metrics", "mind", "--report", text(&file)]), 0, &[]);
    assert!(image::open(file).is_ok());
}

#[test]
fn a_report_draws_the_bins_that_differ() {
    let dir = tempfile::tempdir().unwrap();
    let (real, fake) =
        (pictures(dir.path(), "photos", 1, 60, 60.0), pictures(dir.path(), "made", 2, 50, 160.0));
    let folder = dir.path().join("report");
    let output = measure(dir.path(), &real, &fake, &["--metrics", "mind", "--report", text(&folder)]);
    expect(&output, 0, &["bins differ"]);
    let list: Value = serde_json::from_slice(&fs::read(folder.join("bins.json")).unwrap()).unwrap();
    let different = list["different"].as_array().unwrap();
    assert!(!different.is_empty() && different.len() <= 3, "{list}");
    let height = |bins: usize| 6 + 280 * bins as u32;
    assert_eq!(image::open(folder.join("bins.png")).unwrap().height(), height(different.len()));
    for bin in different {
        let (share, images) = (bin["real"].as_f64().unwrap(), bin["real_images"].as_array().unwrap());
        assert_eq!(images.len(), (60.0 * share).round() as usize);
        assert_eq!(bin["is"] == "missing", bin["z"].as_f64().unwrap() > 0.0);
    }
}

#[test]
fn used_wrongly_is_status_2() {
    let dir = tempfile::tempdir().unwrap();
    let real = pictures(dir.path(), "photos", 1, 3, 60.0);
    let check = |args: &[&str], words: &[&str]| {
        expect(&call(dir.path(), args), 2, words);
    };
    check(&[], &["--real"]);
    check(&["--real", "x"], &["--fake"]);
    check(&["--real", text(&real), "--fake", text(&real), "--metrics", "fidd"], &["fidd", "fid"]);
    check(&["--real", text(&real), "--fake", text(&real), "--resize", "sharp"], &["sharp", "legacy-pytorch"]);
    check(&["--real", text(&real), "--fake", text(&real), "--extractor", "vgg"], &["vgg", "inception2015"]);
    check(&["--real", text(&real), "--fake", text(&real), "--threads", "0"], &["--threads"]);
    check(&["merge", "-o", "x"], &["STATS"]);
    let help = String::from_utf8(call(dir.path(), &["--help"]).stdout).unwrap();
    for want in ["Fréchet", "--convention pytorch-fid", "Exit status", "memorisation"] {
        assert!(help.contains(want), "{want}: {help}");
    }
}
