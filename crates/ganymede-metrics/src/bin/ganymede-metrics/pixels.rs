//! Measures of pixels, at the size that the images have.

use anyhow::Result;
use ganymede_metrics::{
    BatchOptions, Images as Batches, SlicedWassersteinConfig, ms_ssim_diversity, sliced_wasserstein,
};
use ndarray::Array4;
use serde_json::{Value, json};

use crate::measure::{Bench, Line, NotPossible};
use crate::source::Set;

/// Pairs of images for MS-SSIM; PGGAN's number is 10,000.
const PAIRS: usize = 10_000;
/// Bytes of pixels that a set may take: the images are the first ones that fit.
const BUDGET: usize = 256 << 20;
/// Patches of one set take about 1.2 kB each.
const SWD_IMAGES: usize = 2048;

/// The most frequent size of a set, and how many images have it.
fn size(set: &Set, what: &str) -> Result<(u32, u32)> {
    let images = set.images.as_ref();
    let most = images.and_then(|images| images.report.sizes.iter().max_by_key(|(_, count)| **count));
    match most {
        Some((size, _)) => Ok(*size),
        None => Err(NotPossible(format!("it needs a folder of {what} images")).into()),
    }
}

/// The first images of a set, at most `limit`, of a given size; others are resized to it.
fn levels(set: &Set, (width, height): (u32, u32), limit: usize) -> Result<Array4<f32>> {
    let images = set.images.as_ref().ok_or_else(|| NotPossible("it needs folders of images".into()))?;
    let channels = if images.report.grey == images.report.images { 1 } else { 3 };
    let shape = [channels, height as usize, width as usize];
    let mut folder = images.folder.clone();
    let fit = BUDGET / (4 * shape.iter().product::<usize>()).max(1);
    folder.truncate(limit.min(fit.max(2)));
    let mut data = Vec::new();
    for batch in folder.batches(&BatchOptions::new(shape))? {
        data.extend(batch?.images.flatten_all()?.to_vec1::<f32>()?);
    }
    let [c, h, w] = shape;
    let n = data.len() / (c * h * w);
    Ok(Array4::from_shape_vec((n, c, h, w), data)?)
}

/// Diversity of the generated images; that of the real ones stands beside it where they are at hand.
pub(crate) fn ms_ssim(bench: &Bench<'_>) -> Result<(Vec<Line>, Value)> {
    let of = |set: &Set, what: &str| -> Result<_> {
        let images = levels(set, size(set, what)?, usize::MAX)?;
        Ok(ms_ssim_diversity(images.view(), PAIRS, bench.seed)?)
    };
    let fake = of(bench.fake, "generated")?;
    let real = bench.real.images.is_some().then(|| of(bench.real, "real")).transpose()?;
    let line = |label: &str, value, spread, better| Line {
        label: label.into(),
        value,
        spread: Some(spread),
        better,
    };
    let mut lines =
        vec![line("Likeness of generated images (MS-SSIM of pairs)", fake.mean, fake.std, "near real")];
    if let Some(real) = &real {
        lines.push(line("Likeness of real images (MS-SSIM of pairs)", real.mean, real.std, ""));
    }
    let json =
        json!({ "value": fake.mean, "std": fake.std, "pairs": fake.pairs, "real": real.map(|r| r.mean) });
    Ok((lines, json))
}

/// Distances of patches. Both sets are brought to the generated images' size and number of channels.
pub(crate) fn swd(bench: &Bench<'_>) -> Result<(Vec<Line>, Value)> {
    let size = size(bench.fake, "generated")?;
    let (real, fake) = (levels(bench.real, size, SWD_IMAGES)?, levels(bench.fake, size, SWD_IMAGES)?);
    if real.shape()[1] != fake.shape()[1] {
        return Err(NotPossible("one set is grey and the other in colour".into()).into());
    }
    let n = real.shape()[0].min(fake.shape()[0]);
    let first = |images: &Array4<f32>| images.slice(ndarray::s![..n, .., .., ..]).to_owned();
    let (real, fake) = (first(&real), first(&fake));
    let config = SlicedWassersteinConfig { seed: bench.seed, ..SlicedWassersteinConfig::default() };
    let found = sliced_wasserstein(Batches { real: real.view(), generated: fake.view() }, &config)?;
    let line = |label: String, value: f64| Line { label, value: 1e3 * value, spread: None, better: "lower" };
    let mut lines = vec![line("Sliced Wasserstein distance (SWD) × 1,000, mean of:".into(), found.mean)];
    let at =
        |level: &ganymede_metrics::SwdLevel| line(format!("  at {} px", level.resolution), level.distance);
    lines.extend(found.levels.iter().map(at));
    Ok((lines, json!({ "value": found.mean, "levels": found.levels, "images": n })))
}
