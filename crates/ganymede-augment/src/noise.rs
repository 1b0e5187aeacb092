//! Gaussian noise in what a discriminator sees (instance noise: Sønderby et al., 2016, arXiv:1610.04490, section 4; Arjovsky
//! and Bottou, 2017, arXiv:1701.04862, section 3).
//!
//! Samples of two distributions that lie on thin sets can be told apart without a mistake, and then teach a generator
//! nothing. With noise in both they overlap: the divergence is finite, and 0 only where the distributions are equal.
//!
//! Differs from the authors' programs: none was published for either; numbers are drawn before anything is computed.

use ganymede_tensor::{Result, Rng, Tensor};

use crate::host;

/// `y = a·x + s·ε` with a and s of each sample and ε ~ N(0, 1) of each of its values. The gradient in x is a: of instance
/// noise, where a is 1, it passes through unchanged.
#[derive(Clone, Debug, PartialEq)]
pub struct NoiseDraws {
    /// a of each sample.
    pub kept: Vec<f64>,
    /// s of each sample, ≥ 0.
    pub deviation: Vec<f64>,
    /// ε of each value of the batch, the first sample's first.
    pub noise: Vec<f64>,
}

impl NoiseDraws {
    /// Noise of the deviation `sigma` for samples of shape `[N, …]`.
    pub fn instance(sigma: f64, shape: &[usize], rng: &mut Rng) -> Self {
        let n = shape[0];
        Self::of((vec![1.0; n], vec![sigma; n]), shape, rng)
    }

    /// With noise that is drawn for samples of shape `[N, …]`.
    pub(crate) fn of((kept, deviation): (Vec<f64>, Vec<f64>), shape: &[usize], rng: &mut Rng) -> Self {
        let noise = (0..shape.iter().product()).map(|_| rng.standard_normal()).collect();
        Self { kept, deviation, noise }
    }

    /// The changed samples `(N, …)`: a function of both, with gradients of any order in the samples.
    ///
    /// # Errors
    /// The draws were made for samples of another shape.
    pub fn apply(&self, samples: &Tensor) -> Result<Tensor> {
        let values = samples.elem_count();
        if values != self.noise.len() {
            ganymede_tensor::bail!(
                "augment: noise was drawn for {} values, and there are {values}; draw anew",
                self.noise.len()
            )
        }
        let each = |numbers: &[f64]| host::per_sample(numbers, samples);
        let noise = host::tensor(self.noise.clone(), samples.shape(), samples)?;
        let noise = noise.broadcast_mul(&each(&self.deviation)?)?;
        match self.kept.iter().all(|kept| *kept == 1.0) {
            true => samples + noise,
            false => samples.broadcast_mul(&each(&self.kept)?)? + noise,
        }
    }
}
