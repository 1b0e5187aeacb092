//! Settings of PGGAN's networks, read off their weights. Activation, normalisation and equalised learning rate do not show.

use super::{BOTTOM, MOST_SIDE, NAME, PgganDiscriminatorConfig, PgganGeneratorConfig, side, widths};
use crate::ModelError;
use crate::conditioning::DiscriminatorConditioning;
use crate::infer::{Evidence, Reason, not_inferable};
use crate::io::{ConditionShape, Io};
use crate::table::{DiscriminatorExample, GeneratorExample};

/// What both networks tell in the same way.
struct Stages {
    count: usize,
    width_base: usize,
    width_max: usize,
}

impl Stages {
    /// Of layers to or from colours, whose weights have the width of their stage on axis `axis`.
    fn read(evidence: &Evidence<'_>, layers: &str, axis: usize) -> Result<Self, Reason> {
        let layer = |stage: usize| format!("{layers}.{stage}.module");
        let count = (0..).take_while(|&stage| evidence.dims(&layer(stage)).is_some()).count();
        let most = (MOST_SIDE / BOTTOM).ilog2() as usize + 1;
        if !(1..=most).contains(&count) {
            return Err(format!("it has {count} layers {layers}.N.module, and 1 to {most} are known"));
        }
        let found = (0..count).map(|stage| Ok(evidence.layer::<4>(&layer(stage))?[axis]));
        let found = found.collect::<Result<Vec<_>, Reason>>()?;
        let (width_base, width_max) = (found[count - 1].saturating_mul(side(count - 1)), found[0]);
        if found != widths(count, width_base, width_max) {
            return Err(format!(
                "the widths {found:?} from 4 pixels on are not {width_max}, then {width_base} over the side"
            ));
        }
        Ok(Self { count, width_base, width_max })
    }

    fn io(&self, channels: usize, condition: ConditionShape) -> Io {
        let side = side(self.count - 1);
        Io { sample: vec![channels, side, side], condition }
    }
}

pub(super) fn generator(evidence: &Evidence<'_>) -> Result<GeneratorExample, ModelError> {
    let read = || {
        let stages = Stages::read(evidence, "toRGBLayers", 1)?;
        let [_, taken] = evidence.layer::<2>("formatLayer.module")?;
        let [channels, ..] = evidence.layer::<4>("toRGBLayers.0.module")?;
        let told = evidence.class_vectors(taken)?;
        let config = PgganGeneratorConfig {
            z_dim: told.z_dim,
            width_base: stages.width_base,
            width_max: stages.width_max,
            conditioning: told.conditioning,
            embed_dim: told.embed_dim,
            ..Default::default()
        };
        Ok((Box::new(config) as Box<_>, stages.io(channels, told.told)))
    };
    read().map_err(not_inferable(NAME))
}

pub(super) fn discriminator(evidence: &Evidence<'_>) -> Result<DiscriminatorExample, ModelError> {
    let read = || {
        let stages = Stages::read(evidence, "fromRGBLayers", 0)?;
        let [width, seen, ..] = evidence.layer::<4>("groupScaleZero.0.module")?;
        let [_, channels, ..] = evidence.layer::<4>("fromRGBLayers.0.module")?;
        let [outputs, _] = evidence.layer::<2>("decisionLayer.module")?;
        let side = side(stages.count - 1);
        let (conditioning, told) = match outputs {
            1 => evidence.judged("embed", width, side)?,
            _ => (DiscriminatorConditioning::Auxiliary, ConditionShape::Classes(outputs - 1)),
        };
        let config = PgganDiscriminatorConfig {
            width_base: stages.width_base,
            width_max: stages.width_max,
            minibatch: evidence.minibatch(seen, width)?,
            conditioning,
            ..Default::default()
        };
        Ok((Box::new(config) as Box<_>, stages.io(channels, told)))
    };
    read().map_err(not_inferable(NAME))
}
