//! Features of several passes as one set, and of one set as two.

use ganymede_metrics::{Features, MetricError};
use ndarray::{Array2, Axis, concatenate};

use crate::error::TrainError;

/// The rows of all passes, in order.
pub(super) fn join(parts: Vec<Features>) -> Result<Features, TrainError> {
    let rows = |part: fn(&Features) -> Option<&Array2<f32>>| {
        let views: Option<Vec<_>> = parts.iter().map(|p| part(p).map(|rows| rows.view())).collect();
        let joined = views.map(|views| concatenate(Axis(0), &views)).transpose();
        joined.map_err(|error| MetricError::Invalid(format!("features of several sizes: {error}")))
    };
    let (pool, logits) = (rows(|p| Some(&p.pool))?, rows(|p| p.logits.as_ref())?);
    Ok(Features { pool: pool.unwrap_or_default(), logits, spatial: None })
}

/// The first rows, and the others.
pub(super) fn split(features: Features, at: usize) -> (Features, Features) {
    let cut = |rows: &Array2<f32>| {
        let part = |range: std::ops::Range<usize>| rows.select(Axis(0), &range.collect::<Vec<_>>());
        (part(0..at), part(at..rows.nrows()))
    };
    let (pool, other_pool) = cut(&features.pool);
    let (logits, other_logits) = features.logits.as_ref().map(cut).unzip();
    let part = |pool, logits| Features { pool, logits, spatial: None };
    (part(pool, logits), part(other_pool, other_logits))
}
