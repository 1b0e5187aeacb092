//! What pictures of a run are made of.

use std::sync::Arc;

use ganymede_datasets::Dataset;
use ganymede_models::{Condition, ConditionShape, Generator, Latents};
use ganymede_tensor::{Device, Rng, Tensor};

use super::draws::{Told, classes, condition_of, draw_told, samples_of};
use super::fixed::Fixed;
use crate::config::Run;
use crate::error::TrainError;
use crate::pictures::{self, Pixels};

/// Classes that a picture has rows for, at most.
const MOST_ROWS: usize = 40;
/// A condition, the sample and the truth.
const TRIPLE: usize = 3;

/// Latent vectors and conditions that stay the same from picture to picture, and what stands beside the samples.
pub(crate) struct Shown {
    pub(crate) input: Fixed,
    /// Images in a row of the picture, where rows mean something.
    columns: Option<usize>,
    /// For each sample the image that it was made from, and the true one.
    beside: Option<(Vec<Pixels>, Vec<Pixels>)>,
}

impl Shown {
    /// Latent vectors for as many samples as a picture holds. Where the generator is told
    /// - the class: a row a class, with the same vectors in each;
    /// - a vector: those of samples of the data;
    /// - an image: condition, sample and truth side by side, for samples of the data, as many as there is room for.
    pub(crate) fn new(
        run: &Run,
        generator: &dyn Generator,
        dataset: &Arc<dyn Dataset>,
        device: &Device,
    ) -> Result<Self, TrainError> {
        let mut rng = Rng::stream(run.seed, "samples");
        let told = |n| draw_told(dataset.as_ref(), n, false, &mut Rng::stream(run.seed, "samples/labels"));
        let count = run.log.samples;
        let is_told = run.generator.traits().conditional;
        let plain = |input| Self { input, columns: None, beside: None };
        Ok(match generator.io().condition {
            ConditionShape::Classes(all) if is_told => {
                let rows = all.min(MOST_ROWS);
                let columns = (count / rows).max(1);
                let row = generator.draw(columns, &mut rng, device)?;
                let labels = (0..rows).flat_map(|class| std::iter::repeat_n(class as u32, columns)).collect();
                let latents = Latents::new(Tensor::cat(&vec![row.z; rows], 0)?);
                let input = Fixed::new(latents, Condition::Classes(classes(labels, device)?));
                Self { columns: Some(columns), ..plain(input) }
            }
            ConditionShape::Vectors(_) if is_told => {
                let condition = condition_of(dataset.as_ref(), &told(count), device)?;
                plain(Fixed::new(generator.draw(count, &mut rng, device)?, condition))
            }
            ConditionShape::Images(_) if is_told => {
                let triples = (count / TRIPLE).max(1);
                let told = told(triples);
                let known = samples_beside(dataset.as_ref(), &told)?;
                let condition = condition_of(dataset.as_ref(), &told, device)?;
                let input = Fixed::new(generator.draw(triples, &mut rng, device)?, condition);
                // About as many rows as columns.
                let in_row = ((triples as f64 / TRIPLE as f64).sqrt().round() as usize).max(1);
                Self { columns: Some(TRIPLE * in_row), beside: Some(known), ..plain(input) }
            }
            _ => plain(Fixed::new(generator.draw(count, &mut rng, device)?, Condition::None)),
        })
    }

    /// The picture of samples `(N, C, H, W)`.
    pub(crate) fn picture(&self, samples: &Tensor) -> ganymede_tensor::Result<image::RgbImage> {
        let samples = Pixels::of_batch(samples)?;
        let Some((conditions, truths)) = &self.beside else {
            return Ok(pictures::grid(&samples.iter().collect::<Vec<_>>(), self.columns));
        };
        let triples = conditions.iter().zip(&samples).zip(truths);
        let all: Vec<&Pixels> = triples.flat_map(|((known, made), truth)| [known, made, truth]).collect();
        Ok(pictures::grid(&all, self.columns))
    }
}

/// The images that are conditions, and the true ones.
fn samples_beside(dataset: &dyn Dataset, told: &[Told]) -> Result<(Vec<Pixels>, Vec<Pixels>), TrainError> {
    let truths = Pixels::of_batch(&samples_of(dataset, told, &Device::Cpu)?)?;
    match condition_of(dataset, told, &Device::Cpu)? {
        Condition::Images(images) => Ok((Pixels::of_batch(&images)?, truths)),
        other => unreachable!("asked for where images are known, and not {other:?}"),
    }
}
