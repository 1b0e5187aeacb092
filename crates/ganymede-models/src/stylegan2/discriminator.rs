//! The discriminator.

use ganymede_tensor::{Builder, DType, Device, Params, Result, Rng, Tensor};
use serde::{Deserialize, Serialize};
use toml::Table;

use super::layers::{ConvLayer, RESIDUAL_GAIN, Resampling, Shortcut, activated, dense};
use super::mapping::{MappingDims, MappingNetwork};
use super::{
    BOTTOM, MOST_CHANNELS, MOST_MAPPING_LAYERS, NAME, Stylegan2Architecture, Widths, check_clamp, sides,
};
use crate::conditioning::of_classes_if_conditional;
use crate::io::Io;
use crate::layers::linear::Linear;
use crate::layers::minibatch::grouped_stddev;
use crate::layers::resample::filtered_downsample;
use crate::spec::{DiscriminatorSpec, NetworkSpec, Problem, Size, Traits, refuse, sizes, write_table};
use crate::{Critique, Discriminator, DiscriminatorInput, Mode, ModelError};

/// Samples of a group whose deviation is taken, at most: any batch.
const MOST_GROUP: usize = 65_536;

/// The settings of a [`Stylegan2Discriminator`]. The default is the paper's configuration F.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Stylegan2DiscriminatorConfig {
    /// Channels at R pixels are `channel_base`/R, at least the side of the images.
    pub channel_base: usize,
    /// But at most so many.
    pub channel_max: usize,
    /// How resolutions are joined.
    pub architecture: Stylegan2Architecture,
    /// Activations of convolutions stay within ± this; not bounded if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conv_clamp: Option<f64>,
    /// Samples of a group whose standard deviation it sees; of batches that this does not divide, the largest divisor below.
    pub mbstd_group: usize,
    /// Numbers that it sees of each group: each is the mean over a share of the channels. 0 leaves them out.
    pub mbstd_channels: usize,
    /// Whether it is told the class.
    pub conditional: bool,
    /// Layers of the mapping of the class, where it is told one.
    pub mapping_layers: usize,
}

impl Default for Stylegan2DiscriminatorConfig {
    fn default() -> Self {
        Self {
            channel_base: 32_768,
            channel_max: 512,
            architecture: Stylegan2Architecture::Resnet,
            conv_clamp: None,
            mbstd_group: 4,
            mbstd_channels: 1,
            conditional: false,
            mapping_layers: 8,
        }
    }
}

pub(super) fn examples() -> Vec<(Box<dyn DiscriminatorSpec>, Io)> {
    let small = Stylegan2DiscriminatorConfig {
        channel_base: 48,
        channel_max: 4,
        ..Stylegan2DiscriminatorConfig::default()
    };
    let skip = Stylegan2DiscriminatorConfig {
        architecture: Stylegan2Architecture::Skip,
        conditional: true,
        mapping_layers: 2,
        mbstd_group: 2,
        mbstd_channels: 2,
        ..small.clone()
    };
    let plain = Stylegan2DiscriminatorConfig {
        architecture: Stylegan2Architecture::Orig,
        channel_base: 32,
        channel_max: 8,
        mbstd_channels: 0,
        conv_clamp: Some(64.0),
        ..small.clone()
    };
    vec![
        (Box::new(small), Io::new([2, 16, 16])),
        (Box::new(skip), Io::with_classes([1, 16, 16], 3)),
        (Box::new(plain), Io::new([1, 8, 8])),
    ]
}

impl Stylegan2DiscriminatorConfig {
    fn widths(&self) -> Widths {
        Widths { base: self.channel_base, max: self.channel_max }
    }

    /// The mapping of the class, whose vectors are as long as the last features are wide.
    fn mapping(&self, io: &Io) -> Option<MappingDims> {
        let classes = io.classes().filter(|_| self.conditional)?;
        let w = self.widths().at(BOTTOM);
        Some(MappingDims { z: 0, classes: Some(classes), w, layers: self.mapping_layers })
    }

    /// Numbers that come out of the last layer.
    fn outputs(&self) -> usize {
        if self.conditional { self.widths().at(BOTTOM) } else { 1 }
    }

    /// The largest side first.
    fn sides(io: &Io) -> Vec<usize> {
        let above = sides(io).into_iter().filter(|side| *side > BOTTOM);
        above.rev().collect()
    }
}

impl NetworkSpec for Stylegan2DiscriminatorConfig {
    fn check(&self) -> Vec<Problem> {
        let mut problems = sizes(&[
            ("mbstd_group", self.mbstd_group, MOST_GROUP),
            ("mapping_layers", self.mapping_layers, MOST_MAPPING_LAYERS),
        ]);
        problems.extend(self.widths().check());
        problems.extend(check_clamp(self.conv_clamp));
        let (features, width) = (self.mbstd_channels, self.widths().at(BOTTOM));
        if features > MOST_CHANNELS || (features > 0 && !width.is_multiple_of(features)) {
            let expected = format!("0, or a divisor of the {width} channels at 4 pixels");
            problems.push(Problem::new("mbstd_channels", features, expected));
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
        let sees_batch = self.mbstd_channels > 0;
        Traits { mixes_batch: sees_batch, sees_batch, conditional: self.conditional, ..Traits::default() }
    }

    fn size(&self, io: &Io) -> Size {
        let (widths, channels) = (self.widths(), io.sample.first().copied().unwrap_or_default());
        let layer = |size: Size, [from, to, kernel]: [usize; 3], side: usize| {
            let [weights, places, vectors] = [from * to * kernel, side * side, to].map(|n| n as u128);
            size.with_products([(weights, places)]).with_vectors(vectors)
        };
        let mut size = self.mapping(io).map_or(Size::default(), |mapping| mapping.added_to(Size::default()));
        for (i, side) in Self::sides(io).into_iter().enumerate() {
            let (from, to, half) = (widths.at(side), widths.at(side / 2), side / 2);
            let map = (from * side * side) as u128;
            size.activations = size.activations.max(map);
            // Behind from-RGB, a convolution, both activations, the filters, and what is half as large.
            size.held += 5 * map + 4 * (to * half * half) as u128;
            if i == 0 || self.architecture == Stylegan2Architecture::Skip {
                size = layer(size, [channels, from, 1], side);
            }
            size = layer(size, [from, from, 9], side);
            size = layer(size, [from, to, 9], half);
            if self.architecture == Stylegan2Architecture::Resnet {
                size = size.with_products([((from * to) as u128, (half * half) as u128)]);
            }
        }
        let width = widths.at(BOTTOM);
        if self.architecture == Stylegan2Architecture::Skip {
            size = layer(size, [channels, width, 1], BOTTOM);
        }
        size = layer(size, [width + self.mbstd_channels, width, 9], BOTTOM);
        size = layer(size, [width * BOTTOM * BOTTOM, width, 1], 1);
        layer(size, [width, self.outputs(), 1], 1)
    }

    fn write(&self) -> Table {
        write_table(self)
    }
}

impl DiscriminatorSpec for Stylegan2DiscriminatorConfig {
    fn build(
        &self,
        io: &Io,
        rng: Rng,
        dtype: DType,
        device: &Device,
    ) -> std::result::Result<Box<dyn Discriminator>, ModelError> {
        Ok(Box::new(Stylegan2Discriminator::new(self, io, rng, dtype, device)?))
    }
}

/// Who asks for what it is given.
const WHO: &str = "stylegan2 discriminator";

/// x → 1×1 convolution → [3×3 convolution, 3×3 convolution that halves the side] … → deviation over the batch → 3×3
/// convolution → two linear layers. Scores are raw.
#[derive(Debug)]
pub struct Stylegan2Discriminator {
    first: ConvLayer,
    blocks: Vec<Block>,
    mapping: Option<MappingNetwork>,
    last: Epilogue,
    params: Params,
    io: Io,
}

impl Stylegan2Discriminator {
    /// A discriminator of images `[C, R, R]` with first weights from `rng`.
    ///
    /// # Errors
    /// A setting cannot be used, or the images are not square ones of a power of two.
    pub fn new(
        config: &Stylegan2DiscriminatorConfig,
        io: &Io,
        rng: Rng,
        dtype: DType,
        device: &Device,
    ) -> std::result::Result<Self, ModelError> {
        refuse(NAME, config.check())?;
        refuse(NAME, config.fits(io))?;
        let params = Params::new();
        let root = params.builder(rng, dtype, device);
        let place = |side: usize| root.pp(format!("b{side}"));
        let (channels, sides) = (io.sample[0], Stylegan2DiscriminatorConfig::sides(io));
        let first = from_rgb([channels, config.widths().at(sides[0])], config.conv_clamp, &place(sides[0]))?;
        let blocks = sides
            .iter()
            .enumerate()
            .map(|(i, &side)| Block::new(config, side, (i > 0).then_some(channels), &place(side)))
            .collect::<Result<_>>()?;
        let mapping =
            config.mapping(io).map(|dims| MappingNetwork::new(dims, WHO, &root.pp("mapping"))).transpose()?;
        let last = Epilogue::new(config, channels, &place(BOTTOM))?;
        Ok(Self { first, blocks, mapping, last, params, io: io.clone() })
    }
}

/// A 1×1 convolution from an image.
fn from_rgb(widths: [usize; 2], clamp: Option<f64>, at: &Builder) -> Result<ConvLayer> {
    ConvLayer::new(widths, 1, Resampling::None, clamp, &at.pp("fromrgb"))
}

/// The layers of one resolution, above 4 pixels.
#[derive(Debug)]
struct Block {
    /// Of the first block it is the network's first layer.
    from_rgb: Option<ConvLayer>,
    convs: [ConvLayer; 2],
    shortcut: Option<Shortcut>,
}

impl Block {
    /// `channels` are those of an image that may be shown to it.
    fn new(
        config: &Stylegan2DiscriminatorConfig,
        side: usize,
        channels: Option<usize>,
        at: &Builder,
    ) -> Result<Self> {
        let (from, to) = (config.widths().at(side), config.widths().at(side / 2));
        let clamp = config.conv_clamp;
        let shown = channels.filter(|_| config.architecture == Stylegan2Architecture::Skip);
        let residual = config.architecture == Stylegan2Architecture::Resnet;
        Ok(Self {
            from_rgb: shown.map(|channels| from_rgb([channels, from], clamp, at)).transpose()?,
            convs: [
                ConvLayer::new([from, from], 3, Resampling::None, clamp, &at.pp("conv0"))?,
                ConvLayer::new([from, to], 3, Resampling::Down, clamp, &at.pp("conv1"))?,
            ],
            shortcut: residual
                .then(|| Shortcut::new([from, to], Resampling::Down, &at.pp("skip")))
                .transpose()?,
        })
    }

    fn forward(&self, x: &Tensor, image: &Tensor, mode: Mode) -> Result<Tensor> {
        let x = match &self.from_rgb {
            Some(from_rgb) => (x + from_rgb.forward(image, 1.0, mode)?)?,
            None => x.clone(),
        };
        let y = self.convs[0].forward(&x, 1.0, mode)?;
        match &self.shortcut {
            Some(shortcut) => shortcut.forward(&x, mode)? + self.convs[1].forward(&y, RESIDUAL_GAIN, mode)?,
            None => self.convs[1].forward(&y, 1.0, mode),
        }
    }
}

/// The layers at 4 pixels.
#[derive(Debug)]
struct Epilogue {
    from_rgb: Option<ConvLayer>,
    mbstd: [usize; 2],
    conv: ConvLayer,
    dense: Linear,
    out: Linear,
}

impl Epilogue {
    fn new(config: &Stylegan2DiscriminatorConfig, channels: usize, at: &Builder) -> Result<Self> {
        let (width, features) = (config.widths().at(BOTTOM), config.mbstd_channels);
        let shown = config.architecture == Stylegan2Architecture::Skip;
        let widths = [width + features, width];
        Ok(Self {
            // The one convolution that is not bounded, as there.
            from_rgb: shown.then(|| from_rgb([channels, width], None, at)).transpose()?,
            mbstd: [config.mbstd_group, features],
            conv: ConvLayer::new(widths, 3, Resampling::None, config.conv_clamp, &at.pp("conv"))?,
            dense: dense([width * BOTTOM * BOTTOM, width], 1.0, 0.0, &at.pp("fc"))?,
            out: dense([width, config.outputs()], 1.0, 0.0, &at.pp("out"))?,
        })
    }

    /// `(N, 1)`, or what is projected on the class, `(N, dim)`.
    fn forward(&self, x: &Tensor, image: &Tensor, mode: Mode) -> Result<Tensor> {
        let mut x = match &self.from_rgb {
            Some(from_rgb) => (x + from_rgb.forward(image, 1.0, mode)?)?,
            None => x.clone(),
        };
        let [group, features] = self.mbstd;
        if features > 0 {
            let (n, _, h, w) = x.dims4()?;
            let seen = grouped_stddev(&x, group, features)?.reshape((n, features, 1, 1))?;
            x = Tensor::cat(&[&x, &seen.broadcast_as((n, features, h, w))?.contiguous()?], 1)?;
        }
        let x = self.conv.forward(&x, 1.0, mode)?;
        let x = activated(&self.dense.forward(&x.flatten_from(1)?, mode)?)?;
        self.out.forward(&x, mode)
    }
}

impl Discriminator for Stylegan2Discriminator {
    /// Images `(N, C, R, R)` to raw scores `(N,)`.
    fn forward(&self, input: DiscriminatorInput<'_>, mode: Mode) -> Result<Critique> {
        let mut image = input.images(WHO, &self.io)?.clone();
        let n = image.dim(0)?;
        let mut x = self.first.forward(&image, 1.0, mode)?;
        for block in &self.blocks {
            x = block.forward(&x, &image, mode)?;
            if self.last.from_rgb.is_some() {
                image = filtered_downsample(&image)?;
            }
        }
        let said = self.last.forward(&x, &image, mode)?;
        let scores = match &self.mapping {
            Some(mapping) => {
                let class = mapping.forward(None, input.condition, n, mode)?;
                let dim = class.dim(1)? as f64;
                (said.mul(&class)?.sum(1)? / dim.sqrt())?
            }
            None => said.flatten_all()?,
        };
        Ok(Critique::new(scores))
    }

    /// Layers are counted from the image on: from-RGB, both convolutions and the shortcut of each resolution, as in
    /// stylegan2-ada-pytorch (`freeze_layers`). Those at 4 pixels are never among them.
    fn freezable(&self, layers: usize) -> Vec<String> {
        let names: Vec<String> = self.params.params().iter().map(|param| param.name().to_owned()).collect();
        let blocks = Stylegan2DiscriminatorConfig::sides(&self.io).into_iter();
        let places = blocks
            .flat_map(|side| ["fromrgb", "conv0", "conv1", "skip"].map(|layer| format!("b{side}.{layer}.")));
        let own = |place: String| -> Vec<String> {
            names.iter().filter(|name| name.starts_with(&place)).cloned().collect()
        };
        places.map(own).filter(|layer| !layer.is_empty()).take(layers).flatten().collect()
    }

    fn params(&self) -> &Params {
        &self.params
    }

    fn io(&self) -> &Io {
        &self.io
    }
}
