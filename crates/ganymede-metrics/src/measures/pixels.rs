//! Measures of pixels, at the size that the images have.

use ndarray::s;
use serde_json::json;

use super::comparison::{Comparison, ImageSource, Need, absent};
use super::measure::{Least, Measure, at_no_pairs};
use super::taken::{Taken, ValueKind};
use crate::{
    Images, MetricError, MsSsimDiversity, Result, SlicedWassersteinConfig, ms_ssim_diversity,
    sliced_wasserstein,
};

/// Pairs of images for MS-SSIM: PGGAN's number.
const PAIRS: usize = 10_000;
/// Patches of one set take about 1.2 kB each.
const SWD_IMAGES: usize = 2048;

pub(super) static MS_SSIM: Measure = Measure {
    name: "ms-ssim",
    aliases: &[],
    summary: "how alike random pairs of generated images are. Lower is more diverse.",
    paper: "Odena, Olah and Shlens, 2017, arXiv:1610.09585",
    values: &[ValueKind::aim("ms-ssim", "near real")],
    needs: &[Need::GeneratedImages],
    least: |_| Least::new(0, 2, "it compares pairs"),
    has_covariance: false,
    is_random: true,
    part_of: None,
    looks: at_no_pairs,
    compute: likeness,
};

pub(super) static SWD: Measure = Measure {
    name: "swd",
    aliases: &[],
    summary: "sliced Wasserstein distance of patches at several scales, x 1000. Lower.",
    paper: "Karras et al., 2018, arXiv:1710.10196",
    values: &[ValueKind::lower("swd").times(1e3)],
    needs: &[Need::GeneratedImages, Need::RealImages],
    least: |_| Least::new(1, 1, "it compares the two sets"),
    has_covariance: false,
    is_random: true,
    part_of: None,
    looks: at_no_pairs,
    compute: patches,
};

/// How alike the images of one set are.
struct Likeness {
    label: String,
    found: MsSsimDiversity,
    images: usize,
    of: usize,
}

impl Likeness {
    fn of(images: &dyn ImageSource, what: &str, seed: u64) -> Result<Self> {
        let drawn = images.draw(size(images)?, usize::MAX, seed)?;
        let found = ms_ssim_diversity(drawn.images.view(), PAIRS, seed)?;
        let (images, of) = (drawn.images.dim().0, drawn.of);
        let words = some_of(images, of);
        let label = format!("Likeness of {what} images (MS-SSIM of {PAIRS} pairs of {words})");
        Ok(Self { label, found, images, of })
    }
}

/// Diversity of the generated images; that of the real ones stands beside it where they are at hand.
fn likeness(of: &Comparison<'_>) -> Result<Taken> {
    let generated = of.generated.images.ok_or_else(|| absent(Need::GeneratedImages))?;
    let generated = Likeness::of(generated, "generated", of.seed)?;
    // A set of one real image has no pair; that of the generated ones counts all the same.
    let real = of.real.images.and_then(|images| Likeness::of(images, "real", of.seed).ok());
    let (mean, std) = (generated.found.mean, generated.found.std);
    let taken = Taken::default()
        .spread(&MS_SSIM.values[0], generated.label, mean, Some(std))
        .detail("std", std)
        .detail("pairs", generated.found.pairs)
        .detail("real", real.as_ref().map(|real| real.found.mean))
        .detail("seed", of.seed)
        .detail("images", json!({ "real": real.as_ref().map(|r| r.images), "generated": generated.images }))
        .detail("drawn_from", json!({ "real": real.as_ref().map(|r| r.of), "generated": generated.of }))
        .of_pixels(real.as_ref().map(|real| real.images as u64), Some(generated.images as u64));
    Ok(match real {
        Some(real) => taken.line(real.label, real.found.mean, Some(real.found.std), ""),
        None => taken,
    })
}

/// Distances of patches. Both sets are brought to the generated images' size, and are as many.
fn patches(of: &Comparison<'_>) -> Result<Taken> {
    let generated = of.generated.images.ok_or_else(|| absent(Need::GeneratedImages))?;
    let real = of.real.images.ok_or_else(|| absent(Need::RealImages))?;
    let size = size(generated)?;
    let real = real.draw(size, SWD_IMAGES, of.seed)?;
    let generated = generated.draw(size, SWD_IMAGES, of.seed)?;
    if real.images.dim().1 != generated.images.dim().1 {
        return Err(MetricError::Unfit("one set is grey and the other in colour".into()));
    }
    let n = real.images.dim().0.min(generated.images.dim().0);
    let config = SlicedWassersteinConfig { seed: of.seed, ..SlicedWassersteinConfig::default() };
    let first = s![..n, .., .., ..];
    let both = Images { real: real.images.slice(first), generated: generated.images.slice(first) };
    let found = sliced_wasserstein(both, &config)?;
    let words = format!("{} and {}", some_of(n, real.of), some_of(n, generated.of));
    let label = format!("Sliced Wasserstein distance (SWD) × 1,000 of {words}, mean of:");
    let kind = &SWD.values[0];
    let mut taken = Taken::default().value(kind, label, found.mean);
    for level in &found.levels {
        let label = format!("  at {} px", level.resolution);
        taken = taken.line(label, kind.scale * level.distance, None, kind.better.words());
    }
    Ok(taken
        .detail("levels", found.levels)
        .detail("images", n)
        .detail("seed", of.seed)
        .detail("drawn_from", json!({ "real": real.of, "generated": generated.of }))
        .of_pixels(Some(n as u64), Some(n as u64)))
}

pub(super) fn size(images: &dyn ImageSource) -> Result<(u32, u32)> {
    images.size().ok_or_else(|| MetricError::Unfit("there is no image in the set".into()))
}

/// `20 images`, or `341 of 5000 images`.
pub(super) fn some_of(n: usize, of: usize) -> String {
    match n {
        _ if n != of => format!("{n} of {of} images"),
        1 => "1 image".into(),
        _ => format!("{n} images"),
    }
}
