#![allow(clippy::unwrap_used)]
use std::collections::BTreeSet;

use super::*;

/// How many runs a study has, all of whose configurations are tried.
pub(crate) fn runs_of(text: &str, origin: &str) -> Result<usize> {
    Ok(cells_of(text, origin)?.len())
}

fn cells(text: &str) -> Result<Vec<Cell>> {
    cells_of(text, "x.toml")
}

fn cells_of(text: &str, origin: &str) -> Result<Vec<Cell>> {
    let plan = StudyFile::read(text, origin)?;
    let args = PlanArgs {
        study: None,
        show: false,
        seeds: None,
        only: Vec::new(),
        sets: Vec::new(),
        jobs: None,
        out: None,
        keep_runs: false,
        report: false,
        json: false,
    };
    chosen(&plan, &args, origin)
}

#[test]
fn every_study_of_the_program_can_be_made() {
    for (name, text) in builtin::all() {
        let all = cells(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let names: BTreeSet<&str> = all.iter().map(|cell| cell.name.as_str()).collect();
        assert_eq!(names.len(), all.len(), "{name}");
        let plan = StudyFile::read(text, name).unwrap();
        assert!(!plan.title.is_empty() && !plan.notes.is_empty(), "{name}");
        assert!(plan.methods.iter().all(|method| method.paper.is_some()), "{name}");
    }
    // On the grid, two of the ten also for longer.
    for (name, methods) in [("ring", 10), ("grid", 12)] {
        let plan = StudyFile::read(builtin::text(name).unwrap(), name).unwrap();
        assert_eq!((plan.methods.len(), plan.seeds.len()), (methods, 10), "{name}");
    }
}

const SMALL: &str = "seeds = 2\npreset = \"ring-r1\"\n[[method]]\nname = \"R1\"\n";

#[test]
fn what_is_wrong_with_a_study_is_said_with_the_way_out() {
    assert_eq!(cells(SMALL).unwrap().len(), 2);
    let check = |text: &str, wants: &[&str]| {
        let error = cells(text).unwrap_err();
        assert!(error.downcast_ref::<Misuse>().is_some(), "{error}");
        let words = error.to_string();
        for want in [&["x.toml"], wants].concat() {
            assert!(words.contains(want), "{words} should say {want}");
        }
    };
    let swap = |from: &str, to: &str| {
        assert!(SMALL.contains(from));
        SMALL.replace(from, to)
    };
    check("seeds = ", &["line 1"]);
    check(&swap("preset", "presett"), &["presett", "unknown field"]);
    check(&swap("name = \"R1\"", "name = \"R1\"\nsett = []"), &["sett", "unknown field"]);
    for seeds in
        ["0", "-1", "1001", "9223372036854775807", "[]", "[-1]", "[1.5]", "\"0..3\"", "1.5", "[\"x\"]"]
    {
        check(&swap("seeds = 2", &format!("seeds = {seeds}")), &["seeds", "1 to 1000", "[3, 4]"]);
    }
    check(&swap("seeds = 2", "seeds = 99999999999999999999999"), &["line 1"]);
    check(&swap("seeds = 2", "seeds = [4, 3, 4]"), &["seeds", "4 stands there twice"]);
    check("preset = \"ring-r1\"\n[[method]]\nname = \"R1\"\n", &["seeds"]);
    check("seeds = 2\n", &["method"]);
    check("seeds = 2\nmethod = []\n", &["[[method]]", "at least one"]);
    check(&swap("seeds = 2", "seeds = 2\nschema = 2"), &["schema = 2", "reads 1"]);
    for minutes in ["-1.0", "nan", "inf"] {
        check(&swap("seeds = 2", &format!("seeds = 2\nminutes = {minutes}")), &["minutes", "at least 0"]);
    }
    for name in ["", " ", "a|b", "R1, R2", "a\\nb", &"x".repeat(61)] {
        check(&swap("name = \"R1\"", &format!("name = \"{name}\"")), &["[[method]] name", "1 to 60"]);
    }
    check(&format!("{SMALL}[[method]]\nname = \"r1\"\n"), &["`r1`", "another one"]);
    check(&swap("ring-r1", "ring-r"), &["method `R1`", "did you mean"]);
    check(&format!("{SMALL}set = [\"run.stpes=1\"]\n"), &["method `R1` on `data`", "run.stpes"]);
    check(&format!("{SMALL}set = [\"run.steps=0\"]\n"), &["method `R1`", "run.steps"]);
    check(&format!("{SMALL}set = [\"run.steps\"]\n"), &["method `R1`", "run.steps"]);
    check(&format!("{SMALL}preset = \"grid-r1\"\nconfig = \"a.toml\"\n"), &["a preset and a config"]);
    check(&format!("{SMALL}config = \"nowhere/a.toml\"\n"), &["method `R1`", "nowhere/a.toml"]);
    let published = "[[published]]\nmethod = \"x\"\nsource = \"y\"\ndata = \"z\"\n";
    check(&format!("{SMALL}{published}"), &["`z`"]);
    let many: String = (0..101).map(|i| format!("[[method]]\nname = \"m{i}\"\n")).collect();
    check(&format!("seeds = 1\npreset = \"ring-r1\"\n{many}"), &["101 of [[method]]", "100"]);
    let many: String = (0..11).map(|i| format!("[[method]]\nname = \"m{i}\"\n")).collect();
    check(&format!("seeds = 1000\npreset = \"ring-r1\"\n{many}"), &["11000 runs", "10000"]);
}

#[test]
fn a_run_is_another_one_where_its_configuration_is() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::new(dir.path().join("study"));
    folder.make(SMALL).unwrap();
    let all = cells(SMALL).unwrap();
    let made = |value: f64| cell::Made {
        ended: "completed".to_owned(),
        diverged: false,
        step: 5,
        seconds: 1.5,
        parameters: [1, 2],
        values: vec![cell::Value { name: "modes".to_owned(), value, lower_is_better: false }],
        curves: [("modes".to_owned(), vec![(1, 0.5), (5, value)])].into(),
        picture: None,
        machine: "a processor".to_owned(),
        date: "2026-11-28".to_owned(),
    };
    assert!(!folder.is_made(&all[0]).unwrap());
    folder.begin(&all[0]).unwrap();
    folder.keep(&all[0], made(7.0)).unwrap();
    assert_eq!(folder.read(&all[0]).unwrap(), Some(made(7.0)));
    assert_eq!(folder.read(&all[1]).unwrap(), None);
    let changed = cells(&format!("{SMALL}set = [\"run.steps=7\"]\n")).unwrap();
    assert_eq!(folder.read(&changed[0]).unwrap(), None);
    // One that goes on with another configuration begins anew.
    let run = folder.run(&all[0]);
    fs::create_dir_all(&run).unwrap();
    folder.begin(&all[0]).unwrap();
    assert!(run.is_dir());
    folder.begin(&changed[0]).unwrap();
    assert!(!run.exists());

    let plan = StudyFile::read(SMALL, "x.toml").unwrap();
    let found = [(&all[0], Some(made(7.0))), (&all[1], Some(made(8.0)))];
    let sets = table::sets(&plan, &found);
    let text = table::markdown(&plan, &sets);
    assert!(text.contains("| R1 | 2 | 7.50 ± 0.50 | 1.5 |"), "{text}");
    let partly = table::markdown(&plan, &table::sets(&plan, &[(&all[0], Some(made(7.0))), (&all[1], None)]));
    assert!(partly.contains("| R1 | 1 of 2 | 7 | 1.5 |"), "{partly}");
    let json: serde_json::Value = serde_json::from_str(&table::json(&plan, &sets)).unwrap();
    let row = &json["data"][0]["rows"][0];
    assert_eq!((&row["values"][0]["mean"], &row["seeds"][1]["values"][0]), (&7.5.into(), &8.0.into()));

    std::fs::write(dir.path().join("study/cells").join(format!("{}.json", all[0].name)), "{\"schema\":1")
        .unwrap();
    let words = format!("{:#}", folder.read(&all[0]).unwrap_err());
    assert!(words.contains("is damaged: remove it"), "{words}");
}
