//! Named configurations, each a TOML file of this folder with its citation.

use crate::config::{ConfigError, Layers, hint};

/// The preset that is used when none is named.
pub const DEFAULT_PRESET: &str = "quickstart";

const PRESETS: &[(&str, &str)] = &[
    ("quickstart", include_str!("quickstart.toml")),
    ("dcgan", include_str!("dcgan.toml")),
    ("wgan", include_str!("wgan.toml")),
    ("wgan-gp", include_str!("wgan-gp.toml")),
    ("mmd-gan", include_str!("mmd-gan.toml")),
    ("lsgan", include_str!("lsgan.toml")),
    ("sn-dcgan", include_str!("sn-dcgan.toml")),
    ("sndcgan", include_str!("sndcgan.toml")),
    ("sngan", include_str!("sngan.toml")),
    ("wgan-gp-resnet", include_str!("wgan-gp-resnet.toml")),
    ("sagan", include_str!("sagan.toml")),
    ("biggan", include_str!("biggan.toml")),
    ("r3gan", include_str!("r3gan.toml")),
    ("pggan", include_str!("pggan.toml")),
    ("stylegan2", include_str!("stylegan2.toml")),
    ("stylegan2-ada", include_str!("stylegan2-ada.toml")),
    ("stylegan2-auto", include_str!("stylegan2-auto.toml")),
    ("pix2pix", include_str!("pix2pix.toml")),
    ("super-resolution", include_str!("super-resolution.toml")),
    ("lipschitz-wgan", include_str!("lipschitz-wgan.toml")),
    ("mbd-dcgan", include_str!("mbd-dcgan.toml")),
    ("diffusion-gan", include_str!("diffusion-gan.toml")),
    ("cgan", include_str!("cgan.toml")),
    ("cgan-concat", include_str!("cgan-concat.toml")),
    ("acgan", include_str!("acgan.toml")),
    ("stacked-mnist", include_str!("stacked-mnist.toml")),
    ("ring-minimax", include_str!("ring-minimax.toml")),
    ("pacgan", include_str!("pacgan.toml")),
    ("ring-wgan-gp", include_str!("ring-wgan-gp.toml")),
    ("ring-r1", include_str!("ring-r1.toml")),
    ("grid-r1", include_str!("grid-r1.toml")),
    ("ring-unrolled", include_str!("ring-unrolled.toml")),
    ("grid-mixture", include_str!("grid-mixture.toml")),
    ("gman", include_str!("gman.toml")),
    ("extra-gradient", include_str!("extra-gradient.toml")),
    ("consensus", include_str!("consensus.toml")),
    ("first-order-r1", include_str!("first-order-r1.toml")),
];

/// A preset, for listings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preset {
    /// What it is called on the command line.
    pub name: &'static str,
    /// One line: what is trained and how.
    pub summary: String,
    /// The paper that the settings follow.
    pub citation: String,
}

/// The names of all presets, the default first.
pub fn preset_names() -> Vec<&'static str> {
    PRESETS.iter().map(|(name, _)| *name).collect()
}

/// All presets, the default first.
pub fn presets() -> Vec<Preset> {
    let describe = |name: &'static str| {
        let about = Layers::preset(name).and_then(|layers| layers.typed()).map(|file| file.about);
        let about = about.expect("every embedded preset is read by a test");
        Preset {
            name,
            summary: about.summary.unwrap_or_default(),
            citation: about.citation.unwrap_or_default(),
        }
    };
    preset_names().into_iter().map(describe).collect()
}

/// A preset's TOML.
pub(crate) fn text(name: &str) -> Result<&'static str, ConfigError> {
    let found = PRESETS.iter().find(|(known, _)| *known == name);
    found.map(|(_, text)| *text).ok_or_else(|| ConfigError::UnknownPreset {
        name: name.to_owned(),
        hint: hint(name, &preset_names()),
    })
}
