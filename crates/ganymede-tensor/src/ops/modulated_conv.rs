//! Convolutions whose weights a style scales.

use candle_core::{Result, Tensor, bail};

use super::conv_resample::{ConvResample, conv2d_resample};
use super::scale_planes::scale_planes;

/// Added to the squared norm that demodulation divides by.
const EPSILON: f64 = 1e-8;

/// StyleGAN2's modulated convolution: [`conv2d_resample`] with a weight of its own for each sample,
/// `w'ₒᵢ = dₙₒ·sₙᵢ·wₒᵢ`, where `dₙₒ = 1/√(Σᵢₖ (sₙᵢ·wₒᵢₖ)² + 1e-8)` with `demodulate` and 1 without.
/// `x` is `(N, I, H, W)`, `w` `(O, I, k, k)` with odd k, `styles` `(N, I)`; the result `(N, O, OH, OW)`.
///
/// Images are scaled before and after a convolution with the shared weight, which is the same by linearity; the norms
/// are a product of the squared styles with the squared weight. Its authors' code does so for inference in half
/// precision and in training has one grouped convolution with the weights of all samples.
///
/// Karras et al., 2020, arXiv:1912.04958, section 2.2 and equations 1 and 3.
///
/// # Errors
/// As [`conv2d_resample`]; `styles` do not fit the image or the weight.
pub fn modulated_conv2d(
    x: &Tensor,
    w: &Tensor,
    styles: &Tensor,
    demodulate: bool,
    resample: ConvResample,
) -> Result<Tensor> {
    let ((n, _, _, _), (_, i, _, _)) = (x.dims4()?, w.dims4()?);
    if styles.dims() != [n, i] {
        bail!(
            "modulated_conv2d: image {:?}, weight {:?} and styles {:?} do not fit: (N, I, H, W), (O, I, k, k) and (N, I) \
             expected",
            x.dims(),
            w.dims(),
            styles.dims()
        )
    }
    let y = conv2d_resample(&scale_planes(x, styles)?, w, resample)?;
    if demodulate { scale_planes(&y, &demodulation(w, styles)?) } else { Ok(y) }
}

/// `dₙₒ`, `(N, O)`: all squares by one product, so that no sum over the few taps of a kernel is taken by itself.
fn demodulation(w: &Tensor, styles: &Tensor) -> Result<Tensor> {
    let ((o, i, k, _), n) = (w.dims4()?, styles.dim(0)?);
    let styles = styles.sqr()?.unsqueeze(2)?.broadcast_as((n, i, k * k))?.contiguous()?;
    let weights = w.contiguous()?.sqr()?.reshape((o, i * k * k))?;
    (styles.reshape((n, i * k * k))?.matmul(&weights.t()?)? + EPSILON)?.sqrt()?.recip()
}

#[cfg(test)]
mod tests;
