//! Reading the configuration off the weights.

use ganymede_tensor::Shapes;

use self::told::{EMBEDDING, is_beside};
use super::{DcganGeneratorConfig, NAME, widths};
use crate::conditioning::GeneratorConditioning;
use crate::infer::Evidence;
use crate::layers::norm::NormKind;
use crate::reference::REFERENCE_Z;
use crate::spec::{NetworkSpec, refuse as refuse_problems};
use crate::table::GeneratorExample;
use crate::{Io, ModelError};

mod discriminator;
mod told;

pub(super) use discriminator::discriminator;

/// The settings of the generator that a state dict belongs to, and the images that it makes, from names and shapes.
///
/// Keys are those of the tutorial and those of the class. Refused are the weights of a discriminator or of another
/// model, those that are told the class in another way, and those whose normalisation could be instance or layer, which
/// have the same names and shapes, unless somebody says which.
pub(super) fn generator(evidence: &Evidence<'_>) -> Result<GeneratorExample, ModelError> {
    let state = evidence.shapes;
    let convs = convolutions(state)?;
    let (first, last) = (convs[0], convs[convs.len() - 1]);
    let told = told::read(evidence, &convs)?;
    let width = last[0];
    let halvings = convs.len() - 1;
    let side = 4 << halvings;
    // The multiplier at 4×4 is 2^(K-1) unless it was capped; then it is the cap.
    let top = first[1] / width;
    let free = 1usize << (halvings - 1);
    let usual = DcganGeneratorConfig::default().max_multiplier;
    let max_multiplier = if top == free { free.max(usual) } else { top };
    let norm = match told.conditioning {
        GeneratorConditioning::Norm => NormKind::Batch,
        _ => evidence.given("norm").map_or_else(|| norm(state), Ok)?,
    };
    let config = DcganGeneratorConfig {
        z_dim: told.z_dim,
        width,
        max_multiplier,
        norm,
        conditioning: told.conditioning,
        embed_dim: told.embed_dim,
    };
    let sample = [last[1], side, side];
    let io = Io { sample: sample.into(), condition: told.told };
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

/// Shapes of the convolutions, in order, checked to be those of a generator.
fn convolutions(state: &Shapes) -> Result<Vec<[usize; 4]>, ModelError> {
    if let Some(other) = state.keys().find(|name| !name.starts_with("main.") && !is_beside(name)) {
        return Err(refuse(format!(
            "it holds {other}, and a DCGAN's names are {EMBEDDING} or start with main."
        )));
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
    let gain = has("main.1.weight");
    if has("main.1.running_mean") {
        let reason = "its normalisations have no gains, of each class or of all";
        return if gain { Ok(NormKind::Batch) } else { Err(refuse(reason.to_string())) };
    }
    if has(REFERENCE_Z) {
        return Ok(NormKind::Virtual);
    }
    match (gain, has("main.0.bias")) {
        (false, true) => Ok(NormKind::None),
        (true, _) => Err(refuse("instance and layer normalisation have the same names".to_string())),
        (false, false) => Err(refuse("it has neither a normalisation nor biases".to_string())),
    }
}

fn refuse(reason: String) -> ModelError {
    let fix = "give the configuration, or the weights of a DCGAN generator";
    ModelError::NotInferable { model: NAME, reason, fix }
}
