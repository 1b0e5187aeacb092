//! Small statistics of short histories.

use std::f64::consts::TAU;

/// The middle value; the mean of both where their number is even. NaN of nothing.
pub(super) fn median(values: &[f64]) -> f64 {
    if values.is_empty() {
        return f64::NAN;
    }
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let half = sorted.len() / 2;
    if sorted.len().is_multiple_of(2) { f64::midpoint(sorted[half - 1], sorted[half]) } else { sorted[half] }
}

/// The standard deviation, of the population.
pub(super) fn deviation(values: &[f64]) -> f64 {
    let n = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / n;
    (values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt()
}

/// What is left of values when the straight line through them, by least squares, is taken away.
pub(super) fn detrended(values: &[f64]) -> Vec<f64> {
    let n = values.len() as f64;
    let (middle, mean) = ((n - 1.0) / 2.0, values.iter().sum::<f64>() / n.max(1.0));
    let (mut above, mut below) = (0.0, 0.0);
    for (i, value) in values.iter().enumerate() {
        let x = i as f64 - middle;
        above += x * (value - mean);
        below += x * x;
    }
    let slope = if below > 0.0 { above / below } else { 0.0 };
    values.iter().enumerate().map(|(i, value)| value - mean - slope * (i as f64 - middle)).collect()
}

/// The largest ordinate of a periodogram.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Peak {
    /// Its share of the sum of all ordinates, with both of its neighbours, in [0, 1].
    pub(super) share: f64,
    /// Periods in the window.
    pub(super) periods: usize,
}

/// Where the periodogram of detrended values peaks: I(k) = |Σ x_t e^(−2πikt/n)|², k = 1 … ⌊(n − 1)/2⌋, under a Hann window so
/// that a period which does not fit the window leaks little. Nothing where values do not vary.
pub(super) fn peak(values: &[f64]) -> Option<Peak> {
    let n = values.len();
    let scale = values.iter().fold(0.0f64, |most, x| most.max(x.abs()));
    let rest: Vec<f64> = detrended(values)
        .iter()
        .enumerate()
        .map(|(t, x)| x * (0.5 - 0.5 * (TAU * t as f64 / (n.max(2) - 1) as f64).cos()))
        .collect();
    let ordinates: Vec<f64> = (1..=(n.max(1) - 1) / 2)
        .map(|k| {
            let (mut re, mut im) = (0.0, 0.0);
            for (t, x) in rest.iter().enumerate() {
                let angle = TAU * (k * t % n) as f64 / n as f64;
                re += x * angle.cos();
                im -= x * angle.sin();
            }
            re * re + im * im
        })
        .collect();
    let total: f64 = ordinates.iter().sum();
    // Rounding errors have a periodogram, too.
    if !total.is_finite() || total <= (1e-9 * scale).powi(2) {
        return None;
    }
    let (at, _) = ordinates.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1))?;
    let share: f64 =
        ordinates[at.saturating_sub(1)..(at + 2).min(ordinates.len())].iter().sum::<f64>() / total;
    Some(Peak { share, periods: at + 1 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_near(got: f64, want: f64, tolerance: f64) {
        assert!((got - want).abs() <= tolerance, "got {got}, want {want} ± {tolerance}");
    }

    #[test]
    fn medians_and_deviations() {
        assert_eq!((median(&[3.0, 1.0, 2.0]), median(&[4.0, 1.0, 3.0, 2.0])), (2.0, 2.5));
        assert!(median(&[]).is_nan());
        assert_near(deviation(&[1.0, 3.0, 1.0, 3.0]), 1.0, 1e-15);
    }

    #[test]
    fn a_straight_line_leaves_nothing() {
        let line: Vec<f64> = (0..9).map(|i| 3.0 - 0.5 * f64::from(i)).collect();
        detrended(&line).iter().for_each(|rest| assert_near(*rest, 0.0, 1e-14));
        assert_eq!(peak(&line), None);
        assert_eq!(peak(&[1.0; 40]), None);
    }

    #[test]
    fn a_wave_on_a_slope_peaks_at_its_periods() {
        let wave: Vec<f64> =
            (0..64).map(|t| 5.0 + 0.1 * f64::from(t) + (TAU * 6.0 * f64::from(t) / 64.0).sin()).collect();
        let peak = peak(&wave).unwrap();
        assert_eq!(peak.periods, 6);
        assert_near(peak.share, 1.0, 0.02);
    }
}
