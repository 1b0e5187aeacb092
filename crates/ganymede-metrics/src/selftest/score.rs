//! Measures that are tried: in pairs, one of fidelity and one of diversity.

use std::sync::Arc;

use ndarray::{Array1, Array2, Axis};

use crate::neighbours::{FeatureSets, Look, Neighbours, Seen, nearest_reals};
use crate::{AlphaBeta, Clipped, CoverPr, Prdc, PrecisionRecall, ProbabilisticPr, Result, SymmetricPr};

/// A measure that is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Tried {
    /// Its name.
    pub name: &'static str,
    /// What it should tell: fidelity, or else diversity.
    pub of_fidelity: bool,
}

const fn fidelity(name: &'static str) -> Tried {
    Tried { name, of_fidelity: true }
}

const fn diversity(name: &'static str) -> Tried {
    Tried { name, of_fidelity: false }
}

/// All of them. The first ten have published verdicts. What was published as precision cover is covered real samples,
/// and as recall cover generated ones: the other way round than here and in the measure's paper.
pub(super) const TRIED: [Tried; 16] = [
    fidelity("precision"),
    diversity("recall"),
    fidelity("density"),
    diversity("coverage"),
    fidelity("symmetric precision"),
    diversity("symmetric recall"),
    fidelity("cover of real samples"),
    diversity("cover of generated samples"),
    fidelity("probabilistic precision"),
    diversity("probabilistic recall"),
    fidelity("alpha-precision"),
    diversity("beta-recall"),
    fidelity("clipped density"),
    diversity("clipped coverage"),
    fidelity("precision cover"),
    diversity("recall cover"),
];

pub(super) type Scores = [f64; TRIED.len()];

/// Real samples, and what is known of them whatever they are compared with.
pub(super) struct Real {
    mean: Array1<f64>,
    deviation: Array1<f64>,
    /// Standardised.
    rows: Array2<f64>,
    looks: Vec<Look>,
    nearest: Option<Arc<Neighbours>>,
}

impl Real {
    pub(super) fn new(rows: &Array2<f64>) -> Result<Self> {
        let mean = rows.mean_axis(Axis(0)).expect("there are rows");
        let deviation = rows.std_axis(Axis(0), 0.0).mapv(|s| if s == 0.0 { 1.0 } else { s });
        let rows = (rows - &mean) / &deviation;
        let covering = covering(rows.nrows());
        let mut looks: Vec<Look> = Vec::new();
        looks.extend(PrecisionRecall::looks(3));
        looks.extend(Prdc::looks(5));
        looks.extend(CoverPr::looks(covering, 3));
        looks.extend(ProbabilisticPr::looks(4, 1.2));
        looks.extend(Clipped::looks(5));
        looks.extend(AlphaBeta::LOOKS);
        let nearest = nearest_reals(rows.view(), &looks)?;
        Ok(Self { mean, deviation, rows, looks, nearest })
    }

    /// The scores of synthetic rows, which are standardised by the real ones.
    pub(super) fn scores(&self, synthetic: &Array2<f64>) -> Result<Scores> {
        let synthetic = (synthetic - &self.mean) / &self.deviation;
        let sets = FeatureSets { real: self.rows.view(), generated: synthetic.view() };
        let seen = Seen::beside(sets, &self.looks, self.nearest.clone())?;
        let improved = PrecisionRecall::of(&seen, 3);
        let (four, symmetric) = (Prdc::of(&seen, 5), SymmetricPr::of(&seen, 5));
        let cover = CoverPr::of(&seen, covering(self.rows.nrows()), 3);
        let chance = ProbabilisticPr::of(&seen, 4, 1.2);
        let (alpha_beta, clipped) = (AlphaBeta::of(sets, &seen)?, Clipped::of(&seen, 5));
        Ok([
            improved.precision,
            improved.recall,
            four.density,
            four.coverage,
            symmetric.precision,
            symmetric.recall,
            cover.recall,
            cover.precision,
            chance.precision,
            chance.recall,
            alpha_beta.alpha_precision,
            alpha_beta.beta_recall,
            clipped.density,
            clipped.coverage,
            cover.precision,
            cover.recall,
        ])
    }
}

/// Cheema and Urner's default of precision and recall cover for so many real samples.
fn covering(real: usize) -> usize {
    ((real as f64).ln() + 7.0).floor() as usize / 3 + 1
}
