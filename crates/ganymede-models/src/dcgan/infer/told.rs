//! How a generator is told the class, read off its weights.
//!
//! Every matrix belongs to the class, since the network of the tutorial has kernels and vectors only. A matrix that is
//! not known here is a conditional network of another program, and is never taken for one that is not told the class.

use ganymede_tensor::Shapes;

use super::refuse;
use crate::ModelError;
use crate::conditioning::GeneratorConditioning;
use crate::infer::{Evidence, ToldByVectors};
use crate::io::ConditionShape;
use crate::reference::REFERENCE_Z;

/// The vectors of classes beside or on the latent vector, and the map to those of a vector that is given.
pub(super) const EMBEDDING: &str = "embed.weight";
const LINEAR: &str = "embed_linear.weight";

/// Whether a tensor is one of these, or the reference batch of virtual batch normalisation.
pub(super) fn is_beside(name: &str) -> bool {
    [EMBEDDING, LINEAR, REFERENCE_Z].contains(&name)
}

/// From the evidence, and the shapes of the convolutions in order.
pub(super) fn read(evidence: &Evidence<'_>, convs: &[[usize; 4]]) -> Result<ToldByVectors, ModelError> {
    let (state, rows) = (evidence.shapes, rows_of_norms(convs));
    let known = |name: &String| is_beside(name) || rows.iter().any(|(known, _)| known == name);
    if let Some((other, dims)) = state.iter().find(|(name, dims)| dims.len() == 2 && !known(name)) {
        return Err(refuse(format!(
            "it holds the matrix {other} {dims:?}, which no DCGAN has: it is told the class in another way"
        )));
    }
    // What the first convolution takes: the latent vector, and what lies beside it.
    let told = evidence.class_vectors(convs[0][0]).map_err(refuse)?;
    if !rows.iter().any(|(name, _)| state.contains_key(name)) {
        return Ok(told);
    }
    if told.told != ConditionShape::None {
        return Err(refuse(
            "it holds both vectors of classes and normalisations with a gain of each class".into(),
        ));
    }
    let classes = by_norms(state, &rows)?;
    Ok(ToldByVectors {
        conditioning: GeneratorConditioning::Norm,
        told: ConditionShape::Classes(classes),
        ..told
    })
}

/// The number of classes, where all normalisations have gains and biases of each class, and running statistics: those
/// of an instance norm that is told the class would have none.
fn by_norms(state: &Shapes, rows: &[(String, usize)]) -> Result<usize, ModelError> {
    if !state.contains_key("main.1.running_mean") {
        let reason = "its normalisations have gains of each class, but no running statistics of batches";
        return Err(refuse(reason.to_string()));
    }
    let dims = |name: &String| state.get(name).map(Vec::as_slice);
    let classes = rows.iter().find_map(|(name, _)| dims(name)?.first().copied()).unwrap_or(0);
    match rows.iter().find(|(name, width)| dims(name) != Some(&[classes, *width])) {
        None => Ok(classes),
        Some((name, width)) => Err(refuse(format!(
            "its normalisations have gains of each class, but {name} is not [{classes}, {width}]"
        ))),
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
