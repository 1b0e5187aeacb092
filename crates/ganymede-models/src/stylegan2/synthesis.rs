//! The synthesis network: from vectors w to an image.

use ganymede_tensor::{
    BiasAct, Buffer, Builder, Init, Param, Result, Tensor, bail, bias_act, modulated_conv2d,
};

use super::layers::{RESIDUAL_GAIN, Resampling, Shortcut, bias_and_activation, dense};
use super::{BOTTOM, Stylegan2Architecture, Widths};
use crate::Mode;
use crate::layers::linear::Linear;
use crate::layers::resample::{filter, filtered_upsample};
use crate::spec::Size;

const NORMAL: Init = Init::Normal { mean: 0.0, std: 1.0 };

/// What a synthesis network is built from.
#[derive(Clone, Debug)]
pub(super) struct SynthesisConfig {
    pub(super) w_dim: usize,
    pub(super) widths: Widths,
    pub(super) architecture: Stylegan2Architecture,
    pub(super) use_noise: bool,
    pub(super) clamp: Option<f64>,
    pub(super) image_channels: usize,
    /// From 4 to that of the image.
    pub(super) sides: Vec<usize>,
}

/// The shape of one block.
struct BlockShape {
    side: usize,
    /// Channels that come in; none into the first block.
    from: Option<usize>,
    to: usize,
    to_rgb: bool,
    residual: bool,
}

impl SynthesisConfig {
    fn blocks(&self) -> impl Iterator<Item = BlockShape> + '_ {
        self.sides.iter().enumerate().map(|(i, &side)| {
            let from = (i > 0).then(|| self.widths.at(side / 2));
            BlockShape {
                side,
                from,
                to: self.widths.at(side),
                to_rgb: i + 1 == self.sides.len() || self.architecture == Stylegan2Architecture::Skip,
                residual: from.is_some() && self.architecture == Stylegan2Architecture::Resnet,
            }
        })
    }

    /// L: a vector for each layer, of which an image layer inside shares that of the layer behind it.
    pub(super) fn vectors(&self) -> usize {
        2 * self.sides.len()
    }

    /// The sides of the noise of each layer, in order.
    pub(super) fn noise_sides(&self) -> Vec<usize> {
        let layers = self.sides.iter().flat_map(|&side| [side; 2]);
        if self.use_noise { layers.skip(1).collect() } else { Vec::new() }
    }

    /// `size` with this network besides.
    pub(super) fn added_to(&self, mut size: Size) -> Size {
        let noise = u128::from(self.use_noise);
        let layer = |size: Size, [from, to, kernel]: [usize; 3], places: usize, vectors: u128| {
            let products = [self.w_dim * from, 1, from * to * kernel, places].map(|n| n as u128);
            let [styles, once, weights, places] = products;
            size.with_products([(styles, once), (weights, places)])
                .with_vectors((from + to) as u128 + vectors)
        };
        for block in self.blocks() {
            let (area, to) = (block.side * block.side, block.to);
            let map = (to * area) as u128;
            size.activations = size.activations.max(map);
            // Behind the modulation, the convolution, the demodulation, the noise and the activation.
            size.held += 5 * map;
            match block.from {
                Some(from) => {
                    size.held += (from * area / 4) as u128 + 6 * map;
                    size = layer(size, [from, to, 9], area / 4, noise);
                }
                None => size = size.with_layers([map]),
            }
            size = layer(size, [to, to, 9], area, noise);
            if block.to_rgb {
                size = layer(size, [to, self.image_channels, 1], area, 0);
            }
            if let (Some(from), true) = (block.from, block.residual) {
                size.held += 2 * map;
                size = size.with_products([((from * to) as u128, (area / 4) as u128)]);
            }
        }
        size
    }
}

/// A convolution whose weights are scaled by styles, which are a linear map of w.
#[derive(Debug)]
struct Modulated {
    affine: Linear,
    weight: Param,
    bias: Param,
    resampling: Resampling,
    clamp: Option<f64>,
}

impl Modulated {
    fn new(
        [from, to, kernel]: [usize; 3],
        resampling: Resampling,
        config: &SynthesisConfig,
        at: &Builder,
    ) -> Result<Self> {
        Ok(Self {
            affine: dense([config.w_dim, from], 1.0, 1.0, &at.pp("affine"))?,
            weight: at.param("weight", (to, from, kernel, kernel), NORMAL)?,
            bias: at.param("bias", to, Init::Zeros)?,
            resampling,
            clamp: config.clamp,
        })
    }

    /// With styles times `scale`, and weights brought back to unit norm if `demodulate` says so.
    fn forward(&self, x: &Tensor, w: &Tensor, scale: f64, demodulate: bool, mode: Mode) -> Result<Tensor> {
        let styles = self.affine.forward(w, mode)?;
        let styles = if scale == 1.0 { styles } else { (styles * scale)? };
        let weight = self.weight.get();
        #[cfg(test)]
        crate::layers::tally::add(weight.elem_count() * x.dim(0)? * self.resampling.side(x.dim(3)?).pow(2));
        modulated_conv2d(x, &weight, &styles, demodulate, self.resampling.by(&filter()?))
    }
}

/// A 3×3 convolution with styles, noise and an activation.
#[derive(Debug)]
struct SynthesisLayer {
    conv: Modulated,
    noise: Option<Noise>,
}

#[derive(Debug)]
struct Noise {
    constant: Buffer,
    strength: Param,
}

impl SynthesisLayer {
    /// For maps of a side, to which it may double what comes in.
    fn new(
        [from, to]: [usize; 2],
        (side, resampling): (usize, Resampling),
        config: &SynthesisConfig,
        at: &Builder,
    ) -> Result<Self> {
        let conv = Modulated::new([from, to, 3], resampling, config, at)?;
        let noise = if config.use_noise {
            // Drawn first: the guard of the stream must not be held while the buffer is made.
            let constant = at.rng().normal((side, side), at.dtype(), at.device())?;
            let constant = at.buffer("noise_const", &constant)?;
            Some(Noise { constant, strength: at.param("noise_strength", (), Init::Zeros)? })
        } else {
            None
        };
        Ok(Self { conv, noise })
    }

    /// `given` is noise `(N, 1, R, R)`; without it, it is the constant one.
    fn forward(
        &self,
        x: &Tensor,
        w: &Tensor,
        given: Option<&Tensor>,
        gain: f64,
        mode: Mode,
    ) -> Result<Tensor> {
        let mut y = self.conv.forward(x, w, 1.0, true, mode)?;
        if let Some(noise) = &self.noise {
            let grain = match given {
                Some(given) => given.to_dtype(y.dtype())?,
                None => noise.constant.get().unsqueeze(0)?.unsqueeze(0)?,
            };
            y = y.broadcast_add(&grain.broadcast_mul(&noise.strength.get())?)?;
        }
        bias_and_activation(&y, &self.conv.bias.get(), gain, self.conv.clamp)
    }
}

/// A 1×1 convolution with styles that are not brought back to unit norm, to an image.
#[derive(Debug)]
struct ToRgb {
    conv: Modulated,
    scale: f64,
}

impl ToRgb {
    fn new([from, to]: [usize; 2], config: &SynthesisConfig, at: &Builder) -> Result<Self> {
        let conv = Modulated::new([from, to, 1], Resampling::None, config, at)?;
        Ok(Self { conv, scale: 1.0 / (from as f64).sqrt() })
    }

    fn forward(&self, x: &Tensor, w: &Tensor, mode: Mode) -> Result<Tensor> {
        let y = self.conv.forward(x, w, self.scale, false, mode)?;
        bias_act(&y, &self.conv.bias.get(), BiasAct { slope: 1.0, gain: 1.0, clamp: self.conv.clamp })
    }
}

/// The layers of one resolution.
#[derive(Debug)]
struct Block {
    /// Nothing in the first block.
    doubling: Option<Doubling>,
    conv1: SynthesisLayer,
    to_rgb: Option<ToRgb>,
}

#[derive(Debug)]
struct Doubling {
    conv0: SynthesisLayer,
    shortcut: Option<Shortcut>,
}

impl Doubling {
    fn new(shape: &BlockShape, from: usize, config: &SynthesisConfig, at: &Builder) -> Result<Self> {
        let widths = [from, shape.to];
        let shortcut = shape.residual.then(|| Shortcut::new(widths, Resampling::Up, &at.pp("skip")));
        Ok(Self {
            conv0: SynthesisLayer::new(widths, (shape.side, Resampling::Up), config, &at.pp("conv0"))?,
            shortcut: shortcut.transpose()?,
        })
    }
}

impl Block {
    fn new(shape: &BlockShape, config: &SynthesisConfig, at: &Builder) -> Result<Self> {
        let to = shape.to;
        let doubling = shape.from.map(|from| Doubling::new(shape, from, config, at)).transpose()?;
        let conv1 = SynthesisLayer::new([to, to], (shape.side, Resampling::None), config, &at.pp("conv1"))?;
        let to_rgb = shape.to_rgb.then(|| ToRgb::new([to, config.image_channels], config, &at.pp("torgb")));
        Ok(Self { doubling, conv1, to_rgb: to_rgb.transpose()? })
    }

    /// Layers with noise and a vector of their own.
    fn convs(&self) -> usize {
        if self.doubling.is_some() { 2 } else { 1 }
    }

    /// Features from those of the block before. `ws` and `noise` begin with what is this block's.
    fn features(&self, x: &Tensor, ws: &[Tensor], noise: &[Tensor], mode: Mode) -> Result<Tensor> {
        let Some(Doubling { conv0, shortcut }) = &self.doubling else {
            return self.conv1.forward(x, &ws[0], noise.first(), 1.0, mode);
        };
        let y = conv0.forward(x, &ws[0], noise.first(), 1.0, mode)?;
        match shortcut {
            Some(shortcut) => {
                let y = self.conv1.forward(&y, &ws[1], noise.get(1), RESIDUAL_GAIN, mode)?;
                shortcut.forward(x, mode)? + y
            }
            None => self.conv1.forward(&y, &ws[1], noise.get(1), 1.0, mode),
        }
    }
}

/// A learned map `(C, 4, 4)`, the same for all samples, and the blocks of all resolutions from there up.
#[derive(Debug)]
pub(super) struct Synthesis {
    start: Param,
    blocks: Vec<Block>,
    config: SynthesisConfig,
}

impl Synthesis {
    pub(super) fn new(config: SynthesisConfig, at: &Builder) -> Result<Self> {
        let place = |side: usize| at.pp(format!("b{side}"));
        let start = (config.widths.at(BOTTOM), BOTTOM, BOTTOM);
        let start = place(BOTTOM).param("const", start, NORMAL)?;
        let blocks = config.blocks().map(|shape| Block::new(&shape, &config, &place(shape.side)));
        Ok(Self { start, blocks: blocks.collect::<Result<_>>()?, config })
    }

    pub(super) fn config(&self) -> &SynthesisConfig {
        &self.config
    }

    /// `ws` `(N, L, W)` and noise `(N, 1, R, R)` of each layer, or none for the constant one, to images `(N, C, R, R)`.
    pub(super) fn forward(&self, who: &str, ws: &Tensor, noise: &[Tensor], mode: Mode) -> Result<Tensor> {
        let n = self.check(who, ws, noise)?;
        let vector = |i| ws.narrow(1, i, 1)?.squeeze(1)?.contiguous();
        let vectors = (0..self.config.vectors()).map(vector).collect::<Result<Vec<_>>>()?;
        let start = self.start.get().unsqueeze(0)?;
        let mut x = start.broadcast_as((n, start.dim(1)?, BOTTOM, BOTTOM))?.contiguous()?;
        let (mut image, mut at) = (None::<Tensor>, 0);
        for block in &self.blocks {
            x = block.features(&x, &vectors[at..], noise.get(at..).unwrap_or_default(), mode)?;
            at += block.convs();
            image = image.map(|image| filtered_upsample(&image)).transpose()?;
            if let Some(to_rgb) = &block.to_rgb {
                let own = to_rgb.forward(&x, &vectors[at], mode)?;
                image = Some(match image {
                    Some(image) => (image + own)?,
                    None => own,
                });
            }
        }
        match image {
            Some(image) => Ok(image),
            None => bail!("{who}: none of its blocks makes an image"),
        }
    }

    /// The batch N.
    fn check(&self, who: &str, ws: &Tensor, noise: &[Tensor]) -> Result<usize> {
        let (layers, dim) = (self.config.vectors(), self.config.w_dim);
        let n = match *ws.dims() {
            [n, l, w] if l == layers && w == dim => n,
            ref dims => bail!("{who}: ws is {dims:?}, expected (N, {layers}, {dim})"),
        };
        let sides = self.config.noise_sides();
        if !noise.is_empty() && noise.len() != sides.len() {
            bail!("{who}: it was given noise for {} layers, and has {}", noise.len(), sides.len())
        }
        for (grain, side) in noise.iter().zip(sides) {
            if grain.dims() != [n, 1, side, side] {
                bail!("{who}: noise is {:?}, expected ({n}, 1, {side}, {side})", grain.dims())
            }
        }
        Ok(n)
    }
}
