//! Batch normalisation without gain and bias.

use ganymede_tensor::{Builder, Result, Tensor, bail, batch_norm};

use super::running::RunningStats;
use super::{scale_and_shift, spread};
use crate::Mode;

/// PyTorch's ε and share of the new batch.
const EPS: f64 = 1e-5;
const MOMENTUM: f64 = 0.1;

/// What batch norms have in common whose gain and bias come from elsewhere.
#[derive(Debug)]
pub(super) struct Standard {
    running: RunningStats,
    channels: usize,
}

impl Standard {
    pub(super) fn new(channels: usize, builder: &Builder) -> Result<Self> {
        Ok(Self { running: RunningStats::new(channels, builder)?, channels })
    }

    /// Means 0 and variances 1: of the batch in training, else by the running statistics.
    pub(super) fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        let (n, c, h, w) = x.dims4()?;
        if c != self.channels {
            bail!("conditional batch norm: {c} channels, expected {}", self.channels)
        }
        if !mode.is_train() {
            let gain = (self.running.variance() + EPS)?.sqrt()?.recip()?;
            let offset = self.running.mean().mul(&gain)?.neg()?;
            let rows = x.reshape((n, c, h * w))?;
            return scale_and_shift(&rows, &spread(&gain, n)?, &spread(&offset, n)?)?.reshape(x.shape());
        }
        let count = n * h * w;
        if count < 2 {
            bail!(
                "conditional batch norm: {:?} leaves one value for each statistic, and its variance is 0: use a larger \
                 batch",
                x.dims()
            )
        }
        let one = Tensor::ones(c, x.dtype(), x.device())?;
        let normalised = batch_norm(x, &one, &one.zeros_like()?, EPS)?;
        self.running.take_in([&normalised.mean, &normalised.var], count, MOMENTUM, mode)?;
        Ok(normalised.output)
    }
}
