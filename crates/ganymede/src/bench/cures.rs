//! `ganymede bench cures`: what a step costs with each cure, beside the same step without it.

use std::sync::Arc;

use anyhow::Result;
use ganymede_datasets::ImageSet;
use ganymede_tensor::{Device, Rng};
use ganymede_train::{Layers, Stepper};

use super::args::{BenchArgs, Benchmark};
use super::case::Case;
use super::measure::{PAUSE, median};
use super::report::{Setting, aligned, milliseconds};
use super::side::Side;
use super::worker::Work;
use crate::words;
use crate::words::Misuse;

/// The step that all are held against: the quickstart's, without batch normalisation in the discriminator, which some of
/// them do not go with.
pub(super) const PLAIN: &[&str] = &["discriminator.norm=none"];

/// A cure's name, and what it sets on top of [`PLAIN`].
pub(super) const CURES: &[(&str, &[&str])] = &[
    ("batch norm in the discriminator", &["discriminator.norm=batch"]),
    ("spectral normalisation", &["discriminator.spectral=true"]),
    ("minibatch stddev", &["discriminator.minibatch=stddev"]),
    ("packs of 2", &["discriminator.pack=2"]),
    ("smoothing 0.9", &["loss.real_label=0.9"]),
    ("top-k", &["loss.top_k=0.5"]),
    ("r1", &["penalty=[{ kind = \"r1\", gamma = 1.0 }]"]),
    ("r1, every 16th update", &["penalty=[{ kind = \"r1\", gamma = 1.0, interval = 16 }]"]),
    ("r1, two updates", &["penalty=[{ kind = \"r1\", gamma = 1.0 }]", "optimizer.n_critic=2"]),
    ("first-order r1", &["penalty=[{ kind = \"first-order-r1\", gamma = 1.0 }]"]),
    (
        "first-order r1, two updates",
        &["penalty=[{ kind = \"first-order-r1\", gamma = 1.0 }]", "optimizer.n_critic=2"],
    ),
    ("first-order r1 of half", &["penalty=[{ kind = \"first-order-r1\", gamma = 1.0, share = 0.5 }]"]),
    (
        "first-order r1 of half, two updates",
        &["penalty=[{ kind = \"first-order-r1\", gamma = 1.0, share = 0.5 }]", "optimizer.n_critic=2"],
    ),
    ("wgan-gp", &["loss.kind=wasserstein", "penalty=[{ kind = \"wgan-gp\", lambda = 10.0 }]"]),
    ("dragan", &["penalty=[{ kind = \"dragan\", lambda = 10.0 }]"]),
    ("gradient normalisation", &["discriminator.gradient_normalised=true"]),
    ("relativistic pairs", &["loss.kind=relativistic-paired"]),
    ("lecam", &["term=[{ kind = \"lecam\" }]"]),
    ("consistency", &["term=[{ kind = \"consistency\" }]"]),
    ("latent consistency", &["term=[{ kind = \"latent-consistency\" }]"]),
    ("drift", &["term=[{ kind = \"drift\" }]"]),
    ("mmd of 16 features", &["loss.kind=mmd", "discriminator.scores=16"]),
    ("cramer of 16 features", &["loss.kind=cramer", "discriminator.scores=16"]),
    ("sinkhorn of 16 features", &["loss.kind=sinkhorn", "discriminator.scores=16"]),
    ("apa", &["augment={ kind = \"apa\", p = 0.5 }"]),
    ("instance noise", &["augment={ kind = \"instance-noise\" }"]),
    ("diffusion", &["augment={ kind = \"diffusion\", p = 0.5 }"]),
    ("diffaugment", &["augment={ kind = \"diffaugment\" }"]),
    ("ada, p = 0.5", &["augment={ kind = \"ada\", p = 0.5 }"]),
    ("mixture of 4 generators", &["generator.members=4"]),
    ("3 discriminators", &["discriminator.members=3", "loss.members=softmax"]),
    ("two updates of the discriminator", &["optimizer.n_critic=2"]),
    ("simultaneous", &["scheme.kind=simultaneous"]),
    ("extra-gradient", &["scheme.kind=extra-gradient"]),
    ("extrapolation from the past", &["scheme.kind=extrapolation-from-the-past"]),
    ("consensus", &["scheme.kind=consensus", "scheme.gamma=0.1"]),
    ("symplectic", &["scheme.kind=symplectic"]),
    ("unrolled, 5 steps", &["scheme.kind=unrolled", "scheme.steps=5"]),
    (
        "unrolled, 5 steps, first order",
        &["scheme.kind=unrolled", "scheme.steps=5", "scheme.first_order=true"],
    ),
    ("lookahead", &["optimizer.lookahead=5"]),
    ("clipped gradients", &["optimizer.clip_norm_g=1.0", "optimizer.clip_norm_d=1.0"]),
    (
        "optimistic adam",
        &["optimizer.generator.kind=optimistic-adam", "optimizer.discriminator.kind=optimistic-adam"],
    ),
];

pub(super) fn rows() -> Vec<Case> {
    let case = |(name, sets): &(&str, &[&str])| Case::Cure {
        name: (*name).to_owned(),
        sets: PLAIN.iter().chain(*sets).map(|&set| set.to_owned()).collect(),
    };
    CURES.iter().map(case).collect()
}

fn plain() -> Case {
    Case::Cure { name: "plain".to_owned(), sets: PLAIN.iter().map(|&set| set.to_owned()).collect() }
}

/// Steps of the quickstart with these settings, on noise.
pub(super) struct Cured {
    stepper: Stepper,
}

impl Cured {
    pub(super) fn new(sets: &[String]) -> Result<Self> {
        let mut layers = Layers::preset("quickstart")?;
        layers.set(&["eval.extractor=none"])?;
        layers.set(sets)?;
        let run = layers.resolve()?;
        const SHAPE: [usize; 3] = [1, 32, 32];
        // Enough for two updates of the discriminator a step, and for what else is held out of the data.
        let count = 8 * run.batch;
        let mut rng = Rng::new(0);
        let pixels = (0..count * SHAPE.iter().product::<usize>()).map(|_| rng.below(256) as u8).collect();
        let images = ImageSet::new("noise", SHAPE, pixels, None)?;
        Ok(Self { stepper: Stepper::new(&run, Arc::new(images), &Device::Cpu)? })
    }
}

impl Work for Cured {
    fn run(&mut self, _: &str) -> Result<()> {
        Ok(self.stepper.step()?)
    }

    fn parameters(&self) -> Option<[usize; 2]> {
        Some(self.stepper.sizes().into())
    }
}

/// One row: medians of both, by turns.
struct Price {
    name: String,
    seconds: f64,
    plain: f64,
    peak_mb: Option<f64>,
}

/// A table of all that was chosen, for one number of threads.
///
/// # Errors
/// `--against-pytorch` and `--json` have no meaning here; a process that fails.
pub(super) fn table(args: &BenchArgs, cases: &[Case], threads: usize) -> Result<String> {
    if args.against_pytorch.is_some() || args.json {
        let name = Benchmark::Cures.name();
        return Err(
            Misuse(format!("`bench {name}` measures against the plain step, and prints a table")).into()
        );
    }
    let mut lines = vec![["cure", "step ms", "plain ms", "times", "MB"].map(str::to_owned).to_vec()];
    for (index, case) in cases.iter().enumerate() {
        words::say(&format!("{threads} threads, row {} of {}: {}", index + 1, cases.len(), case.name()));
        let Price { name, seconds, plain, peak_mb } = price(case, threads, args.rounds)?;
        let peak = peak_mb.map_or_else(|| "-".to_owned(), |mb| format!("{mb:.0}"));
        lines.push(vec![
            name,
            milliseconds(seconds),
            milliseconds(plain),
            format!("{:.2}", seconds / plain),
            peak,
        ]);
    }
    Ok(format!("{}{}\n", aligned(&lines), Setting::look(args.rounds).text()))
}

fn price(case: &Case, threads: usize, rounds: u32) -> Result<Price> {
    let mut sides = [Side::ours(threads)?, Side::ours(threads)?];
    for (side, case) in sides.iter_mut().zip([case, &plain()]) {
        side.prepare(case)?;
    }
    let mut all = [Vec::new(), Vec::new()];
    // The first two fill caches and pools, and take what happens in the first update alone.
    for round in 0..rounds + 2 {
        for side in if round % 2 == 0 { [0, 1] } else { [1, 0] } {
            std::thread::sleep(PAUSE);
            let (mean, _) = sides[side].measure(case.parts()[0], SECONDS)?;
            if round >= 2 {
                all[side].push(mean);
            }
        }
    }
    let peak_mb = sides[0].usage()?.peak_mb;
    Ok(Price { name: case.name(), seconds: median(&all[0]), plain: median(&all[1]), peak_mb })
}

/// How long a measurement takes at least: sixteen steps or so, of which one may be dearer than the others.
const SECONDS: f64 = 1.5;
