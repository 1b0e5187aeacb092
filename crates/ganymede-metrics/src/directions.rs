//! Rows without their length.

use ndarray::Array2;

use crate::{MetricError, Result, Rows};

/// Each row divided by its length, in f64.
///
/// # Errors
/// A row of zeros.
pub(crate) fn unit_rows(rows: Rows<'_>) -> Result<Array2<f64>> {
    let mut rows = rows.to_f64();
    for (number, mut row) in rows.rows_mut().into_iter().enumerate() {
        let length = row.dot(&row).sqrt();
        if length == 0.0 {
            return Err(MetricError::Invalid(format!(
                "row {number} of the features is all zeros and has no direction"
            )));
        }
        row /= length;
    }
    Ok(rows)
}
