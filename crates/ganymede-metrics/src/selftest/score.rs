//! Measures that are tried: in pairs, one of fidelity and one of diversity.

use ndarray::{Array2, ArrayView2, Axis};

use crate::neighbours::{FeatureSets, Look, Seen};
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

/// All of them. The first ten have published verdicts.
pub(super) const TRIED: [Tried; 14] = [
    fidelity("precision"),
    diversity("recall"),
    fidelity("density"),
    diversity("coverage"),
    fidelity("symmetric precision"),
    diversity("symmetric recall"),
    fidelity("precision cover"),
    diversity("recall cover"),
    fidelity("probabilistic precision"),
    diversity("probabilistic recall"),
    fidelity("alpha-precision"),
    diversity("beta-recall"),
    fidelity("clipped density"),
    diversity("clipped coverage"),
];

pub(super) type Scores = [f64; TRIED.len()];

/// The scores of synthetic rows against real ones, both standardised by the real ones.
pub(super) fn scores(real: &Array2<f64>, synthetic: &Array2<f64>) -> Result<Scores> {
    let mean = real.mean_axis(Axis(0)).expect("there are rows");
    let deviation = real.std_axis(Axis(0), 0.0).mapv(|s| if s == 0.0 { 1.0 } else { s });
    let standard = |rows: ArrayView2<'_, f64>| (&rows - &mean) / &deviation;
    let (real, synthetic) = (standard(real.view()), standard(synthetic.view()));
    let sets = FeatureSets { real: real.view(), generated: synthetic.view() };
    // Cheema and Urner's default for so many real samples.
    let covering = ((real.nrows() as f64).ln() + 7.0).floor() as usize / 3 + 1;
    let mut looks: Vec<Look> = Vec::new();
    looks.extend(PrecisionRecall::looks(3));
    looks.extend(Prdc::looks(5));
    looks.extend(CoverPr::looks(covering, 3));
    looks.extend(ProbabilisticPr::looks(4, 1.2));
    looks.extend(Clipped::looks(5));
    looks.extend(AlphaBeta::LOOKS);
    let seen = Seen::of(sets, &looks)?;
    let improved = PrecisionRecall::of(&seen, 3);
    let (four, symmetric) = (Prdc::of(&seen, 5), SymmetricPr::of(&seen, 5));
    let cover = CoverPr::of(&seen, covering, 3);
    let chance = ProbabilisticPr::of(&seen, 4, 1.2);
    let (alpha_beta, clipped) = (AlphaBeta::of(sets, &seen)?, Clipped::of(&seen, 5));
    Ok([
        improved.precision,
        improved.recall,
        four.density,
        four.coverage,
        symmetric.precision,
        symmetric.recall,
        cover.precision,
        cover.recall,
        chance.precision,
        chance.recall,
        alpha_beta.alpha_precision,
        alpha_beta.beta_recall,
        clipped.density,
        clipped.coverage,
    ])
}
