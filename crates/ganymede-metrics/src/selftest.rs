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
    /// In which share of resamplings of the repetitions the verdict is the same, in `0..=1`: where it is not nearly 1,
    /// chance decides. `None` also of one repetition.
    pub certainty: Vec<Option<f64>>,
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

/// The names of all checks.
pub const SELFTEST_CHECKS: [&str; CHECKS.len()] = {
    let mut names = [""; CHECKS.len()];
    let mut at = 0;
    while at < names.len() {
        names[at] = CHECKS[at].name;
        at += 1;
    }
    names
};

/// Tries measures of fidelity and diversity on fifteen families of synthetic samples: normal samples that are shifted,
/// wider or narrower, with an outlier or a heavy tail, modes that are dropped or invented, cubes, spheres, a ball in
/// a torus, rounded numbers. Of each it is known what a measure should say, as a bell over the shift or 0 and 1 at the ends.
///
/// `repeats` sets of samples are drawn, and their scores averaged; the paper has ten. Of two and more it is also seen which
/// verdicts chance decides: the repetitions are resampled with replacement and judged again ([`Outcome::certainty`]).
/// `only` are names of [`SELFTEST_CHECKS`]; none: all of them. `done` is called after each.
///
/// Räisä, van Breugel and van der Schaar, 2025, "Position: all current generative fidelity and diversity metrics are
/// flawed", ICML, arXiv:2505.22450; checks, thresholds and the published verdicts are those of its repository. There
/// alpha-precision is trained; density and coverage count the border of a ball (`≤`), ours do not; and what it calls
/// precision cover is the share of covered *real* samples, [`CoverPr::recall`](crate::CoverPr::recall) here. That share is
/// tried twice: as it was published, and by the names of this crate.
///
/// Cost: about 1,200 comparisons, most of them of 1,000 with 1,000 samples, each repetition.
///
/// # Errors
/// `repeats` is not in `1..=100`, or there is no check of a name.
pub fn selftest(repeats: usize, seed: u64, only: &[&str], done: &mut dyn FnMut()) -> Result<SelfTest> {
    if !(1..=100).contains(&repeats) {
        return Err(MetricError::Invalid(format!("{repeats} repetitions: 1 to 100 are possible")));
    }
    if let Some(name) = only.iter().find(|name| !SELFTEST_CHECKS.contains(name)) {
        let all = SELFTEST_CHECKS.join(", ");
        return Err(MetricError::Invalid(format!("there is no check `{name}`: choose from {all}")));
    }
    let mut outcomes = Vec::new();
    for check in CHECKS.iter().filter(|check| only.is_empty() || only.contains(&check.name)) {
        outcomes.extend(run(check, repeats, seed)?);
        done();
    }
    Ok(SelfTest { measures: TRIED.to_vec(), outcomes, repeats })
}

/// How often the repetitions are resampled.
const RESAMPLES: usize = 200;

/// A setting, and the scores at each of its values in each repetition.
struct Scored {
    index: usize,
    x: Vec<f64>,
    repeats: Vec<Vec<Scores>>,
}

impl Scored {
    /// Of each measure its curve, a mean over these repetitions.
    fn curves(&self, repeats: &[usize]) -> Vec<Vec<f64>> {
        let mean = |at: usize, tried: usize| {
            repeats.iter().map(|repeat| self.repeats[*repeat][at][tried]).sum::<f64>() / repeats.len() as f64
        };
        (0..TRIED.len()).map(|tried| (0..self.x.len()).map(|at| mean(at, tried)).collect()).collect()
    }
}

fn run(check: &Check, repeats: usize, seed: u64) -> Result<Vec<Outcome>> {
    let mut scored: Vec<Scored> = Vec::new();
    for repeat in 0..repeats {
        let mut rng = Rng::stream(seed, &format!("selftest/{}/{repeat}", check.name));
        for (at, Setting { index, points }) in (check.settings)(&mut rng).into_iter().enumerate() {
            if repeat == 0 {
                let x: Vec<f64> = points.iter().map(|(x, _, _)| *x).collect();
                scored.push(Scored { index, x, repeats: Vec::new() });
            }
            scored[at].repeats.push(scores(&points)?);
        }
    }
    let mut desiderata: Vec<&'static str> = Vec::new();
    check.demands.iter().for_each(|demand| {
        if !desiderata.contains(&demand.desideratum) {
            desiderata.push(demand.desideratum);
        }
    });
    let all: Vec<usize> = (0..repeats).collect();
    let mut outcomes: Vec<Outcome> = desiderata
        .iter()
        .zip(verdicts(check, &desiderata, &scored, &all))
        .map(|(desideratum, verdicts)| Outcome {
            check: check.name,
            desideratum,
            certainty: verdicts.iter().map(|verdict| verdict.filter(|_| repeats > 1).map(|_| 0.0)).collect(),
            verdicts,
            published: (0..TRIED.len())
                .map(|tried| published::published(check.name, desideratum, tried))
                .collect(),
        })
        .collect();
    if repeats > 1 {
        let mut rng = Rng::stream(seed, &format!("selftest/{}/resampled", check.name));
        for _ in 0..RESAMPLES {
            let drawn: Vec<usize> = all.iter().map(|_| rng.below(repeats)).collect();
            for (outcome, resampled) in outcomes.iter_mut().zip(verdicts(check, &desiderata, &scored, &drawn))
            {
                let pairs = outcome.verdicts.iter().zip(resampled);
                for (certainty, (verdict, again)) in outcome.certainty.iter_mut().zip(pairs) {
                    *certainty = certainty.map(|times| times + f64::from(*verdict == again));
                }
            }
        }
        let all = outcomes.iter_mut().flat_map(|outcome| &mut outcome.certainty);
        all.flatten().for_each(|times| *times /= RESAMPLES as f64);
    }
    Ok(outcomes)
}

/// The verdicts of these repetitions: of each desideratum those on each measure.
fn verdicts(
    check: &Check,
    desiderata: &[&str],
    scored: &[Scored],
    repeats: &[usize],
) -> Vec<Vec<Option<Verdict>>> {
    let curves: Vec<Vec<Vec<f64>>> = scored.iter().map(|scored| scored.curves(repeats)).collect();
    let verdict = |desideratum: &str, tried: usize| {
        let mut all = Vec::new();
        for demand in check.demands.iter().filter(|demand| demand.desideratum == desideratum) {
            let rule = if TRIED[tried].of_fidelity { demand.fidelity } else { demand.diversity };
            for (scored, curves) in scored.iter().zip(&curves) {
                let rule: Option<Rule> = rule(scored.index);
                all.extend(rule.map(|rule| Curve { x: &scored.x, y: &curves[tried] }.judge(rule)));
            }
        }
        (!all.is_empty()).then(|| Verdict::together(&all))
    };
    desiderata.iter().map(|what| (0..TRIED.len()).map(|tried| verdict(what, tried)).collect()).collect()
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
        assert!(selftest(0, 0, &[], &mut || ()).is_err());
        let error = selftest(1, 0, &["torus"], &mut || ()).unwrap_err().to_string();
        assert!(error.contains("`torus`") && error.contains("sphere-torus"), "{error}");
    }

    /// Coverage falls by 0.1007 where half of the samples are of invented modes, and the threshold is 0.1: chance decides
    /// for it, and for symmetric recall.
    #[test]
    fn modes_that_are_invented_and_dropped_are_judged_as_published() {
        let check = CHECKS.iter().find(|check| check.name.ends_with("invention")).unwrap();
        for outcome in run(check, 2, 0).unwrap() {
            assert!(
                outcome.certainty.iter().flatten().all(|share| (0.25..=1.0).contains(share)),
                "{outcome:?}"
            );
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
