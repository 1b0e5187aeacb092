//! Named parameters and buffers of a model.
//!
//! Names are paths joined by dots, equal to those of the reference PyTorch model, so that
//! published state dicts load by name. The order is that of creation.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use candle_core::{DType, Device, Result, Shape, Tensor, Var, bail};

use crate::Rng;

mod init;
pub use init::Init;

/// A trainable tensor of a model. Clones share the same value.
#[derive(Clone, Debug)]
pub struct Param {
    inner: Arc<ParamInner>,
}

#[derive(Debug)]
struct ParamInner {
    name: String,
    var: Var,
    frozen: Arc<AtomicUsize>,
}

impl Param {
    /// The path of the parameter, as `main.0.weight`.
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// The parameter as a tensor: tracked by the graph, or, while its [`Params`] are frozen,
    /// detached from it.
    pub fn get(&self) -> Tensor {
        if self.inner.frozen.load(Ordering::Acquire) > 0 {
            self.inner.var.as_detached_tensor()
        } else {
            self.inner.var.as_tensor().clone()
        }
    }

    /// The variable behind the parameter, whether frozen or not.
    pub fn var(&self) -> &Var {
        &self.inner.var
    }

    /// Overwrites the value.
    ///
    /// # Errors
    /// The shape or dtype of `value` differs, or it shares memory with the parameter.
    pub fn set(&self, value: &Tensor) -> Result<()> {
        check_same("parameter", &self.inner.name, self.inner.var.as_tensor(), value)?;
        self.inner.var.set(value)
    }
}

/// Persistent state of a model that is not trained: a running mean, a spectral `u`.
#[derive(Clone, Debug)]
pub struct Buffer {
    name: String,
    value: Arc<Mutex<Tensor>>,
}

impl Buffer {
    /// The path of the buffer, as `main.1.running_mean`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value, never tracked by a graph.
    pub fn get(&self) -> Tensor {
        lock(&self.value).clone()
    }

    /// Replaces the value. Tensors that [`Buffer::get`] gave out before keep theirs.
    ///
    /// # Errors
    /// The shape or dtype of `value` differs.
    pub fn set(&self, value: &Tensor) -> Result<()> {
        let mut held = lock(&self.value);
        check_same("buffer", &self.name, &held, value)?;
        *held = value.detach();
        Ok(())
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
            rng: Arc::new(Mutex::new(rng)),
            dtype,
            device: device.clone(),
        }
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
        self.frozen.fetch_add(1, Ordering::AcqRel);
        Frozen { count: self.frozen.clone() }
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
    count: Arc<AtomicUsize>,
}

impl Drop for Frozen {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Creates parameters and buffers under a path. Clones share the random stream.
#[derive(Clone, Debug)]
pub struct Builder {
    params: Params,
    path: String,
    rng: Arc<Mutex<Rng>>,
    dtype: DType,
    device: Device,
}

impl Builder {
    /// The builder one path segment further down.
    pub fn pp(&self, segment: impl Display) -> Builder {
        Builder { path: self.full_name(&segment.to_string()), ..self.clone() }
    }

    /// A new trainable parameter `path.name`.
    ///
    /// # Errors
    /// The name is taken, or `init` does not suit the shape.
    pub fn param(&self, name: &str, shape: impl Into<Shape>, init: Init) -> Result<Param> {
        let name = self.claim(name)?;
        let value = init.draw(&shape.into(), &mut self.rng(), self.dtype, &self.device)?;
        let var = Var::from_tensor(&value)?;
        let inner = ParamInner { name, var, frozen: self.params.frozen.clone() };
        let param = Param { inner: Arc::new(inner) };
        lock(&self.params.inner).params.push(param.clone());
        Ok(param)
    }

    /// A new buffer `path.name` with a starting value.
    ///
    /// # Errors
    /// The name is taken.
    pub fn buffer(&self, name: &str, value: &Tensor) -> Result<Buffer> {
        let name = self.claim(name)?;
        let value = value.detach().to_device(&self.device)?;
        let buffer = Buffer { name, value: Arc::new(Mutex::new(value)) };
        lock(&self.params.inner).buffers.push(buffer.clone());
        Ok(buffer)
    }

    /// The stream that initial values come from.
    pub fn rng(&self) -> MutexGuard<'_, Rng> {
        lock(&self.rng)
    }

    /// The dtype of new parameters.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// The device of new parameters.
    pub fn device(&self) -> &Device {
        &self.device
    }

    fn full_name(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_string() } else { format!("{}.{name}", self.path) }
    }

    fn claim(&self, name: &str) -> Result<String> {
        let name = self.full_name(name);
        if !lock(&self.params.inner).names.insert(name.clone()) {
            bail!("a parameter or buffer named {name} exists already")
        }
        Ok(name)
    }
}

/// A state dict that does not fit a model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// Names or shapes differ.
    #[error("the weights do not fit the model:{0}")]
    Mismatch(Mismatch),
    /// A tensor could not be copied or cast.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
}

/// How a state dict and a model differ.
#[derive(Debug, Default)]
pub struct Mismatch {
    missing: Vec<String>,
    unexpected: Vec<String>,
    shapes: Vec<String>,
}

impl Mismatch {
    fn between(own: &BTreeMap<&str, Tensor>, state: &BTreeMap<String, Tensor>) -> Self {
        let mut found = Self::default();
        for (&name, held) in own {
            match state.get(name) {
                None if name.ends_with("num_batches_tracked") => {}
                None => found.missing.push(name.to_string()),
                Some(new) if new.dims() != held.dims() => {
                    found.shapes.push(format!("{name}: model {:?}, file {:?}", held.dims(), new.dims()));
                }
                Some(_) => {}
            }
        }
        found.unexpected = state.keys().filter(|k| !own.contains_key(k.as_str())).cloned().collect();
        found
    }

    fn is_empty(&self) -> bool {
        self.missing.is_empty() && self.unexpected.is_empty() && self.shapes.is_empty()
    }
}

impl Display for Mismatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let lists =
            [("missing", &self.missing), ("unexpected", &self.unexpected), ("other shapes", &self.shapes)];
        for (what, names) in lists {
            if !names.is_empty() {
                // A file of another model differs everywhere; the first few names tell which.
                let shown = names.iter().take(8).cloned().collect::<Vec<_>>().join(", ");
                let more = names.len().saturating_sub(8);
                let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
                write!(f, " {what}: {shown}{tail};")?;
            }
        }
        Ok(())
    }
}

fn check_same(what: &str, name: &str, held: &Tensor, value: &Tensor) -> Result<()> {
    if held.dims() != value.dims() || held.dtype() != value.dtype() {
        bail!(
            "{what} {name}: expected {:?} {:?}, got {:?} {:?}",
            held.dims(),
            held.dtype(),
            value.dims(),
            value.dtype()
        )
    }
    Ok(())
}

/// Locks; a panic elsewhere cannot leave these values half-written, so poison is ignored.
fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

#[cfg(test)]
mod tests;
