//! Settings of StyleGAN2's networks, read off their weights: all but clamps, the group of the deviation and the
//! probability of style mixing, which change no shape.

use super::{
    BOTTOM, MOST_SIDE, NAME, Stylegan2Architecture, Stylegan2DiscriminatorConfig, Stylegan2GeneratorConfig,
    Widths,
};
use crate::ModelError;
use crate::infer::{Evidence, Reason, not_inferable};
use crate::io::Io;
use crate::table::{DiscriminatorExample, GeneratorExample};

pub(super) fn generator(evidence: &Evidence<'_>) -> Result<GeneratorExample, ModelError> {
    let read = || {
        let conv = |side: usize| format!("synthesis.b{side}.conv1");
        let (side, widths) = resolutions(evidence, |side| Ok(evidence.layer::<4>(&conv(side))?[0]))?;
        let classes = classes(evidence)?;
        let (mapping_layers, taken, w_dim) = mapping(evidence)?;
        let told = if classes.is_some() { w_dim } else { 0 };
        let z_dim = match taken.checked_sub(told) {
            Some(z_dim @ 1..) => z_dim,
            _ => {
                return Err(format!("its mapping takes {taken} numbers, of which the class has {told}"));
            }
        };
        let [channels, ..] = evidence.layer::<4>(&format!("synthesis.b{side}.torgb"))?;
        let has = |layer: &str| evidence.dims(layer).is_some();
        let architecture = architecture(has("synthesis.b8.skip"), has("synthesis.b4.torgb"));
        let config = Stylegan2GeneratorConfig {
            z_dim,
            w_dim,
            mapping_layers,
            channel_base: widths.base,
            channel_max: widths.max,
            architecture,
            use_noise: evidence.has("synthesis.b4.conv1.noise_strength"),
            conditional: classes.is_some(),
            ..Stylegan2GeneratorConfig::default()
        };
        Ok((Box::new(config) as Box<_>, io(channels, side, classes)))
    };
    read().map_err(not_inferable(NAME))
}

pub(super) fn discriminator(evidence: &Evidence<'_>) -> Result<DiscriminatorExample, ModelError> {
    let read = || {
        let layer = |side: usize| if side == BOTTOM { "b4.fc".to_owned() } else { format!("b{side}.conv0") };
        let width = |side: usize| match side {
            BOTTOM => Ok(evidence.layer::<2>(&layer(side))?[0]),
            _ => Ok(evidence.layer::<4>(&layer(side))?[0]),
        };
        let (side, widths) = resolutions(evidence, width)?;
        let [_, channels, ..] = evidence.layer::<4>(&format!("b{side}.fromrgb"))?;
        let [_, taken, ..] = evidence.layer::<4>("b4.conv")?;
        let Some(mbstd_channels) = taken.checked_sub(widths.at(BOTTOM)) else {
            return Err(format!("b4.conv takes {taken} channels, and there are {}", widths.at(BOTTOM)));
        };
        let classes = classes(evidence)?;
        let usual = Stylegan2DiscriminatorConfig::default();
        let mapping_layers = if classes.is_some() { mapping(evidence)?.0 } else { usual.mapping_layers };
        let has = |layer: &str| evidence.dims(layer).is_some();
        let config = Stylegan2DiscriminatorConfig {
            channel_base: widths.base,
            channel_max: widths.max,
            architecture: architecture(has("b8.skip"), has("b4.fromrgb")),
            mbstd_channels,
            conditional: classes.is_some(),
            mapping_layers,
            ..usual
        };
        Ok((Box::new(config) as Box<_>, io(channels, side, classes)))
    };
    read().map_err(not_inferable(NAME))
}

fn architecture(residual: bool, images: bool) -> Stylegan2Architecture {
    match (residual, images) {
        (true, _) => Stylegan2Architecture::Resnet,
        (false, true) => Stylegan2Architecture::Skip,
        (false, false) => Stylegan2Architecture::Orig,
    }
}

fn io(channels: usize, side: usize, classes: Option<usize>) -> Io {
    let sample = [channels, side, side];
    classes.map_or_else(|| Io::new(sample), |classes| Io::with_classes(sample, classes))
}

/// The number of classes, where it is told one.
fn classes(evidence: &Evidence<'_>) -> Result<Option<usize>, Reason> {
    const EMBED: &str = "mapping.embed";
    evidence.dims(EMBED).map(|_| Ok(evidence.layer::<2>(EMBED)?[1])).transpose()
}

/// The layers of the mapping network, the length of what goes in, and of what comes out.
fn mapping(evidence: &Evidence<'_>) -> Result<(usize, usize, usize), Reason> {
    let layer = |i: usize| format!("mapping.fc{i}");
    let count = (0..).take_while(|&i| evidence.dims(&layer(i)).is_some()).count();
    let [_, taken] = evidence.layer::<2>(&layer(0))?;
    let [w_dim, _] = evidence.layer::<2>(&layer(count - 1))?;
    Ok((count, taken, w_dim))
}

/// The side of the images, and the channels at each resolution, of which `width` tells one.
fn resolutions(
    evidence: &Evidence<'_>,
    width: impl Fn(usize) -> Result<usize, Reason>,
) -> Result<(usize, Widths), Reason> {
    let all =
        std::iter::successors(Some(BOTTOM), |side| Some(2 * side)).take_while(|at| *at <= 2 * MOST_SIDE);
    let is_there = |side: &usize| {
        let own = [format!("synthesis.b{side}."), format!("b{side}.")];
        evidence.shapes.keys().any(|name| own.iter().any(|own| name.starts_with(own.as_str())))
    };
    let sides: Vec<usize> = all.take_while(is_there).collect();
    let side = match sides.last() {
        Some(&side @ 8..=MOST_SIDE) => side,
        Some(side) => return Err(format!("its images have {side} pixels, and 8 to {MOST_SIDE} are known")),
        None => return Err("it has no layers at 4 pixels".to_owned()),
    };
    let found = sides.into_iter().map(|side| Ok((side, width(side)?))).collect::<Result<Vec<_>, Reason>>()?;
    let max = found.iter().map(|(_, width)| *width).max().unwrap_or_default();
    let base = found.iter().map(|(side, width)| side.saturating_mul(*width)).max().unwrap_or_default();
    let widths = Widths { base, max };
    match found.iter().find(|(side, width)| widths.at(*side) != *width) {
        None => Ok((side, widths)),
        Some((side, width)) => {
            Err(format!("it has {width} channels at {side} pixels, where {} were expected", widths.at(*side)))
        }
    }
}
