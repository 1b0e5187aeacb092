//! What a generator makes of the class or the vector before its first layer.

use ganymede_tensor::{Builder, Init, Result, Tensor};
use serde::{Deserialize, Serialize};

use super::{ToldVectors, of_classes, of_classes_or_vectors};
use crate::Mode;
use crate::io::{Condition, Io};
use crate::layers::norm::NormKind;
use crate::spec::Problem;

/// How a generator is told the class; of a vector in its place a linear map serves as of a class its own vector.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GeneratorConditioning {
    /// Not at all.
    #[default]
    None,
    /// Gains and biases of the normalisation are those of the class:
    /// [`ConditionalBatchNorm`](crate::ConditionalBatchNorm) in place of batch norm.
    Norm,
    /// A vector of the class beside the latent vector (Mirza and Osindero, 2014, arXiv:1411.1784, section 3.2).
    Concat,
    /// The latent vector times a vector of the class, element by element, as implementations of AC-GAN have it.
    Product,
}

/// The length of a class's vector beside the latent vector, unless given.
pub(crate) const USUAL_EMBED_DIM: usize = 50;

impl GeneratorConditioning {
    /// Every choice.
    pub const ALL: &[Self] = &[Self::None, Self::Norm, Self::Concat, Self::Product];

    /// What keeps it from a network of such a normalisation, with such a length of vectors.
    pub(crate) fn misfits(self, norm: NormKind, embed_dim: Option<usize>) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self == Self::Norm && norm != NormKind::Batch {
            let found = format!("\"norm\" with {norm:?} normalisation");
            let expected = "norm = \"batch\", whose gains and biases it replaces";
            problems.push(Problem::new("conditioning", found, expected));
        }
        if let (Some(dim), true) = (embed_dim, self != Self::Concat) {
            let expected = "none: only conditioning = \"concat\" has it";
            problems.push(Problem::new("embed_dim", dim, expected));
        }
        problems
    }

    /// What keeps it from such data, in networks whose normalisations are told classes alone.
    pub(crate) fn fits(self, io: &Io) -> Vec<Problem> {
        match self {
            Self::None => Vec::new(),
            Self::Norm => of_classes(io),
            Self::Concat | Self::Product => of_classes_or_vectors(io),
        }
    }

    /// Weights that it adds to a network of Z latent numbers and of normalisations over so many channels each, a layer
    /// each: those that are told classes have a gain and a bias of each.
    pub(crate) fn layers(
        self,
        io: &Io,
        z_dim: usize,
        embed_dim: Option<usize>,
        norms: impl IntoIterator<Item = usize>,
    ) -> Vec<u128> {
        let of = |len: usize| ToldVectors::weights(&io.condition, len);
        match self {
            Self::None => Vec::new(),
            Self::Norm => norms.into_iter().flat_map(|channels| [of(channels); 2]).collect(),
            Self::Concat => vec![of(self.beside(embed_dim))],
            Self::Product => vec![of(z_dim)],
        }
    }

    /// The length of what lies beside the latent vector.
    pub(crate) fn beside(self, embed_dim: Option<usize>) -> usize {
        match self {
            Self::Concat => embed_dim.unwrap_or(USUAL_EMBED_DIM),
            _ => 0,
        }
    }
}

/// Vectors of what is said of samples that join the latent vectors, for `concat` and `product`.
#[derive(Debug)]
pub(crate) struct ClassVectors {
    vectors: ToldVectors,
    is_factor: bool,
}

impl ClassVectors {
    /// Those of a network, if its conditioning has some. They start from N(0, 1).
    pub(crate) fn new(
        conditioning: GeneratorConditioning,
        [z_dim, beside]: [usize; 2],
        io: &Io,
        builder: &Builder,
        who: &'static str,
    ) -> Result<Option<Self>> {
        let (dim, is_factor) = match conditioning {
            GeneratorConditioning::Concat => (beside, false),
            GeneratorConditioning::Product => (z_dim, true),
            GeneratorConditioning::None | GeneratorConditioning::Norm => return Ok(None),
        };
        let start = (Init::Normal { mean: 0.0, std: 1.0 }, None);
        let vectors = ToldVectors::new(&io.condition, dim, start, (builder, "embed"), who)?;
        Ok(Some(Self { vectors, is_factor }))
    }

    /// Latent vectors `(N, Z)` with what is said of the samples, `(N, Z)` or `(N, Z + E)`.
    pub(crate) fn join(&self, z: &Tensor, condition: &Condition, mode: Mode) -> Result<Tensor> {
        let vectors = self.vectors.of(condition, z.dim(0)?, mode)?;
        if self.is_factor { z.mul(&vectors) } else { Tensor::cat(&[z, &vectors], 1) }
    }
}
