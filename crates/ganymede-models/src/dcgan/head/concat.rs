//! A channel of the class beside the image: an embedding of as many numbers as the image has pixels (after Mirza and
//! Osindero, 2014, arXiv:1411.1784, section 3.2, whose discriminator is a perceptron that takes both).

use ganymede_tensor::{Init, Result, Tensor};

use super::{Head, Judge, WHO};
use crate::io::Condition;
use crate::layers::embedding::Embedding;
use crate::{Critique, Mode};

pub(super) static HEAD: Head = Head {
    conditional: true,
    classifies: false,
    extra_channels: 1,
    weights: |parts| parts.classes as u128 * (parts.side as u128).pow(2),
    build: |parts, builder| {
        let init = Init::Normal { mean: 0.0, std: 1.0 };
        let place = builder.pp("embed");
        // A picture, not a weight that signals pass through: it has no spectral norm to hold.
        let embedding = Embedding::new(parts.classes, parts.side * parts.side, init, None, &place)?;
        Ok(Box::new(Concat { embedding, side: parts.side }))
    },
};

#[derive(Debug)]
struct Concat {
    embedding: Embedding,
    side: usize,
}

impl Judge for Concat {
    fn see(&self, x: &Tensor, condition: &Condition, mode: Mode) -> Result<Tensor> {
        let n = x.dim(0)?;
        let channel = self.embedding.forward(condition.classes(WHO, n)?, mode)?;
        Tensor::cat(&[x, &channel.reshape((n, 1, self.side, self.side))?], 1)
    }

    fn judge(&self, _: &Tensor, scores: Tensor, _: &Condition, _: Mode) -> Result<Critique> {
        Ok(Critique::new(scores))
    }
}
