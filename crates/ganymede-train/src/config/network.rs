//! `[generator]` and `[discriminator]`.

use ganymede_datasets::Toy;
use ganymede_models::{Activation, DcganConfig, MlpConfig, ModelConfig, NormKind};

use super::check::Check;
use super::file::NetworkFile;

/// Whether the data set has points of the plane.
pub(super) fn is_toy(data: &str) -> bool {
    Toy::ALL.iter().any(|toy| toy.name() == data)
}

const NORMS: [(&str, NormKind); 4] = [
    ("none", NormKind::None),
    ("batch", NormKind::Batch),
    ("instance", NormKind::Instance),
    ("layer", NormKind::Layer),
];

const ACTIVATIONS: [(&str, Activation); 5] = [
    ("relu", Activation::Relu),
    ("leaky-relu", Activation::LeakyRelu),
    ("tanh", Activation::Tanh),
    ("softplus", Activation::Softplus),
    ("silu", Activation::Silu),
];

/// The generator's architecture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GeneratorConfig {
    /// Length Z of the latent vector, ≥ 1.
    pub z_dim: usize,
    /// The network behind it; never spectral.
    pub network: NetworkConfig,
}

/// A network's architecture, of either player.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NetworkConfig {
    /// DCGAN (Radford et al., 2016, arXiv:1511.06434), for images.
    Dcgan {
        /// Channels at half the resolution, `ngf` or `ndf`.
        width: usize,
        /// The largest multiple of `width`.
        max_multiplier: usize,
        /// Normalisation between the convolutions.
        norm: NormKind,
        /// Spectral normalisation of every convolution (discriminator only).
        spectral: bool,
    },
    /// A multi-layer perceptron, for points of the plane.
    Mlp {
        /// Units of a hidden layer.
        width: usize,
        /// Hidden layers.
        layers: usize,
        /// Between the layers.
        activation: Activation,
        /// Spectral normalisation of every layer (discriminator only).
        spectral: bool,
    },
}

impl NetworkConfig {
    /// Whether samples of a batch see one another through batch normalisation.
    pub fn has_batch_norm(&self) -> bool {
        matches!(self, Self::Dcgan { norm: NormKind::Batch, .. })
    }

    /// Whether every layer's spectral norm is held at 1.
    pub fn is_spectral(&self) -> bool {
        let (Self::Dcgan { spectral, .. } | Self::Mlp { spectral, .. }) = self;
        *spectral
    }

    /// The model for samples of `shape` (`[C, H, W]` or `[D]`) and latent vectors of length `z_dim`.
    ///
    /// Returns nothing when the shape is not of the network's kind.
    pub fn model(&self, shape: &[usize], z_dim: usize) -> Option<ModelConfig> {
        match (*self, shape) {
            (Self::Dcgan { width, max_multiplier, norm, spectral }, &[channels, height, side]) => {
                (height == side).then_some(ModelConfig::Dcgan(DcganConfig {
                    resolution: side,
                    channels,
                    z_dim,
                    width,
                    max_multiplier,
                    norm,
                    discriminator_norm: Some(norm),
                    spectral,
                }))
            }
            (Self::Mlp { width, layers, activation, spectral }, &[output]) => {
                let hidden = width;
                let config = MlpConfig { z_dim, hidden, layers, output, activation, spectral };
                Some(ModelConfig::Mlp(config))
            }
            _ => None,
        }
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Dcgan,
    Mlp,
}

/// Which section is read, and for what data.
#[derive(Clone, Copy)]
pub(super) struct Section {
    pub(super) name: &'static str,
    pub(super) is_generator: bool,
    pub(super) toy: bool,
}

const FOR_IMAGES: &str = "`dcgan` is for images, and this data set has points of the plane; use \
                          `mlp`, or start from a ring or grid preset";
const FOR_POINTS: &str = "`mlp` is for points of the plane, and this data set has images; use \
                          `dcgan`, or data ring, grid or swiss-roll";

pub(super) fn resolve(file: &NetworkFile, section: Section, check: &mut Check) -> NetworkConfig {
    let key = |name: &str| format!("{}.{name}", section.name);
    let default = if section.toy { Kind::Mlp } else { Kind::Dcgan };
    let kinds = [("dcgan", Kind::Dcgan), ("mlp", Kind::Mlp)];
    let kind = check.choose(&key("kind"), file.kind.as_deref(), default, &kinds);
    match (kind, section.toy) {
        (Kind::Dcgan, true) => check.add(&key("kind"), FOR_IMAGES),
        (Kind::Mlp, false) => check.add(&key("kind"), FOR_POINTS),
        _ => {}
    }
    if section.is_generator {
        let why = "spectral normalisation is for the discriminator; leave it out";
        check.refuse(&key("spectral"), file.spectral.is_some(), why);
    } else {
        let why = "only the generator has a latent vector; leave it out";
        check.refuse(&key("z_dim"), file.z_dim.is_some(), why);
    }
    refuse_foreign(file, kind, section.name, check);
    let spectral = !section.is_generator && file.spectral.unwrap_or(false);
    match kind {
        Kind::Dcgan => {
            let default_norm = if spectral { NormKind::None } else { NormKind::Batch };
            NetworkConfig::Dcgan {
                width: check.size(&key("width"), file.width, 64),
                max_multiplier: check.size(&key("max_multiplier"), file.max_multiplier, 8),
                norm: check.choose(&key("norm"), file.norm.as_deref(), default_norm, &NORMS),
                spectral,
            }
        }
        Kind::Mlp => {
            let activation = file.activation.as_deref();
            let default = Activation::LeakyRelu;
            NetworkConfig::Mlp {
                width: check.size(&key("width"), file.width, 128),
                layers: check.size(&key("layers"), file.layers, 3),
                activation: check.choose(&key("activation"), activation, default, &ACTIVATIONS),
                spectral,
            }
        }
    }
}

fn refuse_foreign(file: &NetworkFile, kind: Kind, section: &str, check: &mut Check) {
    let (name, keys) = match kind {
        Kind::Dcgan => {
            ("dcgan", [("layers", file.layers.is_some()), ("activation", file.activation.is_some())])
        }
        Kind::Mlp => {
            ("mlp", [("norm", file.norm.is_some()), ("max_multiplier", file.max_multiplier.is_some())])
        }
    };
    for (key, given) in keys {
        let why = format!("`{name}` has no such setting; leave it out");
        check.refuse(&format!("{section}.{key}"), given, &why);
    }
}

/// The generator that a checkpoint's own description and sample shape name; nothing if it makes no sense.
pub(crate) fn generator_of(file: &NetworkFile, shape: &[usize]) -> Option<ModelConfig> {
    let mut check = Check::default();
    let section = Section { name: "generator", is_generator: true, toy: shape.len() == 1 };
    let network = resolve(file, section, &mut check);
    let config = network.model(shape, file.z_dim?)?;
    check.problems.is_empty().then_some(config)
}

/// The section that resolves to `config`; only the generator has a `z_dim`.
pub(super) fn write(config: &NetworkConfig, z_dim: Option<usize>) -> NetworkFile {
    let file = NetworkFile {
        z_dim,
        spectral: z_dim.is_none().then_some(config.is_spectral()),
        ..NetworkFile::default()
    };
    match *config {
        NetworkConfig::Dcgan { width, max_multiplier, norm, .. } => NetworkFile {
            kind: Some("dcgan".into()),
            width: Some(width),
            max_multiplier: Some(max_multiplier),
            norm: name_of(&NORMS, norm),
            ..file
        },
        NetworkConfig::Mlp { width, layers, activation, .. } => NetworkFile {
            kind: Some("mlp".into()),
            width: Some(width),
            layers: Some(layers),
            activation: name_of(&ACTIVATIONS, activation),
            ..file
        },
    }
}

fn name_of<T: PartialEq>(options: &[(&str, T)], value: T) -> Option<String> {
    options.iter().find(|(_, option)| *option == value).map(|(name, _)| (*name).to_owned())
}
