//! Named parameters and buffers of a model.
//!
//! Names are paths joined by dots, equal to those of the reference PyTorch model, so that
//! published state dicts load by name. The order is that of creation.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use candle_core::{DType, Device, Result, Tensor, Var, bail};

use crate::Rng;

mod buffer;
mod builder;
mod init;
mod mismatch;
pub use buffer::Buffer;
use buffer::{check_same, lock};
pub use builder::Builder;
pub use init::Init;
pub use mismatch::LoadError;
use mismatch::Mismatch;

/// A trainable tensor of a model. Clones share the same value.
#[derive(Clone, Debug)]
pub struct Param {
    name: Arc<str>,
    inner: Arc<ParamInner>,
}

#[derive(Debug)]
struct ParamInner {
    var: Var,
    is_table: bool,
    frozen: Arc<AtomicUsize>,
    /// Values that stand in for the variable's, the last one seen; and whose they are.
    bound: Mutex<Vec<(u64, Tensor)>>,
}

impl Param {
    /// The path of the parameter, as `main.0.weight`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether rows of it are looked up, as the vectors of classes are ([`Builder::tables`]): it is no matrix that
    /// signals pass through.
    pub fn is_table(&self) -> bool {
        self.inner.is_table
    }

    /// The parameter as a tensor: tracked by the graph, or, while its [`Params`] are frozen,
    /// detached from it. While they are bound ([`Params::bind`]), the value that they are bound to.
    pub fn get(&self) -> Tensor {
        let bound = lock(&self.inner.bound).last().map(|(_, value)| value.clone());
        if let Some(value) = bound {
            return if self.inner.frozen.load(Ordering::Acquire) > 0 { value.detach() } else { value };
        }
        if self.inner.frozen.load(Ordering::Acquire) > 0 {
            self.inner.var.as_detached_tensor()
        } else {
            self.inner.var.as_tensor().clone()
        }
    }

    /// The variable behind the parameter, whether frozen, bound or not.
    pub fn var(&self) -> &Var {
        &self.inner.var
    }

    /// Overwrites the value.
    ///
    /// # Errors
    /// The shape or dtype of `value` differs, or it shares memory with the parameter.
    pub fn set(&self, value: &Tensor) -> Result<()> {
        check_same("parameter", &self.name, self.inner.var.as_tensor(), value)?;
        self.inner.var.set(value)
    }
}

/// All parameters and buffers of one model. Clones share them.
///
/// ```
/// use ganymede_tensor::{DType, Device, Init, Params, Rng};
/// let params = Params::new();
/// let builder = params.builder(Rng::new(0), DType::F32, &Device::Cpu);
/// let w = builder.pp("main").pp(0).param("weight", (3, 2), Init::FanInUniform)?;
/// assert_eq!(w.name(), "main.0.weight");
/// assert!(w.get().track_op());
/// let frozen = params.freeze();
/// assert!(!w.get().track_op());
/// drop(frozen);
/// assert!(w.get().track_op());
/// # Ok::<(), ganymede_tensor::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Params {
    inner: Arc<Mutex<Inner>>,
    frozen: Arc<AtomicUsize>,
}

#[derive(Debug, Default)]
struct Inner {
    params: Vec<Param>,
    buffers: Vec<Buffer>,
    names: BTreeSet<String>,
    /// The counts of guards of those that were taken in.
    parts: Vec<Arc<AtomicUsize>>,
}

impl Params {
    /// No parameters yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The place where layers create their parameters; initial values are drawn from `rng`.
    pub fn builder(&self, rng: Rng, dtype: DType, device: &Device) -> Builder {
        Builder {
            params: self.clone(),
            path: String::new(),
            is_table: false,
            rng: Arc::new(Mutex::new(rng)),
            dtype,
            device: device.clone(),
        }
    }

    /// Takes in all parameters and buffers of another model, which it shares with that model, under `path`: an ensemble has
    /// those of its members.
    ///
    /// What is done to these by name, and the guards of [`Params::freeze`] and [`Params::bind`], act on both.
    ///
    /// ```
    /// use ganymede_tensor::{DType, Device, Init, Params, Rng};
    /// let (all, one) = (Params::new(), Params::new());
    /// let w = one.builder(Rng::new(0), DType::F32, &Device::Cpu).param("w", 2, Init::Ones)?;
    /// all.take_in("members.0", &one)?;
    /// assert_eq!(all.params()[0].name(), "members.0.w");
    /// let _frozen = all.freeze();
    /// assert!(!w.get().track_op());
    /// # Ok::<(), ganymede_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// A name is taken; nothing is taken in then.
    pub fn take_in(&self, path: &str, other: &Self) -> Result<()> {
        let (params, buffers) = (other.params(), other.buffers());
        let parts = [vec![other.frozen.clone()], lock(&other.inner).parts.clone()].concat();
        let under = |name: &str| format!("{path}.{name}");
        let mut inner = lock(&self.inner);
        let names = params.iter().map(Param::name).chain(buffers.iter().map(Buffer::name)).map(under);
        let names: Vec<String> = names.collect();
        if let Some(taken) = names.iter().find(|name| inner.names.contains(*name)) {
            bail!("a parameter or buffer named {taken} exists already")
        }
        inner.names.extend(names);
        let renamed = |param: Param| Param { name: under(param.name()).into(), ..param };
        inner.params.extend(params.into_iter().map(renamed));
        inner.buffers.extend(buffers.iter().map(|buffer| buffer.renamed(under(buffer.name()))));
        inner.parts.extend(parts);
        Ok(())
    }

    /// The parameters, in order of creation.
    pub fn params(&self) -> Vec<Param> {
        lock(&self.inner).params.clone()
    }

    /// The buffers, in order of creation.
    pub fn buffers(&self) -> Vec<Buffer> {
        lock(&self.inner).buffers.clone()
    }

    /// The number of trainable scalars.
    pub fn num_elements(&self) -> usize {
        lock(&self.inner).params.iter().map(|p| p.var().elem_count()).sum()
    }

    /// Detaches all parameters from graphs until the guard is dropped.
    ///
    /// A forward pass under the guard keeps no graph on account of these parameters, and a
    /// backward pass through it computes no gradients for them: the generator is frozen while the
    /// discriminator trains, and the other way round. Guards nest. The guard acts on all threads.
    pub fn freeze(&self) -> Frozen {
        let counts = [vec![self.frozen.clone()], lock(&self.inner).parts.clone()].concat();
        for count in &counts {
            count.fetch_add(1, Ordering::AcqRel);
        }
        Frozen { counts }
    }

    /// Lets layers see `values` in place of the parameters, in order of creation, until the guard is dropped.
    ///
    /// A forward pass under the guard is a function of these tensors: gradients flow into them, and into
    /// what they were computed from. That is how a network is looked at after updates that were only
    /// proposed ([`Optimizer::propose`](crate::Optimizer::propose)). Guards nest, the last one made counts;
    /// they act on all threads. Under [`Params::freeze`] the values are detached. The parameters
    /// themselves, their updates, [`Params::state_dict`] and buffers are not touched.
    ///
    /// ```
    /// use ganymede_tensor::{DType, Device, Graph, Init, Params, Rng, grad, watch};
    /// let params = Params::new();
    /// let w = params.builder(Rng::new(0), DType::F32, &Device::Cpu).param("w", 2, Init::Ones)?;
    /// let scale = watch(&w.get().ones_like()?)?;
    /// let bound = params.bind(&[(&scale * 3.0)?])?;
    /// let g = grad(&w.get().sum_all()?, &[&scale], Graph::Discard)?;
    /// assert_eq!(g[0].to_vec1::<f32>()?, [3.0, 3.0]);
    /// drop(bound);
    /// assert_eq!(w.get().to_vec1::<f32>()?, [1.0, 1.0]);
    /// # Ok::<(), ganymede_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// Not one value for each parameter, or one of another shape, dtype or device; nothing is bound then.
    pub fn bind(&self, values: &[Tensor]) -> Result<Bound> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let params = self.params();
        check_all(&params, values)?;
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        for (param, value) in params.iter().zip(values) {
            lock(&param.inner.bound).push((id, value.clone()));
        }
        Ok(Bound { id, params })
    }

    /// Copies of the parameters' values, in order of creation: later updates do not show in them.
    ///
    /// # Errors
    /// The device refuses the memory.
    pub fn snapshot(&self) -> Result<Vec<Tensor>> {
        self.params().iter().map(|p| p.var().as_detached_tensor().copy()).collect()
    }

    /// Overwrites the parameters by `values`, which [`Params::snapshot`] gave or an optimiser proposed.
    ///
    /// # Errors
    /// As [`Params::bind`]; nothing is changed then.
    pub fn restore(&self, values: &[Tensor]) -> Result<()> {
        let params = self.params();
        check_all(&params, values)?;
        // Copied first: a value may share the memory of a parameter, and a failure must not leave some set.
        let values = values.iter().map(|v| v.detach().copy()).collect::<Result<Vec<_>>>()?;
        for (param, value) in params.iter().zip(&values).filter(|(p, _)| p.var().elem_count() > 0) {
            param.var().set(value)?;
        }
        Ok(())
    }

    /// Parameters and buffers by name, detached. The tensors share memory with the parameters:
    /// later updates in place show through them; copy what has to last.
    pub fn state_dict(&self) -> BTreeMap<String, Tensor> {
        let inner = lock(&self.inner);
        let params = inner.params.iter().map(|p| (p.name().to_string(), p.var().as_detached_tensor()));
        let buffers = inner.buffers.iter().map(|b| (b.name().to_string(), b.get()));
        params.chain(buffers).collect()
    }

    /// Overwrites all parameters and buffers. Floating values are cast to the model's dtype.
    /// `num_batches_tracked`, which old PyTorch files lack, may be missing.
    ///
    /// # Errors
    /// Names or shapes do not agree; then nothing is changed and the error lists all differences.
    pub fn load_state_dict(&self, state: &BTreeMap<String, Tensor>) -> std::result::Result<(), LoadError> {
        let inner = lock(&self.inner);
        let own: BTreeMap<&str, Tensor> =
            (inner.params.iter().map(|p| (p.name(), p.var().as_detached_tensor())))
                .chain(inner.buffers.iter().map(|b| (b.name(), b.get())))
                .collect();
        let mismatch = Mismatch::between(&own, state);
        if !mismatch.is_empty() {
            return Err(LoadError::Mismatch(mismatch));
        }
        // Convert everything first: a failure half-way must not leave a mixed model.
        let converted = own
            .iter()
            .filter_map(|(name, held)| Some((*name, held, state.get(*name)?)))
            .map(|(name, held, new)| {
                let new = new.detach().to_device(held.device())?.to_dtype(held.dtype())?;
                Ok((name.to_string(), new.contiguous()?))
            })
            .collect::<Result<BTreeMap<String, Tensor>>>()?;
        for param in &inner.params {
            if let Some(value) = converted.get(param.name()) {
                param.var().set(value)?;
            }
        }
        for buffer in &inner.buffers {
            if let Some(value) = converted.get(buffer.name()) {
                buffer.set(&value.copy()?)?;
            }
        }
        Ok(())
    }
}

/// The guard of [`Params::freeze`].
#[derive(Debug)]
#[must_use = "the parameters thaw as soon as the guard is dropped"]
pub struct Frozen {
    counts: Vec<Arc<AtomicUsize>>,
}

impl Drop for Frozen {
    fn drop(&mut self) {
        for count in &self.counts {
            count.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

/// The guard of [`Params::bind`].
#[derive(Debug)]
#[must_use = "the parameters are themselves again as soon as the guard is dropped"]
pub struct Bound {
    id: u64,
    params: Vec<Param>,
}

impl Drop for Bound {
    fn drop(&mut self) {
        for param in &self.params {
            lock(&param.inner.bound).retain(|(id, _)| *id != self.id);
        }
    }
}

fn check_all(params: &[Param], values: &[Tensor]) -> Result<()> {
    if params.len() != values.len() {
        bail!("{} values for {} parameters", values.len(), params.len())
    }
    for (param, value) in params.iter().zip(values) {
        check_same("parameter", param.name(), param.var(), value)?;
        if !param.var().device().same_device(value.device()) {
            let [held, found] = [param.var().device(), value.device()].map(|d| d.location());
            bail!("parameter {}: on {held:?}, the value on {found:?}", param.name())
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
