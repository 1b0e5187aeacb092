//! An auxiliary classifier (AC-GAN: Odena, Olah and Shlens, 2017, arXiv:1610.09585): a second convolution over the last
//! feature map gives logits of the classes. It is not told the class of what it judges; the loss of the classifier,
//! which both players minimise, holds the generator to it.

use ganymede_tensor::{Init, Result, Tensor};

use super::{Head, Judge};
use crate::io::Condition;
use crate::layers::conv::{Conv2d, Conv2dConfig};
use crate::layers::weight::LayerConfig;
use crate::{Critique, Mode};

pub(super) static HEAD: Head = Head {
    conditional: false,
    classifies: true,
    extra_channels: 0,
    weights: |parts| (parts.classes() * parts.channels * parts.feature_side * parts.feature_side) as u128,
    build: |parts, builder| {
        let layer = LayerConfig {
            weight_init: parts.init,
            bias: Some(Init::Zeros),
            spectral: parts.spectral,
            equalised: None,
        };
        // The whole map at once, as the score's own layer.
        let config = Conv2dConfig::new(parts.channels, parts.classes(), parts.feature_side).with_layer(layer);
        Ok(Box::new(Auxiliary { conv: Conv2d::new(&config, &builder.pp("classes"))? }))
    },
};

#[derive(Debug)]
struct Auxiliary {
    conv: Conv2d,
}

impl Judge for Auxiliary {
    fn judge(&self, features: &Tensor, scores: Tensor, _: &Condition, mode: Mode) -> Result<Critique> {
        let logits = self.conv.forward(features, mode)?.flatten_from(1)?;
        Ok(Critique::new(scores).with_class_logits(logits))
    }
}
