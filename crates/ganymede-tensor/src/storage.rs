//! The numbers of a tensor on the CPU, as kernels take them.

use candle_core::{CpuStorage, Layout, Result, WithDType, bail};

/// The number types of tensors that kernels run on.
pub(crate) trait Elem: WithDType + Default + ganymede_kernels::Elem {}
impl Elem for f32 {}
impl Elem for f64 {}

/// The contiguous elements that `layout` names.
pub(crate) fn contiguous<'a, T: Elem>(storage: &'a CpuStorage, layout: &Layout, op: &str) -> Result<&'a [T]> {
    let Some((start, end)) = layout.contiguous_offsets() else {
        bail!("{op}: the argument of shape {:?} must be contiguous", layout.dims())
    };
    Ok(&storage.as_slice::<T>()?[start..end])
}

/// Runs the instance of an operation for the numbers of `storage`.
pub(crate) fn by_dtype<R>(
    op: &str,
    storage: &CpuStorage,
    for_f32: impl FnOnce() -> Result<R>,
    for_f64: impl FnOnce() -> Result<R>,
) -> Result<R> {
    match storage {
        CpuStorage::F32(_) => for_f32(),
        CpuStorage::F64(_) => for_f64(),
        _ => bail!("{op}: f32 or f64 expected"),
    }
}
