//! The realism of single samples.

use crate::neighbours::{FeatureSets, Look, Scalar, Seen, Side, median};
use crate::{MetricError, Result};

/// How realistic each generated sample is: the largest rᵢ / ‖φᵢ − x‖ over real samples φᵢ, `(M,)`.
///
/// rᵢ is the distance of φᵢ to its `k`-th nearest other real sample. Real samples whose radius is not
/// below the median are left out, as outliers' balls are too large to mean anything. At least 1 is on the
/// manifold (so restricted); the lowest scores are the samples to look at first. An exact copy of a real
/// sample has infinite realism.
///
/// Kynkäänniemi et al., 2019, arXiv:1904.06991, equation 3; `<` of the median as in dgm-eval.
///
/// # Errors
/// There are fewer than `k + 1` real rows, all radii are equal, the columns differ in number, or a feature
/// is not finite.
pub fn realism<T: Scalar>(rows: FeatureSets<'_, T>, k: usize) -> Result<Vec<f64>> {
    scores(&Seen::of(rows, &[looks(k)])?, k)
}

pub(crate) fn looks(k: usize) -> Look {
    Look::Realism { k }
}

pub(crate) fn scores(seen: &Seen, k: usize) -> Result<Vec<f64>> {
    let radii = seen.radii(Side::Real, k);
    let middle = median(&radii);
    if !radii.iter().any(|radius| *radius < middle) {
        return Err(MetricError::Unfit(format!(
            "realism needs real samples closer together than others; all {} are {middle} from their neighbour {k}",
            radii.len()
        )));
    }
    Ok(seen.scores(looks(k)).to_vec())
}
