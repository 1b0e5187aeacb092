//! Parameters times a number.
//!
//! A pass for the gradient in an image needs none in the weights. Of a variable that is easily seen; a multiple of one
//! is to the graph an intermediate result like any other, so it is remembered whose multiple it is.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use candle_core::backend::BackendStorage;
use candle_core::{
    CpuStorage, CudaStorage, CustomOp1, Layout, MetalStorage, Result, Shape, Tensor, TensorId,
};

use crate::Param;

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
    let place = Arc::new(OnceLock::new());
    let scaled = value.apply_op1(Scaled { factor, place: place.clone() })?;
    let _ = place.set(scaled.id());
    sources().insert(scaled.id(), value.id());
    Ok(scaled)
}

/// The variable that `x` is a multiple of, if it is one.
pub(super) fn source_of(x: &Tensor) -> Option<TensorId> {
    sources().get(&x.id()).copied()
}

/// Multiples that are alive, and their variables.
fn sources() -> MutexGuard<'static, HashMap<TensorId, TensorId>> {
    static SOURCES: OnceLock<Mutex<HashMap<TensorId, TensorId>>> = OnceLock::new();
    SOURCES.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner)
}

struct Scaled {
    factor: f64,
    place: Arc<OnceLock<TensorId>>,
}

impl Drop for Scaled {
    // The graph owns the operation, so this runs when the multiple is gone.
    fn drop(&mut self) {
        if let Some(scaled) = self.place.get() {
            sources().remove(scaled);
        }
    }
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
