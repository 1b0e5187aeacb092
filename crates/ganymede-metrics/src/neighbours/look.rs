//! Everything that is to be known of who lies near whom, in three passes over the pairs: within either set, and between
//! them.

use std::sync::Arc;

use ndarray::ArrayView2;

use super::balls::{BallCounts, BallTally, Balls};
use super::blocks::{Tally, see_all};
use super::chances::ChanceTally;
use super::filter::Filter;
use super::nearest::{NearestTally, Neighbours};
use super::rarity::RarityTally;
use super::realism::RealismTally;
use super::sets::{Both, FeatureSets, Points, Scalar, Side};
use crate::{MetricError, Result};

/// Something that is to be known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Look {
    /// The k nearest others of each sample of a set.
    Within(Side, usize),
    /// The k nearest samples of the other set, of each of this one.
    Across(Side, usize),
    /// Who lies in whose ball.
    Balls(Balls),
    /// Products of min(1, d/R) for the samples of the other set; R is the mean distance to the k-th nearest of this one,
    /// times a.
    Chances { around: Side, k: usize, a: f64 },
    /// The largest rₖ/d of each generated sample.
    Realism { k: usize },
    /// The smallest open real ball of each generated sample.
    Rarity { k: usize },
}

impl Look {
    /// Nearest others within a set that it stands on.
    fn within(self) -> Option<(Side, usize)> {
        match self {
            Self::Within(side, k) => Some((side, k)),
            Self::Across(..) => None,
            Self::Balls(balls) => Some((balls.around, balls.k)),
            Self::Chances { around, k, .. } => Some((around, k)),
            Self::Realism { k } | Self::Rarity { k } => Some((Side::Real, k)),
        }
    }

    fn is_between(self) -> bool {
        !matches!(self, Self::Within(..))
    }
}

/// What was seen.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    looks: Vec<Look>,
    /// Within the real and the generated set, as far as somebody looked.
    within: [Option<Arc<Neighbours>>; 2],
    across: [Option<Neighbours>; 2],
    balls: Vec<(Balls, BallCounts)>,
    /// What else there is to a sample: of chances, realism and rarity.
    scores: Vec<(Look, Vec<f64>)>,
}

impl Seen {
    /// Looks at all pairs, once for all of `looks`.
    ///
    /// # Errors
    /// A set is empty, has too few rows for a `k`, the columns differ in number, or a number is not finite.
    pub(crate) fn of<T: Scalar>(sets: FeatureSets<'_, T>, looks: &[Look]) -> Result<Self> {
        Self::beside(sets, looks, None)
    }

    /// The same where [`nearest_reals`] of these looks are known from another comparison with the same real set.
    ///
    /// # Errors
    /// As [`Seen::of`].
    pub(crate) fn beside<T: Scalar>(
        sets: FeatureSets<'_, T>,
        looks: &[Look],
        real: Option<Arc<Neighbours>>,
    ) -> Result<Self> {
        let both = sets.checked()?;
        let mut seen = Self { within: [real, None], ..Self::default() };
        for look in looks {
            if !seen.looks.contains(look) {
                seen.looks.push(*look);
            }
        }
        let sides = [
            (Side::Real, "real samples", &both.real),
            (Side::Generated, "generated samples", &both.generated),
        ];
        for (side, what, points) in sides {
            let known = &mut seen.within[side as usize];
            if let (Some(k), true) = (most_within(looks, side), known.is_none()) {
                *known = Some(Arc::new(nearest_others(what, points, k)?));
            }
        }
        if looks.iter().any(|look| look.is_between()) {
            seen.look_between(&both)?;
        }
        Ok(seen)
    }

    /// Whether all of these were looked at.
    pub(crate) fn has(&self, looks: &[Look]) -> bool {
        looks.iter().all(|look| self.looks.contains(look))
    }

    fn look_between<T: Scalar>(&mut self, both: &Both<'_, T>) -> Result<()> {
        let filter = Filter::between(&both.real, &both.generated);
        let [real_k, generated_k] = [Side::Real, Side::Generated].map(|side| self.across_k(side));
        check_across(real_k, both.generated.len())?;
        check_across(generated_k, both.real.len())?;
        let nearest = NearestTally::between(&filter, real_k, generated_k);
        let (mut balls, mut chances, mut realism, mut rarity) = (vec![], vec![], vec![], vec![]);
        for look in &self.looks {
            match *look {
                Look::Within(..) | Look::Across(..) => {}
                Look::Balls(kind) => {
                    balls.push((kind, BallTally::new(&filter, kind, self.ball_radii(kind))));
                }
                Look::Chances { around, k, a } => {
                    let radii = self.radii(around, k);
                    let radius = a * (radii.iter().sum::<f64>() / radii.len() as f64);
                    chances.push((*look, ChanceTally::new(&filter, around, radius)));
                }
                Look::Realism { k } => {
                    let radii = self.radii(Side::Real, k);
                    let middle = median(&radii);
                    realism.push((*look, RealismTally::new(&filter, &radii, |radius| radius < middle)));
                }
                Look::Rarity { k } => {
                    rarity.push((*look, RarityTally::new(&filter, self.radii(Side::Real, k))));
                }
            }
        }
        let mut all: Vec<&dyn Tally> = vec![&nearest];
        all.extend(balls.iter().map(|(_, tally)| tally as &dyn Tally));
        all.extend(chances.iter().map(|(_, tally)| tally as &dyn Tally));
        all.extend(realism.iter().map(|(_, tally)| tally as &dyn Tally));
        all.extend(rarity.iter().map(|(_, tally)| tally as &dyn Tally));
        see_all(&filter, &all);
        let (real, generated) = nearest.finish();
        self.across = [Some(real), Some(generated)];
        self.balls = balls.into_iter().map(|(kind, tally)| (kind, tally.finish())).collect();
        self.scores = chances.into_iter().map(|(look, tally)| (look, tally.finish())).collect();
        self.scores.extend(realism.into_iter().map(|(look, tally)| (look, tally.finish())));
        self.scores.extend(rarity.into_iter().map(|(look, tally)| (look, tally.finish())));
        Ok(())
    }

    /// How many of the other set are sought for each of this one; 0 where none are.
    fn across_k(&self, side: Side) -> usize {
        let of_side = self.looks.iter().filter_map(|look| match look {
            Look::Across(whose, k) if *whose == side => Some(*k),
            _ => None,
        });
        of_side.max().unwrap_or(0)
    }

    pub(crate) fn ball_radii(&self, kind: Balls) -> Vec<f64> {
        let mut radii = self.radii(kind.around, kind.k);
        if kind.capped {
            let most = median(&radii);
            radii.iter_mut().for_each(|radius| *radius = radius.min(most));
        }
        radii
    }

    /// Nearest others within a set: at least as many as were looked for.
    pub(crate) fn within(&self, side: Side) -> &Neighbours {
        self.within[side as usize].as_ref().expect("somebody looked within")
    }

    /// The distance of each sample to its `k`-th nearest other.
    pub(crate) fn radii(&self, side: Side, k: usize) -> Vec<f64> {
        self.within(side).distance.column(k - 1).to_vec()
    }

    /// Of each sample of a set the nearest ones of the other.
    pub(crate) fn across(&self, side: Side) -> &Neighbours {
        self.across[side as usize].as_ref().expect("somebody looked across")
    }

    pub(crate) fn balls(&self, kind: Balls) -> &BallCounts {
        let found = self.balls.iter().find(|(seen, _)| *seen == kind);
        &found.expect("somebody looked at these balls").1
    }

    pub(crate) fn scores(&self, look: Look) -> &[f64] {
        let found = self.scores.iter().find(|(seen, _)| *seen == look);
        &found.expect("somebody looked at these scores").1
    }
}

/// The nearest others of each real sample, as many as the looks want: see [`Seen::beside`].
///
/// # Errors
/// There are too few rows, or a number is not finite.
pub(crate) fn nearest_reals<T: Scalar>(
    real: ArrayView2<'_, T>,
    looks: &[Look],
) -> Result<Option<Arc<Neighbours>>> {
    let Some(k) = most_within(looks, Side::Real) else { return Ok(None) };
    let points = Points::new("real features", real)?;
    Ok(Some(Arc::new(nearest_others("real samples", &points, k)?)))
}

/// How many nearest others of each sample of a set are to be known; nothing where nobody asks.
fn most_within(looks: &[Look], side: Side) -> Option<usize> {
    let of_side = looks.iter().filter_map(|look| look.within()).filter(|(whose, _)| *whose == side);
    of_side.map(|(_, k)| k).max()
}

fn nearest_others<T: Scalar>(what: &str, points: &Points<'_, T>, k: usize) -> Result<Neighbours> {
    if points.len() <= k || k == 0 {
        return Err(MetricError::Unfit(format!(
            "k = {k} nearest neighbours need at least {} {what}, got {}: lower k or give more samples",
            k.max(1) + 1,
            points.len()
        )));
    }
    let filter = Filter::within(points);
    let nearest = NearestTally::within(&filter, k);
    see_all(&filter, &[&nearest]);
    Ok(nearest.finish().0)
}

fn check_across(k: usize, rows: usize) -> Result<()> {
    if k > rows {
        let reason =
            format!("k = {k} nearest neighbours, but the set that they are sought in has {rows} rows");
        return Err(MetricError::Unfit(reason));
    }
    Ok(())
}

/// The mean of the two middle ones where there are evenly many.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let half = sorted.len() / 2;
    if sorted.len().is_multiple_of(2) { (sorted[half - 1] + sorted[half]) / 2.0 } else { sorted[half] }
}
