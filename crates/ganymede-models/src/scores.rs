//! Several numbers a sample where a discriminator has one: the features that losses between distributions compare (MMD-GAN: Li
//! et al., 2017, arXiv:1705.08584), from a last layer that is as much wider. The first layers are the same.

use ganymede_tensor::{Result, Tensor};

use crate::conditioning::DiscriminatorConditioning;
use crate::infer::{Evidence, Reason};
use crate::spec::{Problem, sizes};

/// The setting of discriminators that may have several.
pub(crate) const SCORES: &str = "scores";
const MOST_SCORES: usize = 4096;

/// As many as are usual, where none are given.
pub(crate) fn usual() -> usize {
    1
}

/// Whether there is nothing to write down.
pub(crate) fn is_usual(scores: &usize) -> bool {
    *scores == usual()
}

/// What is wrong with so many.
pub(crate) fn check(scores: usize, conditioning: DiscriminatorConditioning) -> Vec<Problem> {
    let mut problems = sizes(&[(SCORES, scores, MOST_SCORES)]);
    if scores > 1 && conditioning == DiscriminatorConditioning::Projection {
        let fix = "1 with conditioning = \"projection\", which is a part of one score";
        problems.push(Problem::new(SCORES, scores, fix));
    }
    problems
}

/// What the last layer gives, `(N, K, ..)` of one number a place: `(N,)` of one score, `(N, K)` of several.
pub(crate) fn shaped(given: &Tensor, scores: usize) -> Result<Tensor> {
    if is_usual(&scores) { given.flatten_all() } else { given.flatten_from(1) }
}

/// How many a last layer of so many numbers stands for: more than one only where that was said, for such layers have others,
/// too.
pub(crate) fn read_off(
    evidence: &Evidence<'_>,
    layer: &str,
    found: usize,
) -> std::result::Result<usize, Reason> {
    match evidence.given(SCORES).unwrap_or(1) {
        scores if scores == found => Ok(scores),
        1 => Err(format!(
            "its {layer} gives {found} numbers, not a score; of a critic of features say {SCORES} = {found}"
        )),
        scores => Err(format!("its {layer} gives {found} numbers, not {scores}")),
    }
}
