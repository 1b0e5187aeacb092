//! The mapping network, of either player.

use ganymede_tensor::{Builder, DType, Result, Tensor, bail};

use super::MAPPING_LR;
use super::layers::{activated, dense, normalised};
use crate::Mode;
use crate::io::Condition;
use crate::layers::embedding::one_hot;
use crate::layers::linear::Linear;
use crate::spec::Size;

/// The lengths of what goes in and comes out.
#[derive(Clone, Copy, Debug)]
pub(super) struct MappingDims {
    /// Z of a generator; a discriminator's mapping has no latent vector, 0.
    pub(super) z: usize,
    /// The number of classes, where it is told one.
    pub(super) classes: Option<usize>,
    pub(super) w: usize,
    pub(super) layers: usize,
}

impl MappingDims {
    /// From and to so many features, layer by layer.
    fn widths(&self) -> Vec<[usize; 2]> {
        let told = self.classes.map_or(0, |_| self.w);
        (0..self.layers).map(|i| [if i == 0 { self.z + told } else { self.w }, self.w]).collect()
    }

    /// `size` with this mapping besides.
    pub(super) fn added_to(&self, size: Size) -> Size {
        let embedding = self.classes.map(|classes| [classes, self.w]);
        embedding.into_iter().chain(self.widths()).fold(size, |size, [from, to]| {
            size.with_products([((from * to) as u128, 1)]).with_vectors(to as u128)
        })
    }
}

/// (z and the vector of the class, each at length √dim) → \[linear layer, leaky ReLU\] × layers.
#[derive(Debug)]
pub(super) struct MappingNetwork {
    embed: Option<ClassEmbedding>,
    layers: Vec<Linear>,
    /// Who asks for the condition.
    who: &'static str,
}

impl MappingNetwork {
    pub(super) fn new(dims: MappingDims, who: &'static str, at: &Builder) -> Result<Self> {
        let embed = dims.classes.map(|classes| ClassEmbedding::new(classes, dims.w, at)).transpose()?;
        let layers = dims.widths().into_iter().enumerate();
        let layers = layers
            .map(|(i, widths)| dense(widths, MAPPING_LR, 0.0, &at.pp(format!("fc{i}"))))
            .collect::<Result<_>>()?;
        Ok(Self { embed, layers, who })
    }

    /// `(N, W)` of `n` samples, whose latent vectors are `z` `(N, Z)` if there are some.
    pub(super) fn forward(
        &self,
        z: Option<&Tensor>,
        condition: &Condition,
        n: usize,
        mode: Mode,
    ) -> Result<Tensor> {
        let mut parts = Vec::new();
        parts.extend(z.map(normalised).transpose()?);
        if let Some(embed) = &self.embed {
            parts.push(normalised(&embed.forward(condition.classes(self.who, n)?, mode)?)?);
        }
        let mut x = match &parts[..] {
            [] => bail!("{}: there is nothing to map", self.who),
            parts => Tensor::cat(parts, 1)?,
        };
        for layer in &self.layers {
            x = activated(&layer.forward(&x, mode)?)?;
        }
        Ok(x)
    }
}

/// A vector of each class, as a linear layer of unit vectors.
#[derive(Debug)]
struct ClassEmbedding {
    layer: Linear,
    classes: usize,
    dtype: DType,
}

impl ClassEmbedding {
    fn new(classes: usize, dim: usize, at: &Builder) -> Result<Self> {
        let layer = dense([classes, dim], 1.0, 0.0, &at.pp("embed").tables())?;
        Ok(Self { layer, classes, dtype: at.dtype() })
    }

    fn forward(&self, y: &Tensor, mode: Mode) -> Result<Tensor> {
        self.layer.forward(&one_hot(y, self.classes, self.dtype)?, mode)
    }
}
