//! Weights under torchvision's names and under those of StyleGAN2-ADA.

use ganymede_tensor::Device;

use super::super::conv::{Conv, Frozen, Spec};
use super::super::weights::Weights;
use super::{Architecture, HALVED, Vgg16};
use crate::{MetricError, Result};

pub(super) const NAME: &str = "vgg16";

pub(in super::super) const BLOCKS: usize = 5;
/// Channels of the blocks.
pub(in super::super) const WIDTHS: [usize; BLOCKS] = [64, 128, 256, 512, 512];
/// The numbers of their convolutions among torchvision's layers.
const LAYERS: [&[usize]; BLOCKS] = [&[0, 2], &[5, 7], &[10, 12, 14], &[17, 19, 21], &[24, 26, 28]];

/// Names by which a state dict is known as torchvision's, and as StyleGAN's.
pub(super) const TORCHVISION: &[&str] =
    &["features.0.weight", "features.28.weight", "classifier.0.weight", "classifier.3.weight"];
pub(super) const STYLEGAN: &[&str] = &["conv1.weight", "conv13.weight", "fc1.weight", "fc2.weight"];

/// Takes the convolutions of each block of these widths out of `weights`. `name` gives the name of one, without
/// `.weight` and `.bias`, by the number of its block, its number among torchvision's layers, and its number among all
/// convolutions, each from 0.
pub(in super::super) fn blocks(
    weights: &mut Weights,
    widths: [usize; BLOCKS],
    name: impl Fn(usize, usize, usize) -> String,
    device: &Device,
) -> Result<Vec<Vec<Conv>>> {
    let (mut inputs, mut count) = (3, 0);
    let mut blocks = Vec::new();
    for (block, (outputs, layers)) in widths.into_iter().zip(LAYERS).enumerate() {
        let mut convs = Vec::new();
        for layer in layers {
            let spec = Spec { inputs, outputs, kernel: [3, 3], stride: 1, padding: [1, 1], relu: true };
            let name = name(block, *layer, count);
            let weight = weights.numbers(&format!("{name}.weight"), &[outputs, inputs, 3, 3])?;
            let bias = weights.numbers(&format!("{name}.bias"), &[outputs])?;
            convs.push(Conv::new(weight, bias, spec, device)?);
            (inputs, count) = (outputs, count + 1);
        }
        blocks.push(convs);
    }
    Ok(blocks)
}

impl Vgg16 {
    pub(super) fn build(
        mut weights: Weights,
        a: Architecture,
        batch: usize,
        device: &Device,
    ) -> Result<Self> {
        super::super::check_batch(NAME, batch)?;
        let stylegan = weights.has(STYLEGAN[0]);
        // The layer of the 1000 classes.
        weights.discard(|key| key.starts_with(if stylegan { "fc3." } else { "classifier.6." }));
        let blocks = match stylegan {
            true => blocks(&mut weights, a.widths, |_, _, count| format!("conv{}", count + 1), device)?,
            false => blocks(&mut weights, a.widths, |_, layer, _| format!("features.{layer}"), device)?,
        };
        let names = if stylegan { ["fc1", "fc2"] } else { ["classifier.0", "classifier.3"] };
        let side = a.side / HALVED;
        let mut connected = |name: &str, inputs: usize| {
            let weight = weights.take(&format!("{name}.weight"), &[a.hidden, inputs])?.to_device(device)?;
            let bias = weights.take(&format!("{name}.bias"), &[a.hidden])?.to_device(device)?;
            Ok::<_, MetricError>([weight, bias])
        };
        let first = connected(names[0], a.widths[BLOCKS - 1] * side * side)?;
        let second = connected(names[1], a.hidden)?;
        let sha256 = weights.finish("VGG-16")?;
        let (connected, device) = ([first, second], device.clone());
        Ok(Self { architecture: a, blocks, connected, device, batch, sha256 })
    }
}
