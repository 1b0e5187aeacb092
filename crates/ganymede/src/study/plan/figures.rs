//! Several seeds as one number: mean and standard error.

use serde::Serialize;

/// The mean x̄ = Σ x / n of n numbers, and its standard error √(Σ (x − x̄)² / (n − 1)) / √n, which one number has not.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Figure {
    pub(super) mean: f64,
    pub(super) standard_error: Option<f64>,
    pub(super) n: usize,
}

impl Figure {
    /// Of numbers that there are.
    pub(super) fn of(values: &[f64]) -> Option<Self> {
        let n = values.len();
        if n == 0 {
            return None;
        }
        let mean = values.iter().sum::<f64>() / n as f64;
        let squares: f64 = values.iter().map(|x| (x - mean).powi(2)).sum();
        let standard_error = (n > 1).then(|| (squares / (n - 1) as f64).sqrt() / (n as f64).sqrt());
        Some(Self { mean, standard_error, n })
    }

    /// `7.9 ± 0.1`: two digits of the standard error, and the mean as exactly.
    pub(super) fn text(self) -> String {
        match self.standard_error {
            Some(error) if error > 0.0 => {
                let decimals = (1 - error.log10().floor() as i32).clamp(0, 6) as usize;
                format!("{:.decimals$} ± {error:.decimals$}", self.mean)
            }
            Some(_) => format!("{} ± 0", plain(self.mean)),
            None => plain(self.mean),
        }
    }
}

/// Four digits that matter.
fn plain(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let decimals = (3 - value.abs().log10().floor() as i32).clamp(0, 8) as usize;
    let text = format!("{value:.decimals$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// The middle of numbers, or the mean of the two in the middle.
pub(super) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match (values.get(middle), values.len().is_multiple_of(2)) {
        (Some(upper), true) => Some(0.5 * (values[middle - 1] + upper)),
        (upper, _) => upper.copied(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_and_standard_errors_are_those_of_the_textbook() {
        // numpy: x.mean(), x.std(ddof=1) / sqrt(8)
        let found = Figure::of(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]).unwrap();
        assert_eq!((found.mean, found.n), (5.0, 8));
        assert!((found.standard_error.unwrap() - (32.0f64 / 7.0 / 8.0).sqrt()).abs() < 1e-15);
        assert_eq!(found.text(), "5.00 ± 0.76");
        assert_eq!(Figure::of(&[]), None);
        assert_eq!(Figure::of(&[3.0]).unwrap().text(), "3");
        assert_eq!(Figure::of(&[8.0, 8.0]).unwrap().text(), "8 ± 0");
        assert_eq!(Figure::of(&[0.123_456]).unwrap().text(), "0.1235");
        assert_eq!(Figure::of(&[1234.5, 1236.5]).unwrap().text(), "1235.5 ± 1.0");
    }

    #[test]
    fn the_middle_of_an_even_number_lies_between_two() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(vec![]), None);
    }
}
