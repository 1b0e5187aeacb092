//! Which class a classifier puts a sample into.

use crate::{MetricError, Result, Rows};

/// For each row of logits `(N, K)` the number of its largest one; the lowest where several are equal. Logits may be
/// infinite.
///
/// # Errors
/// A logit is not a number, or there are rows without classes.
pub(crate) fn argmax_rows(logits: Rows<'_>) -> Result<Vec<usize>> {
    if logits.dim() == 0 && logits.count() > 0 {
        return Err(MetricError::Invalid("logits of no classes: no class is the largest".into()));
    }
    match logits {
        Rows::F32(rows) => rows.outer_iter().enumerate().map(|(n, row)| largest(n, row.iter())).collect(),
        Rows::F64(rows) => rows.outer_iter().enumerate().map(|(n, row)| largest(n, row.iter())).collect(),
    }
}

fn largest<'a, T>(row: usize, logits: impl Iterator<Item = &'a T>) -> Result<usize>
where
    T: Copy + PartialOrd + Into<f64> + 'a,
{
    let mut best: Option<(usize, T)> = None;
    for (column, logit) in logits.copied().enumerate() {
        let value: f64 = logit.into();
        if value.is_nan() {
            return Err(MetricError::NotFinite { what: "logits".into(), row, column, value: f32::NAN });
        }
        if best.is_none_or(|(_, largest)| logit > largest) {
            best = Some((column, logit));
        }
    }
    Ok(best.map_or(0, |(column, _)| column))
}
