//! The command line.

use std::fs;

use crate::common::{CLOTHES, RING, call, config, expect, text};

#[test]
fn used_wrongly_is_status_2_and_offers_the_fix() {
    let check = |args: &[&str], wants: &[&str]| {
        expect(&call(args), 2, wants);
    };
    check(&["train", "quikstart"], &["did you mean `quickstart`"]);
    check(&["train", "--set", "run.stpes=3"], &["run.stpes", "did you mean `steps`"]);
    check(&["train", "--set", "run.steps=many"], &["run.steps", "\"many\"", "whole number"]);
    check(&["train", "--set", "nonsense"], &["section.key=value"]);
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("x/y");
    check(
        &["train", "--data", "fashion-mnist-1k", "--out", text(&out)],
        &["did you mean `fashion-mnist-10k`"],
    );
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "nothing is left of a run that cannot start");
    check(&["train", "--device", "gpu"], &["unknown device `gpu`"]);
    check(&["train", "--config", "/nonexistent.toml"], &["/nonexistent.toml"]);
    check(&["train", "--data", "ring"], &["points of the plane"]);
    check(&["trian"], &["train"]);
    check(&["sample"], &["RUN_DIR"]);
    check(&["data", "fetch", "mnits"], &["mnits"]);
    check(&["bench", "conv", "--filter", "9x9"], &["no row of `conv` contains `9x9`", "dcgan64 3->64"]);
    check(&["bench", "conv", "--against-pytorch=/nonexistent/python"], &["GANYMEDE_PEERS_PYTHON"]);
}

#[test]
fn a_path_in_place_of_a_preset_is_told_its_option() {
    let dir = tempfile::tempdir().unwrap();
    let photos = dir.path().join("my photos");
    fs::create_dir_all(photos.join("run")).unwrap();
    fs::write(photos.join("run/run.toml"), "").unwrap();
    let check = |typed: &str, want: &str| {
        expect(&call(&["train", typed]), 2, &["there is no preset", &format!("ganymede train {want}")]);
    };
    check(text(&photos), &format!("--data '{}'", text(&photos)));
    check(text(&photos.join("run")), &format!("--resume '{}'", text(&photos.join("run"))));
    check("./photos", "--data ./photos");
    check("photos/cats", "--data photos/cats");
    check("photos.zip", "--data photos.zip");
    check("~/photos", "--data '~/photos'");
    check("recipe.toml", "--config recipe.toml");
    expect(&call(&["sample", text(&photos.join("run/run.toml"))]), 2, &["is a file", "--weights '"]);
    // A preset that is only misspelt is none of this.
    let words = expect(&call(&["train", "dcgna"]), 2, &["did you mean `dcgan`"]);
    assert!(!words.contains("--data"), "{words}");
}

#[test]
fn assignments_that_reach_into_nothing_say_what_is_there() {
    let check = |preset: &str, set: &str, wants: &[&str]| {
        expect(&call(&["train", preset, "--set", set, "--out", "/nonexistent/x"]), 2, wants);
    };
    let add = "add one with --set 'penalty=[{ kind = \"r1\", gamma = 1 }]'";
    check("dcgan", "penalty.0.gamma=1", &["`dcgan` has no penalty", add]);
    check("dcgan", "penalty.0.lambda=10", &["`dcgan` has no penalty", "kind = \"dragan\", lambda = 10"]);
    check("dcgan", "penalty.3.kind=r2", &["`dcgan` has no penalty", "kind = \"r2\""]);
    check("wgan-gp", "penalty.1.lambda=5", &["one penalty, penalty.0", "replace the list"]);
    check("wgan-gp", "penalty.lambda=5", &["penalties are a list", "penalty.0.lambda=5"]);
    check("wgan-gp", "penalty.-1.lambda=5", &["numbered from 0"]);
    check("wgan-gp", "penalty.one.lambda=5", &["numbered from 0"]);
    check("wgan-gp", "penalty.0=5", &["penalty.N.key=value"]);
    check("wgan-gp", "penalty.0.lambda.x=5", &["penalty.N.key=value"]);
    check(
        "dcgan",
        "term.0.weight=1",
        &["`dcgan` has no term", "add one with --set 'term=[{ kind = \"lecam\", weight = 1 }]'"],
    );
    check("stylegan2", "term.1.weight=5", &["one term, term.0", "replace the list"]);
    check("stylegan2", "term.weight=5", &["terms are a list", "term.0.weight=5"]);
    check("stylegan2", "term.0.wieght=5", &["term.0.wieght"]);
    check("wgan-gp", "penalty=5", &["penalty", "expected a list"]);
    check("dcgan", "run=5", &["run: found 5, expected a section"]);
    check("dcgan", "run.seed.x=5", &["run.seed"]);
    check("dcgan", "run.0.seed=5", &["run.0: no such key"]);
    check("dcgan", "optimizer.0.lr=5", &["optimizer.0: no such key"]);
    check("dcgan", "eval.metrics.0=fid", &["eval.metrics"]);
    check("dcgan", ".=5", &["a part of the key is empty"]);
}

#[cfg(not(any(feature = "cuda", feature = "metal")))]
#[test]
fn a_device_that_the_build_lacks_is_refused() {
    expect(&call(&["train", "--device", "cuda:0"]), 2, &["built without cuda", "--features cuda"]);
}

#[test]
fn errors_are_json_too_where_json_was_asked_for() {
    let output = call(&["train", "quikstart", "--json"]);
    expect(&output, 2, &["did you mean"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((report["outcome"].as_str(), report["exit_status"].as_u64()), (Some("failed"), Some(2)));
}

#[test]
fn help_teaches() {
    let output = call(&["train", "--help"]);
    let help = String::from_utf8(output.stdout).unwrap();
    for want in ["quickstart", "ring-minimax", "arXiv:1704.00028", "--set penalty.0.gamma=1", "Ctrl-C"] {
        assert!(help.contains(want), "{help}");
    }
    let top = String::from_utf8(call(&["--help"]).stdout).unwrap();
    assert!(top.contains("Exit status") && top.contains("--resume"), "{top}");
}

#[test]
fn eval_measures_a_checkpoint() {
    let dir = tempfile::tempdir().unwrap();
    let clothes = config(dir.path(), CLOTHES);
    let out = dir.path().join("run");
    let train = |file: &std::path::Path, out: &std::path::Path| {
        let args = ["train", "--config", text(file), "--out", text(out), "--steps", "3", "--quiet"];
        expect(&call(&args), 0, &[]);
    };
    train(&clothes, &out);
    // Images of 8 pixels: no network serves unless one is named, so that pixels are looked at.
    let output = call(&["eval", text(&out), "--num", "50"]);
    expect(&output, 0, &["measuring 50 samples"]);
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(table.contains("fwd-level1-pixels-50") && table.contains("ndb-pixels-50"), "{table}");
    let blind = dir.path().join("blind");
    let args = ["train", "--config", text(&clothes), "--out", text(&blind), "--steps", "3", "--quiet"];
    expect(&call(&[&args[..], &["--set", "eval.extractor=none"]].concat()), 0, &[]);
    expect(&call(&["eval", text(&blind)]), 2, &["name a network"]);
    let named = ["eval", text(&out), "--extractor", "fashion-cnn", "--num", "40", "--metrics", "kid,fid"];
    let output = call(&named);
    expect(&output, 0, &["measuring 40 samples", "last.safetensors"]);
    let table = String::from_utf8(output.stdout).unwrap();
    for want in ["kid-fashion-cnn-clean-40", "lower is better", "between real samples", "Ankle boot"] {
        assert!(table.contains(want), "{table}");
    }
    let output = call(&[&named[..], &["--json"]].concat());
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["values"][1]["name"], "fid-fashion-cnn-clean-40");
    assert_eq!(report["provenance"]["fake"], 40);
    // Statistics of the weights as they are, in place of those of the updates before.
    let standing = call(&[&named[..], &["--json", "--standing-statistics", "2"]].concat());
    expect(&standing, 0, &[]);
    let standing: serde_json::Value = serde_json::from_slice(&standing.stdout).unwrap();
    assert_ne!(standing["values"][1]["value"], report["values"][1]["value"]);
    expect(
        &call(&["eval", text(&out), "--metrics", "fidd", "--extractor", "fashion-cnn"]),
        2,
        &["did you mean `fid`"],
    );
    expect(
        &call(&["eval", text(&blind), "--extractor", "fashion-cnn", "--checkpoint", "best"]),
        1,
        &["best.safetensors"],
    );
    let weights = ["--extractor", "inception2015", "--weights", "/nonexistent.pth"];
    expect(&call(&[&["eval", text(&out)][..], &weights].concat()), 1, &["/nonexistent.pth", "no such file"]);

    let (ring, points) = (config(dir.path(), RING), dir.path().join("points"));
    train(&ring, &points);
    expect(&call(&["eval", text(&points), "--extractor", "fashion-cnn"]), 2, &["points of the plane"]);
}

#[test]
fn a_run_reports_to_people_and_scripts() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(dir.path(), RING);
    let out = dir.path().join("run");
    let output = call(&["train", "--config", text(&config), "--out", text(&out), "--threads", "1", "--json"]);
    let picture = out.join("samples/step-000040.png");
    let words = expect(&output, 0, &["step 40/40", "completed", text(&picture), "ganymede sample"]);
    assert!(words.contains("1 threads"), "{words}");
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert_eq!(stdout.lines().count(), 1);
    let summary: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(summary["folder"], text(&out));
    assert_eq!(summary["run"]["threads"], 1);

    let quiet = dir.path().join("quiet");
    let output = call(&["train", "--config", text(&config), "--out", text(&quiet), "--quiet"]);
    expect(&output, 0, &[]);
    assert!(output.stderr.is_empty() && output.stdout.is_empty(), "{output:?}");
}

#[test]
fn the_number_of_threads_changes_no_byte() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(dir.path(), CLOTHES);
    let made = ["1", "3"].map(|threads| {
        let out = dir.path().join(threads);
        let args = ["train", "--config", text(&config), "--out", text(&out), "--threads", threads, "--quiet"];
        expect(&call(&args), 0, &[]);
        ["log.jsonl", "checkpoints/last.safetensors"].map(|file| fs::read(out.join(file)).unwrap())
    });
    assert!(made[0] == made[1]);
}

#[test]
fn doctor_and_data_answer_on_standard_output() {
    let output = call(&["doctor", "--json"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(report["threads_used"].as_u64().unwrap() >= 1);
    assert!(report["backends"].as_array().unwrap().iter().any(|name| name == "cpu"));
    let output = call(&["doctor"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("cores") && text.contains("lapack") && text.contains("disk"), "{text}");
    let output = call(&["data", "list", "--json"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let names: Vec<&str> =
        report["data"].as_array().unwrap().iter().map(|d| d["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"fashion-mnist-10k") && names.contains(&"ring"), "{names:?}");
}

#[test]
fn a_benchmark_reports_to_people_and_scripts() {
    let args = ["bench", "conv", "--filter", "512->100", "--rounds", "2", "--threads", "1,2", "--json"];
    let output = call(&args);
    let words = expect(&output, 0, &["row 1 of 1", "GFLOP/s", "dw ms"]);
    assert!(words.contains("2 threads"), "{words}");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((report["bench"].as_str(), report["setting"]["rounds"].as_u64()), (Some("conv"), Some(2)));
    assert_eq!(report["tables"].as_array().unwrap().len(), 2);
    let row = &report["tables"][1]["rows"][0];
    for (cell, part) in ["forward", "dx", "dw"].iter().enumerate() {
        let cell = &row["cells"][cell];
        assert_eq!(cell["part"], *part);
        assert!(cell["seconds"].as_f64().unwrap() > 0.0);
        assert_eq!((cell["all_seconds"].as_array().unwrap().len(), cell["ratio"].as_f64()), (2, None));
    }
}

#[test]
fn default_folders_are_numbered_under_runs() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(dir.path(), &format!("preset = \"ring-r1\"\n{RING}"));
    for name in ["runs/ring-r1-1", "runs/ring-r1-2"] {
        let mut command = crate::common::ganymede(&["train", "--config", text(&config), "--steps", "2"]);
        let output = command.current_dir(dir.path()).output().unwrap();
        expect(&output, 0, &[name]);
        assert!(fs::exists(dir.path().join(name).join("run.toml")).unwrap());
    }
}
