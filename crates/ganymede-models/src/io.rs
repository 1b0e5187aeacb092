//! What both players of a game agree on, and what a forward pass is given besides latent vectors or samples.

use ganymede_tensor::{DType, Result, Tensor, bail};
use serde::{Deserialize, Serialize};

/// What both players must agree on. The data say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Io {
    /// The shape of one sample: `[C, H, W]`, or `[D]` for points.
    pub sample: Vec<usize>,
    /// What is known of a sample besides.
    pub condition: ConditionShape,
}

impl Io {
    /// Samples of a shape, of which nothing else is known.
    pub fn new(sample: impl Into<Vec<usize>>) -> Self {
        Self { sample: sample.into(), condition: ConditionShape::None }
    }

    /// Samples of a shape, each of one of K classes.
    pub fn with_classes(sample: impl Into<Vec<usize>>, classes: usize) -> Self {
        Self { sample: sample.into(), condition: ConditionShape::Classes(classes) }
    }

    /// Samples of a shape, each with an image `[C, H, W]` beside it.
    pub fn with_images(sample: impl Into<Vec<usize>>, image: impl Into<Vec<usize>>) -> Self {
        Self { sample: sample.into(), condition: ConditionShape::Images(image.into()) }
    }

    /// The number of classes K, where samples have some.
    pub fn classes(&self) -> Option<usize> {
        match self.condition {
            ConditionShape::Classes(classes) => Some(classes),
            _ => None,
        }
    }

    /// The same with images of a stage of a network that has so many, beyond the last one those of the last: each stage
    /// before it halves both sides. Of a network that does not grow, which has one, it is what it was.
    #[must_use]
    pub fn at_stage(&self, stage: usize, stages: usize) -> Self {
        let last = stages.saturating_sub(1);
        let mut grown = self.clone();
        for side in grown.sample.iter_mut().skip(1) {
            *side = side.checked_shr((last - stage.min(last)) as u32).unwrap_or(0);
        }
        grown
    }

    /// `(C, R)` of square images.
    pub(crate) fn square(&self) -> Option<(usize, usize)> {
        match self.sample[..] {
            [channels, height, width] if height == width => Some((channels, width)),
            _ => None,
        }
    }
}

/// What one sample is conditioned on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConditionShape {
    /// Nothing.
    #[default]
    None,
    /// One of K classes.
    Classes(usize),
    /// A vector of a length.
    Vectors(usize),
    /// An image `[C, H, W]`.
    Images(Vec<usize>),
}

/// What a batch is conditioned on. Networks that are not conditional ignore it.
#[derive(Clone, Debug, Default)]
pub enum Condition {
    /// Nothing.
    #[default]
    None,
    /// Classes `(N,)` of dtype u32.
    Classes(Tensor),
    /// Vectors `(N, V)`.
    Vectors(Tensor),
    /// Images `(N, C, H, W)`.
    Images(Tensor),
}

static NOTHING: Condition = Condition::None;

impl Condition {
    /// No condition, for as long as anybody likes.
    pub fn none() -> &'static Self {
        &NOTHING
    }

    /// `n` of the batch, from number `at` on.
    ///
    /// # Errors
    /// There are not so many.
    pub fn narrow(&self, at: usize, n: usize) -> Result<Self> {
        Ok(match self {
            Self::None => Self::None,
            Self::Classes(y) => Self::Classes(y.narrow(0, at, n)?),
            Self::Vectors(y) => Self::Vectors(y.narrow(0, at, n)?),
            Self::Images(y) => Self::Images(y.narrow(0, at, n)?),
        })
    }

    /// The classes `(n,)` of a batch of `n` samples; `who` asks, in words such as `dcgan generator`.
    ///
    /// # Errors
    /// The condition is another, or of another batch.
    pub fn classes(&self, who: &str, n: usize) -> Result<&Tensor> {
        match self {
            Self::Classes(y) if y.dims() == [n] && y.dtype() == DType::U32 => Ok(y),
            Self::Classes(y) => {
                bail!("{who}: the classes are {:?} of {:?}, expected ({n},) of U32", y.dims(), y.dtype())
            }
            Self::None => bail!("{who}: it is conditional and was given no classes"),
            Self::Vectors(_) | Self::Images(_) => {
                bail!("{who}: it is conditioned on classes and was given none")
            }
        }
    }

    /// The vectors `(n, V)` of a batch of `n` samples, likewise.
    ///
    /// # Errors
    /// The condition is another, or of another batch.
    pub fn vectors(&self, who: &str, n: usize) -> Result<&Tensor> {
        match self {
            Self::Vectors(v) if v.rank() == 2 && v.dim(0)? == n => Ok(v),
            Self::Vectors(v) => bail!("{who}: the vectors are {:?}, expected ({n}, V)", v.dims()),
            Self::None => bail!("{who}: it is conditional and was given no vectors"),
            Self::Classes(_) | Self::Images(_) => {
                bail!("{who}: it is conditioned on vectors and was given none")
            }
        }
    }

    /// The images `(n, C, H, W)` of a batch of `n` samples, likewise.
    ///
    /// # Errors
    /// The condition is another, or of another batch.
    pub fn images(&self, who: &str, n: usize) -> Result<&Tensor> {
        match self {
            Self::Images(x) if x.rank() == 4 && x.dim(0)? == n => Ok(x),
            Self::Images(x) => bail!("{who}: the images are {:?}, expected ({n}, C, H, W)", x.dims()),
            Self::None => bail!("{who}: it is conditional and was given no images"),
            Self::Classes(_) | Self::Vectors(_) => {
                bail!("{who}: it is conditioned on images and was given none")
            }
        }
    }
}

/// How far a growing network has grown: a function of the step. Others ignore it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Growth {
    /// The number of doublings since the smallest resolution; beyond the last one it means the last.
    pub stage: usize,
    /// The share of the newest stage in what comes out, in [0, 1].
    pub alpha: f64,
}

impl Growth {
    /// Fully grown.
    pub const FULL: Self = Self { stage: usize::MAX, alpha: 1.0 };

    /// The stage that a network of so many is at, from 0 on.
    pub fn stage_of(self, stages: usize) -> usize {
        self.stage.min(stages.saturating_sub(1))
    }

    /// The share of the newest stage where the one before it has a share, too: not at the first one, nor once it has
    /// faded in. `who` asks.
    ///
    /// # Errors
    /// `alpha` is not in [0, 1].
    pub(crate) fn fading(self, who: &str, stages: usize) -> Result<Option<f64>> {
        if !(0.0..=1.0).contains(&self.alpha) {
            bail!("{who}: alpha is {}, expected a share from 0 to 1", self.alpha)
        }
        Ok((self.stage_of(stages) > 0 && self.alpha < 1.0).then_some(self.alpha))
    }
}

impl Default for Growth {
    fn default() -> Self {
        Self::FULL
    }
}
