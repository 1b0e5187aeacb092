//! Bringing images to the size of a network: the choice that moves an FID more than most models do.
//!
//! Programs of the literature resize differently, and a network sees it. Parmar et al., "On Aliased Resizing
//! and Surprising Subtleties in GAN Evaluation", CVPR 2022, measure by how much.

mod plan;
mod taps;

use ganymede_tensor::{Device, Tensor};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{MetricError, Result};

pub(crate) use plan::{Plan, Scratch};
pub(crate) use taps::Taps;

/// How images come to the size that a network takes.
///
/// All of them work on each channel, horizontally first. Those that are not said to work in bytes work in f32, and never
/// round to whole grey levels; those that do round levels before, between and after both passes, as PIL does on images of
/// 8 bits, to the same bytes. Pillow 13 goes vertically first where that is less work: in f32 that is another rounding, in
/// bytes it is another image; what the literature measured is what earlier versions do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resize {
    /// Bicubic (a = −0.5) with antialiasing, as PIL does on float channels (mode `F`), clipped to `0..=255`:
    /// clean-fid's `clean`, and the only one here that does not alias.
    #[default]
    Clean,
    /// Bilinear without antialiasing, half-pixel centres: PyTorch's
    /// `interpolate(mode="bilinear", align_corners=False)`, as pytorch-fid does.
    LegacyPytorch,
    /// Bilinear without antialiasing, no half-pixel centres: source = target · (old size / new size), as
    /// TensorFlow 1 and hence TTUR's program, torch-fidelity and StyleGAN do.
    LegacyTensorflow,
    /// Bilinear with antialiasing, as PIL does on float channels: what StudioGAN calls `friendly` for its
    /// Inception network.
    PilBilinear,
    /// Bicubic (a = −0.5) with antialiasing, in bytes: PIL's `resize` as it is usually called, by dgm-eval for DINOv2
    /// and CLIP among others.
    PilBicubic,
    /// As [`Resize::Clean`], coefficients in f32, without clipping, so that levels lie below 0 and above 255 at edges: PyTorch's
    /// `interpolate(mode="bicubic", antialias=True)` on floats, as edm2's DINOv2 is given them.
    TorchBicubic,
    /// [`Resize::PilBicubic`] of the square in the image's middle: what CMMD (Jayasumana et al., 2024, arXiv:2401.09603)
    /// does. Where the rest is odd, it leaves out one row or column more at the end.
    Cmmd,
    /// [`Resize::PilBicubic`] of the whole image until its shorter side fits, then the middle of that: CLIP's own
    /// preprocessing, `Resize` and `CenterCrop` of torchvision.
    Clip,
}

impl Resize {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Clean,
        Self::LegacyPytorch,
        Self::LegacyTensorflow,
        Self::PilBilinear,
        Self::PilBicubic,
        Self::TorchBicubic,
        Self::Cmmd,
        Self::Clip,
    ];

    /// Its name in configurations and provenance, such as `legacy-pytorch`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::LegacyPytorch => "legacy-pytorch",
            Self::LegacyTensorflow => "legacy-tensorflow",
            Self::PilBilinear => "pil-bilinear",
            Self::PilBicubic => "pil-bicubic",
            Self::TorchBicubic => "torch-bicubic",
            Self::Cmmd => "cmmd",
            Self::Clip => "clip",
        }
    }

    /// Whether levels are whole after every pass.
    fn is_in_bytes(self) -> bool {
        matches!(self, Self::PilBicubic | Self::Cmmd | Self::Clip)
    }
}

impl std::fmt::Display for Resize {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

/// Brings images `(N, C, H, W)` of f32 grey levels in `0..=255` to `shape` (C, H, W), in memory.
///
/// One channel becomes three by repetition. Three become one by the luma of ITU-R BT.601, rounded to whole
/// levels, before resizing: PIL's mode `L`.
///
/// # Errors
/// [`MetricError::Invalid`] for images that are not four-dimensional, have no pixels or other than 1 or 3
/// channels; operations on tensors.
pub fn resize_images(images: &Tensor, shape: [usize; 3], resize: Resize) -> Result<Tensor> {
    let (n, c, h, w) = images.dims4()?;
    let known = |channels| channels == 1 || channels == 3;
    if !known(c) || !known(shape[0]) || [h, w, shape[1], shape[2]].contains(&0) {
        let message = format!("images of shape {:?} cannot be brought to {shape:?}", images.dims());
        return Err(MetricError::Invalid(message));
    }
    let levels = images.to_device(&Device::Cpu)?.contiguous()?.flatten_all()?.to_vec1::<f32>()?;
    let plan = Plan::new(resize, [h, w], [shape[1], shape[2]]);
    let mut out = vec![0.0; n * shape.iter().product::<usize>()];
    out.par_chunks_exact_mut(shape.iter().product()).zip(levels.par_chunks_exact(c * h * w)).for_each_init(
        Scratch::default,
        |scratch, (out, image)| {
            let row = |channel: usize, y: usize, out: &mut [f32]| {
                out.copy_from_slice(&image[(channel * h + y) * w..][..w]);
            };
            fit(&plan, c, row, out, scratch);
        },
    );
    let [c, h, w] = shape;
    Ok(Tensor::from_vec(out, (n, c, h, w), &Device::Cpu)?)
}

/// One image of `channels` to the planes of `out`, as many as there is room for.
pub(crate) fn fit(
    plan: &Plan,
    channels: usize,
    row: impl Fn(usize, usize, &mut [f32]),
    out: &mut [f32],
    scratch: &mut Scratch,
) {
    let area = plan.area();
    let planes = out.len() / area;
    if channels == 3 && planes == 1 {
        return plan.plane(|y, out| luma_row(&row, y, out), out, scratch);
    }
    for (channel, plane) in out.chunks_exact_mut(area).enumerate().take(channels) {
        plan.plane(|y, out| row(channel, y, out), plane, scratch);
    }
    if channels == 1 {
        let (first, others) = out.split_at_mut(area);
        others.chunks_exact_mut(area).for_each(|plane| plane.copy_from_slice(first));
    }
}

fn luma_row(row: &impl Fn(usize, usize, &mut [f32]), y: usize, out: &mut [f32]) {
    let mut colours = vec![0.0; 3 * out.len()];
    colours.chunks_exact_mut(out.len()).enumerate().for_each(|(channel, out)| row(channel, y, out));
    let (red, rest) = colours.split_at(out.len());
    let (green, blue) = rest.split_at(out.len());
    for (((grey, &r), &g), &b) in out.iter_mut().zip(red).zip(green).zip(blue) {
        // PIL's fixed-point weights of 0.299, 0.587 and 0.114.
        let sum = f64::from(r) * 19595.0 + f64::from(g) * 38470.0 + f64::from(b) * 7471.0;
        *grey = ((sum + 32768.0) / 65536.0).floor() as f32;
    }
}
