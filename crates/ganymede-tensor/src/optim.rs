//! Optimisers with PyTorch's numbers, updating parameters in place.

use std::collections::{BTreeMap, HashSet};

use candle_core::{DType, Device, Error, Result, Tensor};

use crate::Param;

mod config;
mod error;
mod fused;
mod moments;
mod rule;
mod state;
mod tensors;

pub use config::OptimizerConfig;
pub use error::OptimizerError;

pub use moments::Moments;
use rule::Rule;
use state::Slots;

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
    moments: Vec<Slots>,
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
        let moments = params.iter().map(|p| Slots::zeros(p.var(), slots, fused)).collect::<Result<_>>()?;
        Ok(Self { config, params, moments, steps: 0 })
    }

    /// One update of every parameter. `grads[i]` is the gradient of parameter `i` in the order given
    /// to [`Optimizer::new`], of its shape, dtype and device.
    ///
    /// # Errors
    /// [`OptimizerError::GradientCount`], [`OptimizerError::Gradient`], or a device without room: nothing is
    /// changed then.
    pub fn step(&mut self, grads: &[Tensor]) -> Result<()> {
        self.check(grads).map_err(Error::wrap)?;
        let rule = Rule::at(&self.config, self.steps + 1);
        // All that can fail comes first, so that no failure leaves some parameters updated.
        let grads = grads.iter().map(|g| g.detach().contiguous()).collect::<Result<Vec<_>>>()?;
        let mut updated = Vec::with_capacity(grads.len());
        for ((param, grad), slots) in self.params.iter().zip(&grads).zip(&self.moments) {
            updated.push(match slots {
                // candle gives an empty tensor itself as the result of an operation, and a variable cannot
                // be set to itself.
                Slots::Tensors(held) if grad.elem_count() > 0 => {
                    Some(tensors::update(&rule, &param.var().as_detached_tensor(), grad, held)?)
                }
                _ => None,
            });
        }
        self.steps += 1;
        for (((param, grad), slots), updated) in
            self.params.iter().zip(&grads).zip(&mut self.moments).zip(updated)
        {
            match (slots, updated) {
                (Slots::Tensors(held), Some((value, moments))) => {
                    param.var().set(&value)?;
                    *held = moments;
                }
                (Slots::Tensors(_), None) => {}
                (host, _) => fused::update(&rule, param.var(), grad, host)?,
            }
        }
        Ok(())
    }

    /// The update that [`Optimizer::step`] would make, as a function of plain tensors that can be
    /// differentiated to any order: parameters and moments after one step from `params` and `moments` along
    /// `grads`. Neither the parameters nor the optimiser change; learning rate and hyper-parameters are the
    /// current ones.
    ///
    /// Chains of it are what unrolled, extrapolated and averaged schemes are made of, with
    /// [`Params::bind`](crate::Params::bind) to look at the network between the steps.
    ///
    /// A second moment of 0, that of a parameter without a gradient, passes no gradient on: that of its root
    /// is infinite.
    ///
    /// ```
    /// use ganymede_tensor::{DType, Device, Graph, Init, Optimizer, OptimizerConfig, Params, Rng, grad, watch};
    /// let params = Params::new();
    /// params.builder(Rng::new(0), DType::F64, &Device::Cpu).param("w", 1, Init::Ones)?;
    /// let sgd = Optimizer::new(OptimizerConfig::SGD.with_lr(0.1), params.params())?;
    /// let w = watch(&params.snapshot()?[0])?;
    /// // A step down w²: w ← w − 0.1 · 2w, whose derivative is 0.8.
    /// let (next, _) = sgd.propose(&[w.clone()], &[(&w * 2.0)?], &sgd.moments()?)?;
    /// let slope = grad(&next[0], &[&w], Graph::Discard)?;
    /// assert!((slope[0].to_vec1::<f64>()?[0] - 0.8).abs() < 1e-12);
    /// # Ok::<(), ganymede_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// Not one tensor for each parameter, or one of another shape, dtype or device.
    pub fn propose(
        &self,
        params: &[Tensor],
        grads: &[Tensor],
        moments: &Moments,
    ) -> Result<(Vec<Tensor>, Moments)> {
        self.check(params).and_then(|()| self.check(grads)).map_err(Error::wrap)?;
        self.check_moments(moments).map_err(Error::wrap)?;
        let rule = Rule::at(&self.config, moments.steps + 1);
        let held = params.iter().zip(grads).zip(&moments.tensors);
        let new = held.map(|((p, g), m)| tensors::update(&rule, p, g, m)).collect::<Result<Vec<_>>>()?;
        let (params, tensors) = new.into_iter().unzip();
        Ok((params, Moments { steps: moments.steps + 1, tensors }))
    }

    /// A copy of the moments: where [`Optimizer::propose`] starts, and what undoes steps.
    ///
    /// # Errors
    /// A tensor could not be made.
    pub fn moments(&self) -> Result<Moments> {
        let slots = 0..self.config.slots().len();
        let of = |(param, held): (&Param, &Slots)| {
            let (dims, device) = (param.var().dims(), param.var().device());
            slots.clone().map(|i| held.get(i, dims)?.to_device(device)).collect::<Result<Vec<_>>>()
        };
        let tensors = self.params.iter().zip(&self.moments).map(of).collect::<Result<_>>()?;
        Ok(Moments { steps: self.steps, tensors })
    }

    /// Takes up moments of [`Optimizer::moments`] or [`Optimizer::propose`], the number of steps with them.
    ///
    /// # Errors
    /// They are of other parameters or of another rule; nothing is changed then.
    pub fn set_moments(&mut self, moments: &Moments) -> Result<()> {
        self.check_moments(moments).map_err(Error::wrap)?;
        let held = self.params.iter().zip(&self.moments).zip(&moments.tensors);
        self.moments =
            held.map(|((param, held), new)| held.replaced(new.iter(), param.var())).collect::<Result<_>>()?;
        self.steps = moments.steps;
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

    fn check_moments(&self, moments: &Moments) -> std::result::Result<(), OptimizerError> {
        let slots = self.config.slots().len();
        let same = |a: &Tensor, b: &Tensor| a.dims() == b.dims() && a.dtype() == b.dtype();
        let fits = moments.tensors.len() == self.params.len()
            && self
                .params
                .iter()
                .zip(&moments.tensors)
                .all(|(param, held)| held.len() == slots && held.iter().all(|t| same(t, param.var())));
        if fits { Ok(()) } else { Err(OptimizerError::State("the moments are of other parameters".into())) }
    }

    /// The learning rate of the next step.
    pub fn lr(&self) -> f64 {
        self.config.lr()
    }

    /// Changes the learning rate from the next step on. A schedule calls this; moments stay.
    pub fn set_lr(&mut self, lr: f64) {
        *self.config.lr_mut() = lr;
    }

    /// Other hyper-parameters of the same kind, in force from the next step on, with the moments and the
    /// number of steps as they are. Schedules of more than the learning rate call this.
    ///
    /// The next step is that of an optimiser which was built with `config` and took up these moments. Adam's
    /// bias correction is then that of the new betas for all steps so far, as in PyTorch when a parameter
    /// group's betas are changed.
    ///
    /// ```
    /// use ganymede_tensor::{Optimizer, OptimizerConfig};
    /// let mut optimizer = Optimizer::new(OptimizerConfig::ADAM, Vec::new())?;
    /// let OptimizerConfig::Adam { lr, beta2, eps, weight_decay, .. } = optimizer.config() else { panic!() };
    /// let next = OptimizerConfig::Adam { lr, beta1: 0.0, beta2, eps, weight_decay };
    /// optimizer.configure(next)?;
    /// assert_eq!(optimizer.config(), next);
    /// assert!(optimizer.configure(OptimizerConfig::SGD).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`OptimizerError::HyperParameter`] for one out of range; [`OptimizerError::Kind`] for another kind;
    /// [`OptimizerError::OtherMoments`] where other moments are needed: a momentum that comes from 0 or goes
    /// there, another `centered`. Nothing is changed then.
    pub fn configure(&mut self, config: OptimizerConfig) -> std::result::Result<(), OptimizerError> {
        config.validate()?;
        self.config.check_successor(&config)?;
        self.config = config;
        Ok(())
    }

    /// The number of steps taken.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The current hyper-parameters.
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
