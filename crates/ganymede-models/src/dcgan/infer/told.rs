//! How a generator is told the class, read off its weights.
//!
//! Every matrix belongs to the class, since the network of the tutorial has kernels and vectors only. A matrix that is
//! not known here is a conditional network of another program, and is never taken for one that is not told the class.

use ganymede_tensor::Shapes;

use super::refuse;
use crate::ModelError;
use crate::dcgan::GeneratorConditioning;

/// The vectors of classes beside or on the latent vector.
pub(super) const EMBEDDING: &str = "embed.weight";

/// What the weights say of the class.
pub(super) struct Told {
    pub(super) z_dim: usize,
    pub(super) conditioning: GeneratorConditioning,
    pub(super) embed_dim: Option<usize>,
    pub(super) classes: Option<usize>,
}

impl Told {
    /// From all shapes, and those of the convolutions in order.
    pub(super) fn read(state: &Shapes, convs: &[[usize; 4]]) -> Result<Self, ModelError> {
        let rows = rows_of_norms(convs);
        let known = |name: &String| name == EMBEDDING || rows.iter().any(|(known, _)| known == name);
        if let Some((other, dims)) = state.iter().find(|(name, dims)| dims.len() == 2 && !known(name)) {
            return Err(refuse(format!(
                "it holds the matrix {other} {dims:?}, which no DCGAN has: it is told the class in another way"
            )));
        }
        // What the first convolution takes: the latent vector, and what lies beside it.
        let taken = convs[0][0];
        let of_norms = rows.iter().any(|(name, _)| state.contains_key(name));
        match (state.get(EMBEDDING), of_norms) {
            (None, false) => Ok(Self {
                z_dim: taken,
                conditioning: GeneratorConditioning::None,
                embed_dim: None,
                classes: None,
            }),
            (None, true) => Self::by_norms(state, &rows, taken),
            (Some(dims), false) => Self::by_embedding(dims, taken),
            (Some(_), true) => {
                Err(refuse(format!("it holds both {EMBEDDING} and normalisations with a gain of each class")))
            }
        }
    }

    /// All normalisations have gains and biases of each class, and running statistics: those of an instance norm that
    /// is told the class would have none.
    fn by_norms(state: &Shapes, rows: &[(String, usize)], taken: usize) -> Result<Self, ModelError> {
        if !state.contains_key("main.1.running_mean") {
            let reason = "its normalisations have gains of each class, but no running statistics of batches";
            return Err(refuse(reason.to_string()));
        }
        let dims = |name: &String| state.get(name).map(Vec::as_slice);
        let classes = rows.iter().find_map(|(name, _)| dims(name)?.first().copied()).unwrap_or(0);
        match rows.iter().find(|(name, width)| dims(name) != Some(&[classes, *width])) {
            None => Ok(Self {
                z_dim: taken,
                conditioning: GeneratorConditioning::Norm,
                embed_dim: None,
                classes: Some(classes),
            }),
            Some((name, width)) => Err(refuse(format!(
                "its normalisations have gains of each class, but {name} is not [{classes}, {width}]"
            ))),
        }
    }

    /// Beside z the vectors are shorter than what the first convolution takes; on z they are as long.
    fn by_embedding(dims: &[usize], taken: usize) -> Result<Self, ModelError> {
        match *dims {
            [classes, dim] if dim == taken => Ok(Self {
                z_dim: taken,
                conditioning: GeneratorConditioning::Product,
                embed_dim: None,
                classes: Some(classes),
            }),
            [classes, dim] if (1..taken).contains(&dim) => Ok(Self {
                z_dim: taken - dim,
                conditioning: GeneratorConditioning::Concat,
                embed_dim: Some(dim),
                classes: Some(classes),
            }),
            _ => Err(refuse(format!(
                "{EMBEDDING} {dims:?} is neither beside nor on a latent vector where {taken} numbers are taken"
            ))),
        }
    }
}

/// Names of the gains and biases of normalisations that are told the class, and their widths.
fn rows_of_norms(convs: &[[usize; 4]]) -> Vec<(String, usize)> {
    let hidden = convs[..convs.len() - 1].iter().enumerate();
    let names = |(stage, dims): (usize, &[usize; 4])| {
        let (index, width) = (3 * stage + 1, dims[1]);
        ["gain", "bias"].map(|of| (format!("main.{index}.{of}.weight"), width))
    };
    hidden.flat_map(names).collect()
}
