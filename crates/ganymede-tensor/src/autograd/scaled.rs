//! Parameters times a number.
//!
//! A pass for the gradient in an image needs none in the weights. Of a variable that is easily seen; a multiple of one
//! is to the graph an intermediate result like any other, so it is remembered whose multiple it is.

use candle_core::backend::BackendStorage;
use candle_core::{
    CpuStorage, CudaStorage, CustomOp1, Layout, MetalStorage, Result, Shape, Tensor, TensorId,
};

use super::known::{Entry, Known};
use crate::Param;

/// Multiples, and their variables.
static SOURCES: Known<TensorId> = Known::new();

/// `factor` times a parameter, as layers with an equalised learning rate use it.
///
/// # Errors
/// The device refuses the memory.
pub fn scaled_param(param: &Param, factor: f64) -> Result<Tensor> {
    let value = param.get();
    if factor == 1.0 {
        return Ok(value);
    }
    // One that is frozen has no gradient; one that is bound to another value depends on who knows what.
    if !value.is_variable() {
        return value * factor;
    }
    SOURCES.with(value.id(), |entry| value.apply_op1(Scaled { factor, _entry: entry }))
}

/// The variable that `x` is a multiple of, if it is one.
pub(super) fn source_of(x: &Tensor) -> Option<TensorId> {
    SOURCES.of(x.id())
}

struct Scaled {
    factor: f64,
    _entry: Entry<TensorId>,
}

impl CustomOp1 for Scaled {
    fn name(&self) -> &'static str {
        "scaled_param"
    }

    fn cpu_fwd(&self, s: &CpuStorage, l: &Layout) -> Result<(CpuStorage, Shape)> {
        Ok((s.affine(l, self.factor, 0.0)?, l.shape().clone()))
    }

    fn cuda_fwd(&self, s: &CudaStorage, l: &Layout) -> Result<(CudaStorage, Shape)> {
        Ok((s.affine(l, self.factor, 0.0)?, l.shape().clone()))
    }

    fn metal_fwd(&self, s: &MetalStorage, l: &Layout) -> Result<(MetalStorage, Shape)> {
        Ok((s.affine(l, self.factor, 0.0)?, l.shape().clone()))
    }

    fn bwd(&self, _: &Tensor, _: &Tensor, grad: &Tensor) -> Result<Option<Tensor>> {
        (grad * self.factor).map(Some)
    }
}
