//! Reading the configuration off the weights.

use ganymede_tensor::Shapes;

use super::{DcganGeneratorConfig, GeneratorConditioning, NAME, widths};
use crate::layers::norm::NormKind;
use crate::spec::{GeneratorSpec, refuse as refuse_problems};
use crate::{Io, ModelError};

/// The vectors of classes beside or on the latent vector.
const EMBEDDING: &str = "embed.weight";

/// The settings of the generator that a state dict belongs to, and the images that it makes, from names and shapes.
///
/// Keys are those of the tutorial. Refused are the weights of a discriminator or of another model, and those whose
/// normalisation could be instance or layer, which have the same names and shapes.
pub(super) fn infer(state: &Shapes) -> Result<(Box<dyn GeneratorSpec>, Io), ModelError> {
    let convs = convolutions(state)?;
    let (first, last) = (convs[0], convs[convs.len() - 1]);
    let told = told(state, first[0])?;
    let width = last[0];
    let halvings = convs.len() - 1;
    let side = 4 << halvings;
    // The multiplier at 4×4 is 2^(K-1) unless it was capped; then it is the cap.
    let top = first[1] / width;
    let free = 1usize << (halvings - 1);
    let usual = DcganGeneratorConfig::default().max_multiplier;
    let max_multiplier = if top == free { free.max(usual) } else { top };
    let config = DcganGeneratorConfig {
        z_dim: told.z_dim,
        width,
        max_multiplier,
        norm: norm(state)?,
        conditioning: told.conditioning,
        embed_dim: told.embed_dim,
    };
    let sample = [last[1], side, side];
    let io = told.classes.map_or_else(|| Io::new(sample), |classes| Io::with_classes(sample, classes));
    refuse_problems(NAME, config.check())?;
    refuse_problems(NAME, config.fits(&io))?;
    let found: Vec<usize> = convs[..halvings].iter().rev().map(|dims| dims[1]).collect();
    if found != widths(side, width, max_multiplier) {
        return Err(refuse(format!(
            "the widths {found:?} from the image inwards are not {width} times 1, 2, 4, … up to a cap"
        )));
    }
    Ok((Box::new(config), io))
}

/// How the generator is told the class.
struct Told {
    z_dim: usize,
    conditioning: GeneratorConditioning,
    embed_dim: Option<usize>,
    classes: Option<usize>,
}

/// From the length that the first convolution takes.
fn told(state: &Shapes, taken: usize) -> Result<Told, ModelError> {
    let of = |conditioning, z_dim, embed_dim, classes| Told { z_dim, conditioning, embed_dim, classes };
    let dims = |name: &str| state.get(name).map(Vec::as_slice);
    match (dims(EMBEDDING), dims("main.1.gain.weight")) {
        (None, None) => Ok(of(GeneratorConditioning::None, taken, None, None)),
        (None, Some(&[classes, _])) => Ok(of(GeneratorConditioning::Norm, taken, None, Some(classes))),
        (Some(&[classes, dim]), None) if dim == taken => {
            Ok(of(GeneratorConditioning::Product, taken, None, Some(classes)))
        }
        (Some(&[classes, dim]), None) if dim < taken => {
            Ok(of(GeneratorConditioning::Concat, taken - dim, Some(dim), Some(classes)))
        }
        _ => Err(refuse(format!("its embeddings of classes fit no latent vector of {taken} numbers"))),
    }
}

/// Shapes of the convolutions, in order, checked to be those of a generator.
fn convolutions(state: &Shapes) -> Result<Vec<[usize; 4]>, ModelError> {
    if let Some(other) = state.keys().find(|name| !name.starts_with("main.") && *name != EMBEDDING) {
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
