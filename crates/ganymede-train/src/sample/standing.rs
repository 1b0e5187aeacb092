//! Samples by standing statistics in place of running ones.

use ganymede_models::{Latents, has_running_statistics, standing_statistics};
use ganymede_tensor::{Error, Rng};

use super::{BATCH, ConditionBatches, Sampler};
use crate::error::TrainError;

impl Sampler {
    /// The same with standing statistics ([`standing_statistics`]) of so many passes of 64 samples: latent vectors as
    /// samples of the same truncation have them, each class with equal probability. The seed chooses them, from streams
    /// of their own, so that samples are of the same latent vectors as without.
    ///
    /// # Errors
    /// No pass is asked for; the generator has no batch normalisation.
    pub fn with_standing_statistics(self, passes: u64, seed: u64) -> Result<Self, TrainError> {
        let fail = |reason: &str| TrainError::Sample { reason: format!("standing statistics: {reason}") };
        if passes == 0 {
            return Err(fail("0 passes leave none; give 1 or more, 16 is usual"));
        }
        if !has_running_statistics(self.generator.params()) {
            return Err(fail("this generator has no batch normalisation to use them; leave them out"));
        }
        {
            let truncated = self.truncated()?;
            let mut latents = Rng::stream(seed, "standing/latents");
            let labels = Rng::stream(seed, "standing/labels");
            let mut classes = ConditionBatches::of_all(self.classes(), labels, &self.device);
            let draw = |_| -> ganymede_tensor::Result<_> {
                let z = truncated.drawing().z(BATCH, &mut latents, &self.device)?;
                Ok((Latents::new(z), classes.next_batch(BATCH).map_err(Error::wrap)?))
            };
            standing_statistics(&truncated, (0..passes).map(draw))?;
        }
        Ok(self)
    }
}
