//! Numbers that are none: where they are, before anything is drawn of them.

use ganymede_tensor::{DType, Device, Result, Tensor};

/// The first element that is not a finite number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct NotFinite {
    /// Its place in the flattened tensor.
    pub(crate) at: usize,
    /// NaN or an infinity.
    pub(crate) value: f32,
    /// How many there are.
    pub(crate) count: usize,
}

/// Looks through a tensor of floats; integers are always finite.
pub(crate) fn not_finite(tensor: &Tensor) -> Result<Option<NotFinite>> {
    if !tensor.dtype().is_float() || tensor.elem_count() == 0 {
        return Ok(None);
    }
    let values = tensor.to_device(&Device::Cpu)?.to_dtype(DType::F32)?.flatten_all()?.to_vec1::<f32>()?;
    let Some(at) = values.iter().position(|value| !value.is_finite()) else { return Ok(None) };
    let count = values[at..].iter().filter(|value| !value.is_finite()).count();
    Ok(Some(NotFinite { at, value: values[at], count }))
}
