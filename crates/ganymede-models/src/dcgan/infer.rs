//! Reading the configuration off the weights.

use std::collections::BTreeMap;

use ganymede_tensor::{Shapes, Tensor};

use super::{DcganConfig, NAME};
use crate::ModelError;
use crate::layers::norm::NormKind;

impl DcganConfig {
    /// The configuration of the generator that a state dict belongs to, from names and shapes.
    ///
    /// Keys are those of the tutorial. What only the discriminator has (`discriminator_norm`,
    /// `spectral`) keeps its default.
    ///
    /// # Errors
    /// [`ModelError::NotInferable`]: the weights are those of a discriminator or another model, or
    /// the normalisation could be instance or layer, which have the same names and shapes.
    pub fn infer(state: &BTreeMap<String, Tensor>) -> Result<Self, ModelError> {
        Self::infer_shapes(&state.iter().map(|(name, t)| (name.clone(), t.dims().to_vec())).collect())
    }

    /// As [`DcganConfig::infer`], where only names and shapes are known.
    ///
    /// # Errors
    /// As [`DcganConfig::infer`].
    pub fn infer_shapes(state: &Shapes) -> Result<Self, ModelError> {
        let convs = convolutions(state)?;
        let (first, last) = (convs[0], convs[convs.len() - 1]);
        let width = last[0];
        let halvings = convs.len() - 1;
        // The multiplier at 4×4 is 2^(K-1) unless it was capped; then it is the cap.
        let top = first[1] / width;
        let free = 1usize << (halvings - 1);
        let config = Self {
            resolution: 4 << halvings,
            channels: last[1],
            z_dim: first[0],
            width,
            max_multiplier: if top == free { free.max(Self::default().max_multiplier) } else { top },
            norm: norm(state)?,
            ..Self::default()
        };
        config.validate()?;
        let widths: Vec<usize> = convs[..halvings].iter().rev().map(|dims| dims[1]).collect();
        if widths != config.widths() {
            return Err(refuse(format!(
                "the widths {widths:?} from the image inwards are not {width} times 1, 2, 4, … up to a cap"
            )));
        }
        Ok(config)
    }
}

/// Shapes of the convolutions, in order, checked to be those of a generator.
fn convolutions(state: &Shapes) -> Result<Vec<[usize; 4]>, ModelError> {
    if let Some(other) = state.keys().find(|name| !name.starts_with("main.")) {
        return Err(refuse(format!("it holds {other}, and all of a DCGAN's names start with main.")));
    }
    let mut convs: Vec<(usize, [usize; 4])> = state
        .iter()
        .filter_map(|(name, dims)| {
            let index = name.strip_prefix("main.")?.strip_suffix(".weight")?.parse().ok()?;
            Some((index, <[usize; 4]>::try_from(dims.as_slice()).ok()?))
        })
        .collect();
    convs.sort_unstable();
    let convs: Vec<[usize; 4]> = convs.into_iter().map(|(_, dims)| dims).collect();
    if !(2..=10).contains(&convs.len()) || convs.iter().any(|dims| dims.contains(&0)) {
        return Err(refuse(format!("it has {} convolutions, not 2 to 10", convs.len())));
    }
    if let Some(dims) = convs.iter().find(|dims| dims[2..] != [4, 4]) {
        return Err(refuse(format!("a kernel is {}×{}, not 4×4", dims[2], dims[3])));
    }
    if convs.windows(2).any(|pair| pair[0][1] != pair[1][0]) {
        let reason = if convs.windows(2).all(|pair| pair[0][0] == pair[1][1]) {
            "its channels run from images to scores: it is a discriminator"
        } else {
            "the channels of consecutive layers do not meet"
        };
        return Err(refuse(reason.to_string()));
    }
    Ok(convs)
}

fn norm(state: &Shapes) -> Result<NormKind, ModelError> {
    let has = |name: &str| state.contains_key(name);
    if has("main.1.running_mean") {
        return Ok(NormKind::Batch);
    }
    match (has("main.1.weight"), has("main.0.bias")) {
        (false, true) => Ok(NormKind::None),
        (true, _) => Err(refuse("instance and layer normalisation have the same names".to_string())),
        (false, false) => Err(refuse("it has neither a normalisation nor biases".to_string())),
    }
}

fn refuse(reason: String) -> ModelError {
    let fix = "give the configuration, or the weights of a DCGAN generator";
    ModelError::NotInferable { model: NAME, reason, fix }
}
