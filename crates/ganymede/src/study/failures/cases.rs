//! Runs that are meant to fail, and runs that are meant to go well: each is a base and a few settings over it.

use super::data::Data::{self, Clothes, Digits, Grid, Ring};

/// A configuration.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) data: Data,
    /// Settings over the base.
    pub(super) sets: &'static [&'static str],
    /// The symptoms of which one is right, should it fail; none of a run that is meant to go well.
    pub(super) symptoms: &'static [&'static str],
}

const fn well(name: &'static str, data: Data, sets: &'static [&'static str]) -> Case {
    Case { name, data, sets, symptoms: &[] }
}

const fn bad(
    name: &'static str,
    data: Data,
    sets: &'static [&'static str],
    symptoms: &'static [&'static str],
) -> Case {
    Case { name, data, sets, symptoms }
}

const NO_PENALTY: &str = "penalty=[]";
const WGAN_GP: &str = "penalty=[{kind=\"wgan-gp\",lambda=0.1}]";
const WASSERSTEIN: &str = "loss.kind=wasserstein";
const MINIMAX: &str = "loss.kind=minimax";
const NO_SCHEDULE: &str = "schedule.kind=constant";
const NO_EMA: &str = "ema.enabled=false";
const SGD_G: &str = "optimizer.generator={kind=\"sgd\",lr=0.1,momentum=0.9}";
const SGD_D: &str = "optimizer.discriminator={kind=\"sgd\",lr=0.1,momentum=0.9}";

// Of the networks of images.
const HINGE_SPECTRAL: &[&str] =
    &["loss.kind=hinge", "discriminator.norm=none", "discriminator.spectral=true"];
const IMAGE_WGAN_GP: &[&str] = &[
    WASSERSTEIN,
    "discriminator.norm=layer",
    "penalty=[{kind=\"wgan-gp\",lambda=10.0}]",
    "optimizer.n_critic=2",
];
const FAST_CRITIC: &[&str] = &[
    MINIMAX,
    "discriminator.norm=none",
    NO_EMA,
    "optimizer.generator.lr=1e-4",
    "optimizer.discriminator.lr=2e-3",
];
const FEW_IMAGES: &[&str] = &[
    "data.subset=200",
    "discriminator.norm=none",
    "discriminator.width=32",
    "optimizer.discriminator.lr=1e-3",
];

/// What rates that are too high may do.
const RATES_HIGH: &[&str] = &[
    "divergence",
    "exploding-gradient",
    "mode-collapse",
    "vanishing-gradient",
    "dead-generator",
    "discriminator-too-strong",
    "rates-too-high",
];

/// All of them.
pub(super) const CASES: &[Case] = &[
    well("ring-base", Ring, &[]),
    well("ring-base-wide", Ring, &["generator.width=128", "discriminator.width=128"]),
    well("ring-hinge", Ring, &["loss.kind=hinge"]),
    well("ring-least-squares", Ring, &["loss.kind=least-squares"]),
    well(
        "ring-paired",
        Ring,
        &["loss.kind=relativistic-paired", "penalty=[{kind=\"r1\",gamma=0.01},{kind=\"r2\",gamma=0.01}]"],
    ),
    well("ring-wgan-gp", Ring, &[WASSERSTEIN, WGAN_GP, "optimizer.n_critic=3"]),
    well("ring-dragan", Ring, &["penalty=[{kind=\"dragan\",lambda=0.1}]"]),
    well("ring-r2", Ring, &["penalty=[{kind=\"r2\",gamma=0.01}]"]),
    well("ring-slower", Ring, &["optimizer.generator.lr=1e-3", "optimizer.discriminator.lr=1e-3"]),
    well("ring-latents-16", Ring, &["generator.z_dim=16"]),
    well("ring-extra-gradient", Ring, &["scheme.kind=extra-gradient"]),
    well("ring-two-updates", Ring, &["optimizer.n_critic=2"]),
    well("ring-batch-256", Ring, &["run.batch=256", "run.steps=2000"]),
    well("grid-base", Grid, &[]),
    well("grid-hinge", Grid, &["loss.kind=hinge"]),
    well(
        "grid-paired",
        Grid,
        &["loss.kind=relativistic-paired", "penalty=[{kind=\"r1\",gamma=0.01},{kind=\"r2\",gamma=0.01}]"],
    ),
    well("grid-wgan-gp", Grid, &[WASSERSTEIN, WGAN_GP, "optimizer.n_critic=2"]),
    well("grid-mixture", Grid, &["generator.members=4", "generator.width=48"]),
    well("digits-base", Digits, &[]),
    well("digits-r1", Digits, &["discriminator.norm=none", "penalty=[{kind=\"r1\",gamma=1.0}]"]),
    well("digits-hinge-spectral", Digits, HINGE_SPECTRAL),
    well("digits-wgan-gp", Digits, IMAGE_WGAN_GP),
    well("digits-least-squares", Digits, &["loss.kind=least-squares"]),
    well("clothes-base", Clothes, &[]),
    well("clothes-r1", Clothes, &["discriminator.norm=none", "penalty=[{kind=\"r1\",gamma=1.0}]"]),
    well("clothes-hinge-spectral", Clothes, HINGE_SPECTRAL),
    well("clothes-wgan-gp", Clothes, IMAGE_WGAN_GP),
    well("clothes-least-squares", Clothes, &["loss.kind=least-squares"]),
    bad(
        "ring-rates-high",
        Ring,
        &[NO_PENALTY, NO_EMA, "optimizer.generator.lr=0.3", "optimizer.discriminator.lr=0.3"],
        RATES_HIGH,
    ),
    bad(
        "ring-fast-critic-minimax",
        Ring,
        &[
            NO_PENALTY,
            MINIMAX,
            NO_EMA,
            NO_SCHEDULE,
            "optimizer.generator.lr=5e-4",
            "optimizer.discriminator.lr=1e-2",
        ],
        &["discriminator-too-strong", "vanishing-gradient", "mode-collapse", "dead-generator"],
    ),
    bad(
        "ring-clip-1",
        Ring,
        &[NO_PENALTY, WASSERSTEIN, "optimizer.weight_clip=1.0", "optimizer.n_critic=5", "run.steps=1500"],
        &["exploding-gradient", "divergence", "mode-collapse", "oscillation"],
    ),
    bad(
        "ring-clip-0.0005",
        Ring,
        &[NO_PENALTY, WASSERSTEIN, "optimizer.weight_clip=0.0005", "optimizer.n_critic=5", "run.steps=1500"],
        &["vanishing-gradient", "discriminator-too-weak", "mode-collapse"],
    ),
    bad(
        "ring-minimax",
        Ring,
        &[
            NO_PENALTY,
            MINIMAX,
            NO_EMA,
            NO_SCHEDULE,
            "generator.z_dim=16",
            "optimizer.generator.lr=1e-3",
            "optimizer.generator.beta1=0.5",
            "optimizer.discriminator.lr=2e-4",
            "optimizer.discriminator.beta1=0.5",
        ],
        &["mode-collapse", "vanishing-gradient", "discriminator-too-strong"],
    ),
    bad(
        "ring-momentum",
        Ring,
        &[NO_PENALTY, NO_EMA, SGD_G, SGD_D],
        &["oscillation", "mode-collapse", "discriminator-too-strong", "divergence"],
    ),
    bad(
        "ring-simultaneous",
        Ring,
        &[
            NO_PENALTY,
            NO_EMA,
            "scheme.kind=simultaneous",
            "loss.kind=minimax",
            "optimizer.generator.beta1=0.9",
            "optimizer.discriminator.beta1=0.9",
        ],
        &["oscillation", "mode-collapse", "vanishing-gradient", "discriminator-too-strong"],
    ),
    bad(
        "ring-generator-still",
        Ring,
        &["optimizer.generator.lr=1e-7"],
        &["dead-generator", "discriminator-too-strong"],
    ),
    bad("ring-critic-still", Ring, &["optimizer.discriminator.lr=1e-7"], &["discriminator-too-weak"]),
    bad(
        "ring-width-1",
        Ring,
        &["generator.width=1"],
        &["mode-collapse", "discriminator-too-strong", "dead-generator"],
    ),
    bad(
        "ring-20-updates-minimax",
        Ring,
        &[NO_PENALTY, MINIMAX, NO_EMA, "optimizer.n_critic=20", "run.steps=800"],
        &["vanishing-gradient", "discriminator-too-strong", "mode-collapse"],
    ),
    bad(
        "ring-penalty-far-too-strong",
        Ring,
        &["penalty=[{kind=\"r1\",gamma=1000.0}]"],
        &["discriminator-too-weak", "vanishing-gradient"],
    ),
    bad(
        "ring-deep-plain",
        Ring,
        &["generator.layers=24", "discriminator.layers=24", NO_PENALTY],
        &[
            "vanishing-gradient",
            "exploding-gradient",
            "mode-collapse",
            "dead-generator",
            "discriminator-too-weak",
            "discriminator-too-strong",
        ],
    ),
    bad(
        "grid-rates-high",
        Grid,
        &[NO_PENALTY, NO_EMA, "optimizer.generator.lr=0.1", "optimizer.discriminator.lr=0.1"],
        RATES_HIGH,
    ),
    bad(
        "grid-minimax",
        Grid,
        &[NO_PENALTY, MINIMAX, NO_EMA, "optimizer.discriminator.lr=4e-4"],
        &["mode-collapse", "vanishing-gradient", "discriminator-too-strong"],
    ),
    bad(
        "grid-latent-1",
        Grid,
        &["generator.z_dim=1", "generator.layers=1", "generator.width=16"],
        &["mode-collapse", "discriminator-too-strong"],
    ),
    bad(
        "grid-width-1",
        Grid,
        &["generator.width=1"],
        &["mode-collapse", "discriminator-too-strong", "dead-generator"],
    ),
    bad(
        "grid-generator-still",
        Grid,
        &["optimizer.generator.lr=1e-7"],
        &["dead-generator", "discriminator-too-strong"],
    ),
    bad("grid-critic-still", Grid, &["optimizer.discriminator.lr=1e-7"], &["discriminator-too-weak"]),
    bad(
        "grid-clip-0.0005",
        Grid,
        &[NO_PENALTY, WASSERSTEIN, "optimizer.weight_clip=0.0005", "optimizer.n_critic=5", "run.steps=1500"],
        &["vanishing-gradient", "discriminator-too-weak", "mode-collapse"],
    ),
    bad(
        "grid-momentum",
        Grid,
        &[NO_PENALTY, NO_EMA, SGD_G, SGD_D],
        &["oscillation", "mode-collapse", "discriminator-too-strong", "divergence"],
    ),
    bad(
        "digits-rates-high",
        Digits,
        &["optimizer.generator.lr=0.1", "optimizer.discriminator.lr=0.1"],
        RATES_HIGH,
    ),
    bad(
        "digits-fast-critic-minimax",
        Digits,
        FAST_CRITIC,
        &["discriminator-too-strong", "vanishing-gradient", "mode-collapse"],
    ),
    bad("digits-latent-1", Digits, &["generator.z_dim=1"], &["mode-collapse"]),
    bad(
        "digits-clip-0.001",
        Digits,
        &[
            WASSERSTEIN,
            "discriminator.norm=none",
            "optimizer.weight_clip=0.001",
            "optimizer.n_critic=3",
            "run.steps=700",
        ],
        &["vanishing-gradient", "discriminator-too-weak", "mode-collapse"],
    ),
    bad(
        "digits-critic-slow",
        Digits,
        &["optimizer.discriminator.lr=1e-6"],
        &["discriminator-too-weak", "mode-collapse"],
    ),
    bad("digits-200-images", Digits, FEW_IMAGES, &["discriminator-overfitting", "discriminator-too-strong"]),
    bad("digits-width-1", Digits, &["generator.width=1"], &["mode-collapse", "discriminator-too-strong"]),
    bad(
        "clothes-200-images",
        Clothes,
        FEW_IMAGES,
        &["discriminator-overfitting", "discriminator-too-strong"],
    ),
    bad("clothes-batch-2", Clothes, &["run.batch=2"], &["batch-norm-leakage", "mode-collapse"]),
    bad(
        "clothes-batch-norm-wgan-gp",
        Clothes,
        &[WASSERSTEIN, "penalty=[{kind=\"wgan-gp\",lambda=10.0}]", "optimizer.n_critic=2"],
        &["batch-norm-leakage", "discriminator-too-weak", "divergence", "mode-collapse"],
    ),
    bad(
        "clothes-rates-high",
        Clothes,
        &["optimizer.generator.lr=0.3", "optimizer.discriminator.lr=0.3"],
        RATES_HIGH,
    ),
    bad(
        "clothes-fast-critic-minimax",
        Clothes,
        FAST_CRITIC,
        &["discriminator-too-strong", "vanishing-gradient", "mode-collapse"],
    ),
    bad("clothes-latent-1", Clothes, &["generator.z_dim=1"], &["mode-collapse"]),
    bad(
        "clothes-generator-still",
        Clothes,
        &["optimizer.generator.lr=1e-7"],
        &["dead-generator", "discriminator-too-strong", "mode-collapse"],
    ),
    bad(
        "clothes-critic-still",
        Clothes,
        &["optimizer.discriminator.lr=1e-7"],
        &["discriminator-too-weak", "mode-collapse"],
    ),
    bad(
        "clothes-clip-0.0005",
        Clothes,
        &[
            WASSERSTEIN,
            "discriminator.norm=none",
            "optimizer.weight_clip=0.0005",
            "optimizer.n_critic=3",
            "run.steps=800",
        ],
        &["vanishing-gradient", "discriminator-too-weak", "mode-collapse"],
    ),
];
