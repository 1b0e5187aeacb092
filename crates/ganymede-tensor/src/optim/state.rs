//! Moments, and their form in files.

use std::collections::{BTreeMap, BTreeSet};

use candle_core::{DType, Device, Result, Tensor, Var};

use super::OptimizerError;
use crate::Param;

/// The moments of one parameter, in the order of the rule's slots.
#[derive(Debug)]
pub(super) enum Slots {
    /// In memory, for the fused update.
    F32(Vec<Vec<f32>>),
    /// In memory, for the fused update.
    F64(Vec<Vec<f64>>),
    /// On any device.
    Tensors(Vec<Tensor>),
}

impl Slots {
    pub(super) fn zeros(var: &Var, slots: usize, fused: bool) -> Result<Self> {
        let len = var.elem_count();
        Ok(match var.dtype() {
            DType::F32 if fused && var.device().is_cpu() => Self::F32(vec![vec![0.0; len]; slots]),
            DType::F64 if fused && var.device().is_cpu() => Self::F64(vec![vec![0.0; len]; slots]),
            _ => {
                let zeros = || Tensor::zeros(var.dims(), var.dtype(), var.device());
                Self::Tensors((0..slots).map(|_| zeros()).collect::<Result<_>>()?)
            }
        })
    }

    /// One moment as a tensor of the parameter's shape.
    pub(super) fn get(&self, slot: usize, shape: &[usize]) -> Result<Tensor> {
        match self {
            Self::F32(moments) => Tensor::from_slice(&moments[slot], shape, &Device::Cpu),
            Self::F64(moments) => Tensor::from_slice(&moments[slot], shape, &Device::Cpu),
            Self::Tensors(moments) => Ok(moments[slot].clone()),
        }
    }

    /// The same kind of moments with other values.
    pub(super) fn replaced<'a>(&self, values: impl Iterator<Item = &'a Tensor>, var: &Var) -> Result<Self> {
        Ok(match self {
            Self::F32(_) => Self::F32(values.map(|t| t.flatten_all()?.to_vec1()).collect::<Result<_>>()?),
            Self::F64(_) => Self::F64(values.map(|t| t.flatten_all()?.to_vec1()).collect::<Result<_>>()?),
            Self::Tensors(_) => {
                let own = |t: &Tensor| t.detach().to_device(var.device())?.contiguous();
                Self::Tensors(values.map(own).collect::<Result<_>>()?)
            }
        })
    }
}

/// The number of steps in a state.
pub(super) fn steps(state: &BTreeMap<String, Tensor>) -> std::result::Result<u64, OptimizerError> {
    let tensor = state.get("step").ok_or_else(|| OptimizerError::State("`step` is missing".to_string()))?;
    let steps = tensor.to_scalar::<i64>().ok().and_then(|n| u64::try_from(n).ok());
    steps.ok_or_else(|| {
        OptimizerError::State("`step` is not a count (i64, a scalar, not negative)".to_string())
    })
}

/// Whether a state holds exactly the moments of these parameters.
pub(super) fn check(
    params: &[Param],
    slots: &[&str],
    state: &BTreeMap<String, Tensor>,
) -> std::result::Result<(), OptimizerError> {
    let mut known = BTreeSet::from(["step".to_string()]);
    for param in params {
        let var = param.var();
        for slot in slots {
            let key = format!("{}.{slot}", param.name());
            let Some(found) = state.get(&key) else {
                return Err(OptimizerError::State(format!("`{key}` is missing")));
            };
            if found.dims() != var.dims() || found.dtype() != var.dtype() {
                return Err(OptimizerError::State(format!(
                    "`{key}` is {:?} {:?}, the parameter {:?} {:?}",
                    found.dims(),
                    found.dtype(),
                    var.dims(),
                    var.dtype()
                )));
            }
            known.insert(key);
        }
    }
    match state.keys().find(|key| !known.contains(*key)) {
        Some(key) => Err(OptimizerError::State(format!("`{key}` is of another optimiser or model"))),
        None => Ok(()),
    }
}
