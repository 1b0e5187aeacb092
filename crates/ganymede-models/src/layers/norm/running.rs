//! What batch normalisation remembers for evaluation.

use ganymede_tensor::{Buffer, Builder, DType, Result, Tensor};

/// Exponential averages of batch statistics, under PyTorch's names.
#[derive(Debug)]
pub(super) struct RunningStats {
    mean: Buffer,
    variance: Buffer,
    batches: Buffer,
}

impl RunningStats {
    /// Mean 0, variance 1, no batches.
    pub(super) fn new(channels: usize, builder: &Builder) -> Result<Self> {
        let (dtype, device) = (builder.dtype(), builder.device());
        Ok(Self {
            mean: builder.buffer("running_mean", &Tensor::zeros(channels, dtype, device)?)?,
            variance: builder.buffer("running_var", &Tensor::ones(channels, dtype, device)?)?,
            batches: builder.buffer("num_batches_tracked", &Tensor::zeros((), DType::I64, device)?)?,
        })
    }

    /// running ← (1 − m)·running + m·new. PyTorch normalises with the biased variance but keeps
    /// the unbiased one; so does the caller.
    pub(super) fn update(&self, mean: &Tensor, unbiased: &Tensor, momentum: f64) -> Result<()> {
        let blend = |buffer: &Buffer, new: &Tensor| -> Result<()> {
            buffer.set(&((buffer.get() * (1.0 - momentum))? + (new.detach() * momentum)?)?)
        };
        blend(&self.mean, mean)?;
        blend(&self.variance, unbiased)?;
        let one = Tensor::ones((), DType::I64, self.batches.get().device())?;
        self.batches.set(&self.batches.get().add(&one)?)
    }

    pub(super) fn mean(&self) -> Tensor {
        self.mean.get()
    }

    pub(super) fn variance(&self) -> Tensor {
        self.variance.get()
    }
}
