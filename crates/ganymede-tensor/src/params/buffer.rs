//! What a model remembers without being trained.

use std::sync::{Arc, Mutex, MutexGuard};

use candle_core::{Result, Tensor, bail};

/// Persistent state of a model that is not trained: a running mean, a spectral `u`.
#[derive(Clone, Debug)]
pub struct Buffer {
    name: String,
    value: Arc<Mutex<Tensor>>,
}

impl Buffer {
    pub(super) fn new(name: String, value: Tensor) -> Self {
        Self { name, value: Arc::new(Mutex::new(value)) }
    }

    /// The path of the buffer, as `main.1.running_mean`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The value, never tracked by a graph.
    pub fn get(&self) -> Tensor {
        lock(&self.value).clone()
    }

    /// The same buffer under another name.
    pub(super) fn renamed(&self, name: String) -> Self {
        Self { name, value: self.value.clone() }
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

pub(super) fn check_same(what: &str, name: &str, held: &Tensor, value: &Tensor) -> Result<()> {
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
pub(super) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
