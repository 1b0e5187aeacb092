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

/// A kernel of some sizes and two operands.
pub(crate) type Kernel<G, T> = fn(&G, &[T], &[T]) -> Vec<T>;

/// Runs the kernel for the numbers of the operands, which are contiguous.
pub(crate) fn run<G>(
    op: &str,
    g: &G,
    (s1, l1): (&CpuStorage, &Layout),
    (s2, l2): (&CpuStorage, &Layout),
    kernels: (Kernel<G, f32>, Kernel<G, f64>),
) -> Result<CpuStorage> {
    fn typed<G, T: Elem>(
        op: &str,
        g: &G,
        a: (&CpuStorage, &Layout),
        b: (&CpuStorage, &Layout),
        kernel: Kernel<G, T>,
    ) -> Result<CpuStorage> {
        let (a, b) = (contiguous::<T>(a.0, a.1, op)?, contiguous::<T>(b.0, b.1, op)?);
        Ok(<T as WithDType>::to_cpu_storage_owned(kernel(g, a, b)))
    }
    by_dtype(
        op,
        s1,
        || typed(op, g, (s1, l1), (s2, l2), kernels.0),
        || typed(op, g, (s1, l1), (s2, l2), kernels.1),
    )
}
