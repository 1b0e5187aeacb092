//! Gradients in the middle of a graph.
//!
//! candle keeps gradients of variables only. A tap is an identity operation that catches the
//! gradient that flows back through it.

use std::sync::atomic::{AtomicU64, Ordering};

use candle_core::backend::BackendStorage;
use candle_core::{CpuStorage, CudaStorage, CustomOp1, Layout, MetalStorage, Shape, Var};

use super::known::{Entry, Known};
use super::{CAUGHT, Result, Tensor};

/// Watched tensors, and their taps.
static TAPS: Known<u64> = Known::new();

/// A tensor equal to `x` in which gradients can be asked for.
///
/// If `x` carries no graph the result is a new leaf; otherwise it is a point inside the graph of
/// `x`, and gradients flow on through it.
///
/// # Errors
/// The device refuses the memory of a copy.
pub fn watch(x: &Tensor) -> Result<Tensor> {
    if x.is_variable() {
        return Ok(x.clone());
    }
    if !x.track_op() {
        return Ok(Var::from_tensor(&x.contiguous()?)?.into_inner());
    }
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let id = NEXT.fetch_add(1, Ordering::Relaxed);
    TAPS.with(id, |entry| x.apply_op1(Tap { id, _entry: entry }))
}

/// The tap that `x` came out of, if any.
pub(super) fn tap_of(x: &Tensor) -> Option<u64> {
    TAPS.of(x.id())
}

struct Tap {
    id: u64,
    _entry: Entry<u64>,
}

impl CustomOp1 for Tap {
    fn name(&self) -> &'static str {
        "watch"
    }

    fn cpu_fwd(&self, s: &CpuStorage, l: &Layout) -> Result<(CpuStorage, Shape)> {
        Ok((s.affine(l, 1.0, 0.0)?, l.shape().clone()))
    }

    fn cuda_fwd(&self, s: &CudaStorage, l: &Layout) -> Result<(CudaStorage, Shape)> {
        Ok((s.affine(l, 1.0, 0.0)?, l.shape().clone()))
    }

    fn metal_fwd(&self, s: &MetalStorage, l: &Layout) -> Result<(MetalStorage, Shape)> {
        Ok((s.affine(l, 1.0, 0.0)?, l.shape().clone()))
    }

    fn bwd(&self, _: &Tensor, _: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        CAUGHT.with_borrow_mut(|caught| {
            if let Some(slot) = caught.get_mut(&self.id) {
                *slot = Some(grad.clone());
            }
        });
        Ok(Some(grad.clone()))
    }
}

#[cfg(test)]
pub(super) fn is_known(id: super::TensorId) -> bool {
    TAPS.of(id).is_some()
}
