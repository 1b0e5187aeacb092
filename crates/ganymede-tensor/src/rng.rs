//! Seeded random numbers: every draw names the stream that it comes from.
//!
//! candle's CPU generator cannot be seeded, so two runs of one program differ and no run can be
//! resumed. [`Rng`] is ChaCha with 8 rounds (Bernstein, 2008), a counter-based generator: its whole
//! state is `(seed, stream, position)`, three integers that a checkpoint can hold, and streams of
//! different names never overlap.

use candle_core::{DType, Device, Result, Shape, Tensor, bail};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Where a stream stands: enough to go on with exactly the next draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RngState {
    /// The seed of the run.
    pub seed: u64,
    /// The number of the stream, derived from its name.
    pub stream: u64,
    /// How many 32-bit words the stream has handed out.
    pub position: u64,
}

/// A seeded stream of random numbers.
///
/// The same seed, name and sequence of calls give the same bits on every machine.
///
/// ```
/// use ganymede_tensor::{DType, Device, Rng};
/// let mut z = Rng::stream(0, "latents");
/// let a = z.normal((4, 100), DType::F32, &Device::Cpu)?;
/// let again = Rng::stream(0, "latents").normal((4, 100), DType::F32, &Device::Cpu)?;
/// assert_eq!(a.to_vec2::<f32>()?, again.to_vec2::<f32>()?);
/// # Ok::<(), ganymede_tensor::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Rng {
    seed: u64,
    inner: ChaCha8Rng,
}

impl Rng {
    /// The unnamed stream of `seed`.
    pub fn new(seed: u64) -> Self {
        Self::from_state(&RngState { seed, stream: 0, position: 0 })
    }

    /// The stream called `name` of `seed`, independent of all others.
    pub fn stream(seed: u64, name: &str) -> Self {
        let hash = Sha256::digest(name.as_bytes());
        let mut head = [0u8; 8];
        head.copy_from_slice(&hash[..8]);
        Self::from_state(&RngState { seed, stream: u64::from_le_bytes(head), position: 0 })
    }

    /// Where this stream stands.
    pub fn state(&self) -> RngState {
        RngState {
            seed: self.seed,
            stream: self.inner.get_stream(),
            // A run would need millions of years to hand out 2^64 words.
            position: self.inner.get_word_pos() as u64,
        }
    }

    /// The stream that stood at `state`.
    pub fn from_state(state: &RngState) -> Self {
        let mut inner = ChaCha8Rng::seed_from_u64(state.seed);
        inner.set_stream(state.stream);
        inner.set_word_pos(u128::from(state.position));
        Self { seed: state.seed, inner }
    }

    /// A real number in `[0, 1)`, a multiple of 2⁻⁵³.
    pub fn unit(&mut self) -> f64 {
        (self.inner.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// One draw of N(0, 1).
    pub fn standard_normal(&mut self) -> f64 {
        StandardNormal.sample(&mut self.inner)
    }

    /// `true` with probability `p`.
    pub fn coin(&mut self, p: f64) -> bool {
        self.unit() < p
    }

    /// A whole number in `0..n`, unbiased. `n` must not be 0.
    pub fn below(&mut self, n: usize) -> usize {
        let n = n as u64;
        // Lemire (2019, arXiv:1805.10941): reject the few products that would favour small values.
        let threshold = n.wrapping_neg() % n;
        loop {
            let product = u128::from(self.inner.next_u64()) * u128::from(n);
            if product as u64 >= threshold {
                return (product >> 64) as usize;
            }
        }
    }

    /// The numbers `0..n` in random order (Fisher–Yates).
    pub fn permutation(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        for i in (1..n).rev() {
            order.swap(i, self.below(i + 1));
        }
        order
    }

    /// A tensor of independent draws of N(0, 1).
    ///
    /// # Errors
    /// `dtype` is not a floating type, or the device refuses the memory.
    pub fn normal(&mut self, shape: impl Into<Shape>, dtype: DType, device: &Device) -> Result<Tensor> {
        self.fill(shape.into(), dtype, device, |rng| rng.standard_normal())
    }

    /// A tensor of independent draws of U[`lo`, `hi`).
    ///
    /// # Errors
    /// As [`Rng::normal`].
    pub fn uniform(
        &mut self,
        lo: f64,
        hi: f64,
        shape: impl Into<Shape>,
        dtype: DType,
        device: &Device,
    ) -> Result<Tensor> {
        self.fill(shape.into(), dtype, device, |rng| lo + (hi - lo) * rng.unit())
    }

    /// A tensor of draws of N(0, 1), each drawn again until `|z| <= threshold`.
    ///
    /// This is the truncation trick (Brock et al., 2019, arXiv:1809.11096, section 3.1).
    ///
    /// # Errors
    /// As [`Rng::normal`]; a `threshold` that is not a positive number.
    pub fn truncated_normal(
        &mut self,
        threshold: f64,
        shape: impl Into<Shape>,
        dtype: DType,
        device: &Device,
    ) -> Result<Tensor> {
        if threshold.is_nan() || threshold <= 0.0 {
            bail!("truncated_normal: threshold must be a positive number, got {threshold}")
        }
        if threshold < 0.05 {
            // Rejection would draw 1/threshold numbers for each one kept; so narrow a normal is
            // uniform to within 0.13 %.
            return self.uniform(-threshold, threshold, shape, dtype, device);
        }
        self.fill(shape.into(), dtype, device, |rng| {
            loop {
                let z = rng.standard_normal();
                if z.abs() <= threshold {
                    return z;
                }
            }
        })
    }

    /// `n` class labels, uniform over `0..classes`, shape `(n,)`, dtype `u32`.
    ///
    /// # Errors
    /// `classes` is 0, or the device refuses the memory.
    pub fn labels(&mut self, n: usize, classes: usize, device: &Device) -> Result<Tensor> {
        if classes == 0 {
            bail!("labels: the number of classes must be at least 1")
        }
        let labels: Vec<u32> = (0..n).map(|_| self.below(classes) as u32).collect();
        Tensor::from_vec(labels, n, device)
    }

    fn fill(
        &mut self,
        shape: Shape,
        dtype: DType,
        device: &Device,
        mut draw: impl FnMut(&mut Self) -> f64,
    ) -> Result<Tensor> {
        let n = shape.elem_count();
        match dtype {
            DType::F64 => {
                let values: Vec<f64> = (0..n).map(|_| draw(self)).collect();
                Tensor::from_vec(values, shape, device)
            }
            DType::F32 | DType::F16 | DType::BF16 => {
                let values: Vec<f32> = (0..n).map(|_| draw(self) as f32).collect();
                Tensor::from_vec(values, shape, device)?.to_dtype(dtype)
            }
            other => bail!("random draws need a floating dtype, got {other:?}"),
        }
    }
}

#[cfg(test)]
mod tests;
