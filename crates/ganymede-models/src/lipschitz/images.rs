//! A critic of images.

use ganymede_tensor::{DType, Device, Params, Rng};
use serde::{Deserialize, Serialize};
use toml::Table;

use super::{MOST_WIDTH, odd_width};
use crate::io::Io;
use crate::layers::lipschitz::{AolConv2d, OrthonormalConv2d, OrthonormalLinear, max_min};
use crate::spec::{DiscriminatorSpec, NetworkSpec, Problem, Size, Traits, refuse, sizes, write_table};
use crate::{Critique, Discriminator, DiscriminatorInput, Mode, ModelError};

const NAME: &str = "lipschitz";

/// The settings of a [`LipschitzCritic`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LipschitzCriticConfig {
    /// Channels of the feature map at half the resolution, even.
    pub width: usize,
    /// The largest multiple of `width` that a feature map has.
    pub max_multiplier: usize,
    /// Units of the hidden linear layer, even.
    pub hidden: usize,
}

impl Default for LipschitzCriticConfig {
    fn default() -> Self {
        Self { width: 32, max_multiplier: 4, hidden: 128 }
    }
}

/// The side that the convolutions end at.
const BOTTOM: usize = 4;

impl LipschitzCriticConfig {
    /// Channels of the image, then of each feature map.
    fn channels(&self, io: &Io) -> Vec<usize> {
        let (image, side) = io.square().unwrap_or_default();
        let halvings = (side / BOTTOM).checked_ilog2().unwrap_or(0);
        let inner = (0..halvings).map(|i| self.width * (1 << i).min(self.max_multiplier));
        std::iter::once(image).chain(inner).collect()
    }

    /// Features of the smallest map.
    fn features(&self, io: &Io) -> usize {
        self.channels(io).last().copied().unwrap_or(0) * BOTTOM * BOTTOM
    }
}

pub(super) fn examples() -> Vec<(Box<dyn DiscriminatorSpec>, Io)> {
    let small = LipschitzCriticConfig { width: 4, max_multiplier: 2, hidden: 6 };
    vec![(Box::new(small.clone()), Io::new([2, 16, 16])), (Box::new(small), Io::new([1, 8, 8]))]
}

impl NetworkSpec for LipschitzCriticConfig {
    fn check(&self) -> Vec<Problem> {
        let mut problems = sizes(&[
            ("width", self.width, MOST_WIDTH),
            ("max_multiplier", self.max_multiplier, 1024),
            ("hidden", self.hidden, MOST_WIDTH),
        ]);
        problems.extend(odd_width(self.width));
        problems.extend(odd_width(self.hidden).map(|problem| Problem { field: "hidden", ..problem }));
        problems
    }

    fn fits(&self, io: &Io) -> Vec<Problem> {
        match io.square() {
            Some((1.., side)) if side.is_power_of_two() && (8..=2048).contains(&side) => Vec::new(),
            _ => {
                let fix = "square images of a power of two from 8 to 2048 pixels";
                vec![Problem::new(NAME, format!("samples of shape {:?}", io.sample), fix)]
            }
        }
    }

    fn traits(&self) -> Traits {
        Traits { lipschitz: true, ..Traits::default() }
    }

    fn size(&self, io: &Io) -> Size {
        let channels = self.channels(io);
        let mut area = io.square().map_or(0, |(_, side)| (side * side) as u128);
        let mut size = Size { activations: channels[0] as u128 * area, ..Size::default() };
        for pair in channels.windows(2) {
            let [from, to] = [pair[0] as u128, pair[1] as u128];
            area /= 4;
            size.activations = size.activations.max(to * area);
            // Behind both convolutions, and each MaxMin.
            size.held += 4 * to * area;
            size = size.with_products([(4 * from * to, area), (9 * to * to, area)]).with_vectors(2 * to);
        }
        let hidden = self.hidden as u128;
        size.with_products([(self.features(io) as u128 * hidden, 1), (hidden, 1)]).with_vectors(hidden + 1)
    }

    fn write(&self) -> Table {
        write_table(self)
    }
}

impl DiscriminatorSpec for LipschitzCriticConfig {
    fn build(
        &self,
        io: &Io,
        rng: Rng,
        dtype: DType,
        device: &Device,
    ) -> Result<Box<dyn Discriminator>, ModelError> {
        Ok(Box::new(LipschitzCritic::new(self, io, rng, dtype, device)?))
    }
}

/// x → [orthonormal convolution 2×2 (`down1` …), MaxMin, AOL convolution 3×3 (`conv1` …), MaxMin] until the side is 4 →
/// orthonormal linear layer (`l1`), MaxMin, orthonormal linear layer (`l2`). Scores are raw.
#[derive(Debug)]
pub struct LipschitzCritic {
    stages: Vec<(OrthonormalConv2d, AolConv2d)>,
    hidden: OrthonormalLinear,
    last: OrthonormalLinear,
    params: Params,
    io: Io,
}

impl LipschitzCritic {
    /// A critic of images `[C, R, R]` with first weights from `rng`.
    ///
    /// # Errors
    /// A setting cannot be used, or the images are not square ones of a power of two.
    pub fn new(
        config: &LipschitzCriticConfig,
        io: &Io,
        rng: Rng,
        dtype: DType,
        device: &Device,
    ) -> Result<Self, ModelError> {
        refuse(NAME, config.check())?;
        refuse(NAME, config.fits(io))?;
        let params = Params::new();
        let root = params.builder(rng, dtype, device);
        let stage = |(i, pair): (usize, &[usize])| {
            let down = OrthonormalConv2d::new(pair[0], pair[1], 2, &root.pp(format!("down{}", i + 1)))?;
            Ok((down, AolConv2d::new(pair[1], 3, &root.pp(format!("conv{}", i + 1)))?))
        };
        let channels = config.channels(io);
        let stages = channels.windows(2).enumerate().map(stage).collect::<ganymede_tensor::Result<_>>()?;
        let hidden = OrthonormalLinear::new(config.features(io), config.hidden, &root.pp("l1"))?;
        let last = OrthonormalLinear::new(config.hidden, 1, &root.pp("l2"))?;
        Ok(Self { stages, hidden, last, params, io: io.clone() })
    }
}

impl Discriminator for LipschitzCritic {
    /// Images `(N, C, R, R)` to raw scores `(N,)`.
    fn forward(&self, input: DiscriminatorInput<'_>, _: Mode) -> ganymede_tensor::Result<Critique> {
        let mut x = input.images("lipschitz discriminator", &self.io)?.clone();
        for (down, conv) in &self.stages {
            x = max_min(&conv.forward(&max_min(&down.forward(&x)?)?)?)?;
        }
        let x = max_min(&self.hidden.forward(&x.flatten_from(1)?)?)?;
        Ok(Critique::new(self.last.forward(&x)?.flatten_all()?))
    }

    fn params(&self) -> &Params {
        &self.params
    }

    fn io(&self) -> &Io {
        &self.io
    }
}
