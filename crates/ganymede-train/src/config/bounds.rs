//! Where every number of a configuration may lie: one table, and what several of them make together. Those of networks
//! have their bounds beside them, in `ganymede-models`.
//!
//! A bound is no opinion on what trains well. It lies where a number stops meaning anything (a rate that no
//! f32 holds), or where it would fill the memory or stop the machine before anything could be said.

use ganymede_models::NetworkSpec;

use super::Run;
use super::check::Check;

/// Steps, and every interval that is counted in them.
pub const MOST_STEPS: u64 = 10_000_000_000;
/// Worker threads.
pub const MOST_THREADS: usize = 1024;
/// Samples that are measured at once: their features are held in memory.
pub const MOST_MEASURED: usize = 200_000;

/// Rates, weights and the like: what an f32 holds.
const MOST_WEIGHT: f64 = 1e30;
/// Values of one layer for one batch, and weights of one layer: 4 GiB and 1 GiB of f32.
const MOST_ACTIVATIONS: u128 = 1 << 30;
const MOST_WEIGHTS: u128 = 1 << 28;
/// Pixels of a picture of samples.
const MOST_PIXELS: u128 = 1 << 27;
/// Images smaller than this are shown enlarged.
const LEAST_SHOWN: u128 = 64;

/// Where a number may lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Bound {
    /// least ≤ n ≤ most, whole.
    Whole(u64, u64),
    /// 0 < x ≤ most
    Positive(f64),
    /// 0 ≤ x ≤ most
    NonNegative(f64),
    /// least ≤ x ≤ most
    Between(f64, f64),
    /// least < x < most
    Inside(f64, f64),
    /// 0 ≤ x < 1
    Share,
    /// 0 < x ≤ 1
    Target,
}

use Bound::{Between, Inside, NonNegative, Positive, Share, Target, Whole};

/// Every key with a number; `*` stands for any one segment.
pub(super) const BOUNDS: &[(&str, Bound)] = &[
    // TOML's integers are signed: a greater seed could not be written into run.toml.
    ("run.seed", Whole(0, i64::MAX as u64)),
    ("run.steps", Whole(1, MOST_STEPS)),
    ("run.kimg", Positive(1e9)),
    ("run.batch", Whole(1, 65_536)),
    ("run.threads", Whole(0, MOST_THREADS as u64)),
    ("data.resolution", Whole(8, 1024)),
    ("data.channels", Whole(1, 3)),
    ("data.subset", Whole(1, 1 << 32)),
    ("data.factor", Whole(2, 512)),
    ("loss.real_label", Target),
    ("loss.top_k", Target),
    ("loss.lambda", NonNegative(MOST_WEIGHT)),
    ("loss.scales", Between(1e-6, 1e6)),
    ("loss.epsilon", Between(1e-6, 1e12)),
    ("loss.iterations", Whole(1, 10_000)),
    ("loss.directions", Whole(1, 65_536)),
    ("scheme.gamma", NonNegative(MOST_WEIGHT)),
    ("scheme.lambda", NonNegative(MOST_WEIGHT)),
    ("scheme.steps", Whole(0, 100)),
    ("augment.p", Between(0.0, 1.0)),
    ("augment.target", Between(0.0, 1.0)),
    ("augment.kimg", Positive(1e9)),
    ("augment.interval", Whole(1, MOST_STEPS)),
    ("augment.held_out", Inside(0.0, 1.0)),
    ("augment.sigma", NonNegative(1e3)),
    ("augment.t_min", Whole(1, 10_000)),
    ("augment.t_max", Whole(1, 10_000)),
    ("augment.beta_start", Inside(0.0, 1.0)),
    ("augment.beta_end", Inside(0.0, 1.0)),
    ("penalty.*.check_every", Whole(0, MOST_STEPS)),
    ("penalty.*.interval", Whole(1, MOST_STEPS)),
    ("penalty.*.share", Target),
    ("penalty.*.epsilon", Positive(1e3)),
    ("penalty.*.*", NonNegative(MOST_WEIGHT)),
    ("term.*.weight", NonNegative(MOST_WEIGHT)),
    ("optimizer.n_critic", Whole(1, 1000)),
    ("optimizer.accumulate", Whole(1, 65_536)),
    ("optimizer.n_critic_ratio", Between(0.0, 1e6)),
    ("optimizer.weight_clip", NonNegative(MOST_WEIGHT)),
    ("optimizer.clip_norm_g", NonNegative(MOST_WEIGHT)),
    ("optimizer.clip_norm_d", NonNegative(MOST_WEIGHT)),
    ("optimizer.lookahead", Whole(0, MOST_STEPS)),
    ("optimizer.lookahead_alpha", Target),
    ("optimizer.*.lr", Positive(MOST_WEIGHT)),
    ("optimizer.*.beta1", Share),
    ("optimizer.*.beta2", Share),
    ("optimizer.*.alpha", Share),
    ("optimizer.*.momentum", Inside(-1.0, 1.0)),
    // Less is 0 in f32, and then 0/0 for a weight that has no gradient yet.
    ("optimizer.*.eps", Between(1e-30, 1e3)),
    ("optimizer.*.weight_decay", NonNegative(MOST_WEIGHT)),
    // A factor on both rates.
    ("schedule", Between(0.0, 1e3)),
    ("schedule.final_factor", Between(0.0, 1e3)),
    ("schedule.from_step", Whole(0, MOST_STEPS)),
    ("schedule.to_step", Whole(1, MOST_STEPS + 1)),
    ("schedule.steps", Whole(1, MOST_STEPS)),
    ("init.freeze", Whole(0, 100)),
    ("growth.start", Whole(4, 1024)),
    ("growth.fade_kimg", NonNegative(1e9)),
    ("growth.stable_kimg", NonNegative(1e9)),
    ("growth.batch", Whole(1, 65_536)),
    ("growth.lr_factor", Positive(1e3)),
    ("growth.repeats", Whole(1, MOST_STEPS)),
    ("ema.decay", Share),
    ("ema.half_life_kimg", Positive(1e9)),
    ("ema.rampup", Between(0.0, 1.0)),
    ("log.log_every", Whole(1, MOST_STEPS)),
    ("log.sample_every", Whole(1, MOST_STEPS)),
    ("log.checkpoint_every", Whole(1, MOST_STEPS)),
    ("log.keep_every", Whole(0, MOST_STEPS)),
    ("log.samples", Whole(1, 4096)),
    ("eval.every", Whole(1, MOST_STEPS)),
    ("eval.samples", Whole(10, MOST_MEASURED as u64)),
    ("eval.standing_statistics", Whole(0, 100_000)),
    ("monitor.every", Whole(1, MOST_STEPS)),
    ("monitor.samples", Whole(16, 4096)),
    ("monitor.duality_gap", Whole(0, 10_000)),
    ("limits.minutes", NonNegative(1e7)),
];

/// The bound of a key.
pub(super) fn of(key: &str) -> Bound {
    find(key).expect("every number of a configuration has its bound in the table")
}

/// The bound of a key that may be none.
pub(super) fn find(key: &str) -> Option<Bound> {
    BOUNDS.iter().find(|(pattern, _)| matches(pattern, key)).map(|(_, bound)| *bound)
}

fn matches(pattern: &str, key: &str) -> bool {
    let (mut pattern, mut key) = (pattern.split('.'), key.split('.'));
    loop {
        match (pattern.next(), key.next()) {
            (None, None) => return true,
            (Some(a), Some(b)) if a == "*" || a == b => {}
            _ => return false,
        }
    }
}

impl Bound {
    pub(super) fn holds(self, x: f64) -> bool {
        match self {
            Whole(least, most) => (least as f64..=most as f64).contains(&x),
            Positive(most) => x > 0.0 && x <= most,
            NonNegative(most) => (0.0..=most).contains(&x),
            Between(least, most) => (least..=most).contains(&x),
            Inside(least, most) => x > least && x < most,
            Share => (0.0..1.0).contains(&x),
            Target => x > 0.0 && x <= 1.0,
        }
    }

    /// Whether 0 is the end that it does not hold.
    pub(super) fn ends_at_0(self) -> bool {
        matches!(self, Positive(_) | Target)
    }

    /// As [`Bound::holds`], exactly.
    pub(super) fn holds_whole(self, n: u64) -> bool {
        match self {
            Whole(least, most) => (least..=most).contains(&n),
            other => other.holds(n as f64),
        }
    }

    pub(super) fn words(self) -> String {
        match self {
            Whole(least, most) => format!("a whole number of {least} or more, at most {most}"),
            Positive(most) => format!("a number above 0, at most {}", plain(most)),
            NonNegative(most) => format!("a number of 0 or more, at most {}", plain(most)),
            Between(least, most) => format!("a number from {} to {}", plain(least), plain(most)),
            Inside(least, most) => format!("a number above {} and below {}", plain(least), plain(most)),
            Share => "a number from 0 up to, not including, 1".to_owned(),
            Target => "a number above 0, at most 1".to_owned(),
        }
    }
}

/// `1000`, `1e30`.
fn plain(x: f64) -> String {
    if x == 0.0 || (1e-3..1e10).contains(&x) { format!("{x}") } else { format!("{x:e}") }
}

/// Samples a batch where the networks have their whole size; at half the side there is room for many more.
fn whole_batch(run: &Run) -> usize {
    run.growth.as_ref().map_or(run.batch, |growth| growth.plan.last_batch())
}

/// The setting of a network that says how wide it is.
fn width(spec: &dyn NetworkSpec) -> String {
    let settings = spec.write();
    settings.keys().find(|key| key.starts_with(WIDTH)).cloned().unwrap_or_else(|| WIDTH.to_owned())
}

/// What such settings begin with.
const WIDTH: &str = "width";

/// Refuses what no single number shows: layers, batches and pictures that no machine holds.
pub(super) fn products(run: &Run, check: &mut Check) {
    let io = run.data.presumed_io();
    for (section, spec) in
        [("generator", run.generator.as_spec()), ("discriminator", run.discriminator.as_spec())]
    {
        let (size, width) = (spec.size(&io), width(spec));
        let values = whole_batch(run) as u128 * size.activations;
        if values > MOST_ACTIVATIONS {
            let reason = format!(
                "{} samples make {values} values in one layer of the {section}, at most {MOST_ACTIVATIONS} are possible; \
                 lower run.batch, {section}.{width} or data.resolution",
                whole_batch(run)
            );
            check.add("run.batch", reason);
        }
        if size.largest_weight > MOST_WEIGHTS {
            let reason = format!(
                "one layer of the {section} has {} weights, at most {MOST_WEIGHTS} are possible; lower {section}.{width} \
                 and what multiplies it",
                size.largest_weight
            );
            check.add(&format!("{section}.{width}"), reason);
        }
    }
    let side = run.data.resolution.unwrap_or(2) as u128;
    let pixels = run.log.samples as u128 * side.max(LEAST_SHOWN).pow(2);
    if run.data.resolution.is_some() && pixels > MOST_PIXELS {
        let reason = format!(
            "{} images of {side} pixels make a picture of {pixels} pixels, at most {MOST_PIXELS} are possible; show fewer",
            run.log.samples
        );
        check.add("log.samples", reason);
    }
}

/// Tensors as large as a network's first layer (DCGAN) or as all of its layers (MLP) that a step holds at once: 11 to 13
/// without a penalty, more with one, by the largest resident set at two sizes of batch.
const HELD: u64 = 10;

impl Run {
    /// Bytes of memory that a step takes at least on a CPU, from its batch and the width of its networks.
    pub fn least_step_bytes(&self) -> u64 {
        let io = self.data.presumed_io();
        let largest = self.generator.size(&io).held.max(self.discriminator.size(&io).held);
        HELD * size_of::<f32>() as u64
            * whole_batch(self) as u64
            * u64::try_from(largest).unwrap_or(u64::MAX >> 32)
    }
}
