//! Standing statistics for as long as a generator is measured.

use ganymede_models::{Generator, has_running_statistics, standing_statistics};
use ganymede_tensor::{Buffer, Error, Rng, Tensor};

use crate::trainer::Fixed;

/// Samples of a pass.
const PASS: usize = 64;

/// A generator that has its standing statistics until this is dropped, and then its own again.
pub(crate) struct Standing {
    kept: Vec<(Buffer, Tensor)>,
}

impl Standing {
    /// Of so many passes, none for running statistics: latent vectors of a stream of their own, conditions of `input`, one
    /// after the other and from the first again. Nothing where `stop` says so.
    pub(crate) fn new(
        generator: &dyn Generator,
        input: &Fixed,
        (passes, seed): (u64, u64),
        stop: &mut dyn FnMut() -> bool,
    ) -> ganymede_tensor::Result<Option<Self>> {
        if passes == 0 || !has_running_statistics(generator.params()) {
            return Ok(Some(Self { kept: Vec::new() }));
        }
        let buffers = generator.params().buffers();
        let kept = buffers.into_iter().map(|buffer| (buffer.clone(), buffer.get())).collect();
        // From here on they are put back, however this ends.
        let standing = Self { kept };
        let count = input.count()?;
        let n = PASS.min(count);
        let device = input.latents.z.device();
        let mut rng = Rng::stream(seed, "standing/latents");
        let draw = |pass: u64| -> ganymede_tensor::Result<_> {
            let latents = generator.draw(n, &mut rng, device)?;
            let at = usize::try_from(pass).unwrap_or(0) * n % (count - n + 1);
            Ok((latents, input.narrow(at, n)?.condition.read().map_err(Error::wrap)?))
        };
        let made = standing_statistics(generator, (0..passes).take_while(|_| !stop()).map(draw))?;
        Ok((made == passes).then_some(standing))
    }
}

impl Drop for Standing {
    fn drop(&mut self) {
        for (buffer, value) in &self.kept {
            // It held this value before: shape and dtype are its own.
            let _ = buffer.set(value);
        }
    }
}

#[cfg(test)]
mod tests;
