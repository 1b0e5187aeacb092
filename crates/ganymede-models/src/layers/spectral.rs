//! Spectral normalisation (Miyato et al., 2018, arXiv:1802.05957).
//!
//! W̄ = W / σ(W), with σ(W) = uᵀWv for unit vectors u, v that a power iteration holds close to the
//! first singular pair of the weight as a matrix (algorithm 1 and eq. 9).
//!
//! Names, axes and numbers are those of `torch.nn.utils.spectral_norm`: the parameter is
//! `weight_orig`, the buffers are `weight_u` and `weight_v`. Two things differ. A fresh layer runs
//! 15 iterations first, as `torch.nn.utils.parametrizations.spectral_norm` does and the older
//! function does not: there the σ of a layer never trained is arbitrary, and evaluation divides by
//! it. And u, v move on with `update_stats` only, not in every forward pass of training.

use ganymede_tensor::{Buffer, Builder, Init, Param, Result, Tensor, bail};

use crate::Mode;

/// Iterations before the first use, enough for u and v to point somewhere sensible.
const WARM_UP_ITERATIONS: usize = 15;

/// How the power iteration runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SpectralConfig {
    /// Iterations a training step, at least 1. One is enough when weights move slowly.
    pub iterations: usize,
    /// Norms below this are taken for it, so that a zero vector stays zero.
    pub eps: f64,
}

impl Default for SpectralConfig {
    /// One iteration, ε = 1e-12, as PyTorch.
    fn default() -> Self {
        Self { iterations: 1, eps: 1e-12 }
    }
}

/// A weight that is divided by its largest singular value.
///
/// ```
/// use ganymede_models::{Mode, SpectralConfig, SpectralNorm};
/// use ganymede_tensor::{DType, Device, Init, Params, Rng};
/// let params = Params::new();
/// let builder = params.builder(Rng::new(0), DType::F32, &Device::Cpu);
/// let init = Init::Normal { mean: 0.0, std: 3.0 };
/// let w = SpectralNorm::new(&builder, &[4, 2], 0, init, SpectralConfig::default())?;
/// assert_eq!(w.weight(Mode::Eval)?.dims(), [4, 2]);
/// # Ok::<(), ganymede_tensor::Error>(())
/// ```
#[derive(Debug)]
pub struct SpectralNorm {
    weight: Param,
    u: Buffer,
    v: Buffer,
    output_dim: usize,
    config: SpectralConfig,
}

impl SpectralNorm {
    /// A new weight `weight_orig` of `shape` with its buffers `weight_u` and `weight_v`.
    ///
    /// `output_dim` is the axis that becomes the rows of the matrix: 0 for linear layers and
    /// convolutions, 1 for transposed convolutions.
    ///
    /// # Errors
    /// The weight has fewer than two axes or lacks `output_dim`; `iterations` is 0; a name is taken.
    pub fn new(
        builder: &Builder,
        shape: &[usize],
        output_dim: usize,
        init: Init,
        config: SpectralConfig,
    ) -> Result<Self> {
        if shape.len() < 2 || output_dim >= shape.len() {
            bail!("spectral norm: a weight {shape:?} is no matrix along axis {output_dim}")
        }
        if config.iterations == 0 {
            bail!("spectral norm: iterations = 0 would never find σ: use 1 or more")
        }
        let weight = builder.param("weight_orig", shape, init)?;
        let (dtype, device) = (builder.dtype(), builder.device());
        let rows = shape[output_dim];
        let cols = shape.iter().product::<usize>() / rows.max(1);
        let matrix = matricise(&weight.var().as_detached_tensor(), output_dim)?;
        // One draw after the other: the guard of the stream must not be held across both.
        let u = builder.rng().normal((rows, 1), dtype, device)?;
        let v = builder.rng().normal((cols, 1), dtype, device)?;
        let start = (normalise(&u, config.eps)?, normalise(&v, config.eps)?);
        let (u, v) = power_iteration(&matrix, start, WARM_UP_ITERATIONS, config.eps)?;
        let u = builder.buffer("weight_u", &u.flatten_all()?)?;
        let v = builder.buffer("weight_v", &v.flatten_all()?)?;
        Ok(Self { weight, u, v, output_dim, config })
    }

    /// W / σ, with the shape of W.
    ///
    /// With `Mode::Train { update_stats: true }` the power iteration runs first. u and v are
    /// constants to the gradient: ∂W̄/∂W counts W's own part in σ and nothing else (eq. 12).
    ///
    /// # Errors
    /// Those of the tensor operations.
    pub fn weight(&self, mode: Mode) -> Result<Tensor> {
        let weight = self.weight.get();
        let matrix = matricise(&weight, self.output_dim)?;
        if mode.updates_stats() {
            let start = (self.u.get().unsqueeze(1)?, self.v.get().unsqueeze(1)?);
            let SpectralConfig { iterations, eps } = self.config;
            let (u, v) = power_iteration(&matrix.detach(), start, iterations, eps)?;
            self.u.set(&u.flatten_all()?)?;
            self.v.set(&v.flatten_all()?)?;
        }
        weight.broadcast_div(&self.sigma_of(&matrix)?)
    }

    /// The present estimate of the largest singular value, a scalar; a gradient flows to W.
    ///
    /// # Errors
    /// Those of the tensor operations.
    pub fn sigma(&self) -> Result<Tensor> {
        self.sigma_of(&matricise(&self.weight.get(), self.output_dim)?)
    }

    fn sigma_of(&self, matrix: &Tensor) -> Result<Tensor> {
        let (u, v) = (self.u.get().unsqueeze(0)?, self.v.get().unsqueeze(1)?);
        u.matmul(&matrix.matmul(&v)?)?.reshape(())
    }
}

/// The weight as a matrix whose rows are output channels.
fn matricise(weight: &Tensor, output_dim: usize) -> Result<Tensor> {
    match output_dim {
        0 => weight.flatten_from(1),
        dim => weight.transpose(0, dim)?.contiguous()?.flatten_from(1),
    }
}

/// `iterations` times: v ← Wᵀu/‖Wᵀu‖, u ← Wv/‖Wv‖. Vectors are columns.
fn power_iteration(
    matrix: &Tensor,
    start: (Tensor, Tensor),
    iterations: usize,
    eps: f64,
) -> Result<(Tensor, Tensor)> {
    let transposed = matrix.t()?;
    let (mut u, mut v) = start;
    for _ in 0..iterations {
        v = normalise(&transposed.matmul(&u)?, eps)?;
        u = normalise(&matrix.matmul(&v)?, eps)?;
    }
    Ok((u, v))
}

/// x / max(‖x‖, ε), on the device.
fn normalise(x: &Tensor, eps: f64) -> Result<Tensor> {
    let norm = x.sqr()?.sum_all()?.sqrt()?;
    x.broadcast_div(&norm.maximum(eps)?)
}
