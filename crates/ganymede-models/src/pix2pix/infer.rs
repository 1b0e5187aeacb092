//! Settings of pix2pix's networks, read off their weights. The generator's dropout is not among them.

use super::{NAME, Pix2pixDiscriminatorConfig, Pix2pixGeneratorConfig};
use crate::ModelError;
use crate::infer::{Evidence, Reason, not_inferable};
use crate::io::Io;
use crate::layers::norm::NormKind;
use crate::table::{DiscriminatorExample, GeneratorExample};

/// The side of the images where nothing tells: the authors'.
const USUAL_SIDE: usize = 256;

pub(super) fn generator(evidence: &Evidence<'_>) -> Result<GeneratorExample, ModelError> {
    let read = || {
        let [width, seen, ..] = evidence.layer::<4>("model.model.0")?;
        let [_, channels, ..] = evidence.layer::<4>("model.model.3")?;
        // Each level lies in the one around it; the innermost has nothing in between.
        let mut at = "model.model.1.model".to_owned();
        let mut depth = 1;
        while evidence.dims(&format!("{at}.1")).is_some() {
            depth += 1;
            at = format!("{at}.3.model");
        }
        // The level behind the outermost has a normalisation in any case; alone, the outermost has none, and its bias
        // tells whether there would be one.
        let norm = match (depth, evidence.has("model.model.0.bias")) {
            (1, false) => evidence.given("norm").unwrap_or(NormKind::Batch),
            (1, true) => evidence.given("norm").unwrap_or(NormKind::Instance),
            (2, _) => norm(evidence, "model.model.1.model.4", "model.model.1.model.3")?,
            _ => norm(evidence, "model.model.1.model.6", "model.model.1.model.5")?,
        };
        let side = evidence.side.unwrap_or(1 << depth);
        let config = Pix2pixGeneratorConfig { width, depth: Some(depth), norm, ..Default::default() };
        let io = Io::with_images([channels, side, side], [seen, side, side]);
        Ok((Box::new(config) as Box<_>, io))
    };
    read().map_err(not_inferable(NAME))
}

pub(super) fn discriminator(evidence: &Evidence<'_>) -> Result<DiscriminatorExample, ModelError> {
    let read = || {
        let root = if evidence.dims("net.0").is_some() { "net" } else { "model" };
        let [width, seen, ..] = evidence.layer::<4>(&format!("{root}.0"))?;
        // The convolutions behind the first are three places apart, activations and normalisations between them.
        let behind = (0..).take_while(|i| evidence.dims(&format!("{root}.{}", 2 + 3 * i)).is_some()).count();
        if behind < 2 {
            return Err(format!("it has no {root}.{}.weight", 2 + 3 * behind));
        }
        let layers = if root == "net" { 0 } else { behind - 1 };
        let conditional = evidence.given("conditional").unwrap_or(true);
        // Colours beside colours, and grey beside grey, unless one is left over.
        let own = match seen {
            _ if !conditional => seen,
            1 => return Err("it sees one channel, which is no image beside another".to_owned()),
            4 => 3,
            _ => seen.div_ceil(2),
        };
        let config = Pix2pixDiscriminatorConfig {
            width,
            layers,
            norm: norm(evidence, &format!("{root}.3"), &format!("{root}.2"))?,
            spectral: evidence.is_spectral(&format!("{root}.0")),
            conditional,
        };
        let side = evidence.side.unwrap_or(USUAL_SIDE);
        let io = match conditional {
            true => Io::with_images([own, side, side], [seen - own, side, side]),
            false => Io::new([own, side, side]),
        };
        Ok((Box::new(config) as Box<_>, io))
    };
    read().map_err(not_inferable(NAME))
}

/// The normalisation at a place behind a layer. Instance normalisation has no parameters here, and a layer without any
/// normalisation looks the same: the reference has the former.
fn norm(evidence: &Evidence<'_>, place: &str, layer: &str) -> Result<NormKind, Reason> {
    match evidence.norm(place)? {
        NormKind::None if evidence.given::<NormKind>("norm").is_none() => {
            let has_bias = evidence.has(&format!("{layer}.bias"));
            Ok(if has_bias { NormKind::Instance } else { NormKind::None })
        }
        found => Ok(found),
    }
}
