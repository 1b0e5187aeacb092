//! The score alone.

use ganymede_tensor::{Result, Tensor};

use super::{Head, Judge};
use crate::io::Condition;
use crate::{Critique, Mode};

pub(super) static HEAD: Head = Head {
    conditional: false,
    classifies: false,
    extra_channels: 0,
    weights: |_| 0,
    build: |_, _| Ok(Box::new(Plain)),
};

#[derive(Debug)]
struct Plain;

impl Judge for Plain {
    fn judge(&self, _: &Tensor, scores: Tensor, _: &Condition, _: Mode) -> Result<Critique> {
        Ok(Critique::new(scores))
    }
}
