//! The generator.

use super::{attention, layouts};
use crate::ModelError;
use crate::conditioning::GeneratorConditioning;
use crate::infer::{Evidence, Reason, not_inferable};
use crate::io::{ConditionShape, Io};
use crate::layers::norm::NormKind;
use crate::resnet::ResnetGeneratorConfig;
use crate::resnet::layout::Layout;
use crate::table::GeneratorExample;

/// The settings where they differ from the `usual` ones of a kind.
pub(in crate::resnet) fn generator(
    model: &'static str,
    usual: ResnetGeneratorConfig,
    evidence: &Evidence<'_>,
) -> Result<GeneratorExample, ModelError> {
    read(usual, evidence).map_err(not_inferable(model))
}

fn read(usual: ResnetGeneratorConfig, evidence: &Evidence<'_>) -> Result<GeneratorExample, Reason> {
    let [features, taken] = evidence.layer::<2>("l1")?;
    let first = evidence.layer::<4>("block2.c1")?;
    let mut channels = vec![first[1], first[0]];
    while evidence.dims(&format!("block{}.c1", channels.len() + 1)).is_some() {
        channels.push(evidence.layer::<4>(&format!("block{}.c1", channels.len() + 1))?[0]);
    }
    let blocks = channels.len() - 1;
    let width = channels[0];
    let end = blocks + 2;
    let [image, ..] = evidence.layer::<4>(&format!("c{end}"))?;
    let is_ours = |layout: &&Layout| {
        layout.generator_channels(width) == channels && features == width * layout.bottom * layout.bottom
    };
    let kinds = layouts(evidence, usual.layout);
    let found = kinds.iter().find_map(|kind| Some((*kind, kind.all().iter().find(is_ours)?)));
    let (layout, blueprint) = found.ok_or_else(|| {
        format!("its maps have {channels:?} channels behind a first layer of {features}, as at no resolution")
    })?;
    let told = Told::read(evidence, taken, &channels)?;
    // Vectors that are given come in place of the shared ones, whose length then shows nowhere.
    let shared_dim = match told.condition {
        ConditionShape::Vectors(_) => usual.shared_dim.max(1),
        _ => told.shared_dim,
    };
    let config = ResnetGeneratorConfig {
        z_dim: told.z_dim,
        width: Some(width),
        norm: told.norm.map_or_else(|| evidence.norm(&format!("b{end}")), Ok)?,
        spectral: evidence.is_spectral("l1"),
        attention: attention(evidence, &blueprint.up(width, &[]), &usual.attention)?,
        conditioning: told.conditioning,
        embed_dim: told.embed_dim,
        shared_dim,
        skip_z: told.skip_z,
        layout,
        ..usual
    };
    let io = Io { sample: vec![image, blueprint.side, blueprint.side], condition: told.condition };
    Ok((Box::new(config), io))
}

/// What the weights say of the latent vector and of the class.
struct Told {
    z_dim: usize,
    /// Where it follows from how the class is told.
    norm: Option<NormKind>,
    conditioning: GeneratorConditioning,
    embed_dim: Option<usize>,
    shared_dim: usize,
    skip_z: bool,
    condition: ConditionShape,
}

impl Told {
    /// `taken` numbers go into the first layer; the blocks have `channels`.
    fn read(evidence: &Evidence<'_>, taken: usize, channels: &[usize]) -> Result<Self, Reason> {
        let blocks = channels.len() - 1;
        let Some(dims) = evidence.dims("block2.b1.gain") else {
            let told = evidence.class_vectors(taken)?;
            return Ok(Self {
                z_dim: told.z_dim,
                norm: None,
                conditioning: told.conditioning,
                embed_dim: told.embed_dim,
                shared_dim: 0,
                skip_z: false,
                condition: told.told,
            });
        };
        let of_norms = Self {
            z_dim: taken,
            norm: Some(NormKind::Batch),
            conditioning: GeneratorConditioning::Norm,
            embed_dim: None,
            shared_dim: 0,
            skip_z: false,
            condition: ConditionShape::None,
        };
        let Some(&[classes, shared_dim]) = evidence.dims("shared") else {
            return Self::without_shared(of_norms, evidence, channels);
        };
        let condition = ConditionShape::Classes(classes);
        match dims.get(1).copied().and_then(|dim| dim.checked_sub(shared_dim)) {
            Some(0) => Ok(Self { shared_dim, condition, ..of_norms }),
            Some(part) if part == taken => {
                Ok(Self { z_dim: part * (blocks + 1), shared_dim, skip_z: true, condition, ..of_norms })
            }
            _ => Err(format!(
                "block2.b1.gain {dims:?} is made neither from a class's vector of {shared_dim} nor from that and a \
                 part of {taken} of the latent vector"
            )),
        }
    }

    /// Gains of each class, or made from a part of the latent vector, or from vectors that are given.
    fn without_shared(of_norms: Self, evidence: &Evidence<'_>, channels: &[usize]) -> Result<Self, Reason> {
        let (blocks, taken) = (channels.len() - 1, of_norms.z_dim);
        let places = (0..blocks).flat_map(|i| [(i, "b1", channels[i]), (i, "b2", channels[i + 1])]);
        let gains: Vec<([usize; 2], usize)> = places
            .map(|(i, norm, width)| Ok((evidence.layer::<2>(&format!("block{}.{norm}.gain", i + 2))?, width)))
            .collect::<Result<_, Reason>>()?;
        if gains.iter().all(|(dims, width)| dims[1] == *width) && !evidence.is_spectral("block2.b1.gain") {
            return Ok(Self { condition: ConditionShape::Classes(gains[0].0[0]), ..of_norms });
        }
        let dim = gains[0].0[1];
        let skip_z = evidence.given("skip_z").unwrap_or(dim == taken);
        let z_dim = if skip_z { taken * (blocks + 1) } else { taken };
        match dim - dim.min(if skip_z { taken } else { 0 }) {
            0 => Ok(Self { z_dim, skip_z, conditioning: GeneratorConditioning::None, ..of_norms }),
            own => Ok(Self { z_dim, skip_z, condition: ConditionShape::Vectors(own), ..of_norms }),
        }
    }
}
