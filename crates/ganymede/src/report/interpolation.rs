//! What lies between samples of a run: a picture that its page has besides the timeline.

use anyhow::Result;
use ganymede_metrics::LatentPath;
use ganymede_models::ConditionShape;
use ganymede_tensor::Device;
use ganymede_train::{
    Interpolation, InterpolationConfig, LatentSpace, Latents, PictureSheet, RunFolder, Sampler,
};

/// Rows, frames in each, and the pixels along a side of the largest samples that get so many: a forward pass of large ones
/// takes seconds.
const SIZES: [(usize, usize, usize); 3] = [(6, 8, 64), (4, 6, 256), (3, 5, usize::MAX)];
/// Of the latent vectors that rows go between.
const SEED: u64 = 0;

/// Draws rows that go on straight lines in z from one sample to the next, and from the last to the first, with the last
/// checkpoint's generator. Returns whether there is such a picture: not of points, nor where a generator is told more than a
/// class.
pub(super) fn draw(folder: &RunFolder) -> Result<bool> {
    let sampler = Sampler::from_checkpoint(&folder.last_checkpoint(), &Device::Cpu)?;
    let is_told_more = matches!(sampler.condition(), ConditionShape::Vectors(_) | ConditionShape::Images(_));
    let shape = sampler.sample_shape();
    let &[1 | 3, height, width] = &shape[..] else { return Ok(false) };
    if is_told_more {
        return Ok(false);
    }
    let fits = |&&(_, _, side): &&(usize, usize, usize)| height.max(width) <= side;
    let &(rows, frames, _) = SIZES.iter().find(fits).unwrap_or(&SIZES[2]);
    let keys = sampler.latents(&Latents::Random { count: rows, seed: SEED })?;
    let mut conditions = sampler.class_batches(None, SEED)?;
    let config = InterpolationConfig { path: LatentPath::Straight, space: LatentSpace::Z, frames };
    let mut between = Interpolation::new(&sampler, keys, &mut conditions, Vec::new(), config)?;
    let mut sheet = PictureSheet::new(&shape, rows, frames)?;
    while let Some(images) = between.next_batch()? {
        sheet.push(&images)?;
    }
    sheet.save(&folder.interpolation())?;
    Ok(true)
}
