//! Presets that are trained several times, and what is written down of it.

use std::fs;

use serde_json::Value;

use crate::common::{call, expect, text};

#[test]
fn a_study_writes_down_each_run_once() {
    let dir = tempfile::tempdir().unwrap();
    let (out, runs) = (dir.path().join("zoo"), dir.path().join("runs"));
    let study = |more: &[&str]| {
        let common = ["--steps", "3", "--out", text(&out), "--runs", text(&runs)];
        call(&[&["study"][..], more, &common].concat())
    };
    let measured =
        || -> Value { serde_json::from_slice(&fs::read(out.join("measured.json")).unwrap()).unwrap() };
    let one = ["presets", "ring-minimax", "--seeds", "4"];
    expect(
        &study(&one),
        0,
        &["1 runs, 1 of them to be made", "ring-minimax-seed4-3steps: completed at step 3"],
    );
    let run = measured()["runs"][0].clone();
    assert_eq!((&run["preset"], &run["seed"], &run["step"]), (&"ring-minimax".into(), &4.into(), &3.into()));
    assert_eq!(run["after"]["values"][0][0], "modes of 8");
    assert!(run["seconds_a_step"].as_f64().unwrap() > 0.0);
    assert!(out.join("ring-minimax.png").is_file());
    assert_eq!(fs::read_dir(&runs).unwrap().count(), 0, "what is written down needs no folder");

    expect(&study(&one), 0, &["1 runs, 0 of them to be made"]);
    let packs = [&one[..], &["--set", "discriminator.pack=2", "--keep-runs"]].concat();
    expect(&study(&packs), 0, &["1 of them to be made"]);
    assert_eq!(measured()["runs"].as_array().unwrap().len(), 2);
    assert!(runs.join("ring-minimax-seed4-3steps-discriminator.pack_2/run.toml").is_file());

    // A mistake shows before the first run.
    expect(&study(&["presets", "ring-minmax"]), 2, &["did you mean `ring-minimax`"]);
    expect(&study(&["presets", "ring-r1", "--set", "run.stpes=1"]), 2, &["run.stpes"]);
    expect(&study(&["cures", "--seeds", "3..1"]), 2, &["0..3"]);

    expect(&call(&["study", "failures", "ring-bsae"]), 2, &["there is no case `ring-bsae`", "ring-base"]);
    let empty = ["study", "failures", "--report", "--out", text(&out)];
    let output = call(&empty);
    expect(&output, 0, &[]);
    let report = String::from_utf8(output.stdout).unwrap();
    assert!(
        ["| badly | 0 | 0 |", "### Reported half", "### Tuned half"].iter().all(|want| report.contains(want)),
        "{report}"
    );

    let page = dir.path().join("zoo.md");
    expect(&call(&["zoo", text(&page), "--check"]), 1, &["zoo.md:1", "--bless"]);
    expect(&call(&["zoo", text(&page), "--bless"]), 0, &[]);
    expect(&call(&["zoo", text(&page), "--check"]), 0, &[]);
    let page = fs::read_to_string(page).unwrap();
    assert!(
        page.contains("| `discriminator.pack=2` | 1 |") && page.contains("(zoo/ring-minimax.png)"),
        "{page}"
    );
}
