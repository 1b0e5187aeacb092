//! What a generator is given at every look.

use std::sync::Arc;

use ganymede_datasets::Dataset;
use ganymede_models::{Condition, ConditionShape, Generator, Growth, Latents};
use ganymede_tensor::{Device, Rng};

use super::draws::{Told, condition_of, draw_told};
use crate::error::TrainError;

/// Latent vectors and conditions.
#[derive(Clone)]
pub(crate) struct Fixed {
    pub(crate) latents: Latents,
    pub(crate) condition: Known,
    /// How far the generator has grown.
    pub(crate) growth: Growth,
}

/// The conditions of all samples of a look.
#[derive(Clone)]
pub(crate) enum Known {
    /// As they are.
    Given(Condition),
    /// Those of samples of the data, read when they are asked for: thousands of images would fill the memory.
    Told { dataset: Arc<dyn Dataset>, told: Vec<Told>, device: Device },
}

impl Fixed {
    pub(crate) fn new(latents: Latents, condition: Condition) -> Self {
        Self { latents, condition: Known::Given(condition), growth: Growth::FULL }
    }

    /// The same for a generator that has grown so far.
    pub(crate) fn grown(&self, growth: Growth) -> Self {
        Self { growth, ..self.clone() }
    }

    pub(crate) fn count(&self) -> ganymede_tensor::Result<usize> {
        self.latents.count()
    }

    pub(crate) fn narrow(&self, at: usize, n: usize) -> ganymede_tensor::Result<Self> {
        let condition = match &self.condition {
            Known::Given(condition) => Known::Given(condition.narrow(at, n)?),
            Known::Told { dataset, told, device } => {
                let (dataset, told) = (Arc::clone(dataset), told[at..at + n].to_vec());
                Known::Told { dataset, told, device: device.clone() }
            }
        };
        Ok(Self { latents: self.latents.narrow(at, n)?, condition, growth: self.growth })
    }
}

impl Known {
    /// The conditions themselves.
    pub(crate) fn read(&self) -> Result<Condition, TrainError> {
        match self {
            Self::Given(condition) => Ok(condition.clone()),
            Self::Told { dataset, told, device } => condition_of(dataset.as_ref(), told, device),
        }
    }

    /// The classes that were asked for, where there are any.
    pub(crate) fn classes(&self) -> ganymede_tensor::Result<Option<Vec<u32>>> {
        match self {
            Self::Given(Condition::Classes(classes)) => {
                Ok(Some(classes.to_device(&Device::Cpu)?.to_vec1::<u32>()?))
            }
            _ => Ok(None),
        }
    }
}

/// What all measurements of a run are made of: latent vectors, and conditions as frequent as those of the data.
pub(crate) fn metric_inputs(
    seed: u64,
    generator: &dyn Generator,
    dataset: &Arc<dyn Dataset>,
    count: usize,
    device: &Device,
) -> Result<Fixed, TrainError> {
    let latents = generator.draw(count, &mut Rng::stream(seed, "metrics/latents"), device)?;
    if generator.io().condition == ConditionShape::None {
        return Ok(Fixed::new(latents, Condition::None));
    }
    let told = draw_told(dataset.as_ref(), count, false, &mut Rng::stream(seed, "metrics/labels"));
    let condition = match dataset.condition_shape() {
        Some(_) => Known::Told { dataset: Arc::clone(dataset), told, device: device.clone() },
        None => Known::Given(condition_of(dataset.as_ref(), &told, device)?),
    };
    Ok(Fixed { latents, condition, growth: Growth::FULL })
}
