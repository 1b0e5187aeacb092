//! Moments as plain tensors.

use candle_core::{Result, Tensor};

use crate::watch;

/// What a rule remembers of past gradients, for each parameter, and the number of steps that it took.
#[derive(Clone, Debug)]
pub struct Moments {
    pub(super) steps: u64,
    /// For each parameter, in the order of the rule's slots.
    pub(super) tensors: Vec<Vec<Tensor>>,
}

impl Moments {
    /// The number of steps that led here.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The moments of each parameter, under PyTorch's names in the order of
    /// [`Optimizer::state_dict`](crate::Optimizer::state_dict): first and second (Adam); squares, momentum
    /// if any, mean if centred (RMSprop); momentum if any (SGD).
    pub fn tensors(&self) -> &[Vec<Tensor>] {
        &self.tensors
    }

    /// The same without graphs: a chain of proposals that is not differentiated any further.
    #[must_use]
    pub fn detach(&self) -> Self {
        let detached = |t: &Vec<Tensor>| t.iter().map(Tensor::detach).collect();
        Self { steps: self.steps, tensors: self.tensors.iter().map(detached).collect() }
    }

    /// The same as points in which gradients can be asked for ([`watch`]).
    ///
    /// # Errors
    /// The device refuses the memory of a copy.
    pub fn watch(&self) -> Result<Self> {
        let watched = |t: &Vec<Tensor>| t.iter().map(watch).collect();
        Ok(Self { steps: self.steps, tensors: self.tensors.iter().map(watched).collect::<Result<_>>()? })
    }
}
