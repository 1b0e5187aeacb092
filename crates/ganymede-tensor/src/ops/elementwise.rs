//! Operations element by element, on the CPU.

use candle_core::{CpuStorage, Layout, Result, Shape, WithDType};
use ganymede_kernels::map::{map, zip_map};

use crate::storage::{Elem, by_dtype, contiguous};

/// Applies a function of f32 or of f64.
pub(super) fn unary(
    op: &str,
    s: &CpuStorage,
    l: &Layout,
    (f32_fn, f64_fn): (impl Fn(f32) -> f32 + Sync, impl Fn(f64) -> f64 + Sync),
) -> Result<(CpuStorage, Shape)> {
    fn typed<T: Elem>(op: &str, s: &CpuStorage, l: &Layout, f: impl Fn(T) -> T + Sync) -> Result<CpuStorage> {
        Ok(<T as WithDType>::to_cpu_storage_owned(map(contiguous::<T>(s, l, op)?, f)))
    }
    let y = by_dtype(op, s, || typed(op, s, l, f32_fn), || typed(op, s, l, f64_fn))?;
    Ok((y, l.shape().clone()))
}

/// Applies a function of two f32 or two f64.
pub(super) fn binary(
    op: &str,
    (a, la): (&CpuStorage, &Layout),
    (b, lb): (&CpuStorage, &Layout),
    (f32_fn, f64_fn): (impl Fn(f32, f32) -> f32 + Sync, impl Fn(f64, f64) -> f64 + Sync),
) -> Result<(CpuStorage, Shape)> {
    fn typed<T: Elem>(
        op: &str,
        a: (&CpuStorage, &Layout),
        b: (&CpuStorage, &Layout),
        f: impl Fn(T, T) -> T + Sync,
    ) -> Result<CpuStorage> {
        let y = zip_map(contiguous::<T>(a.0, a.1, op)?, contiguous::<T>(b.0, b.1, op)?, f);
        Ok(<T as WithDType>::to_cpu_storage_owned(y))
    }
    let y = by_dtype(op, a, || typed(op, (a, la), (b, lb), f32_fn), || typed(op, (a, la), (b, lb), f64_fn))?;
    Ok((y, la.shape().clone()))
}
