//! Data that are moved, changed or named from another folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use crate::common::{CLOTHES, config, expect, ganymede, text};

/// A working folder with a folder of pictures, and one to run the program in.
struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let place = Self { dir: tempfile::tempdir().unwrap() };
        fs::create_dir(place.at("work")).unwrap();
        place.paint("work/photos", 0);
        config(place.dir.path(), CLOTHES);
        place
    }

    fn at(&self, path: &str) -> PathBuf {
        self.dir.path().join(path)
    }

    /// Twenty-four pictures that depend on `shade`.
    fn paint(&self, folder: &str, shade: u8) {
        fs::create_dir_all(self.at(folder)).unwrap();
        for i in 0..24u8 {
            let at = |x: u32, y: u32| image::Luma([shade ^ (i * 10).wrapping_add((x * y) as u8)]);
            image::GrayImage::from_fn(8, 8, at).save(self.at(folder).join(format!("{i}.png"))).unwrap();
        }
    }

    fn call(&self, cwd: &str, args: &[&str]) -> Output {
        let mut command = ganymede(args);
        // Decoded pictures are cached in the data folder.
        command.current_dir(self.at(cwd)).env("GANYMEDE_DATA", self.at("cache"));
        command.output().unwrap()
    }

    fn train(&self, cwd: &str, data: &str, out: &str) {
        let config = self.at("config.toml");
        let args = ["train", "--config", text(&config), "--data", data, "--out", out, "--steps", "4"];
        expect(&self.call(cwd, &args), 0, &[]);
    }
}

const EVAL: [&str; 7] = ["--extractor", "fashion-cnn", "--num", "10", "--metrics", "fid", "--json"];

fn eval<'a>(run: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["eval", run][..], &EVAL, more].concat()
}

fn report(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_run_finds_its_data_from_any_folder() {
    let place = Place::new();
    fs::create_dir(place.at("elsewhere")).unwrap();
    place.train("work", "photos", "run");
    let run = place.at("work/run");
    // What was typed stays as it was typed; no file that has to be the same everywhere holds a path.
    let written = fs::read_to_string(run.join("run.toml")).unwrap();
    assert!(written.contains("name = \"photos\"") && !written.contains(text(place.dir.path())), "{written}");
    let resume = ["train", "--resume", text(&run), "--steps", "5"];
    expect(&place.call("elsewhere", &resume), 0, &["going on from step 4"]);
    let before = report(&place.call("work", &eval("run", &[])));
    let after = place.call("elsewhere", &eval(text(&run), &[]));
    expect(&after, 0, &[]);
    assert_eq!(report(&after)["values"], before["values"]);

    // A folder of the same name is not taken for it.
    place.paint("elsewhere/photos", 90);
    let again = place.call("elsewhere", &eval(text(&run), &[]));
    assert_eq!(report(&again)["values"], before["values"]);
    expect(&place.call("elsewhere", &["train", "--resume", text(&run), "--steps", "6"]), 0, &["from step 5"]);
}

#[test]
fn data_that_were_moved_are_named_once() {
    let place = Place::new();
    place.train("work", "photos", "run");
    fs::rename(place.at("work/photos"), place.at("moved")).unwrap();
    let gone = ["no longer at", "work/photos", "--data DIR"];
    expect(&place.call("work", &["train", "--resume", "run", "--steps", "5"]), 2, &gone);
    expect(&place.call("work", &eval("run", &[])), 2, &gone);

    let before = fs::read(place.at("work/run/checkpoints/last.safetensors")).unwrap();
    place.paint("other", 90);
    let other = ["train", "--resume", "run", "--steps", "5", "--data", "../other"];
    expect(&place.call("work", &other), 1, &["data set has changed", "../other"]);
    assert!(fs::read(place.at("work/run/checkpoints/last.safetensors")).unwrap() == before);

    let moved = ["train", "--resume", "run", "--steps", "5", "--data", "../moved"];
    expect(&place.call("work", &moved), 0, &["going on from step 4", "data.name was \"photos\""]);
    // From here on it is known where they are.
    expect(&place.call("", &["train", "--resume", "work/run", "--steps", "6"]), 0, &["going on from step 5"]);
    expect(&place.call("", &eval("work/run", &[])), 0, &[]);
}

#[test]
fn data_that_changed_are_not_measured_against_unless_asked_for() {
    let place = Place::new();
    place.train("work", "photos", "run");
    let before = report(&place.call("work", &eval("run", &[])));
    assert_eq!(before["data"]["as_trained"], true);
    place.paint("work/photos", 90);
    let changed = ["data set has changed", "work/photos", "--data"];
    expect(&place.call("work", &eval("run", &[])), 1, &changed);
    let asked = place.call("work", &eval("run", &["--data", "photos"]));
    expect(&asked, 0, &["not the data that it was trained on"]);
    let asked = report(&asked);
    assert_eq!(asked["data"]["as_trained"], false);
    assert_ne!(asked["data"]["content_hash"], before["data"]["content_hash"]);
    // A copy of the old ones beside them is as good.
    place.paint("copy", 0);
    let copy = place.call("work", &eval("run", &["--data", "../copy"]));
    assert_eq!(
        (&report(&copy)["values"], &report(&copy)["data"]["as_trained"]),
        (&before["values"], &true.into())
    );
}

#[test]
fn a_run_inside_its_data_does_not_learn_its_own_pictures() {
    let place = Place::new();
    place.train("work/photos", ".", "runs/own");
    let hash = |run: &Path| {
        let summary: serde_json::Value =
            serde_json::from_slice(&fs::read(run.join("summary.json")).unwrap()).unwrap();
        (summary["run"]["data"]["samples"].clone(), summary["run"]["data"]["content_hash"].clone())
    };
    let own = place.at("work/photos/runs/own");
    let before = hash(&own);
    assert_eq!(before.0, 24);
    for steps in ["5", "6"] {
        expect(&place.call("work/photos", &["train", "--resume", "runs/own", "--steps", steps]), 0, &[]);
    }
    assert_eq!(hash(&own), before);
    expect(&place.call("work/photos", &["sample", "runs/own", "--num", "3"]), 0, &[]);
    expect(&place.call("work/photos", &eval("runs/own", &[])), 0, &[]);
}

#[cfg(unix)]
#[test]
fn a_working_folder_whose_name_is_no_text_is_remembered_too() {
    use std::os::unix::ffi::OsStrExt as _;
    let place = Place::new();
    let odd = place.dir.path().join(std::ffi::OsStr::from_bytes(b"caf\xe9"));
    if fs::rename(place.at("work"), &odd).is_err() {
        return println!("skipped: this file system takes only text");
    }
    let train = |cwd: &Path, args: &[&str]| {
        let mut command = ganymede(&["train"]);
        command.args(args).current_dir(cwd).env("GANYMEDE_DATA", place.at("cache")).output().unwrap()
    };
    let (config, run) = (place.at("config.toml"), place.at("run"));
    let begin = ["--config", text(&config), "--data", "photos", "--out", text(&run), "--steps", "2"];
    expect(&train(&odd, &begin), 0, &[]);
    expect(&train(place.dir.path(), &["--resume", text(&run), "--steps", "3"]), 0, &["going on from step 2"]);
}

#[test]
#[cfg(unix)]
fn folders_that_are_no_text_are_trained_on_resumed_and_measured() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    let place = Place::new();
    let odd = |bytes: &[u8]| place.at("work").join(OsStr::from_bytes(bytes));
    fs::rename(place.at("work/photos"), odd(b"caf\xe9 100%")).unwrap();
    let (data, run, config) = (odd(b"caf\xe9 100%"), odd(b"run \xff"), place.at("config.toml"));
    let call = |args: &[&OsStr]| {
        let mut command = ganymede(&[]);
        command.current_dir(place.at("work")).env("GANYMEDE_DATA", place.at("cache")).args(args);
        command.output().unwrap()
    };
    let arg = OsStr::new;
    let begin = [arg("train"), arg("--config"), config.as_os_str(), arg("--data"), data.as_os_str()];
    let rest = [arg("--out"), run.as_os_str(), arg("--steps"), arg("4")];
    expect(&call(&[&begin[..], &rest].concat()), 0, &[]);
    assert!(fs::read_to_string(run.join("run.toml")).unwrap().contains("caf%E9 100%25"));
    expect(&call(&[arg("train"), arg("--resume"), run.as_os_str(), arg("--steps"), arg("6")]), 0, &[]);
    let eval: Vec<&OsStr> = [arg("eval"), run.as_os_str()].into_iter().chain(EVAL.map(arg)).collect();
    expect(&call(&eval), 0, &[]);
    expect(&call(&[arg("sample"), run.as_os_str(), arg("--num"), arg("2")]), 0, &[]);
}
