//! Studies by file: what is made is kept, whatever happens to the others.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;

use crate::common::{RING, call, config, expect, ganymede, send, text, wait_for_lines};

/// A study of small runs on rings, with `more` at its end.
fn study(dir: &Path, more: &str) -> PathBuf {
    config(dir, RING);
    let path = dir.join("small study.toml");
    let methods = "[[method]]\nname = \"A\"\nconfig = \"config.toml\"\n[[method]]\nname = \"B & C\"\nconfig = \"config.toml\"\nset = [\"loss.kind=hinge\"]\n";
    fs::write(&path, format!("title = \"Small <b>\"\nnotes = [\"A note.\"]\nseeds = 2\n{methods}{more}"))
        .unwrap();
    path
}

fn made(path: &Path, out: &Path, more: &[&str]) -> Output {
    call(&[&["study", text(path), "--out", text(out), "--jobs", "2"], more].concat())
}

fn results(out: &Path) -> Value {
    serde_json::from_slice(&fs::read(out.join("results.json")).unwrap()).unwrap()
}

/// Every value of every run, without what the clock says.
fn values(out: &Path) -> Vec<Value> {
    let mut names: Vec<PathBuf> =
        fs::read_dir(out.join("cells")).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.retain(|path| path.extension().is_some_and(|ending| ending == "json"));
    names.sort();
    let read = |path: &PathBuf| {
        let mut cell: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        cell.as_object_mut().unwrap().remove("seconds");
        cell
    };
    names.iter().map(read).collect()
}

#[test]
fn a_study_is_made_once_and_its_table_has_the_means() {
    let dir = tempfile::tempdir().unwrap();
    let (path, out) = (study(dir.path(), ""), dir.path().join("out"));
    let output = made(&path, &out, &[]);
    expect(&output, 0, &["4 runs, 4 of them to be made", "data_b---c_seed1: completed at step 40"]);
    let table = String::from_utf8(output.stdout).unwrap();
    assert_eq!(table, fs::read_to_string(out.join("table.md")).unwrap());
    assert!(table.contains("| method | runs | modes | high quality % |"), "{table}");
    assert!(table.contains("\n| B & C | 2 |") && table.contains("A note."), "{table}");
    let found = results(&out);
    let row = &found["data"][0]["rows"][0];
    let each: Vec<f64> = (0..2).map(|i| row["seeds"][i]["values"][2].as_f64().unwrap()).collect();
    let mean = row["values"][2]["mean"].as_f64().unwrap();
    let error = row["values"][2]["standard_error"].as_f64().unwrap();
    assert!((mean - 0.5 * (each[0] + each[1])).abs() < 1e-12);
    assert!((error - 0.5 * (each[0] - each[1]).abs()).abs() < 1e-12);
    let page = fs::read_to_string(out.join("study.html")).unwrap();
    assert!(page.contains("data:image/png;base64,") && page.contains("Small &lt;b&gt;"));
    assert!(!page.contains("Small <b>"));
    assert_eq!(fs::read_dir(out.join("runs")).unwrap().count(), 0);

    // The configuration of a run is one of `train`.
    let own = fs::read_to_string(out.join("cells/data_a_seed1.toml")).unwrap();
    assert!(own.contains("seed = 1") && own.contains("threads = 1"));

    let before = values(&out);
    let output = made(&path, &out, &["--json"]);
    expect(&output, 0, &["4 runs, 0 of them to be made"]);
    assert_eq!(serde_json::from_slice::<Value>(&output.stdout).unwrap(), found);
    assert_eq!(values(&out), before);
    // What has changed is made again, and only that.
    fs::write(&path, fs::read_to_string(&path).unwrap().replace("hinge", "least-squares")).unwrap();
    expect(&made(&path, &out, &["--seeds", "1", "--keep-runs"]), 0, &["2 runs, 1 of them to be made"]);
    assert!(out.join("runs/data_b---c_seed1/run.toml").is_file());
    expect(&made(&path, &out, &["--report"]), 0, &["wrote table.md"]);
    let row = &results(&out)["data"][0]["rows"][1];
    assert_eq!((&row["runs"], &row["made"]), (&2.into(), &1.into()));
    expect(&made(&path, &out, &["--only", "A,B"]), 2, &["no method `B`", "A, B & C"]);
    expect(&made(&path, &out, &["--only", "A", "--set", "run.steps=2", "--seeds", "7"]), 0, &["at step 2"]);
}

#[test]
fn a_run_that_fails_is_told_of_and_the_others_are_made() {
    let dir = tempfile::tempdir().unwrap();
    let path = study(dir.path(), "[[method]]\nname = \"no data\"\nset = [\"data.name=./nowhere\"]\n");
    let out = dir.path().join("out");
    let output = made(&path, &out, &["--seeds", "3"]);
    expect(&output, 1, &["nowhere", "data_no-data_seed3", "data_a_seed3: completed", "1 of 3 runs failed"]);
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(table.contains("\n| A | 1 |") && table.contains("\n| no data | 0 of 1 |"), "{table}");
    expect(&made(&path, &out, &["--seeds", "3"]), 1, &["3 runs, 1 of them to be made", "1 of 3 runs failed"]);
}

#[test]
fn mistakes_are_told_before_anything_is_made() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let broken = |text: &str| {
        let path = dir.path().join("broken.toml");
        fs::write(&path, text).unwrap();
        path
    };
    let method = "preset = \"ring-r1\"\n[[method]]\nname = \"x\"\n";
    for (content, wants) in [
        (format!("seeds = 0\n{method}"), &["broken.toml", "1 to 1000"][..]),
        (format!("seeds = 1\nsteps = 3\n{method}"), &["broken.toml", "unknown field `steps`"]),
        (format!("seeds = 1\n{method}set = [\"run.steps=1e99\"]\n"), &["method `x`", "run.steps"]),
        ("\u{0}".to_owned(), &["broken.toml"]),
    ] {
        expect(&made(&broken(&content), &out, &[]), 2, wants);
    }
    let path = broken("");
    fs::write(&path, [0xff, 0xfe]).unwrap();
    expect(&made(&path, &out, &[]), 2, &["not text in UTF-8"]);
    fs::write(&path, vec![b'#'; (1 << 20) + 1]).unwrap();
    expect(&made(&path, &out, &[]), 2, &["more than 1048576 bytes"]);
    expect(&call(&["study", "nowhere.toml"]), 2, &["cannot read nowhere.toml"]);
    expect(&call(&["study", "rnig"]), 2, &["no study `rnig`", "ring, grid"]);
    expect(&call(&["study"]), 2, &["ring, grid, stacked-mnist"]);
    expect(&call(&["study", "ring", "--seeds", "3..1"]), 2, &["0..3"]);
    expect(&call(&["study", "ring", "--jobs", "0"]), 2, &["--jobs"]);
    assert!(!out.exists());
    let shown = call(&["study", "ring", "--show"]);
    expect(&shown, 0, &[]);
    assert!(String::from_utf8(shown.stdout).unwrap().contains("[[method]]"));
}

#[cfg(unix)]
#[test]
fn a_study_that_was_killed_goes_on_and_loses_nothing_that_was_made() {
    let dir = tempfile::tempdir().unwrap();
    let path = study(dir.path(), "");
    let (out, whole) = (dir.path().join("out"), dir.path().join("whole"));
    let long = ["--set", "run.steps=120", "--set", "log.checkpoint_every=5", "--set", "log.log_every=1"];
    expect(&made(&path, &whole, &long), 0, &[]);
    // One run is made, and the study is killed in the midst of the others.
    expect(&made(&path, &out, &[&long[..], &["--only", "A", "--seeds", "0"]].concat()), 0, &[]);
    let first = out.join("cells/data_a_seed0.json");
    let kept = fs::read(&first).unwrap();
    let args = [&["study", text(&path), "--out", text(&out), "--jobs", "2"][..], &long].concat();
    let mut child = ganymede(&args).spawn().unwrap();
    wait_for_lines(&mut child, &out.join("runs/data_a_seed1/log.jsonl"), 20);
    send(&child, "KILL");
    assert_eq!(child.wait().unwrap().code(), None, "it was killed");
    // The runs have noticed, or go on until they do: the same command waits for them.
    expect(&made(&path, &out, &long), 0, &["4 runs, "]);
    assert_eq!(fs::read(&first).unwrap(), kept);
    assert_eq!(values(&out), values(&whole));
}
