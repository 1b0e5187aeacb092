//! Every number that a user can type has an upper bound, and is refused by name beyond it.

use std::collections::BTreeSet;

use ganymede_train::{Layers, RunFile};

use crate::common::{CLOTHES, RING};

/// Every key with a number, with what its section has to be for the key to mean anything.
const KEYS: &[(&str, &[&str])] = &[
    ("run.seed", &[]),
    ("run.steps", &[]),
    ("run.kimg", &[]),
    ("run.batch", &[]),
    ("run.threads", &[]),
    ("data.resolution", &[]),
    ("data.channels", &[]),
    ("data.subset", &[]),
    ("data.factor", &["data.pairs=downsampled"]),
    ("generator.z_dim", &[]),
    ("generator.width", &[]),
    ("generator.max_multiplier", &[]),
    ("generator.layers", &[POINTS]),
    ("discriminator.width", &[]),
    ("discriminator.max_multiplier", &[]),
    ("discriminator.layers", &[POINTS]),
    ("augment.p", &["augment.kind=ada"]),
    ("augment.target", &["augment.kind=ada"]),
    ("augment.kimg", &["augment.kind=ada"]),
    ("augment.interval", &["augment.kind=ada"]),
    ("augment.held_out", &["augment.kind=ada", "augment.heuristic=r_v"]),
    ("loss.top_k", &[]),
    ("loss.lambda", &["discriminator.members=2", "loss.members=softmax"]),
    ("loss.epsilon", SINKHORN),
    ("loss.iterations", SINKHORN),
    ("loss.directions", &["loss.kind=sliced-wasserstein", "discriminator.scores=4"]),
    ("discriminator.scores", &[]),
    ("generator.members", &[]),
    ("discriminator.members", &[]),
    ("augment.sigma", &["augment.kind=instance-noise"]),
    ("augment.t_min", &["augment.kind=diffusion"]),
    ("augment.t_max", &["augment.kind=diffusion"]),
    ("augment.beta_start", &["augment.kind=diffusion"]),
    ("augment.beta_end", &["augment.kind=diffusion"]),
    ("loss.real_label", &["loss.kind=non-saturating"]),
    ("penalty.0.lambda", &["penalty=[{kind=\"wgan-gp\"}]"]),
    ("penalty.0.target", &["penalty=[{kind=\"wgan-gp\"}]"]),
    ("penalty.0.c", &["penalty=[{kind=\"dragan\"}]"]),
    ("penalty.0.gamma", &["penalty=[{kind=\"r1\"}]"]),
    ("penalty.0.epsilon", &["penalty=[{kind=\"first-order-r1\"}]"]),
    ("penalty.0.check_every", &["penalty=[{kind=\"first-order-r1\"}]"]),
    ("penalty.0.interval", &["penalty=[{kind=\"r1\"}]"]),
    ("penalty.0.share", &["penalty=[{kind=\"r1\"}]"]),
    ("discriminator.origins", &["generator.members=2"]),
    ("optimizer.n_critic", &[]),
    ("optimizer.accumulate", &[]),
    ("optimizer.n_critic_ratio", &[]),
    ("optimizer.weight_clip", &[]),
    ("optimizer.clip_norm_g", &[]),
    ("optimizer.clip_norm_d", &[]),
    ("optimizer.lookahead", &[]),
    ("optimizer.lookahead_alpha", &["optimizer.lookahead=5"]),
    ("scheme.gamma", &["scheme.kind=consensus"]),
    ("scheme.lambda", &["scheme.kind=symplectic"]),
    ("scheme.steps", &["scheme.kind=unrolled"]),
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
    ("growth.start", GROWING),
    ("growth.fade_kimg", GROWING),
    ("growth.stable_kimg", GROWING),
    ("growth.repeats", GROWING),
    ("init.freeze", &[]),
    ("ema.decay", &[]),
    ("ema.half_life_kimg", &[]),
    ("ema.rampup", &["ema.half_life_kimg=1"]),
    ("log.log_every", &[]),
    ("log.sample_every", &[]),
    ("log.checkpoint_every", &[]),
    ("log.keep_every", &[]),
    ("log.samples", &[]),
    ("eval.every", &[]),
    ("eval.samples", &[]),
    ("eval.standing_statistics", &[]),
    ("monitor.every", &[]),
    ("monitor.samples", &[]),
    ("monitor.duality_gap", &[]),
    ("limits.minutes", &[]),
];
const POINTS: &str = "data.name=ring";
const SINKHORN: &[&str] = &["loss.kind=sinkhorn", "discriminator.scores=4"];
const GROWING: &[&str] = &["growth.kind=progressive"];
const GROWN: &str = "[generator]\nkind = \"pggan\"\n[discriminator]\nkind = \"pggan\"";
/// What no key accepts, but for the largest seed.
const WRONG: &[&str] =
    &["1e300", "9223372036854775807", "99999999999999999999999", "-1", "nan", "inf", "-inf"];

/// A seed may be so large, and so may what is bounded by 1e30.
fn takes_the_largest_integer(key: &str) -> bool {
    let of_weights =
        ["lambda", "gamma", "target", "c", "lr", "weight_decay", "weight_clip", "clip_norm_g", "clip_norm_d"];
    key == "run.seed" || key.rsplit('.').next().is_some_and(|last| of_weights.contains(&last))
}

fn layers(sets: &[&str]) -> Layers {
    let text = match sets {
        sets if sets.contains(&POINTS) => RING,
        sets if sets == GROWING => GROWN,
        _ => CLOTHES,
    };
    let mut layers = Layers::text(text, "test", None).unwrap();
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
    let penalties = "penalty=[{kind=\"wgan-gp\"}, {kind=\"dragan\"}, {kind=\"r1\"}, {kind=\"r2\"}, \
                     {kind=\"first-order-r1\"}, {kind=\"first-order-r2\"}]";
    let augment = ["augment.kind=ada", "augment.heuristic=r_v"];
    let diffused = ["augment.kind=diffusion"];
    for sets in [&[][..], &[POINTS], &rules, &[penalties], &augment, &diffused] {
        let written: toml::Table = layers(sets).resolve().unwrap().to_toml().parse().unwrap();
        for section in ["generator", "discriminator", "optimizer", "penalty", "scheme", "augment"] {
            for key in written.get(section).map(|value| numbers(section, value)).unwrap_or_default() {
                let key = (1..6).fold(key, |key, i| key.replace(&format!("penalty.{i}"), "penalty.0"));
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
    let pggan =
        "[generator]\nkind = \"pggan\"\nz_dim = 65536\nwidth_max = 4096\n[discriminator]\nkind = \"pggan\"";
    let error = Layers::text(pggan, "test", None).unwrap().resolve().unwrap_err().to_string();
    assert!(error.contains("lower generator.width_base"), "{error}");
    check(&["log.samples=4096", "data.resolution=512"], &["log.samples", "pixels", "show fewer"]);
    check(&["run.kimg=1e9", "run.batch=1"], &["run.kimg", "steps", "at most 10000000000"]);
    check(&[POINTS, "generator.width=8192", "generator.z_dim=65536"], &["generator.width", "weights"]);
}
