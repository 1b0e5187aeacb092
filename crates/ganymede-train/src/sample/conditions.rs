//! Conditions of samples, a batch at a time.

use std::sync::Arc;

use ganymede_datasets::{ConditionBatch, Conditions, Dataset};
use ganymede_models::{Condition, ConditionShape};
use ganymede_tensor::{DType, Device, Rng, Tensor};

use crate::error::TrainError;
use crate::trainer::{beside_condition, condition_of, draw_told};

/// The conditions of samples: a function of their source alone. Of a generator that is told nothing, nothing.
pub struct ConditionBatches {
    choice: Choice,
    device: Device,
}

enum Choice {
    Nothing,
    One(u32),
    /// Each of so many classes is as probable.
    Drawn {
        rng: Box<Rng>,
        classes: usize,
    },
    /// Classes, one after the other.
    Labels {
        labels: Vec<u32>,
        at: usize,
    },
    /// Those of samples of the data, each of them as probable.
    Data {
        rng: Box<Rng>,
        dataset: Arc<dyn Dataset>,
    },
    /// One after the other, and again from the first.
    Given {
        conditions: Conditions,
        at: usize,
    },
}

impl std::fmt::Debug for ConditionBatches {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.choice {
            Choice::Nothing => "no conditions",
            Choice::One(_) => "one class",
            Choice::Drawn { .. } => "classes, drawn",
            Choice::Labels { .. } => "classes, given",
            Choice::Data { .. } => "conditions of the data, drawn",
            Choice::Given { .. } => "conditions, given",
        })
    }
}

fn fail<T>(reason: String) -> Result<T, TrainError> {
    Err(TrainError::Sample { reason })
}

impl ConditionBatches {
    pub(super) fn classes(
        told: &ConditionShape,
        class: Option<usize>,
        seed: u64,
        device: &Device,
    ) -> Result<Self, TrainError> {
        let choice = match (told, class) {
            (ConditionShape::Classes(classes), Some(class)) if class >= *classes => {
                let last = classes - 1;
                return fail(format!("class {class}: there are {classes}, numbered 0 to {last}"));
            }
            (ConditionShape::Classes(_), Some(class)) => Choice::One(class as u32),
            (ConditionShape::Classes(classes), None) => {
                Choice::Drawn { rng: Box::new(Rng::stream(seed, "sample/labels")), classes: *classes }
            }
            (_, Some(class)) => {
                return fail(format!(
                    "class {class}: this generator was trained without classes; leave it out"
                ));
            }
            (ConditionShape::None, None) => Choice::Nothing,
            (other, None) => {
                let what = words(other);
                return fail(format!("this generator makes samples of {what}: give some by --condition"));
            }
        };
        Ok(Self { choice, device: device.clone() })
    }

    /// Each of so many classes with equal probability.
    pub(super) fn of_all(classes: Option<usize>, rng: Rng, device: &Device) -> Self {
        let drawn = |classes| Choice::Drawn { rng: Box::new(rng), classes };
        Self { choice: classes.map_or(Choice::Nothing, drawn), device: device.clone() }
    }

    /// These classes.
    pub(super) fn labels(labels: Vec<u32>, device: &Device) -> Self {
        Self { choice: Choice::Labels { labels, at: 0 }, device: device.clone() }
    }

    /// Of data whose conditions are of the shape that is told.
    pub(super) fn of_data(
        told: &ConditionShape,
        dataset: Arc<dyn Dataset>,
        seed: u64,
        device: &Device,
    ) -> Result<Self, TrainError> {
        check(told, dataset.condition_shape().unwrap_or_default(), dataset.name())?;
        let rng = Box::new(Rng::stream(seed, "sample/labels"));
        Ok(Self { choice: Choice::Data { rng, dataset }, device: device.clone() })
    }

    /// As they are given; `origin` is where.
    pub(super) fn given(
        told: &ConditionShape,
        conditions: Conditions,
        origin: &str,
        device: &Device,
    ) -> Result<Self, TrainError> {
        check(told, &conditions.shape(), origin)?;
        Ok(Self { choice: Choice::Given { conditions, at: 0 }, device: device.clone() })
    }

    /// How many there are, where they were given one by one.
    pub fn count(&self) -> Option<usize> {
        match &self.choice {
            Choice::Given { conditions, .. } => Some(conditions.len()),
            Choice::Labels { labels, .. } => Some(labels.len()),
            _ => None,
        }
    }

    /// The condition of the next `n` samples.
    ///
    /// # Errors
    /// The data cannot be read any more; the device refuses the memory.
    pub fn next_batch(&mut self, n: usize) -> Result<Condition, TrainError> {
        Ok(match &mut self.choice {
            Choice::Nothing => Condition::None,
            Choice::One(class) => Condition::Classes(Tensor::full(*class, n, &self.device)?),
            Choice::Drawn { rng, classes } => Condition::Classes(rng.labels(n, *classes, &self.device)?),
            Choice::Labels { labels, at } => {
                let some = labels.get(*at..*at + n).unwrap_or_default();
                *at += n;
                Condition::Classes(Tensor::new(some, &self.device)?)
            }
            Choice::Data { rng, dataset } => {
                let told = draw_told(dataset.as_ref(), n, false, rng);
                condition_of(dataset.as_ref(), &told, &self.device)?
            }
            Choice::Given { conditions, at } => {
                let shape = conditions.shape();
                let size: usize = shape.iter().product();
                let mut values = vec![0.0; n * size];
                for out in values.chunks_exact_mut(size) {
                    conditions.read(*at, out)?;
                    *at = (*at + 1) % conditions.len();
                }
                let shape = [&[n], &shape[..]].concat();
                beside_condition(ConditionBatch { values, shape }, &self.device)?
            }
        })
    }
}

/// A condition that is as good as any, of `n` samples.
pub(super) fn zeros(told: &ConditionShape, n: usize, device: &Device) -> ganymede_tensor::Result<Condition> {
    Ok(match told {
        ConditionShape::None => Condition::None,
        ConditionShape::Classes(_) => Condition::Classes(Tensor::zeros(n, DType::U32, device)?),
        ConditionShape::Vectors(dim) => Condition::Vectors(Tensor::zeros((n, *dim), DType::F32, device)?),
        ConditionShape::Images(shape) => {
            Condition::Images(Tensor::zeros([&[n], &shape[..]].concat(), DType::F32, device)?)
        }
    })
}

fn words(told: &ConditionShape) -> String {
    match told {
        ConditionShape::None => "nothing".to_owned(),
        ConditionShape::Classes(classes) => format!("{classes} classes"),
        ConditionShape::Vectors(dim) => format!("vectors of {dim} numbers"),
        ConditionShape::Images(shape) => format!("images {shape:?}"),
    }
}

fn check(told: &ConditionShape, found: &[usize], origin: &str) -> Result<(), TrainError> {
    let fits = match told {
        ConditionShape::Vectors(dim) => found == [*dim],
        ConditionShape::Images(shape) => found == shape,
        ConditionShape::None | ConditionShape::Classes(_) => false,
    };
    if fits {
        return Ok(());
    }
    let what = words(told);
    fail(format!(
        "{origin}: its conditions have the shape {found:?}, and this generator makes samples of {what}"
    ))
}
