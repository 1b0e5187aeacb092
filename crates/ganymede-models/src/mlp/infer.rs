//! Settings of perceptrons, read off their weights. The activation is not among them.

use super::{MlpDiscriminatorConfig, MlpGeneratorConfig, NAME};
use crate::ModelError;
use crate::infer::{Evidence, Reason, not_inferable};
use crate::io::Io;
use crate::scores;
use crate::table::{DiscriminatorExample, GeneratorExample};

pub(super) fn generator(evidence: &Evidence<'_>) -> Result<GeneratorExample, ModelError> {
    let read = || {
        let layers = chain(evidence)?;
        let (first, last) = (layers[0], layers[layers.len() - 1]);
        if last[1] != first[0] {
            return Err(format!("the last layer takes {} numbers, and {} come", last[1], first[0]));
        }
        let config = MlpGeneratorConfig {
            z_dim: first[1],
            width: first[0],
            layers: layers.len() - 1,
            ..Default::default()
        };
        Ok((Box::new(config) as Box<_>, Io::new([last[0]])))
    };
    read().map_err(not_inferable(NAME))
}

pub(super) fn discriminator(evidence: &Evidence<'_>) -> Result<DiscriminatorExample, ModelError> {
    let read = || {
        let layers = chain(evidence)?;
        let (first, last) = (layers[0], layers[layers.len() - 1]);
        let config = MlpDiscriminatorConfig {
            width: first[0],
            layers: layers.len() - 1,
            spectral: evidence.is_spectral("main.0"),
            minibatch: evidence.minibatch(last[1], first[0])?,
            scores: scores::read_off(evidence, "last layer", last[0])?,
            ..Default::default()
        };
        Ok((Box::new(config) as Box<_>, Io::new([first[1]])))
    };
    read().map_err(not_inferable(NAME))
}

/// The linear layers `main.0`, `main.2`, … as `[out, in]`: two or more, as wide as one another but for both ends.
pub(crate) fn chain(evidence: &Evidence<'_>) -> Result<Vec<[usize; 2]>, Reason> {
    let mut layers = Vec::new();
    while evidence.dims(&format!("main.{}", 2 * layers.len())).is_some() {
        layers.push(evidence.layer::<2>(&format!("main.{}", 2 * layers.len()))?);
    }
    if layers.len() < 2 {
        return Err(format!("it has {} linear layers main.0, main.2, …, not 2 or more", layers.len()));
    }
    let width = layers[0][0];
    let hidden = &layers[1..layers.len() - 1];
    match hidden.iter().find(|dims| **dims != [width, width]) {
        Some(dims) => Err(format!("a hidden layer is {dims:?}, not {width} by {width}")),
        None => Ok(layers),
    }
}
