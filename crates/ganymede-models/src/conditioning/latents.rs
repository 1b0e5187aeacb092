//! What a generator makes of the class before its first layer.

use ganymede_tensor::{Builder, Init, Result, Tensor};
use serde::{Deserialize, Serialize};

use crate::Mode;
use crate::io::{Condition, Io};
use crate::layers::embedding::Embedding;
use crate::layers::norm::NormKind;
use crate::spec::Problem;

/// How a generator is told the class.
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

    /// The length of what lies beside the latent vector.
    pub(crate) fn beside(self, embed_dim: Option<usize>) -> usize {
        match self {
            Self::Concat => embed_dim.unwrap_or(USUAL_EMBED_DIM),
            _ => 0,
        }
    }
}

/// Vectors of the classes that join the latent vectors, for `concat` and `product`.
#[derive(Debug)]
pub(crate) struct ClassVectors {
    embedding: Embedding,
    is_factor: bool,
    who: &'static str,
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
        let Some(classes) = io.classes() else { return Ok(None) };
        let init = Init::Normal { mean: 0.0, std: 1.0 };
        let embedding = Embedding::new(classes, dim, init, None, &builder.pp("embed"))?;
        Ok(Some(Self { embedding, is_factor, who }))
    }

    /// Latent vectors `(N, Z)` with what is said of the class, `(N, Z)` or `(N, Z + E)`.
    pub(crate) fn join(&self, z: &Tensor, condition: &Condition, mode: Mode) -> Result<Tensor> {
        let vectors = self.embedding.forward(condition.classes(self.who, z.dim(0)?)?, mode)?;
        if self.is_factor { z.mul(&vectors) } else { Tensor::cat(&[z, &vectors], 1) }
    }
}
