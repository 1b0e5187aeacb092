//! A channel of the class beside the image: an embedding of as many numbers as the image has pixels (after Mirza and
//! Osindero, 2014, arXiv:1411.1784, section 3.2, whose discriminator is a perceptron that takes both). Of a vector, a
//! linear map of it.

use ganymede_tensor::{Init, Result, Tensor};

use super::{Head, Judge};
use crate::conditioning::ToldVectors;
use crate::io::Condition;
use crate::{Critique, Mode};

pub(super) static HEAD: Head = Head {
    conditional: true,
    classifies: false,
    extra_channels: 1,
    weights: |parts| ToldVectors::weights(&parts.told, parts.side * parts.side),
    build: |parts, builder| {
        let init = Init::Normal { mean: 0.0, std: 1.0 };
        // A picture, not a weight that signals pass through: it has no spectral norm to hold.
        let vectors = ToldVectors::new(
            &parts.told,
            parts.side * parts.side,
            (init, None),
            (builder, "embed"),
            parts.who,
        )?;
        Ok(Box::new(Concat { vectors, side: parts.side }))
    },
};

#[derive(Debug)]
struct Concat {
    vectors: ToldVectors,
    side: usize,
}

impl Judge for Concat {
    fn see(&self, x: &Tensor, condition: &Condition, mode: Mode) -> Result<Tensor> {
        let n = x.dim(0)?;
        let channel = self.vectors.of(condition, n, mode)?;
        Tensor::cat(&[x, &channel.reshape((n, 1, self.side, self.side))?], 1)
    }

    fn judge(&self, _: &Tensor, scores: Tensor, _: &Condition, _: Mode) -> Result<Critique> {
        Ok(Critique::new(scores))
    }
}
