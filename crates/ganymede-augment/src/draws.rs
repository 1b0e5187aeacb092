//! Changes that have been drawn, of any kind.

use ganymede_tensor::{Rng, Tensor};

use crate::{AdaDraws, AugmentError, NoiseDraws, Part, PartDraws, Pipe};

/// The changes of one batch: all that is random in them, drawn before anything is computed.
#[derive(Clone, Debug, PartialEq)]
pub enum Draws {
    /// Parts, one after the other.
    Parts(Vec<PartDraws>),
    /// Of ADA.
    Ada(AdaDraws),
    /// Of instance noise or a diffusion.
    Noise(NoiseDraws),
}

impl Draws {
    /// Of each part in turn, for images of shape `[N, C, H, W]`.
    pub fn parts(parts: &[Part], shape: [usize; 4], rng: &mut Rng) -> Self {
        Self::Parts(parts.iter().map(|part| part.draw(shape, rng)).collect())
    }

    /// Of a pipe of ADA, with probability `p`: see [`AdaDraws::draw`].
    pub fn ada(pipe: Pipe, p: f64, shape: [usize; 4], rng: &mut Rng) -> Self {
        Self::Ada(AdaDraws::draw(pipe, p, shape, rng))
    }

    /// The changed images `(N, C, H, W)`, of noise samples `(N, …)` of any kind: a function of both, with gradients of any order
    /// in the images.
    ///
    /// # Errors
    /// The draws were made for images of another shape, or the images cannot be changed so ([`AdaDraws::apply`]).
    pub fn apply(&self, images: &Tensor) -> Result<Tensor, AugmentError> {
        match self {
            Self::Parts(parts) => {
                let mut changed = images.clone();
                for part in parts {
                    changed = part.apply(&changed)?;
                }
                Ok(changed)
            }
            Self::Ada(draws) => draws.apply(images),
            Self::Noise(draws) => Ok(draws.apply(images)?),
        }
    }
}
