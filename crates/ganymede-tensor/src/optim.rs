//! Optimisers with PyTorch's numbers, updating parameters in place.

use std::collections::{BTreeMap, HashSet};

use candle_core::{DType, Device, Error, Result, Tensor};

use crate::Param;

mod config;
mod fused;
mod rule;
mod state;
mod tensors;

pub use config::{OptimizerConfig, OptimizerError};

use rule::Rule;
use state::Moments;

/// One optimiser over a list of parameters.
///
/// On the CPU, f32 and f64 parameters are updated by one fused pass over parameter, gradient and
/// moments, in parallel; everything else by tensor operations on the parameter's device. No graph is
/// ever kept: gradients are detached, and moments are plain numbers.
///
/// ```
/// use ganymede_tensor::{DType, Device, Init, Optimizer, OptimizerConfig, Params, Rng};
/// let params = Params::new();
/// let w = params.builder(Rng::new(0), DType::F64, &Device::Cpu).param("w", 2, Init::Ones)?;
/// let sgd = OptimizerConfig::Sgd { lr: 0.5, momentum: 0.0, nesterov: false, weight_decay: 0.0 };
/// let mut optimizer = Optimizer::new(sgd, params.params())?;
/// optimizer.step(&[w.get().ones_like()?])?;
/// assert_eq!(w.get().to_vec1::<f64>()?, [0.5, 0.5]);
/// # Ok::<(), ganymede_tensor::Error>(())
/// ```
#[derive(Debug)]
pub struct Optimizer {
    config: OptimizerConfig,
    params: Vec<Param>,
    /// One entry a parameter.
    moments: Vec<Moments>,
    steps: u64,
}

impl Optimizer {
    /// An optimiser at step 0, its moments zero.
    ///
    /// # Errors
    /// [`OptimizerError`] as candle's wrapped error: a hyper-parameter out of range
    /// ([`OptimizerConfig::validate`] gives it typed), two parameters of one name, one parameter
    /// twice, a parameter that is not of floating point.
    pub fn new(config: OptimizerConfig, params: Vec<Param>) -> Result<Self> {
        Self::build(config, params, true)
    }

    /// `fused` off takes the way of other devices on the CPU, too.
    fn build(config: OptimizerConfig, params: Vec<Param>, fused: bool) -> Result<Self> {
        config.validate().map_err(Error::wrap)?;
        let (mut names, mut ids) = (HashSet::new(), HashSet::new());
        for param in &params {
            if !names.insert(param.name()) || !ids.insert(param.var().id()) {
                return Err(Error::wrap(OptimizerError::DuplicateParameter(param.name().to_string())));
            }
            if !matches!(param.var().dtype(), DType::F16 | DType::BF16 | DType::F32 | DType::F64) {
                let (name, dtype) = (param.name().to_string(), param.var().dtype());
                return Err(Error::wrap(OptimizerError::NotFloat { name, dtype }));
            }
        }
        let slots = config.slots().len();
        let moments = params.iter().map(|p| Moments::zeros(p.var(), slots, fused)).collect::<Result<_>>()?;
        Ok(Self { config, params, moments, steps: 0 })
    }

    /// One update of every parameter. `grads[i]` is the gradient of parameter `i` in the order given
    /// to [`Optimizer::new`], of its shape, dtype and device.
    ///
    /// # Errors
    /// [`OptimizerError::GradientCount`], [`OptimizerError::Gradient`]: nothing is changed then.
    pub fn step(&mut self, grads: &[Tensor]) -> Result<()> {
        self.check(grads).map_err(Error::wrap)?;
        // A failure from here on (out of memory on a device) must not leave some parameters updated
        // under the old count; the count goes first, as the bias correction needs it anyway.
        self.steps += 1;
        let rule = Rule::at(&self.config, self.steps);
        for ((param, grad), moments) in self.params.iter().zip(grads).zip(&mut self.moments) {
            let grad = grad.detach();
            match moments {
                Moments::Tensors(moments) => tensors::update(&rule, param.var(), &grad, moments)?,
                host => fused::update(&rule, param.var(), &grad.contiguous()?, host)?,
            }
        }
        Ok(())
    }

    fn check(&self, grads: &[Tensor]) -> std::result::Result<(), OptimizerError> {
        if grads.len() != self.params.len() {
            return Err(OptimizerError::GradientCount { expected: self.params.len(), found: grads.len() });
        }
        for (param, grad) in self.params.iter().zip(grads) {
            let var = param.var();
            let fits = var.dims() == grad.dims()
                && var.dtype() == grad.dtype()
                && var.device().same_device(grad.device());
            if !fits {
                let describe =
                    |t: &Tensor| format!("{:?} {:?} on {:?}", t.dims(), t.dtype(), t.device().location());
                return Err(OptimizerError::Gradient {
                    name: param.name().to_string(),
                    expected: describe(var),
                    found: describe(grad),
                });
            }
        }
        Ok(())
    }

    /// The learning rate of the next step.
    pub fn lr(&self) -> f64 {
        self.config.lr()
    }

    /// Changes the learning rate from the next step on. A schedule calls this; moments stay.
    pub fn set_lr(&mut self, lr: f64) {
        *self.config.lr_mut() = lr;
    }

    /// The number of steps taken.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The hyper-parameters, with the current learning rate.
    pub fn config(&self) -> OptimizerConfig {
        self.config
    }

    /// The parameters, in the order of the gradients.
    pub fn params(&self) -> &[Param] {
        &self.params
    }

    /// All that an exact resume needs beside the parameters and the hyper-parameters: `step` (i64, a
    /// scalar) and, for each parameter, its moments under PyTorch's names: `main.0.weight.exp_avg`,
    /// `.exp_avg_sq` (Adam); `.square_avg`, `.momentum_buffer`, `.grad_avg` (RMSprop);
    /// `.momentum_buffer` (SGD). The learning rate is not among them: it is the schedule's.
    ///
    /// # Errors
    /// A tensor could not be made.
    pub fn state_dict(&self) -> Result<BTreeMap<String, Tensor>> {
        let steps = i64::try_from(self.steps).map_err(Error::wrap)?;
        let mut state = BTreeMap::from([("step".to_string(), Tensor::new(steps, &Device::Cpu)?)]);
        for (param, moments) in self.params.iter().zip(&self.moments) {
            for (index, slot) in self.config.slots().into_iter().enumerate() {
                let tensor = moments.get(index, param.var().dims())?;
                state.insert(format!("{}.{slot}", param.name()), tensor);
            }
        }
        Ok(state)
    }

    /// Takes up a state of [`Optimizer::state_dict`]. The next steps give the same bits as those of
    /// the optimiser that it was taken from.
    ///
    /// # Errors
    /// [`OptimizerError::State`] when the state is of other parameters or of another kind of
    /// optimiser (names missing or too many, other shapes or dtypes); nothing is changed then.
    pub fn load_state_dict(&mut self, state: &BTreeMap<String, Tensor>) -> Result<()> {
        let steps = state::steps(state).map_err(Error::wrap)?;
        let slots = self.config.slots();
        state::check(&self.params, &slots, state).map_err(Error::wrap)?;
        let mut loaded = Vec::with_capacity(self.params.len());
        for (param, held) in self.params.iter().zip(&self.moments) {
            let named = slots.iter().map(|slot| &state[&format!("{}.{slot}", param.name())]);
            loaded.push(held.replaced(named, param.var())?);
        }
        self.moments = loaded;
        self.steps = steps;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
