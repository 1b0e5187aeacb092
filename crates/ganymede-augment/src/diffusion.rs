//! Diffusion of what a discriminator sees (Diffusion-GAN: Wang et al., 2023, arXiv:2206.02262).
//!
//! A sample at the timestep t of T is `y = √ᾱ_t·x + √(1 − ᾱ_t)·σ·ε` (equation 4) with `ᾱ_t = Π (1 − β_i)` over i ≤ t and β from
//! β₀ to β_T in equal strides. Half of the samples are shown as they are (t = 0); of the others t is drawn from 1 to T, with
//! probability ∝ t or alike for all (equation 11). T says how far samples are diffused; it moves as the probability of
//! [`AdaController`](crate::AdaController) does, by r_t of the diffused real samples (equations 8 and 9):
//! `T = T_min + p·(T_max − T_min)`, rounded.
//!
//! Differs from the paper: the discriminator is not told t, which would need one for which t is a condition; it sees whatever
//! comes. Differs from the authors' program: there 64 timesteps are drawn whenever T moves, 32 of them 0, and each sample has
//! one of these; here each is drawn from the distribution of that list. There `priority` is ∝ t − 1, so that 1 is never drawn.
//! β and ᾱ are computed in f64.

use ganymede_tensor::Rng;
use serde::{Deserialize, Serialize};

use crate::NoiseDraws;

/// The share of samples that are shown as they are: 32 of the program's 64.
const CLEAN: f64 = 0.5;

/// What timesteps are drawn from, from 1 to T.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Timesteps {
    /// Probability ∝ t: mostly late ones.
    #[default]
    Priority,
    /// Each as probable.
    Uniform,
}

/// A diffusion, of which T moves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Diffusion {
    /// The fewest timesteps T_min, at least 1.
    pub t_min: u64,
    /// The most, T_max ≥ T_min.
    pub t_max: u64,
    /// β of the first timestep, in (0, 1).
    pub beta_start: f64,
    /// β of the last, in (0, 1).
    pub beta_end: f64,
    /// σ, ≥ 0.
    pub sigma: f64,
    /// How timesteps are drawn.
    pub timesteps: Timesteps,
}

impl Diffusion {
    /// T where the controller stands at `p`, in [0, 1].
    #[must_use]
    pub fn length(&self, p: f64) -> u64 {
        let more = (p * (self.t_max - self.t_min) as f64).round_ties_even() as u64;
        (self.t_min + more).min(self.t_max)
    }

    /// ᾱ_0 = 1, ᾱ_1, …, ᾱ_T of so many timesteps.
    #[must_use]
    pub fn kept(&self, length: u64) -> Vec<f64> {
        let stride = (self.beta_end - self.beta_start) / length.saturating_sub(1).max(1) as f64;
        let alphas = (0..length).map(|i| 1.0 - (self.beta_start + stride * i as f64));
        let bars = alphas.scan(1.0, |bar, alpha| {
            *bar *= alpha;
            Some(*bar)
        });
        std::iter::once(1.0).chain(bars).collect()
    }

    /// Draws for samples of shape `[N, …]` where the controller stands at `p`.
    pub fn draw(&self, p: f64, shape: &[usize], rng: &mut Rng) -> NoiseDraws {
        let length = self.length(p);
        let timesteps: Vec<u64> = (0..shape[0]).map(|_| self.timesteps.draw(length, rng)).collect();
        NoiseDraws::of(self.factors(length, &timesteps), shape, rng)
    }

    /// √ᾱ_t and √(1 − ᾱ_t)·σ of each timestep, of so many.
    ///
    /// # Panics
    /// A timestep is greater than `length`.
    #[must_use]
    pub fn factors(&self, length: u64, timesteps: &[u64]) -> (Vec<f64>, Vec<f64>) {
        let bars = self.kept(length);
        let of = |t: &u64| (bars[*t as usize].sqrt(), (1.0 - bars[*t as usize]).sqrt() * self.sigma);
        timesteps.iter().map(of).unzip()
    }
}

impl Timesteps {
    /// The timestep of one sample, 0 to T: 0 with probability ½.
    pub fn draw(self, length: u64, rng: &mut Rng) -> u64 {
        if rng.coin(CLEAN) {
            return 0;
        }
        match self {
            Self::Uniform => 1 + rng.below(length as usize) as u64,
            Self::Priority => triangle(rng.below((length * (length + 1) / 2) as usize) as u64),
        }
    }
}

/// The t with t·(t − 1)/2 ≤ `place` < t·(t + 1)/2: each t has t places.
fn triangle(place: u64) -> u64 {
    let near = ((8.0 * place as f64 + 1.0).sqrt() * 0.5 + 0.5) as u64;
    // The square root may be rounded across the border.
    (near.saturating_sub(1).max(1)..=near + 1)
        .find(|t| place < t * (t + 1) / 2)
        .expect("one of the three has the place")
}
