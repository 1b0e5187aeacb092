//! Generators with a mapping network (Karras et al., 2019, arXiv:1812.04948): from z to an intermediate vector w, and
//! from vectors w, one for each layer, to samples.

use ganymede_tensor::{Result, Tensor, bail};

use crate::io::{Condition, Growth};
use crate::mode::Mode;

/// The two halves of such a generator, for whoever looks between them: truncation, style mixing, the regularisation of
/// path lengths, interpolation in w, projection onto w.
pub trait Mapping: Send + Sync {
    /// Latent vectors `z` `(N, Z)` to `(N, W)`, not truncated. The centre moves with a mode that updates statistics, and
    /// with no other.
    ///
    /// # Errors
    /// `z` has another shape; a conditional network lacks its condition.
    fn w(&self, z: &Tensor, condition: &Condition, mode: Mode) -> Result<Tensor>;

    /// w̄ `(W,)`, the moving average of w over training: what [`truncate`] goes to. Zeros before any.
    fn centre(&self) -> Tensor;

    /// L, the number of vectors that a sample is made from.
    fn layers(&self) -> usize;

    /// The probability, in \[0, 1\], that a batch of training is mixed ([`Mix`]).
    fn style_mixing(&self) -> f64;

    /// Vectors `ws` `(N, L, W)` to samples. `noise` is as in [`Latents`](crate::Latents).
    ///
    /// # Errors
    /// `ws` or the noise has another shape.
    fn synthesise(&self, ws: &Tensor, noise: &[Tensor], growth: Growth, mode: Mode) -> Result<Tensor>;
}

/// Style mixing (section 3.1): the layers of a batch from a number on are told the w of a second latent vector, so that
/// neighbouring layers do not learn to rely on one another.
#[derive(Clone, Debug)]
pub struct Mix {
    /// The second latent vectors `(N, Z)`.
    pub z: Tensor,
    /// The first layer that is told theirs, from 1 to L − 1; one for the whole batch, as in stylegan2-ada-pytorch.
    pub from: usize,
}

/// One vector w for all L layers: `(N, W)` to `(N, L, W)`.
///
/// # Errors
/// `w` is not `(N, W)`.
pub fn broadcast_ws(w: &Tensor, layers: usize) -> Result<Tensor> {
    let (n, dim) = w.dims2()?;
    w.unsqueeze(1)?.broadcast_as((n, layers, dim))?.contiguous()
}

/// The first layers of `first` and, from number `from` on, those of `second`, both `(N, L, W)`.
///
/// # Errors
/// The shapes differ, or `from` is not in 1 to L − 1.
pub fn mix_ws(first: &Tensor, second: &Tensor, from: usize) -> Result<Tensor> {
    let (_, layers, _) = first.dims3()?;
    if first.dims() != second.dims() {
        bail!("style mixing: {:?} and {:?} cannot be mixed", first.dims(), second.dims())
    }
    if !(1..layers).contains(&from) {
        bail!("style mixing from layer {from}: expected 1 to {}", layers.saturating_sub(1))
    }
    Tensor::cat(&[first.narrow(1, 0, from)?, second.narrow(1, from, layers - from)?], 1)
}

/// Truncation in w (section 2 and appendix B): w̄ + ψ·(w − w̄) of `ws` `(N, L, W)` in the first `cutoff` layers, or in all.
///
/// ψ = 1 changes nothing, 0 gives the sample of w̄, a negative one its opposite. Coarse layers alone (`cutoff` 8 of 18 at
/// 1024 pixels) keep the variety of fine detail.
///
/// # Errors
/// The shapes do not fit; ψ is not finite.
pub fn truncate(ws: &Tensor, centre: &Tensor, psi: f64, cutoff: Option<usize>) -> Result<Tensor> {
    let (_, layers, dim) = ws.dims3()?;
    if centre.dims() != [dim] {
        bail!("truncation: the centre is {:?}, expected ({dim},)", centre.dims())
    }
    if !psi.is_finite() {
        bail!("truncation: ψ = {psi} is no finite number")
    }
    let cutoff = cutoff.unwrap_or(layers).min(layers);
    if psi == 1.0 || cutoff == 0 {
        return Ok(ws.clone());
    }
    let centre = centre.reshape((1, 1, dim))?;
    let pulled = |ws: &Tensor| (ws.broadcast_sub(&centre)? * psi)?.broadcast_add(&centre);
    if cutoff == layers {
        return pulled(ws);
    }
    let coarse = pulled(&ws.narrow(1, 0, cutoff)?)?;
    Tensor::cat(&[coarse, ws.narrow(1, cutoff, layers - cutoff)?], 1)
}

#[cfg(test)]
mod tests;
