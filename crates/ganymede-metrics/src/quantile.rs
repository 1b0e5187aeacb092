//! Quantiles.

/// With linear interpolation, as NumPy's default; `sorted` is not empty and `share` in `0..=1`.
pub(crate) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let at = share * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    below + (above - below) * at.fract()
}
