//! LPIPS over VGG-16: a distance of images that was fitted to what people see.

use ganymede_tensor::{DType, Device, Tensor};

use super::conv::Conv;
use super::vgg16::{BLOCKS, WIDTHS, blocks, halved};
use super::weights::Weights;
use crate::{MetricError, Result, WeightsFile};

#[cfg(test)]
mod tests;

/// The name of the distance, in names of numbers.
const NAME: &str = "lpips-vgg16";
/// Mean and deviation of ImageNet's channels, for images in [−1, 1].
const SHIFT: [f32; 3] = [-0.030, -0.088, -0.188];
const SCALE: [f32; 3] = [0.458, 0.448, 0.450];
/// Added to the norm that features are divided by.
const EPS: f64 = 1e-10;
/// The smallest side that four max pools leave something of.
const LEAST_SIDE: usize = 1 << (BLOCKS - 1);
/// Pairs of images in one pass.
const BATCH: usize = 8;
/// Names by which its state dict is known.
const NAMES: &[&str] =
    &["net.slice1.0.weight", "net.slice5.28.bias", "lin0.model.1.weight", "lin4.model.1.weight"];

/// LPIPS (Zhang et al., 2018, "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric",
/// arXiv:1801.03924, equation 1): Σₗ meanₕᵥ Σ_c w_lc·(â_lhvc − b̂_lhvc)², where â and b̂ are the outputs of the five blocks
/// of VGG-16, each pixel's channels divided by their norm, and w ≥ 0 was fitted to what people said. It is the distance
/// of [`path_length`](crate::path_length) in papers.
///
/// Weights are the state dict of `lpips.LPIPS(net="vgg")` (version 0.1), the network and the fitted weights in one file:
/// `torch.save(lpips.LPIPS(net="vgg").state_dict(), "lpips-vgg16.pth")` writes it.
pub struct Lpips {
    /// The convolutions of each block.
    blocks: Vec<Vec<Conv>>,
    /// w `(1, C, 1, 1)` of each block.
    fitted: Vec<Tensor>,
    device: Device,
    sha256: String,
}

impl Lpips {
    /// Loads weights from a file.
    ///
    /// # Errors
    /// The file cannot be read; a tensor is missing, superfluous, not finite or of another shape.
    pub fn load(file: &WeightsFile, device: &Device) -> Result<Self> {
        file.explain(Weights::open(file, &[NAMES]).and_then(|weights| Self::build(weights, WIDTHS, device)))
    }

    fn build(mut weights: Weights, widths: [usize; BLOCKS], device: &Device) -> Result<Self> {
        // The authors' module also lists its fitted weights a second time, and its two constants.
        weights.discard(|key| key.starts_with("lins.") || key.starts_with("scaling_layer."));
        let name = |block: usize, layer: usize, _: usize| format!("net.slice{}.{layer}", block + 1);
        let blocks = blocks(&mut weights, widths, name, device)?;
        let mut fitted = Vec::new();
        for (block, channels) in widths.into_iter().enumerate() {
            let weight = weights.take(&format!("lin{block}.model.1.weight"), &[1, channels, 1, 1])?;
            fitted.push(weight.to_device(device)?);
        }
        let sha256 = weights.finish("LPIPS over VGG-16")?;
        Ok(Self { blocks, fitted, device: device.clone(), sha256 })
    }

    /// Its name in names of numbers.
    pub fn name(&self) -> &'static str {
        NAME
    }

    /// SHA-256 of the weights, in hexadecimal.
    pub fn weights_sha256(&self) -> &str {
        &self.sha256
    }

    /// Distances `(N,)` of two times as many images `(N, C, H, W)`, C = 1 or 3: f32 grey levels in `0..=255`, rounded or
    /// not. Images are taken as they are, of 16 pixels or more along each side.
    ///
    /// # Errors
    /// The shapes are others; an operation on tensors failed.
    pub fn distance(&self, first: &Tensor, second: &Tensor) -> Result<Tensor> {
        let n = self.check(first, second)?;
        let mut parts = Vec::new();
        for from in (0..n).step_by(BATCH) {
            let some = |images: &Tensor| images.narrow(0, from, BATCH.min(n - from));
            parts.push(self.pass(&some(first)?, &some(second)?)?);
        }
        match parts.is_empty() {
            true => Ok(Tensor::zeros(0, DType::F32, &self.device)?),
            false => Ok(Tensor::cat(&parts, 0)?),
        }
    }

    fn check(&self, first: &Tensor, second: &Tensor) -> Result<usize> {
        match *first.dims() {
            [n, 1 | 3, h, w] if first.dims() == second.dims() && h.min(w) >= LEAST_SIDE => Ok(n),
            _ => Err(MetricError::Invalid(format!(
                "LPIPS takes two batches of images (N, 1 or 3, H, W) of {LEAST_SIDE} or more pixels along each side, got \
                 {:?} and {:?}",
                first.dims(),
                second.dims()
            ))),
        }
    }

    fn pass(&self, first: &Tensor, second: &Tensor) -> Result<Tensor> {
        let n = first.dim(0)?;
        let mut x = self.prepare(&Tensor::cat(&[first, second], 0)?)?;
        let mut total: Option<Tensor> = None;
        for (block, (convs, fitted)) in self.blocks.iter().zip(&self.fitted).enumerate() {
            if block > 0 {
                x = halved(&x)?;
            }
            x = convs.iter().try_fold(x, |x, conv| conv.run(&x))?;
            let norm = (x.sqr()?.sum_keepdim(1)?.sqrt()? + EPS)?;
            let unit = x.broadcast_div(&norm)?;
            let difference = (unit.narrow(0, 0, n)? - unit.narrow(0, n, n)?)?;
            let distance = difference.sqr()?.broadcast_mul(fitted)?.sum(1)?.mean((1, 2))?;
            total = Some(match total {
                Some(total) => (total + distance)?,
                None => distance,
            });
        }
        total.ok_or_else(|| MetricError::Invalid("LPIPS has no blocks".to_owned()))
    }

    /// Grey levels as the network wants them.
    fn prepare(&self, levels: &Tensor) -> Result<Tensor> {
        // Detached: a network that is only read needs no graph.
        let mut x =
            levels.detach().to_device(&self.device)?.to_dtype(DType::F32)?.affine(1.0 / 127.5, -1.0)?;
        if x.dim(1)? == 1 {
            x = Tensor::cat(&[&x, &x, &x], 1)?;
        }
        let row = |values: &[f32; 3]| Tensor::new(values, &self.device)?.reshape((1, 3, 1, 1));
        Ok(x.broadcast_sub(&row(&SHIFT)?)?.broadcast_div(&row(&SCALE)?)?)
    }
}
