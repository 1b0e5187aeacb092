//! The averaged generator.

use super::{Found, Rule};
use crate::config::{Average, Run};

/// The share of its starting weights that an average may hold at the end: e⁻³.
const MOST: f64 = 0.05;

pub(super) static SLOW_AVERAGE: Rule = Rule {
    name: "slow-average",
    paper: "Karras et al., 2020, arXiv:2006.06676, appendix C",
    find: |run| {
        let (key, remedy, held) = match run.ema.as_ref()? {
            Average::Decay { decay, warmup: false } => {
                let held = decay.at(run.steps).powf(run.steps as f64);
                ("ema.decay", "ema.warmup=true", held)
            }
            Average::HalfLife { kimg, rampup } if *rampup == 0.0 => {
                ("ema.half_life_kimg", "ema.rampup=0.05", 0.5f64.powf(images(run) / (kimg * 1000.0)))
            }
            Average::Decay { .. } | Average::HalfLife { .. } => return None,
        };
        let words = format!(
            "{key} is long for so few steps: the averaged generator still holds {:.0} % of its starting weights at the end",
            100.0 * held
        );
        (held > MOST).then(|| Found::new(words, &[remedy]))
    },
};

/// Real images that the run shows.
fn images(run: &Run) -> f64 {
    run.steps as f64 * run.n_critic.most as f64 * run.batch as f64
}
