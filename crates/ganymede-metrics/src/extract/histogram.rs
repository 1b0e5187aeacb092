//! How many images a classifier holds for each class.

use ndarray::Array2;

use crate::argmax::argmax_rows;
use crate::{Result, Rows};

/// For each class, the number of rows of `logits` `(N, K)` whose largest number is its own; the
/// first one where several are equal. The counts sum to N.
///
/// # Errors
/// A logit is not a number, or there are rows without classes.
pub fn class_counts(logits: &Array2<f32>) -> Result<Vec<usize>> {
    let mut counts = vec![0; logits.ncols()];
    argmax_rows(Rows::from(logits))?.into_iter().for_each(|class| counts[class] += 1);
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MetricError;
    use ndarray::arr2;

    #[test]
    fn each_row_counts_once() {
        let logits = arr2(&[[0.0, 1.0, 0.5], [-1.0, -2.0, -3.0], [2.0, 2.0, 1.0], [0.0, 0.0, f32::INFINITY]]);
        assert_eq!(class_counts(&logits).unwrap(), [2, 1, 1]);
        assert_eq!(class_counts(&Array2::zeros((0, 10))).unwrap(), [0; 10]);
    }

    #[test]
    fn what_is_no_number_is_named() {
        let error = class_counts(&arr2(&[[0.0, 1.0], [f32::NAN, 1.0]])).unwrap_err();
        assert!(matches!(error, MetricError::NotFinite { row: 1, column: 0, .. }), "{error}");
        assert!(class_counts(&Array2::zeros((3, 0))).is_err());
    }
}
