//! Every rule on both sides of its line, and every remedy as it is typed.

use ganymede_losses::Penalty;

use super::*;
use crate::config::Layers;

fn layers(preset: &str, sets: &[&str]) -> Layers {
    let mut layers = Layers::preset(preset).unwrap();
    layers.set(sets).unwrap();
    layers
}

fn rules(layers: &Layers) -> Vec<&'static str> {
    layers.resolve().unwrap().warnings().iter().map(|warning| warning.rule).collect()
}

/// A preset, what turns it into a trap, and what keeps it just out of one.
const CASES: &[(&str, &str, &[&str], &[&str])] = &[
    ("batch-norm-of-few", "dcgan", &["run.batch=7"], &["run.batch=8"]),
    (
        "stddev-group",
        "stylegan2",
        &["run.batch=2", "penalty.0.gamma=0.1"],
        &["run.batch=4", "penalty.0.gamma=0.05"],
    ),
    ("unconstrained-critic", "wgan-gp", &["penalty=[]"], &["penalty=[]", "optimizer.weight_clip=0.05"]),
    ("unpenalised-relativistic", "r3gan", &["penalty=[]"], &["penalty=[{kind=\"r1\"}]"]),
    (
        "critic-momentum",
        "wgan-gp",
        &["optimizer.discriminator.beta1=0.9"],
        &["optimizer.discriminator.beta1=0.89"],
    ),
    ("weight-clip", "wgan", &["optimizer.weight_clip=0.2"], &["optimizer.weight_clip=0.1"]),
    ("weight-clip", "wgan", &["optimizer.weight_clip=0.0005"], &["optimizer.weight_clip=0.001"]),
    (
        "saturating-loss",
        "dcgan",
        &["loss.kind=\"minimax\"", "optimizer.n_critic=5"],
        &["loss.kind=\"minimax\"", "optimizer.n_critic=4"],
    ),
    ("stylegan2-gamma", "stylegan2", &["penalty.0.gamma=0.065"], &["penalty.0.gamma=0.063"]),
    ("stylegan2-gamma", "stylegan2", &["penalty.0.gamma=0.0006"], &["penalty.0.gamma=0.0007"]),
    (
        "lazy-rates",
        "stylegan2",
        &["penalty.0.own_update=false"],
        &["penalty.0.interval=1", "penalty.0.own_update=false"],
    ),
    ("high-rate", "dcgan", &["optimizer.generator.lr=0.01"], &["optimizer.generator.lr=0.009"]),
    ("augmented-reals", "dcgan", &["data.augment=[\"cutout\"]"], &["data.augment=[]"]),
    (
        "lecam-beside-ada",
        "stylegan2-ada",
        &["term=[{kind=\"lecam\"}]"],
        &["term=[{kind=\"lecam\"}]", "data.subset=500"],
    ),
    (
        "slow-average",
        "dcgan",
        &["ema.warmup=false", "run.steps=2900"],
        &["ema.warmup=false", "run.steps=3100"],
    ),
    (
        "slow-average",
        "stylegan2",
        &["ema.rampup=0.0", "ema.half_life_kimg=40"],
        &["ema.rampup=0.0", "ema.half_life_kimg=36"],
    ),
    ("unfinished-growth", "pggan", &["run.kimg=20"], &[]),
    ("few-latents", "dcgan", &["generator.z_dim=3"], &["generator.z_dim=4"]),
    ("few-latents", "ring-r1", &["generator.z_dim=1"], &["generator.z_dim=2"]),
    ("unread-condition", "dcgan", &["data.pairs=edges"], &[]),
];

#[test]
fn each_rule_holds_on_its_side_of_the_line() {
    for (rule, preset, trap, free) in CASES {
        assert_eq!(rules(&layers(preset, trap)), [*rule], "{preset} {trap:?}");
        assert_eq!(rules(&layers(preset, free)), [""; 0], "{preset} {free:?}");
    }
    for kind in Penalty::NAMES {
        let penalty = format!("penalty=[{{kind=\"{kind}\"}}]");
        let found = layers("wgan-gp", &["discriminator.norm=batch", &penalty]).resolve().unwrap().warnings();
        assert_eq!(found[0].rule, "batch-norm-under-penalty");
        assert!(found[0].words.contains(&format!("and {kind} penalises")), "{}", found[0]);
    }
    // The features of critics without a constraint are tried where these losses are.
    let tried = CASES.iter().map(|case| case.0).chain(["batch-norm-under-penalty", "unconstrained-features"]);
    let tried: std::collections::BTreeSet<&str> = tried.collect();
    assert_eq!(tried, lint_rules().into_iter().collect());
}

#[test]
fn each_remedy_can_be_typed_and_helps() {
    for (rule, preset, trap, _) in CASES {
        let found = layers(preset, trap).resolve().unwrap().warnings().remove(0);
        for remedy in &found.remedies {
            // Alternatives, not steps: each alone.
            let mut mended = layers(preset, trap);
            mended.set(std::slice::from_ref(remedy)).unwrap_or_else(|error| panic!("{remedy}: {error}"));
            assert!(!rules(&mended).contains(rule), "{rule}: {remedy}");
        }
        assert!(!found.remedies.is_empty(), "{rule}");
    }
}

#[test]
fn a_warning_says_everything_and_can_be_silenced() {
    let trap = ["run.batch=4"];
    let found = layers("dcgan", &trap).resolve().unwrap().warnings().remove(0).to_string();
    for part in ["means of 4 samples", "arXiv:1803.08494", "try --set 'run.batch=32'", "[batch-norm-of-few]"]
    {
        assert!(found.contains(part), "{found}");
    }
    let silent = layers("dcgan", &["run.batch=4", "run.silence=[\"batch-norm-of-few\"]"]);
    assert_eq!(rules(&silent), [""; 0]);
    let mut unknown = layers("dcgan", &["run.silence=[\"batch-norm-of-few\", \"high-rates\"]"]);
    let error = unknown.resolve().unwrap_err().to_string();
    assert!(
        error.contains("run.silence: there is no warning `high-rates`; did you mean `high-rate`?"),
        "{error}"
    );
    unknown.set(&["run.silence=[]"]).unwrap();
    assert!(unknown.resolve().is_ok());
}
