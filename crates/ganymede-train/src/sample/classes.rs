//! Classes of samples, a batch at a time.

use ganymede_models::Condition;
use ganymede_tensor::{Device, Rng, Tensor};

use crate::error::TrainError;

/// The classes of samples: a function of the seed alone. Of a generator that is not told the class, nothing.
#[derive(Debug)]
pub struct ClassBatches {
    choice: Choice,
    device: Device,
}

#[derive(Debug)]
enum Choice {
    Nothing,
    One(u32),
    /// Each of so many is as probable.
    Drawn {
        rng: Box<Rng>,
        classes: usize,
    },
}

impl ClassBatches {
    pub(super) fn new(
        classes: Option<usize>,
        class: Option<usize>,
        seed: u64,
        device: &Device,
    ) -> Result<Self, TrainError> {
        let choice = match (classes, class) {
            (None, None) => Choice::Nothing,
            (None, Some(class)) => {
                let reason =
                    format!("class {class}: this generator was trained without classes; leave it out");
                return Err(TrainError::Sample { reason });
            }
            (Some(classes), Some(class)) if class >= classes => {
                let reason = format!("class {class}: there are {classes}, numbered 0 to {}", classes - 1);
                return Err(TrainError::Sample { reason });
            }
            (Some(_), Some(class)) => Choice::One(class as u32),
            (Some(classes), None) => {
                Choice::Drawn { rng: Box::new(Rng::stream(seed, "sample/labels")), classes }
            }
        };
        Ok(Self { choice, device: device.clone() })
    }

    /// Each of so many classes with equal probability.
    pub(super) fn of_all(classes: Option<usize>, rng: Rng, device: &Device) -> Self {
        let drawn = |classes| Choice::Drawn { rng: Box::new(rng), classes };
        Self { choice: classes.map_or(Choice::Nothing, drawn), device: device.clone() }
    }

    /// The condition of the next `n` samples.
    ///
    /// # Errors
    /// The device refuses the memory.
    pub fn next_batch(&mut self, n: usize) -> Result<Condition, TrainError> {
        Ok(self.draw(n)?)
    }

    pub(super) fn draw(&mut self, n: usize) -> ganymede_tensor::Result<Condition> {
        Ok(match &mut self.choice {
            Choice::Nothing => Condition::None,
            Choice::One(class) => Condition::Classes(Tensor::full(*class, n, &self.device)?),
            Choice::Drawn { rng, classes } => Condition::Classes(rng.labels(n, *classes, &self.device)?),
        })
    }
}
