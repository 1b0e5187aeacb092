//! Measures of pixels, at the size that the images have.

use anyhow::Result;
use ganymede_metrics::{
    BatchOptions, Images as Batches, MsSsimDiversity, SlicedWassersteinConfig, ms_ssim_diversity,
    sliced_wasserstein,
};
use ndarray::Array4;
use serde_json::json;

use crate::choices::Metric;
use crate::measure::{Bench, Drawn, Line, Measured, NotPossible};
use crate::source::Set;
use crate::words::count;

/// Pairs of images for MS-SSIM; PGGAN's number is 10,000.
const PAIRS: usize = 10_000;
/// Bytes of pixels that a set may take: as many images are drawn as fit.
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

/// Images of a set, in memory.
struct Levels {
    images: Array4<f32>,
    /// How many the set has.
    of: usize,
}

impl Levels {
    /// At most `limit` images of a set, drawn by `seed`, of a given size; others are resized to it.
    fn draw(set: &Set, (width, height): (u32, u32), limit: usize, seed: u64) -> Result<Self> {
        let images = set.images.as_ref().ok_or_else(|| NotPossible("it needs folders of images".into()))?;
        let channels = if images.report.grey == images.report.images { 1 } else { 3 };
        let shape = [channels, height as usize, width as usize];
        let fit = BUDGET / (4 * shape.iter().product::<usize>()).max(1);
        let mut data = Vec::new();
        for batch in images.draw(limit.min(fit.max(2)), seed).batches(&BatchOptions::new(shape))? {
            data.extend(batch?.images.flatten_all()?.to_vec1::<f32>()?);
        }
        let [c, h, w] = shape;
        let n = data.len() / (c * h * w);
        Ok(Self { images: Array4::from_shape_vec((n, c, h, w), data)?, of: images.files.len() })
    }

    fn count(&self) -> usize {
        self.images.shape()[0]
    }

    /// `20 images`, or `341 of 5000 images`.
    fn words(&self, n: usize) -> String {
        if n == self.of { count(n, "image") } else { format!("{n} of {} images", self.of) }
    }
}

/// Diversity of the generated images; that of the real ones stands beside it where they are at hand.
pub(crate) fn ms_ssim(bench: &Bench<'_>) -> Result<Measured> {
    let seed = bench.seed;
    let of = |set: &Set, what: &str| -> Result<_> {
        let drawn = Levels::draw(set, size(set, what)?, usize::MAX, seed)?;
        let found = ms_ssim_diversity(drawn.images.view(), PAIRS, seed)?;
        let label =
            format!("Likeness of {what} images (MS-SSIM of {PAIRS} pairs of {})", drawn.words(drawn.count()));
        Ok((drawn.count(), drawn.of, found, label))
    };
    let fake = of(bench.fake, "generated")?;
    // A set of one real image has no pair; that of the generated ones counts all the same.
    let real = bench.real.images.is_some().then(|| of(bench.real, "real").ok()).flatten();
    let line = |label: &str, found: &MsSsimDiversity, better| {
        let (label, value, spread) = (label.to_owned(), found.mean, Some(found.std));
        Line { label, value, spread, better }
    };
    let mut lines = vec![line(&fake.3, &fake.2, "near real")];
    lines.extend(real.iter().map(|real| line(&real.3, &real.2, "")));
    let drawn = Drawn { real: real.as_ref().map(|real| real.0 as u64), fake: Some(fake.0 as u64) };
    let json = json!({
        "value": fake.2.mean, "std": fake.2.std, "pairs": fake.2.pairs,
        "real": real.as_ref().map(|real| real.2.mean), "seed": seed,
        "images": { "real": drawn.real, "generated": drawn.fake },
        "drawn_from": { "real": real.as_ref().map(|real| real.1), "generated": fake.1 },
    });
    Ok(Measured { metric: Metric::MsSsim, lines, json, drawn: Some(drawn) })
}

/// Distances of patches. Both sets are brought to the generated images' size and number of channels.
pub(crate) fn swd(bench: &Bench<'_>) -> Result<Measured> {
    let size = size(bench.fake, "generated")?;
    let draw = |set: &Set| Levels::draw(set, size, SWD_IMAGES, bench.seed);
    let (real, fake) = (draw(bench.real)?, draw(bench.fake)?);
    if real.images.shape()[1] != fake.images.shape()[1] {
        return Err(NotPossible("one set is grey and the other in colour".into()).into());
    }
    let n = real.count().min(fake.count());
    let config = SlicedWassersteinConfig { seed: bench.seed, ..SlicedWassersteinConfig::default() };
    let first = ndarray::s![..n, .., .., ..];
    let both = Batches { real: real.images.slice(first), generated: fake.images.slice(first) };
    let found = sliced_wasserstein(both, &config)?;
    let line = |label: String, value: f64| Line { label, value: 1e3 * value, spread: None, better: "lower" };
    let of = format!("{} and {}", real.words(n), fake.words(n));
    let mut lines =
        vec![line(format!("Sliced Wasserstein distance (SWD) × 1,000 of {of}, mean of:"), found.mean)];
    let at =
        |level: &ganymede_metrics::SwdLevel| line(format!("  at {} px", level.resolution), level.distance);
    lines.extend(found.levels.iter().map(at));
    let json = json!({
        "value": found.mean, "levels": found.levels, "images": n, "seed": bench.seed,
        "drawn_from": { "real": real.of, "generated": fake.of },
    });
    let drawn = Drawn { real: Some(n as u64), fake: Some(n as u64) };
    Ok(Measured { metric: Metric::Swd, lines, json, drawn: Some(drawn) })
}
