//! Classes of samples from a file.

use std::path::Path;

use ganymede_tensor::{DType, Device, load_weights};

use crate::error::TrainError;

/// The tensor that a file keeps them under, where it holds several.
const NAME: &str = "y";

/// The classes `(N,)` of `count` samples.
///
/// # Errors
/// The file cannot be read; it has no such tensor, or one of another shape, of floats, or with another class.
pub(crate) fn read(path: &Path, classes: usize, count: usize) -> Result<Vec<u32>, TrainError> {
    let fail = |reason: String| TrainError::Sample { reason: format!("{}: {reason}", path.display()) };
    let mut tensors = load_weights(path, None, &Device::Cpu)?;
    let held = tensors.len();
    let only = if held == 1 { tensors.pop_first().map(|(_, y)| y) } else { tensors.remove(NAME) };
    let y = only.ok_or_else(|| fail(format!("it holds {held} tensors and none is called `{NAME}`")))?;
    if y.dtype().is_float() {
        return Err(fail("the labels are floats; save them as int64 or uint32".to_owned()));
    }
    if y.dims() != [count] {
        return Err(fail(format!("the labels have shape {:?}, and there are {count} samples", y.dims())));
    }
    let values = y.to_dtype(DType::I64)?.to_vec1::<i64>()?;
    let class = |(i, value): (usize, i64)| match u32::try_from(value) {
        Ok(class) if (class as usize) < classes => Ok(class),
        _ => Err(fail(format!(
            "label {i} is {value}; there are {classes} classes, numbered 0 to {}",
            classes - 1
        ))),
    };
    values.into_iter().enumerate().map(class).collect()
}
