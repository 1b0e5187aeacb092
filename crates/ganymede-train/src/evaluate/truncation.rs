//! What truncation does to the measures of a checkpoint.

use std::path::Path;

use serde::Serialize;

use super::{EvalOptions, Ready, not_finite};
use crate::config::Run;
use crate::error::TrainError;
use crate::look::Look;
use crate::quality::Quality;
use crate::sample::{Truncated, Truncation};

/// How good samples of a truncation are.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TruncationPoint {
    /// The truncation; nothing of samples that are not truncated.
    pub truncation: Option<Truncation>,
    /// How good they are.
    pub quality: Quality,
}

/// Measures a checkpoint of `run` without truncation and then with each: all by the same real samples and, as far as a
/// truncation leaves them, by the same latent vectors. `tell` hears of each; after `stop` says so, nothing more is
/// measured.
///
/// # Errors
/// As [`evaluate`](super::evaluate); a truncation cannot be had of the generator, which shows before anything is
/// measured.
pub fn evaluate_truncated(
    (run, checkpoint): (&Run, &Path),
    options: EvalOptions<'_>,
    truncations: &[Truncation],
    tell: &mut dyn FnMut(&TruncationPoint),
    stop: &mut dyn FnMut() -> bool,
) -> Result<Vec<TruncationPoint>, TrainError> {
    let checkpoints = [checkpoint.to_owned()];
    let ready = Ready::new(run, &checkpoints, options)?;
    for truncation in truncations {
        ready.sampler.check_truncation(*truncation)?;
    }
    let mut points = Vec::new();
    for truncation in std::iter::once(None).chain(truncations.iter().copied().map(Some)) {
        let generator = Truncated::new(ready.sampler.generator(), truncation)?;
        let quality = match ready.measure(&generator, stop)? {
            Look::Seen(quality) => quality,
            Look::CutShort => break,
            Look::NotFinite(cause) => return Err(not_finite(&checkpoints, &cause)),
        };
        let point = TruncationPoint { truncation, quality };
        tell(&point);
        points.push(point);
    }
    Ok(points)
}
