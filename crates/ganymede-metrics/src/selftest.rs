//! Sanity checks of measures of fidelity and diversity, on samples whose truth is known.

mod checks;
mod draw;
mod published;
mod rule;
mod score;

use std::sync::Arc;

use ganymede_tensor::Rng;
use rayon::prelude::*;

use crate::{MetricError, Result};
use checks::{CHECKS, Check, Point, Setting};
use rule::{Curve, Rule};
use score::{Real, Scores, TRIED};

pub use rule::Verdict;
pub use score::Tried;

/// What a check found of each measure.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct Outcome {
    /// The check.
    pub check: &'static str,
    /// What of a measure it tests: that it does its job, keeps its bounds, ...
    pub desideratum: &'static str,
    /// Of each of [`SelfTest::measures`]; nothing where the check does not say anything of it.
    pub verdicts: Vec<Option<Verdict>>,
    /// What was published of it, likewise.
    pub published: Vec<Option<Verdict>>,
}

/// What [`selftest`] finds.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct SelfTest {
    /// What was tried.
    pub measures: Vec<Tried>,
    /// Check by check.
    pub outcomes: Vec<Outcome>,
    /// How often the samples were drawn; their scores are averaged.
    pub repeats: usize,
}

/// How many checks there are.
pub const SELFTEST_CHECKS: usize = CHECKS.len();

/// Tries measures of fidelity and diversity on fifteen families of synthetic samples: normal samples that are shifted,
/// wider or narrower, with an outlier or a heavy tail, modes that are dropped or invented, cubes, spheres, a ball in
/// a torus, rounded numbers. Of each it is known what a measure should say, as a bell over the shift or 0 and 1 at the ends.
///
/// `repeats` sets of samples are drawn, and their scores averaged; the paper has ten. `done` is called after each check.
///
/// Räisä, van Breugel and van der Schaar, 2025, "Position: all current generative fidelity and diversity metrics are
/// flawed", ICML, arXiv:2505.22450; checks, thresholds and the published verdicts are those of its repository. There
/// alpha-precision is trained; density and coverage count the border of a ball (`≤`), ours do not.
///
/// Cost: about 1,200 comparisons, most of them of 1,000 with 1,000 samples, each repetition.
///
/// # Errors
/// `repeats` is not in `1..=100`.
pub fn selftest(repeats: usize, seed: u64, done: &mut dyn FnMut()) -> Result<SelfTest> {
    if !(1..=100).contains(&repeats) {
        return Err(MetricError::Invalid(format!("{repeats} repetitions: 1 to 100 are possible")));
    }
    let mut outcomes = Vec::new();
    for check in &CHECKS {
        outcomes.extend(run(check, repeats, seed)?);
        done();
    }
    Ok(SelfTest { measures: TRIED.to_vec(), outcomes, repeats })
}

/// Settings with the mean scores at each of their values.
type Averaged = Vec<(usize, Vec<f64>, Vec<Scores>)>;

fn run(check: &Check, repeats: usize, seed: u64) -> Result<Vec<Outcome>> {
    let mut averaged: Averaged = Vec::new();
    for repeat in 0..repeats {
        let mut rng = Rng::stream(seed, &format!("selftest/{}/{repeat}", check.name));
        for (at, Setting { index, points }) in (check.settings)(&mut rng).into_iter().enumerate() {
            if repeat == 0 {
                let x: Vec<f64> = points.iter().map(|(x, _, _)| *x).collect();
                averaged.push((index, x, vec![[0.0; TRIED.len()]; points.len()]));
            }
            for (mean, found) in averaged[at].2.iter_mut().zip(scores(&points)?) {
                mean.iter_mut().zip(found).for_each(|(mean, score)| *mean += score / repeats as f64);
            }
        }
    }
    let mut desiderata: Vec<&'static str> = Vec::new();
    check.demands.iter().for_each(|demand| {
        if !desiderata.contains(&demand.desideratum) {
            desiderata.push(demand.desideratum);
        }
    });
    let outcome = |desideratum: &&'static str| Outcome {
        check: check.name,
        desideratum,
        verdicts: (0..TRIED.len()).map(|tried| verdict(check, desideratum, tried, &averaged)).collect(),
        published: (0..TRIED.len())
            .map(|tried| published::published(check.name, desideratum, tried))
            .collect(),
    };
    Ok(desiderata.iter().map(outcome).collect())
}

/// The scores at each value of a setting.
fn scores(points: &[Point]) -> Result<Vec<Scores>> {
    let mut reals: Vec<Arc<Real>> = Vec::new();
    for (at, (_, real, _)) in points.iter().enumerate() {
        let known = reals.last().filter(|_| Arc::ptr_eq(real, &points[at - 1].1));
        let known = match known {
            Some(known) => Arc::clone(known),
            None => Arc::new(Real::new(real)?),
        };
        reals.push(known);
    }
    points.par_iter().zip(&reals).map(|((_, _, synthetic), real)| real.scores(synthetic)).collect()
}

fn verdict(check: &Check, desideratum: &str, tried: usize, averaged: &Averaged) -> Option<Verdict> {
    let mut all = Vec::new();
    for demand in check.demands.iter().filter(|demand| demand.desideratum == desideratum) {
        let rule = if TRIED[tried].of_fidelity { demand.fidelity } else { demand.diversity };
        for (index, x, scores) in averaged {
            let rule: Option<Rule> = rule(*index);
            let y: Vec<f64> = scores.iter().map(|scores| scores[tried]).collect();
            all.extend(rule.map(|rule| Curve { x, y: &y }.judge(rule)));
        }
    }
    (!all.is_empty()).then(|| Verdict::together(&all))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_are_the_published_ones() {
        let mut rows = 0;
        for check in &CHECKS {
            let mut seen = Vec::new();
            for demand in check.demands {
                assert!(published::published(check.name, demand.desideratum, 0).is_some(), "{}", check.name);
                if !seen.contains(&demand.desideratum) {
                    seen.push(demand.desideratum);
                }
            }
            rows += seen.len();
        }
        assert_eq!(rows, 30);
        assert!(published::published("sphere-torus", "bounds", 10).is_none());
        assert!(selftest(0, 0, &mut || ()).is_err());
    }

    /// Coverage falls by 0.1007 where half of the samples are of invented modes, and the threshold is 0.1: chance decides
    /// for it, and for symmetric recall.
    #[test]
    fn modes_that_are_invented_and_dropped_are_judged_as_published() {
        let check = CHECKS.iter().find(|check| check.name.ends_with("invention")).unwrap();
        for outcome in run(check, 2, 0).unwrap() {
            let pairs = outcome.verdicts.iter().zip(&outcome.published).zip(TRIED);
            for ((ours, published), tried) in pairs {
                let is_by_chance = ["coverage", "symmetric recall"].contains(&tried.name);
                assert!(
                    published.is_none() || is_by_chance || ours == published,
                    "{} {outcome:?}",
                    tried.name
                );
            }
        }
    }
}
