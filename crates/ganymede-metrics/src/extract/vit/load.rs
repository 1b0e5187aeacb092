//! Weights of the parts that vision transformers share, whatever their names.

use ganymede_tensor::{Device, Tensor};

use super::super::weights::Weights;
use super::{Block, Sizes};
use crate::{MetricError, Result};

/// How levels in `0..=1` of each colour are normalised: minus the mean, over the deviation.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Colours {
    pub(in super::super) mean: [f64; 3],
    pub(in super::super) deviation: [f64; 3],
}

/// ImageNet's.
pub(in super::super) const IMAGENET: Colours =
    Colours { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] };

/// The names of the tensors of one layer. But for [`Qkv::Joined`] they lack their `.weight` and `.bias`.
pub(in super::super) struct LayerNames {
    pub(in super::super) norms: [String; 2],
    pub(in super::super) qkv: Qkv,
    pub(in super::super) projection: String,
    /// The layer scales (Touvron et al., 2021, arXiv:2103.17239), whole names, where there are some.
    pub(in super::super) gains: Option<[String; 2]>,
    pub(in super::super) up: String,
    pub(in super::super) down: String,
}

/// The names of queries, keys and values.
pub(in super::super) enum Qkv {
    /// In one tensor, with these names of its weight and bias.
    Joined([String; 2]),
    /// Each in its own.
    Apart([String; 3]),
}

/// A linear map being prepared.
struct Linear {
    weight: Vec<f32>,
    bias: Vec<f32>,
}

impl Linear {
    fn take(weights: &mut Weights, name: &str, outputs: usize, inputs: usize) -> Result<Self> {
        Self::named(weights, &format!("{name}.weight"), &format!("{name}.bias"), outputs, inputs)
    }

    fn named(weights: &mut Weights, weight: &str, bias: &str, outputs: usize, inputs: usize) -> Result<Self> {
        let weight = weights.numbers(weight, &[outputs, inputs])?;
        Ok(Self { weight, bias: weights.numbers(bias, &[outputs])? })
    }

    /// Queries, keys and values of `width` numbers each.
    fn qkv(weights: &mut Weights, names: &Qkv, width: usize) -> Result<Self> {
        match names {
            Qkv::Joined([weight, bias]) => Self::named(weights, weight, bias, 3 * width, width),
            Qkv::Apart(names) => {
                let mut all = Self { weight: vec![], bias: vec![] };
                for name in names {
                    let part = Self::take(weights, name, width, width)?;
                    all.weight.extend(part.weight);
                    all.bias.extend(part.bias);
                }
                Ok(all)
            }
        }
    }

    /// Multiplies output `i` by `scale(i)`.
    fn scaled(mut self, scale: impl Fn(usize) -> f64) -> Self {
        let inputs = self.weight.len() / self.bias.len().max(1);
        for (i, (row, bias)) in self.weight.chunks_exact_mut(inputs).zip(&mut self.bias).enumerate() {
            row.iter_mut().chain([bias]).for_each(|v| *v = (f64::from(*v) * scale(i)) as f32);
        }
        self
    }

    fn finish(self, device: &Device) -> Result<[Tensor; 2]> {
        let outputs = self.bias.len();
        let inputs = self.weight.len() / outputs.max(1);
        Ok([
            Tensor::from_vec(self.weight, (outputs, inputs), device)?,
            Tensor::from_vec(self.bias, outputs, device)?,
        ])
    }
}

/// Gain and shift of the normalisation `name`.
pub(in super::super) fn norm(
    weights: &mut Weights,
    name: &str,
    width: usize,
    device: &Device,
) -> Result<[Tensor; 2]> {
    let mut part = |part: &str| {
        Ok::<_, MetricError>(weights.take(&format!("{name}.{part}"), &[width])?.to_device(device)?)
    };
    Ok([part("weight")?, part("bias")?])
}

/// The map from patches of grey levels in `0..=255` to tokens, which normalises them, too:
/// `w/(255·σ)` and `b − Σ w·μ/σ`. A map that has no bias has one thereafter.
pub(in super::super) fn patches(
    weights: &mut Weights,
    weight: &str,
    bias: Option<&str>,
    sizes: Sizes,
    colours: Colours,
    device: &Device,
) -> Result<[Tensor; 2]> {
    let Sizes { width, patch, .. } = sizes;
    let area = patch * patch;
    let mut weight = weights.numbers(weight, &[width, 3, patch, patch])?;
    let mut bias = match bias {
        Some(bias) => weights.numbers(bias, &[width])?,
        None => vec![0.0; width],
    };
    for (row, bias) in weight.chunks_exact_mut(3 * area).zip(&mut bias) {
        let mut shift = 0.0;
        for (colour, plane) in row.chunks_exact_mut(area).enumerate() {
            for w in plane {
                let scaled = f64::from(*w) / colours.deviation[colour];
                shift += scaled * colours.mean[colour];
                *w = (scaled / 255.0) as f32;
            }
        }
        *bias = (f64::from(*bias) - shift) as f32;
    }
    Ok([Tensor::from_vec(weight, (width, 3, patch, patch), device)?, Tensor::from_vec(bias, width, device)?])
}

impl Block {
    /// Takes one layer out of `weights`.
    pub(in super::super) fn load(
        weights: &mut Weights,
        names: &LayerNames,
        sizes: Sizes,
        device: &Device,
    ) -> Result<Self> {
        let d = sizes.width;
        let [up, down] = sizes.mlp.hidden(d);
        let scale = 1.0 / ((d / sizes.heads) as f64).sqrt();
        let qkv = Linear::qkv(weights, &names.qkv, d)?.scaled(|i| if i < d { scale } else { 1.0 });
        let mut projection = Linear::take(weights, &names.projection, d, d)?;
        let up = Linear::take(weights, &names.up, up, d)?;
        let mut down = Linear::take(weights, &names.down, d, down)?;
        if let Some([first, second]) = &names.gains {
            let (first, second) = (weights.numbers(first, &[d])?, weights.numbers(second, &[d])?);
            projection = projection.scaled(|i| first[i].into());
            down = down.scaled(|i| second[i].into());
        }
        let [norm1, norm2] = &names.norms;
        Ok(Self {
            norm1: norm(weights, norm1, d, device)?,
            qkv: qkv.finish(device)?,
            projection: projection.finish(device)?,
            norm2: norm(weights, norm2, d, device)?,
            up: up.finish(device)?,
            down: down.finish(device)?,
        })
    }
}
