//! The generator.

use ganymede_tensor::{Buffer, DType, Device, Params, Result, Rng, Tensor, watch};
use serde::{Deserialize, Serialize};
use toml::Table;

use super::mapping::{MappingDims, MappingNetwork};
use super::synthesis::{Synthesis, SynthesisConfig};
use super::{MOST_DIM, MOST_MAPPING_LAYERS, NAME, Stylegan2Architecture, Widths, check_clamp, sides};
use crate::conditioning::of_classes_if_conditional;
use crate::io::{Condition, Growth, Io};
use crate::mapping::{Mapping, broadcast_ws, mix_ws};
use crate::model::count_of_z;
use crate::spec::{GeneratorSpec, NetworkSpec, Problem, Size, Traits, refuse, sizes, write_table};
use crate::{Generated, Generator, GeneratorInput, Mode, ModelError};

/// The settings of a [`Stylegan2Generator`]. The default is the paper's configuration F; [`Stylegan2Auto`](super::Stylegan2Auto)
/// has what stylegan2-ada-pytorch takes unless told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Stylegan2GeneratorConfig {
    /// Length Z of a latent vector.
    pub z_dim: usize,
    /// Length W of an intermediate one.
    pub w_dim: usize,
    /// Layers of the mapping network.
    pub mapping_layers: usize,
    /// Channels at R pixels are `channel_base`/R, at least the side of the images.
    pub channel_base: usize,
    /// But at most so many.
    pub channel_max: usize,
    /// How resolutions are joined.
    pub architecture: Stylegan2Architecture,
    /// Whether its layers have noise.
    pub use_noise: bool,
    /// Activations, and what images are summed up from, stay within ± this; not bounded if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conv_clamp: Option<f64>,
    /// The probability that a batch of training is mixed ([`Mix`](crate::Mix)).
    pub style_mixing: f64,
    /// Whether it is told the class, by a vector of `w_dim` beside the latent vector.
    pub conditional: bool,
}

impl Default for Stylegan2GeneratorConfig {
    fn default() -> Self {
        Self {
            z_dim: 512,
            w_dim: 512,
            mapping_layers: 8,
            channel_base: 32_768,
            channel_max: 512,
            architecture: Stylegan2Architecture::Skip,
            use_noise: true,
            conv_clamp: None,
            style_mixing: 0.9,
            conditional: false,
        }
    }
}

pub(super) fn examples() -> Vec<(Box<dyn GeneratorSpec>, Io)> {
    let small = Stylegan2GeneratorConfig {
        z_dim: 4,
        w_dim: 5,
        mapping_layers: 2,
        channel_base: 48,
        channel_max: 4,
        ..Stylegan2GeneratorConfig::default()
    };
    let residual = Stylegan2GeneratorConfig {
        architecture: Stylegan2Architecture::Resnet,
        conditional: true,
        mapping_layers: 1,
        style_mixing: 0.0,
        ..small.clone()
    };
    let plain = Stylegan2GeneratorConfig {
        architecture: Stylegan2Architecture::Orig,
        channel_base: 32,
        channel_max: 8,
        use_noise: false,
        conv_clamp: Some(64.0),
        ..small.clone()
    };
    vec![
        (Box::new(small), Io::new([2, 16, 16])),
        (Box::new(residual), Io::with_classes([1, 16, 16], 3)),
        (Box::new(plain), Io::new([1, 8, 8])),
    ]
}

impl Stylegan2GeneratorConfig {
    fn widths(&self) -> Widths {
        Widths { base: self.channel_base, max: self.channel_max }
    }

    fn mapping(&self, io: &Io) -> MappingDims {
        let classes = io.classes().filter(|_| self.conditional);
        MappingDims { z: self.z_dim, classes, w: self.w_dim, layers: self.mapping_layers }
    }

    fn synthesis(&self, io: &Io) -> SynthesisConfig {
        SynthesisConfig {
            w_dim: self.w_dim,
            widths: self.widths(),
            architecture: self.architecture,
            use_noise: self.use_noise,
            clamp: self.conv_clamp,
            image_channels: io.sample.first().copied().unwrap_or_default(),
            sides: sides(io),
        }
    }
}

impl NetworkSpec for Stylegan2GeneratorConfig {
    fn check(&self) -> Vec<Problem> {
        let mut problems = sizes(&[
            ("z_dim", self.z_dim, MOST_DIM),
            ("w_dim", self.w_dim, MOST_DIM),
            ("mapping_layers", self.mapping_layers, MOST_MAPPING_LAYERS),
        ]);
        problems.extend(self.widths().check());
        problems.extend(check_clamp(self.conv_clamp));
        if !(0.0..=1.0).contains(&self.style_mixing) {
            problems.push(Problem::new("style_mixing", self.style_mixing, "a probability, from 0 to 1"));
        }
        problems
    }

    fn fits(&self, io: &Io) -> Vec<Problem> {
        let mut problems = self.widths().fits(io);
        if self.conditional {
            problems.extend(of_classes_if_conditional(io));
        }
        problems
    }

    fn traits(&self) -> Traits {
        Traits { conditional: self.conditional, unbounded: true, maps: true, ..Traits::default() }
    }

    fn size(&self, io: &Io) -> Size {
        self.synthesis(io).added_to(self.mapping(io).added_to(Size::default()))
    }

    fn write(&self) -> Table {
        write_table(self)
    }
}

impl GeneratorSpec for Stylegan2GeneratorConfig {
    fn z_dim(&self) -> usize {
        self.z_dim
    }

    fn build(
        &self,
        io: &Io,
        rng: Rng,
        dtype: DType,
        device: &Device,
    ) -> std::result::Result<Box<dyn Generator>, ModelError> {
        Ok(Box::new(Stylegan2Generator::new(self, io, rng, dtype, device)?))
    }
}

/// Who asks for what it is given.
const WHO: &str = "stylegan2 generator";

/// What is left of the centre in an update.
const CENTRE_DECAY: f64 = 0.995;

/// z → mapping network → w, one for each layer → synthesis network.
///
/// Noise of the layers is what it is given ([`Generator::noise_for_training`] draws it); without any it is `noise_const`, of
/// each layer its own, as in that program's `generate.py`. [`Generator::draw`] gives none, so that a latent vector is a
/// picture.
///
/// ```
/// use ganymede_models::{Generator, GeneratorInput, Io, Mode, Stylegan2Generator, Stylegan2GeneratorConfig};
/// use ganymede_tensor::{DType, Device, Rng};
/// let config = Stylegan2GeneratorConfig { channel_base: 64, channel_max: 8, ..Default::default() };
/// let g = Stylegan2Generator::new(&config, &Io::new([3, 16, 16]), Rng::new(0), DType::F32, &Device::Cpu)?;
/// let latents = g.draw(2, &mut Rng::new(1), &Device::Cpu)?;
/// let made = g.forward(GeneratorInput::new(&latents), Mode::Eval)?;
/// assert_eq!(made.samples.dims(), [2, 3, 16, 16]);
/// assert_eq!(made.w.expect("it has a mapping").dims(), [2, 6, 512]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Stylegan2Generator {
    mapping: MappingNetwork,
    centre: Buffer,
    synthesis: Synthesis,
    z_dim: usize,
    style_mixing: f64,
    params: Params,
    io: Io,
}

impl Stylegan2Generator {
    /// A generator of images `[C, R, R]` with first weights from `rng`.
    ///
    /// # Errors
    /// A setting cannot be used, or the images are not square ones of a power of two.
    pub fn new(
        config: &Stylegan2GeneratorConfig,
        io: &Io,
        rng: Rng,
        dtype: DType,
        device: &Device,
    ) -> std::result::Result<Self, ModelError> {
        refuse(NAME, config.check())?;
        refuse(NAME, config.fits(io))?;
        let params = Params::new();
        let root = params.builder(rng, dtype, device);
        let synthesis = Synthesis::new(config.synthesis(io), &root.pp("synthesis"))?;
        let at = root.pp("mapping");
        let mapping = MappingNetwork::new(config.mapping(io), WHO, &at)?;
        let centre = at.buffer("w_avg", &Tensor::zeros(config.w_dim, dtype, device)?)?;
        Ok(Self {
            mapping,
            centre,
            synthesis,
            z_dim: config.z_dim,
            style_mixing: config.style_mixing,
            params,
            io: io.clone(),
        })
    }
}

impl Mapping for Stylegan2Generator {
    fn w(&self, z: &Tensor, condition: &Condition, mode: Mode) -> Result<Tensor> {
        let n = count_of_z(WHO, z, self.z_dim)?;
        let w = self.mapping.forward(Some(z), condition, n, mode)?;
        if mode.updates_stats() {
            let (mean, held) = (w.detach().mean(0)?, self.centre.get());
            self.centre.set(&(&mean + ((held - &mean)? * CENTRE_DECAY)?)?)?;
        }
        Ok(w)
    }

    fn centre(&self) -> Tensor {
        self.centre.get()
    }

    fn layers(&self) -> usize {
        self.synthesis.config().vectors()
    }

    fn style_mixing(&self) -> f64 {
        self.style_mixing
    }

    fn synthesise(&self, ws: &Tensor, noise: &[Tensor], _growth: Growth, mode: Mode) -> Result<Tensor> {
        self.synthesis.forward(WHO, ws, noise, mode)
    }
}

impl Generator for Stylegan2Generator {
    fn noise_for_training(&self, n: usize, rng: &mut Rng, device: &Device) -> Result<Vec<Tensor>> {
        let sides = self.synthesis.config().noise_sides().into_iter();
        sides.map(|side| rng.normal((n, 1, side, side), DType::F32, device)).collect()
    }

    fn mapping(&self) -> Option<&dyn Mapping> {
        Some(self)
    }

    /// `z` `(N, Z)` to images `(N, C, R, R)`, about in [−1, 1], and the vectors `(N, L, W)` that they were made from.
    fn forward(&self, input: GeneratorInput<'_>, mode: Mode) -> Result<Generated> {
        let GeneratorInput { latents, condition, growth } = input;
        let ws = broadcast_ws(&self.w(&latents.z, condition, mode)?, self.layers())?;
        let ws = match &latents.mix {
            Some(mix) => {
                let second = self.w(&mix.z, condition, mode.without_updates())?;
                mix_ws(&ws, &broadcast_ws(&second, self.layers())?, mix.from)?
            }
            None => ws,
        };
        let ws = if ws.track_op() { watch(&ws)? } else { ws };
        let samples = self.synthesise(&ws, &latents.noise, growth, mode)?;
        Ok(Generated::new(samples).with_w(ws))
    }

    fn params(&self) -> &Params {
        &self.params
    }

    fn z_dim(&self) -> usize {
        self.z_dim
    }

    fn io(&self) -> &Io {
        &self.io
    }
}
