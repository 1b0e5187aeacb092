//! What is known of tensors, as long as they live.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, OnceLock, PoisonError};

use candle_core::{Result, Tensor, TensorId};

/// A register of tensors that operations of one kind made.
pub(super) struct Known<V>(LazyLock<Mutex<HashMap<TensorId, V>>>);

impl<V: Copy> Known<V> {
    pub(super) const fn new() -> Self {
        Self(LazyLock::new(Mutex::default))
    }

    /// What is known of a tensor, if anything is.
    pub(super) fn of(&self, tensor: TensorId) -> Option<V> {
        self.held().get(&tensor).copied()
    }

    /// The tensor that `make` makes, of which `value` is known from now on. Its operation has to keep the entry: the graph
    /// owns the operation, so that the entry goes when the tensor goes.
    pub(super) fn with(
        &'static self,
        value: V,
        make: impl FnOnce(Entry<V>) -> Result<Tensor>,
    ) -> Result<Tensor> {
        let tensor = Arc::new(OnceLock::new());
        let made = make(Entry { known: self, tensor: tensor.clone() })?;
        let _ = tensor.set(made.id());
        self.held().insert(made.id(), value);
        Ok(made)
    }
}

impl<V> Known<V> {
    fn held(&self) -> MutexGuard<'_, HashMap<TensorId, V>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A tensor's place in a register.
pub(super) struct Entry<V: 'static> {
    known: &'static Known<V>,
    tensor: Arc<OnceLock<TensorId>>,
}

impl<V> Drop for Entry<V> {
    fn drop(&mut self) {
        if let Some(tensor) = self.tensor.get() {
            self.known.held().remove(tensor);
        }
    }
}
