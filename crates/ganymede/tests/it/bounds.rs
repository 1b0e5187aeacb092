//! What the program refuses for its size, with the bound in words.

use crate::common::{CLOTHES, RING, call, config, expect, run, text};

#[test]
fn a_step_that_the_machine_does_not_hold_is_not_tried() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("run");
    // 43 GB at least; all numbers are within their own bounds.
    let sets = ["--set", "run.batch=65536", "--set", "data.resolution=64", "--set", "eval.extractor=none"];
    let wide = ["--set", "discriminator.width=16", "--set", "generator.width=16"];
    let large = ["run.batch=65536", "data.resolution=64", "generator.width=16", "discriminator.width=16"];
    let needed = run(CLOTHES, &large).least_step_bytes();
    assert_eq!(needed, 10 * 4 * 65536 * 16 * 32 * 32);
    let memory: u64 = std::fs::read_to_string("/proc/meminfo")
        .ok()
        .and_then(|text| text.split_whitespace().nth(1)?.parse().ok())
        .unwrap_or(u64::MAX / 1024);
    if needed > memory * 1024 {
        let args = [&["train", "dcgan", "--device", "cpu", "--out", text(&out)][..], &sets, &wide].concat();
        expect(&call(&args), 2, &["run.batch: a step of 65536 samples takes 42.9 GB", "lower run.batch"]);
        assert!(!out.exists());
    }
}

#[test]
fn the_program_refuses_numbers_of_its_own_with_the_bound() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(dir.path(), RING);
    let out = dir.path().join("run");
    let train = ["train", "--config", text(&config), "--out", text(&out), "--quiet"];
    expect(&call(&[&train[..], &["--steps", "2"]].concat()), 0, &[]);
    let run = text(&out);
    let cases: &[(&[&str], &str, &[&str], &str)] = &[
        (&train, "--threads", &["99999", "-1", "1e9", "nan", "inf"], "1024"),
        (&train, "--steps", &["99999999999", "99999999999999999999999", "-1", "nan"], ""),
        (&train, "--kimg", &["1e30", "-1", "nan", "inf", "0"], "at most"),
        (&train, "--seed", &["9223372036854775808", "-1", "nan"], ""),
        (&["sample", run], "--num", &["10000001", "0", "-1", "1e300", "nan", "inf"], "at most 10000000"),
        (&["sample", run], "--threads", &["0", "1025", "-1", "nan"], "at most 1024"),
        (&["sample", run], "--truncation", &["1e300", "0", "-1", "nan", "inf"], "at most 100"),
        (&["sample", run, "--interpolate", "slerp"], "--frames", &["0", "1001", "-1", "nan"], "at most 1000"),
        (&["sample", run, "--interpolate", "slerp"], "--keyframes", &["1", "1001", "-1"], "at most 1000"),
        (
            &["sample", run, "--truncation", "0.5"],
            "--truncation-cutoff",
            &["0", "1001", "-1"],
            "at most 1000",
        ),
        (&["eval", run, "--ppl", "z"], "--ppl-pairs", &["0", "1000001", "-1"], "at most 1000000"),
        (&["study", "leak", run], "--p", &["1.1", "-1", "nan", "1e300"], "from 0 to 1"),
        (&["study", "leak", run], "--steps", &["0", "100001", "-1", "nan"], "at most 100000"),
        (&["sample", run], "--seed", &["18446744073709551616", "-1", "nan"], ""),
        (&["eval", run], "--num", &["200001", "9", "-1", "nan"], "at most 200000"),
        (&["eval", run], "--threads", &["99999", "0"], "at most 1024"),
        (&["bench", "conv"], "--threads", &["99999", "0", "1,70000"], "at most 1024"),
        (&["bench", "conv"], "--rounds", &["10001", "0", "-1", "nan"], "at most 10000"),
    ];
    for (command, option, values, want) in cases {
        for value in *values {
            // The equals sign: a dash would be an option of its own.
            let given = format!("{option}={value}");
            let words = expect(&call(&[*command, &[given.as_str()]].concat()), 2, &[want]);
            let name = option.trim_start_matches('-');
            assert!(words.contains(name), "{given}: {words}");
            assert!(words.len() < 500, "{words}");
        }
    }
    // Any seed of 64 bits will do for drawing.
    expect(&call(&["sample", run, "--num", "3", "--seed", "18446744073709551615"]), 0, &["wrote 3"]);
}
