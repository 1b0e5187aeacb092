//! Settings of SNGAN's plain networks, read off their weights. The generator's activation is not among them.

use super::{NAME, SndcganDiscriminatorConfig, SndcganGeneratorConfig};
use crate::ModelError;
use crate::conditioning::{DiscriminatorConditioning, GeneratorConditioning};
use crate::infer::{Evidence, ToldByVectors, not_inferable, root};
use crate::io::{ConditionShape, Io};
use crate::layers::norm::NormKind;
use crate::table::{DiscriminatorExample, GeneratorExample};

pub(super) fn generator(evidence: &Evidence<'_>) -> Result<GeneratorExample, ModelError> {
    let read = || {
        let [width, ..] = evidence.layer::<4>("dc1")?;
        let [features, taken] = evidence.layer::<2>("l1")?;
        let [channels, ..] = evidence.layer::<4>("c")?;
        let bottom = root(features / width).filter(|side| side * side * width == features);
        let bottom = bottom
            .ok_or_else(|| format!("l1 gives {features} numbers, no square map of {width} channels"))?;
        let mut told = evidence.class_vectors(taken)?;
        let norm = match evidence.dims("bn1.gain") {
            Some(&[classes, _]) => {
                told = ToldByVectors {
                    conditioning: GeneratorConditioning::Norm,
                    told: ConditionShape::Classes(classes),
                    ..told
                };
                NormKind::Batch
            }
            _ => evidence.norm("bn1")?,
        };
        let config = SndcganGeneratorConfig {
            z_dim: told.z_dim,
            width,
            norm,
            spectral: evidence.is_spectral("l1"),
            conditioning: told.conditioning,
            embed_dim: told.embed_dim,
            ..Default::default()
        };
        let sample = [channels, 8 * bottom, 8 * bottom];
        let io = Io { sample: sample.into(), condition: told.told };
        Ok((Box::new(config) as Box<_>, io))
    };
    read().map_err(not_inferable(NAME))
}

pub(super) fn discriminator(evidence: &Evidence<'_>) -> Result<DiscriminatorExample, ModelError> {
    let read = || {
        let [_, seen, ..] = evidence.layer::<4>("c1")?;
        let [width, ..] = evidence.layer::<4>("c7")?;
        let [given, taken] = evidence.layer::<2>("l")?;
        // Beside the map there may be features of the batch, of whatever kind.
        let extras = crate::layers::minibatch::MinibatchFeatures::ALL.iter().map(|seen| seen.extra());
        let bottom = extras
            .filter_map(|extra| taken.checked_sub(extra))
            .find_map(|own| root(own / width).filter(|side| side * side * width == own));
        let bottom =
            bottom.ok_or_else(|| format!("l takes {taken} numbers, no square map of {width} channels"))?;
        let side = 8 * bottom;
        let (conditioning, condition) = evidence.judged("embed", width, side)?;
        let beside = usize::from(conditioning == DiscriminatorConditioning::Concat);
        let config = SndcganDiscriminatorConfig {
            width,
            norm: evidence.norm("bn2")?,
            spectral: evidence.is_spectral("c1"),
            conditioning,
            minibatch: evidence.minibatch(taken, width * bottom * bottom)?,
            scores: crate::scores::read_off(evidence, "last layer", given)?,
        };
        let sample = [seen - beside.min(seen), side, side];
        let io = Io { sample: sample.into(), condition };
        Ok((Box::new(config) as Box<_>, io))
    };
    read().map_err(not_inferable(NAME))
}
