//! Standing statistics: what batch normalisation uses of a generator that no longer learns.

use ganymede_tensor::{Params, Result};

use crate::io::{Condition, Growth};
use crate::mode::Mode;
use crate::model::{Generator, GeneratorInput, Latents};

/// Replaces the running statistics of all batch normalisations by their means over some passes.
///
/// Running statistics are exponential averages over the last updates, whose weights were others, and those of an averaged
/// generator are of weights that it does not have. Here the means μ and the biased variances σ² of the batches of n
/// passes of the generator as it is are averaged: `running_mean` = Σ μᵢ/n, `running_var` = Σ σᵢ²/n. Samples do not depend
/// on their batch then, and are of the kind that training batches were. Spectral vectors stay as they are, where
/// BigGAN-PyTorch moves them on.
///
/// A generator without batch normalisation stays as it is. Returns the number of passes made.
///
/// # Errors
/// The latents or the condition do not fit the generator, or those of `passes`; statistics may have moved by then.
///
/// # References
/// Brock, Donahue and Simonyan, 2019, arXiv:1809.11096, appendix C, with 100 passes typically; 16 in BigGAN-PyTorch
/// (`accumulate_standing_stats`).
pub fn standing_statistics(
    generator: &dyn Generator,
    passes: impl IntoIterator<Item = Result<(Latents, Condition)>>,
) -> Result<u64> {
    if !has_running_statistics(generator.params()) {
        return Ok(0);
    }
    let _frozen = generator.params().freeze();
    let mut made = 0;
    for drawn in passes {
        let (latents, condition) = drawn?;
        let input = GeneratorInput { latents: &latents, condition: &condition, growth: Growth::FULL };
        generator.forward(input, Mode::Standing { pass: made })?;
        made += 1;
    }
    Ok(made)
}

/// Whether a network has a batch normalisation, which remembers statistics for evaluation.
pub fn has_running_statistics(params: &Params) -> bool {
    params.buffers().iter().any(|buffer| buffer.name().ends_with("running_mean"))
}
