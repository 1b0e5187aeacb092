//! The rarity of single samples.

use crate::Result;
use crate::neighbours::{FeatureSets, Look, Scalar, Seen};

/// How uncommon each generated sample is, `(M,)`: the radius of the smallest real ball that holds it,
///
/// min of rᵢ over real samples i with ‖φᵢ − x‖ < rᵢ,
///
/// rᵢ being the distance of φᵢ to its `k`-th nearest other real sample. Real samples lie far apart where they are
/// uncommon. 0 for a sample that no real ball holds: it is not rare, but off the manifold.
///
/// Han, Choi, Choi, Kim, Ha and Choi, 2022, "Rarity score: a new metric to evaluate the uncommonness of synthesized
/// images", arXiv:2206.08549, equation 2. The authors' `k` is 3.
///
/// # Errors
/// There are fewer than `k + 1` real rows or no generated ones, the columns differ in number, or a feature is not
/// finite.
pub fn rarity<T: Scalar>(rows: FeatureSets<'_, T>, k: usize) -> Result<Vec<f64>> {
    Ok(scores(&Seen::of(rows, &[looks(k)])?, k))
}

pub(crate) fn looks(k: usize) -> Look {
    Look::Rarity { k }
}

pub(crate) fn scores(seen: &Seen, k: usize) -> Vec<f64> {
    let finite = |radius: &f64| if radius.is_finite() { *radius } else { 0.0 };
    seen.scores(looks(k)).iter().map(finite).collect()
}
