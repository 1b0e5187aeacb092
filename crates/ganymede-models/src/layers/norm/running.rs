//! What batch normalisation remembers for evaluation.

use ganymede_tensor::{Buffer, Builder, DType, Result, Tensor};

use crate::Mode;

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

    /// Takes in the mean and the biased variance of a batch, over `count` values each, as far as the pass is one that
    /// does so.
    ///
    /// In training running ← (1 − m)·running + m·new. PyTorch normalises with the biased variance but keeps the unbiased
    /// one; so do we. Standing statistics are the means over the passes, of the biased variances, as in BigGAN-PyTorch.
    pub(super) fn take_in(
        &self,
        [mean, variance]: [&Tensor; 2],
        count: usize,
        momentum: f64,
        mode: Mode,
    ) -> Result<()> {
        match mode {
            Mode::Eval | Mode::Train { update_stats: false } => Ok(()),
            Mode::Train { update_stats: true } => {
                let unbiased = (variance * (count as f64 / (count as f64 - 1.0)))?;
                blend(&self.mean, mean, momentum)?;
                blend(&self.variance, &unbiased, momentum)?;
                let one = Tensor::ones((), DType::I64, self.batches.get().device())?;
                self.batches.set(&self.batches.get().add(&one)?)
            }
            Mode::Standing { pass } => {
                // Of the first pass alone, then the mean so far and a share of the new one.
                let share = 1.0 / (pass as f64 + 1.0);
                blend(&self.mean, mean, share)?;
                blend(&self.variance, variance, share)?;
                let passes = i64::try_from(pass).unwrap_or(i64::MAX).saturating_add(1);
                self.batches.set(&Tensor::new(passes, self.batches.get().device())?)
            }
        }
    }

    pub(super) fn mean(&self) -> Tensor {
        self.mean.get()
    }

    pub(super) fn variance(&self) -> Tensor {
        self.variance.get()
    }
}

/// buffer ← (1 − share)·buffer + share·new.
fn blend(buffer: &Buffer, new: &Tensor, share: f64) -> Result<()> {
    buffer.set(&((buffer.get() * (1.0 - share))? + (new.detach() * share)?)?)
}
