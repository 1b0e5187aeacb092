//! Settings of R3GAN's networks, read off their weights: all of them.

use super::{NAME, R3ganDiscriminatorConfig, R3ganGeneratorConfig};
use crate::ModelError;
use crate::infer::{Evidence, Reason, not_inferable};
use crate::io::Io;
use crate::table::{DiscriminatorExample, GeneratorExample};

/// What both networks tell in the same way.
struct Stages {
    count: usize,
    blocks: usize,
    group_channels: usize,
}

impl Stages {
    /// `first` is the number of a stage's first block.
    fn read(evidence: &Evidence<'_>, first: usize) -> Result<Self, Reason> {
        let layer =
            |stage: usize, block: usize| format!("MainLayers.{stage}.Layers.{block}.LinearLayer2.Layer");
        let group_channels = evidence.layer::<4>(&layer(0, first))?[1];
        let count = (0..).take_while(|&stage| evidence.dims(&layer(stage, first)).is_some()).count();
        let blocks = (first..).take_while(|&block| evidence.dims(&layer(0, block)).is_some()).count();
        if count > 10 {
            return Err(format!("it has {count} stages, and 10 are known"));
        }
        Ok(Self { count, blocks, group_channels })
    }

    fn io(&self, channels: usize, classes: Option<usize>) -> Io {
        let side = 4 << (self.count - 1);
        let sample = [channels, side, side];
        classes.map_or_else(|| Io::new(sample), |classes| Io::with_classes(sample, classes))
    }
}

/// The number of classes: of vectors that lie in the columns of `EmbeddingLayer`.
fn classes(evidence: &Evidence<'_>) -> Option<usize> {
    evidence.dims("EmbeddingLayer").and_then(|dims| dims.get(1).copied())
}

pub(super) fn generator(evidence: &Evidence<'_>) -> Result<GeneratorExample, ModelError> {
    let read = || {
        let stages = Stages::read(evidence, 1)?;
        let [width, taken] = evidence.layer::<2>("MainLayers.0.Layers.0.LinearLayer")?;
        let [channels, ..] = evidence.layer::<4>("AggregationLayer.Layer")?;
        let classes = classes(evidence);
        let config = R3ganGeneratorConfig {
            // The vector of the class is as long as the latent one.
            z_dim: if classes.is_some() { taken / 2 } else { taken },
            width,
            blocks: stages.blocks,
            group_channels: stages.group_channels,
            conditional: classes.is_some(),
        };
        Ok((Box::new(config) as Box<_>, stages.io(channels, classes)))
    };
    read().map_err(not_inferable(NAME))
}

pub(super) fn discriminator(evidence: &Evidence<'_>) -> Result<DiscriminatorExample, ModelError> {
    let read = || {
        let stages = Stages::read(evidence, 0)?;
        let last = format!("MainLayers.{}.Layers.{}", stages.count - 1, stages.blocks);
        let [width, ..] = evidence.layer::<4>(&format!("{last}.Basis"))?;
        let [_, channels, ..] = evidence.layer::<4>("ExtractionLayer.Layer")?;
        let classes = classes(evidence);
        let config = R3ganDiscriminatorConfig {
            width,
            blocks: stages.blocks,
            group_channels: stages.group_channels,
            conditional: classes.is_some(),
        };
        Ok((Box::new(config) as Box<_>, stages.io(channels, classes)))
    };
    read().map_err(not_inferable(NAME))
}
