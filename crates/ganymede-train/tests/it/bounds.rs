//! Every number that a user can type has an upper bound, and is refused by name beyond it.

use std::collections::BTreeSet;

use ganymede_train::{Layers, RunFile};

use crate::common::{CLOTHES, RING, call, config, expect, text};

/// Every key with a number, with what its section has to be for the key to mean anything.
const KEYS: &[(&str, &[&str])] = &[
    ("run.seed", &[]),
    ("run.steps", &[]),
    ("run.kimg", &[]),
    ("run.batch", &[]),
    ("run.threads", &[]),
    ("data.resolution", &[]),
    ("data.channels", &[]),
    ("generator.z_dim", &[]),
    ("generator.width", &[]),
    ("generator.max_multiplier", &[]),
    ("generator.layers", &[POINTS]),
    ("discriminator.width", &[]),
    ("discriminator.max_multiplier", &[]),
    ("discriminator.layers", &[POINTS]),
    ("loss.real_label", &["loss.kind=non-saturating"]),
    ("penalty.0.lambda", &["penalty=[{kind=\"wgan-gp\"}]"]),
    ("penalty.0.target", &["penalty=[{kind=\"wgan-gp\"}]"]),
    ("penalty.0.c", &["penalty=[{kind=\"dragan\"}]"]),
    ("penalty.0.gamma", &["penalty=[{kind=\"r1\"}]"]),
    ("penalty.0.interval", &["penalty=[{kind=\"r1\"}]"]),
    ("optimizer.n_critic", &[]),
    ("optimizer.weight_clip", &[]),
    ("optimizer.generator.lr", &[]),
    ("optimizer.generator.beta1", &["optimizer.generator.kind=adam"]),
    ("optimizer.generator.beta2", &["optimizer.generator.kind=adam"]),
    ("optimizer.generator.eps", &["optimizer.generator.kind=adam"]),
    ("optimizer.generator.alpha", &["optimizer.generator.kind=rmsprop"]),
    ("optimizer.generator.momentum", &["optimizer.generator.kind=rmsprop"]),
    ("optimizer.generator.weight_decay", &[]),
    ("optimizer.discriminator.lr", &[]),
    ("optimizer.discriminator.beta1", &["optimizer.discriminator.kind=adam"]),
    ("optimizer.discriminator.beta2", &["optimizer.discriminator.kind=adam"]),
    ("optimizer.discriminator.eps", &["optimizer.discriminator.kind=adam"]),
    ("optimizer.discriminator.alpha", &["optimizer.discriminator.kind=rmsprop"]),
    ("optimizer.discriminator.momentum", &["optimizer.discriminator.kind=sgd"]),
    ("optimizer.discriminator.weight_decay", &[]),
    ("schedule.from_step", &["schedule.kind=linear"]),
    ("schedule.to_step", &["schedule.kind=linear"]),
    ("schedule.final_factor", &["schedule.kind=linear"]),
    ("schedule.steps", &["schedule.kind=warm-up"]),
    ("ema.decay", &[]),
    ("log.log_every", &[]),
    ("log.sample_every", &[]),
    ("log.checkpoint_every", &[]),
    ("log.keep_every", &[]),
    ("log.samples", &[]),
    ("eval.every", &[]),
    ("eval.samples", &[]),
    ("limits.minutes", &[]),
];
const POINTS: &str = "data.name=ring";
/// What no key accepts, but for the largest seed.
const WRONG: &[&str] =
    &["1e300", "9223372036854775807", "99999999999999999999999", "-1", "nan", "inf", "-inf"];

/// A seed may be so large, and so may what is bounded by 1e30.
fn takes_the_largest_integer(key: &str) -> bool {
    let of_weights = ["lambda", "gamma", "target", "c", "lr", "weight_decay", "weight_clip"];
    key == "run.seed" || key.rsplit('.').next().is_some_and(|last| of_weights.contains(&last))
}

fn layers(sets: &[&str]) -> Layers {
    let of_points = sets.contains(&POINTS);
    let mut layers = Layers::text(if of_points { RING } else { CLOTHES }, "test", None).unwrap();
    layers.set(sets).unwrap();
    layers
}

#[test]
fn every_key_refuses_what_is_far_too_large_negative_or_no_number() {
    for (key, sets) in KEYS {
        for value in WRONG {
            if *value == "9223372036854775807" && takes_the_largest_integer(key) {
                continue;
            }
            let mut layers = layers(sets);
            let assignment = format!("{key}={value}");
            let refused = layers.set(&[&assignment]).and_then(|()| layers.resolve().map(|_| ()));
            let error = refused.expect_err(&assignment).to_string();
            assert!(error.contains(key), "{assignment}: {error}");
            assert!(
                error.contains("expected") || error.contains("at most") || error.contains("end at"),
                "{error}"
            );
            assert!(error.len() < 400, "{error}");
        }
    }
}

/// A key that is new in the file has to be in the table above.
#[test]
fn no_key_is_forgotten() {
    let known: BTreeSet<&str> = KEYS.iter().map(|(key, _)| *key).collect();
    let source = include_str!("../../src/config/file.rs");
    let typed: BTreeSet<&str> = source
        .lines()
        .filter(|line| ["u64", "usize", "f64"].iter().any(|kind| line.contains(&format!("Option<{kind}>"))))
        .filter_map(|line| line.trim().strip_prefix("pub ")?.split(':').next())
        .collect();
    assert!(typed.len() > 15, "{typed:?}");
    for name in typed {
        assert!(known.iter().any(|key| key.ends_with(&format!(".{name}"))), "{name} is not in the table");
    }
    // In sections that a kind opens, the numbers are those that are written down.
    let rules = ["optimizer.generator.kind=rmsprop", "optimizer.discriminator.kind=sgd"];
    let penalties = "penalty=[{kind=\"wgan-gp\"}, {kind=\"dragan\"}, {kind=\"r1\"}, {kind=\"r2\"}]";
    for sets in [&[][..], &[POINTS], &rules, &[penalties]] {
        let written: toml::Table = layers(sets).resolve().unwrap().to_toml().parse().unwrap();
        for section in ["generator", "discriminator", "optimizer", "penalty", "scheme"] {
            for key in numbers(section, &written[section]) {
                let key = key.replace("penalty.1", "penalty.0").replace("penalty.2", "penalty.0");
                let key = key.replace("penalty.3", "penalty.0");
                assert!(known.contains(key.as_str()), "{key} is not in the table");
            }
        }
    }
    // And each of the table is a key, with a number.
    for (key, sets) in KEYS {
        let mut layers = layers(sets);
        layers.set(&[format!("{key}=true")]).unwrap();
        let error = layers.resolve().unwrap_err().to_string();
        assert!(error.contains(key) && error.contains("number"), "{error}");
    }
}

/// The keys under `key` whose values are numbers.
fn numbers(key: &str, value: &toml::Value) -> Vec<String> {
    match value {
        toml::Value::Table(table) => {
            table.iter().flat_map(|(name, value)| numbers(&format!("{key}.{name}"), value)).collect()
        }
        toml::Value::Array(items) => {
            items.iter().enumerate().flat_map(|(i, value)| numbers(&format!("{key}.{i}"), value)).collect()
        }
        toml::Value::Integer(_) | toml::Value::Float(_) => vec![key.to_owned()],
        _ => Vec::new(),
    }
}

#[test]
fn the_bounds_themselves_are_accepted_and_can_be_written_and_read_back() {
    let edges = [
        &["run.seed=9223372036854775807", "run.steps=10000000000", "limits.minutes=1e7", "run.threads=1024"]
            [..],
        &["run.kimg=1e9", "run.batch=65536", "optimizer.n_critic=1000"],
        &["optimizer.generator.lr=1e30", "optimizer.weight_clip=1e30", "ema.decay=0.999999999"],
        &["log.samples=4096", "log.keep_every=10000000000", "eval.extractor=none"],
        &["schedule.kind=linear", "schedule.from_step=10000000000"],
        &["eval.extractor=fashion-cnn", "eval.samples=200000"],
    ];
    for sets in edges {
        let run = layers(sets).resolve().unwrap_or_else(|error| panic!("{sets:?}: {error}"));
        let file: RunFile = toml::from_str(&run.to_toml()).unwrap();
        assert_eq!(file.resolve().unwrap(), run, "{sets:?}");
    }
}

#[test]
fn what_is_too_large_together_is_refused_with_the_product() {
    let check = |sets: &[&str], wants: &[&str]| {
        let error = layers(sets).resolve().expect_err(&format!("{sets:?}")).to_string();
        assert!(wants.iter().all(|want| error.contains(want)), "{error}");
    };
    let large = ["run.batch=65536", "data.resolution=256", "generator.width=64"];
    check(&large, &["run.batch", "65536 samples make", "at most 1073741824", "lower run.batch"]);
    check(
        &["generator.width=8192", "data.resolution=64"],
        &["generator.width", "weights", "at most 268435456"],
    );
    check(&["discriminator.width=8192", "data.resolution=64"], &["discriminator.width", "weights"]);
    check(&["log.samples=4096", "data.resolution=512"], &["log.samples", "pixels", "show fewer"]);
    check(&["run.kimg=1e9", "run.batch=1"], &["run.kimg", "steps", "at most 10000000000"]);
    check(&[POINTS, "generator.width=8192", "generator.z_dim=65536"], &["generator.width", "weights"]);
}

#[test]
fn a_step_that_the_machine_does_not_hold_is_not_tried() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("run");
    // 43 GB at least; all numbers are within their own bounds.
    let sets = ["--set", "run.batch=65536", "--set", "data.resolution=64", "--set", "eval.extractor=none"];
    let wide = ["--set", "discriminator.width=16", "--set", "generator.width=16"];
    let run =
        layers(&["run.batch=65536", "data.resolution=64", "generator.width=16", "discriminator.width=16"]);
    let needed = run.resolve().unwrap().least_step_bytes();
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
