//! Rows of features as they come, batch after batch.

use ganymede_tensor::{DType, Tensor};
use ndarray::Array2;

use crate::{MetricError, Result};

/// Rows gathered so far.
#[derive(Default)]
pub(super) struct Rows {
    data: Vec<f32>,
}

impl Rows {
    /// Appends `(N, D)`, if there is any.
    pub(super) fn append(&mut self, rows: Option<Tensor>) -> Result<()> {
        if let Some(rows) = rows {
            self.data.extend(rows.to_dtype(DType::F32)?.flatten_all()?.to_vec1::<f32>()?);
        }
        Ok(())
    }

    /// All of them as `(n, D)`; nothing if there are none.
    pub(super) fn into_array(self, n: usize) -> Result<Option<Array2<f32>>> {
        if self.data.is_empty() {
            return Ok(None);
        }
        let columns = self.data.len() / n.max(1);
        let array = Array2::from_shape_vec((n, columns), self.data);
        array.map(Some).map_err(|e| MetricError::Invalid(format!("rows of features: {e}")))
    }
}
