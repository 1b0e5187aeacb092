//! The discriminator, read off its weights.

use super::super::{DcganDiscriminatorConfig, NAME, widths};
use crate::ModelError;
use crate::conditioning::DiscriminatorConditioning;
use crate::infer::{Evidence, Reason, not_inferable};
use crate::io::Io;
use crate::layers::norm::NormKind;
use crate::scores;
use crate::table::DiscriminatorExample;

/// The settings of the discriminator that a state dict belongs to, and the images that it judges.
pub(in crate::dcgan) fn discriminator(evidence: &Evidence<'_>) -> Result<DiscriminatorExample, ModelError> {
    read(evidence).map_err(not_inferable(NAME))
}

fn read(evidence: &Evidence<'_>) -> Result<DiscriminatorExample, Reason> {
    let convs = convolutions(evidence)?;
    let stages = convs.len() - 1;
    let found: Vec<usize> = convs[..stages].iter().map(|(_, dims)| dims[0]).collect();
    let (first, last) = (convs[0].1, convs[stages].1);
    let scores = scores::read_off(evidence, "last convolution", last[0])?;
    let (width, side) = (first[0], 4 << stages);
    // As in the generator: a bound that is not reached is the usual one.
    let (top, free) = (found[stages - 1] / width, 1usize << (stages - 1));
    let usual = DcganDiscriminatorConfig::default().max_multiplier;
    let max_multiplier = if top == free { free.max(usual) } else { top };
    if found != widths(side, width, max_multiplier) {
        return Err(format!(
            "the widths {found:?} from the image inwards are not {width} times 1, 2, 4, … up to a cap"
        ));
    }
    let (conditioning, condition) = evidence.judged("embed", found[stages - 1], side)?;
    let beside = usize::from(conditioning == DiscriminatorConditioning::Concat).min(first[1]);
    // The first convolution has no normalisation behind it. Where it is the only one, its bias tells whether there
    // would be one.
    let norm = match (stages, evidence.has("main.0.bias")) {
        (1, false) => evidence.given("norm").unwrap_or(NormKind::Batch),
        _ => evidence.norm("main.3")?,
    };
    let minibatch = evidence.minibatch(last[1], found[stages - 1])?;
    let config = DcganDiscriminatorConfig {
        width,
        max_multiplier,
        norm: Some(norm),
        spectral: evidence.is_spectral("main.0"),
        conditioning,
        minibatch,
        scores,
    };
    let sample = [first[1] - beside, side, side];
    let io = Io { sample: sample.into(), condition };
    Ok((Box::new(config), io))
}

/// The convolutions and their numbers, in order.
fn convolutions(evidence: &Evidence<'_>) -> Result<Vec<(usize, [usize; 4])>, Reason> {
    let mut convs: Vec<(usize, [usize; 4])> = (0..64)
        .filter_map(|i| Some((i, <[usize; 4]>::try_from(evidence.dims(&format!("main.{i}"))?).ok()?)))
        .collect();
    convs.retain(|(_, dims)| !dims.contains(&0));
    if !(2..=10).contains(&convs.len()) {
        return Err(format!("it has {} convolutions main.0, main.2, …, not 2 to 10", convs.len()));
    }
    if let Some((i, dims)) = convs.iter().find(|(_, dims)| dims[2..] != [4, 4]) {
        return Err(format!("the kernel of main.{i} is {}×{}, not 4×4", dims[2], dims[3]));
    }
    let inner = convs.len() - 1;
    if convs[..inner].windows(2).any(|pair| pair[0].1[0] != pair[1].1[1]) {
        let reason = if convs.windows(2).all(|pair| pair[0].1[1] == pair[1].1[0]) {
            "its channels run from latent vectors to images: it is a generator"
        } else {
            "the channels of consecutive layers do not meet"
        };
        return Err(reason.to_owned());
    }
    Ok(convs)
}
