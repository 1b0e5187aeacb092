//! What a generator draws besides latent vectors, for samples.

use ganymede_models::Generator;
use ganymede_tensor::{Device, Rng, Tensor};

use super::Sampler;
use crate::error::TrainError;

/// Noise of samples, a batch at a time, as training draws it ([`Generator::noise_for_training`]): the noise of
/// StyleGAN's layers, the dropout of pix2pix. A function of the seed alone: drawn sample by sample, so that a sample has
/// the same noise in a batch of any size.
pub struct NoiseBatches<'a> {
    generator: &'a dyn Generator,
    rng: Rng,
    device: Device,
}

impl Sampler {
    /// Noise by a seed.
    ///
    /// # Errors
    /// The generator draws nothing but latent vectors.
    pub fn noise_batches(&self, seed: u64) -> Result<NoiseBatches<'_>, TrainError> {
        let generator = self.generator();
        if generator.noise_for_training(1, &mut Rng::new(0), &self.device)?.is_empty() {
            let reason =
                "this generator draws nothing but its latent vectors: leave the noise out".to_owned();
            return Err(TrainError::Sample { reason });
        }
        Ok(NoiseBatches { generator, rng: Rng::stream(seed, "sample/noise"), device: self.device.clone() })
    }
}

impl NoiseBatches<'_> {
    /// The noise of the next `n` samples.
    ///
    /// # Errors
    /// The device refuses the memory.
    pub fn next_batch(&mut self, n: usize) -> Result<Vec<Tensor>, TrainError> {
        let mut layers: Vec<Vec<Tensor>> = Vec::new();
        for _ in 0..n {
            let one = self.generator.noise_for_training(1, &mut self.rng, &self.device)?;
            layers.resize(one.len(), Vec::new());
            layers.iter_mut().zip(one).for_each(|(layer, noise)| layer.push(noise));
        }
        Ok(layers.iter().map(|layer| Tensor::cat(layer, 0)).collect::<Result<_, _>>()?)
    }
}

impl std::fmt::Debug for NoiseBatches<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("noise, drawn")
    }
}
