//! From one sample to another, and on to the first again.

use ganymede_metrics::LatentPath;
use ganymede_models::{Condition, LatentDistribution, Latents as Drawn, broadcast_ws};
use ganymede_tensor::{DType, Device, Tensor};

use super::{BATCH, ConditionBatches, LatentBatches, Sampler};
use crate::error::TrainError;

/// Where points between two samples are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LatentSpace {
    /// Between latent vectors.
    Z,
    /// Between the vectors that a mapping network makes of them.
    W,
}

/// How key frames are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InterpolationConfig {
    /// On a straight line, or along a great circle.
    pub path: LatentPath,
    /// In z or in w.
    pub space: LatentSpace,
    /// Frames from a key frame to the next, the first of the two among them, ≥ 1.
    pub frames: usize,
}

/// The frames of an interpolation: a loop through key frames, which are exact samples of their latent vectors.
///
/// In z all frames have the condition of the first key frame, since a class cannot be between two others; in w each key
/// frame has its own. All frames have the same noise: the constant one, or that of one draw.
pub struct Interpolation<'a> {
    sampler: &'a Sampler,
    config: InterpolationConfig,
    /// `(K, Z)` or `(K, W)`, of f64 on the host.
    keys: Tensor,
    condition: Condition,
    noise: Vec<Tensor>,
    at: usize,
}

fn fail<T>(reason: String) -> Result<T, TrainError> {
    Err(TrainError::Sample { reason })
}

impl<'a> Interpolation<'a> {
    /// Between all latent vectors of `keys`, one after the other and back to the first. `noise` is that of one sample, or
    /// none for the constant one.
    ///
    /// # Errors
    /// There are fewer than two key frames, or no frame; the space is w and there is no mapping network, or the path is
    /// a great circle there or of uniform latent vectors; the samples are points; as [`Sampler::generate`].
    pub fn new(
        sampler: &'a Sampler,
        keys: LatentBatches,
        conditions: &mut ConditionBatches,
        noise: Vec<Tensor>,
        config: InterpolationConfig,
    ) -> Result<Self, TrainError> {
        check(sampler, keys.count(), config)?;
        let (keys, condition) = key_frames(sampler, keys, conditions, config.space)?;
        Ok(Self { sampler, config, keys, condition, noise, at: 0 })
    }

    /// The number of key frames K.
    pub fn keyframes(&self) -> usize {
        self.keys.dims()[0]
    }

    /// How many frames there are in all.
    pub fn count(&self) -> usize {
        self.keyframes() * self.config.frames
    }

    /// The next frames `(n, C, H, W)`, n ≤ 64; nothing after the last.
    ///
    /// # Errors
    /// As [`Sampler::generate_finite`].
    pub fn next_batch(&mut self) -> Result<Option<Tensor>, TrainError> {
        let n = BATCH.min(self.count() - self.at);
        if n == 0 {
            return Ok(None);
        }
        let points = self.points(self.at..self.at + n)?;
        let noise = self.noise.iter().map(|noise| noise.repeat(repeated(noise, n)));
        let noise = noise.collect::<ganymede_tensor::Result<Vec<_>>>()?;
        let frames = match (self.config.space, self.sampler.layers()) {
            (LatentSpace::W, Some(layers)) => {
                self.sampler.synthesise(&broadcast_ws(&points, layers)?, &noise)?
            }
            _ => {
                let condition = repeat_condition(&self.condition, n)?;
                self.sampler.generate_from(&Drawn::new(points).with_noise(noise), &condition)?
            }
        };
        self.sampler.check_finite(&frames, self.at)?;
        self.at += n;
        Ok(Some(frames))
    }

    /// The latent vectors of some frames. Frame i lies between key frame i / frames and the next.
    fn points(&self, frames: std::ops::Range<usize>) -> ganymede_tensor::Result<Tensor> {
        let (each, keys, n) = (self.config.frames, self.keyframes(), frames.len());
        let host = &Device::Cpu;
        let from: Vec<u32> = frames.clone().map(|i| (i / each) as u32).collect();
        let to: Vec<u32> = from.iter().map(|key| (key + 1) % keys as u32).collect();
        let share: Vec<f64> = frames.map(|i| (i % each) as f64 / each as f64).collect();
        let row = |index: Vec<u32>| self.keys.index_select(&Tensor::new(index, host)?, 0);
        let share = Tensor::from_vec(share, (n, 1), host)?;
        let points = self.config.path.point(&row(from)?, &row(to)?, &share)?;
        points.to_dtype(DType::F32)?.to_device(&self.sampler.device)
    }
}

/// Whether there is anything to go between, and such a way.
fn check(sampler: &Sampler, keyframes: usize, config: InterpolationConfig) -> Result<(), TrainError> {
    if sampler.sample_shape().len() != 3 {
        return fail(
            "an interpolation is a row of pictures, and these samples are points: draw them without --interpolate"
                .to_owned(),
        );
    }
    if sampler.z_dim() == 0 {
        return fail(
            "this generator has no latent vector to interpolate: leave --interpolate out".to_owned(),
        );
    }
    if keyframes < 2 || config.frames == 0 {
        let frames = config.frames;
        return fail(format!(
            "an interpolation of {keyframes} key frames and {frames} frames between them: give at least 2 and 1"
        ));
    }
    let is_circle = config.path == LatentPath::Spherical;
    let is_uniform = sampler.generator().latent_distribution() == LatentDistribution::Uniform;
    match config.space {
        LatentSpace::W if is_circle => {
            fail("vectors w lie around their centre and on no sphere: interpolate them by lerp".to_owned())
        }
        LatentSpace::W => sampler.mapping("an interpolation in w").map(drop),
        LatentSpace::Z if is_circle && is_uniform => fail(
            "the latent numbers of this generator are uniform in [−1, 1], which a great circle leaves: interpolate by \
             lerp"
            .to_owned(),
        ),
        LatentSpace::Z => Ok(()),
    }
}

/// All key frames, and the condition of frames in z.
fn key_frames(
    sampler: &Sampler,
    mut keys: LatentBatches,
    conditions: &mut ConditionBatches,
    space: LatentSpace,
) -> Result<(Tensor, Condition), TrainError> {
    let (mut rows, mut first) = (Vec::new(), None);
    while let Some(z) = keys.next_batch()? {
        let condition = conditions.next_batch(z.dim(0)?)?;
        rows.push(match space {
            LatentSpace::Z => z,
            LatentSpace::W => sampler.w(&z, &condition)?,
        });
        if first.is_none() {
            first = Some(condition.narrow(0, 1)?);
        }
    }
    let keys = Tensor::cat(&rows, 0)?.to_device(&Device::Cpu)?.to_dtype(DType::F64)?;
    Ok((keys, first.unwrap_or_default()))
}

/// What to repeat a tensor of one row by.
fn repeated(one: &Tensor, n: usize) -> Vec<usize> {
    (0..one.rank()).map(|axis| if axis == 0 { n } else { 1 }).collect()
}

/// The condition of one sample, of `n`.
fn repeat_condition(one: &Condition, n: usize) -> ganymede_tensor::Result<Condition> {
    let repeat = |x: &Tensor| x.repeat(repeated(x, n));
    Ok(match one {
        Condition::None => Condition::None,
        Condition::Classes(y) => Condition::Classes(repeat(y)?),
        Condition::Vectors(y) => Condition::Vectors(repeat(y)?),
        Condition::Images(y) => Condition::Images(repeat(y)?),
    })
}

#[cfg(test)]
mod tests;
