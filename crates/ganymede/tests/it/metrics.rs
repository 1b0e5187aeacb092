//! The program of measures as a subcommand, which can draw samples of runs.

use std::path::Path;

use ganymede_train::Trainer;
use serde_json::Value;

use crate::common::{CLOTHES, RING, call, expect, run, text};

/// What `ganymede metrics` says as JSON.
fn measured(args: &[&str]) -> Value {
    let output =
        call(&[&["metrics"], args, &["--json", "-", "--extractor", "fashion-cnn", "--no-cache"]].concat());
    expect(&output, 0, &[]);
    let said = String::from_utf8(output.stdout).unwrap();
    serde_json::from_str(said.lines().last().unwrap()).unwrap()
}

fn sample(run: &Path, num: &str, seed: &str, out: &Path) {
    let args = ["sample", text(run), "--num", num, "--seed", seed, "--no-grid", "--out", text(out)];
    expect(&call(&args), 0, &[]);
}

#[test]
fn the_folder_of_a_run_counts_as_the_samples_that_are_drawn_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let (made, real) = (dir.path().join("run"), dir.path().join("real"));
    Trainer::new(&run(CLOTHES, &[]), &made).unwrap().run(&mut ()).unwrap();
    sample(&made, "80", "9", &real);
    for seed in ["0", "3"] {
        let fake = dir.path().join(format!("fake-{seed}"));
        sample(&made, "70", seed, &fake);
        let of = |fake: &Path, more: &[&str]| {
            let args = ["--real", text(&real), "--fake", text(fake), "--metrics", "fid,prdc,vendi"];
            measured(&[&args, more].concat())
        };
        let (of_folder, of_run) = (of(&fake, &[]), of(&made, &["--samples", "70", "--draw-seed", seed]));
        assert_eq!(of_run["results"], of_folder["results"]);
        assert_eq!(of_run["fake"]["count"], 70);
        assert_eq!(
            of_run["fake"]["drawn"],
            serde_json::json!({ "samples": 70, "seed": seed.parse::<u64>().unwrap() })
        );
        assert_eq!(of_run["fake"]["formats"], serde_json::json!({ "drawn": 70 }));
        assert!(of_folder["fake"].get("drawn").is_none());
    }
    // Generators are ranked by their samples, and these can be counted once for later.
    let fake = dir.path().join("fake-0");
    let ranked = ["rank", "--real", text(&real), "--fake", text(&made), text(&fake), "--samples", "70"];
    let ranked = measured(&[&ranked, ["--metrics", "fid", "--groups", "5"].as_slice()].concat());
    let generators = &ranked["ranking"]["fid"]["fid"]["generators"];
    assert!(generators[0]["value"].is_f64());
    assert_eq!(generators[0]["value"], generators[1]["value"]);
    let (a, b) = (dir.path().join("a.stats"), dir.path().join("b.stats"));
    for (of, out) in [(&made, &a), (&fake, &b)] {
        let stats = ["metrics", "stats", text(of), "-o", text(out), "--samples", "70"];
        expect(&call(&[&stats, ["--extractor", "fashion-cnn"].as_slice()].concat()), 0, &["70 images"]);
    }
    let both = dir.path().join("both.stats");
    let merge = ["metrics", "merge", text(&a), text(&b), "-o", text(&both)];
    expect(&call(&merge), 2, &["it counts the same images as"]);
}

#[test]
fn what_is_no_generated_image_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (ring, clothes, real) =
        (dir.path().join("ring"), dir.path().join("clothes"), dir.path().join("real"));
    Trainer::new(&run(RING, &[]), &ring).unwrap().run(&mut ()).unwrap();
    Trainer::new(&run(CLOTHES, &[]), &clothes).unwrap().run(&mut ()).unwrap();
    sample(&clothes, "12", "0", &real);
    let refuse = |real: &Path, fake: &Path, status: i32, want: &[&str]| {
        let args = [
            "metrics",
            "--real",
            text(real),
            "--fake",
            text(fake),
            "--extractor",
            "fashion-cnn",
            "--samples",
            "9",
        ];
        expect(&call(&args), status, want);
    };
    refuse(&real, &ring, 1, &["ring", "not images"]);
    refuse(&clothes, &real, 1, &["is the folder of a run"]);
    std::fs::remove_file(clothes.join("checkpoints/last.safetensors")).unwrap();
    refuse(&real, &clothes, 1, &["last.safetensors"]);
    let output = call(&["metrics", "--help"]);
    expect(&output, 0, &[]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("Usage: ganymede metrics"));
    expect(&call(&["metrics", "--samples", "0", "--real", "a", "--fake", "b"]), 2, &["at least 1"]);
}
