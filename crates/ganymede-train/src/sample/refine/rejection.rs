//! Discriminator rejection sampling (Azadi et al., 2018, arXiv:1810.06758, algorithm 1): a sample is kept with the probability
//! σ(F), `F = d − d_max − log(1 − exp(d − d_max − ε)) − γ` (equation 8), with d its score and d_max the largest one seen.
//!
//! Without γ that is exp(d − d_max). A refused sample is drawn again under its condition, so that classes are as many as were
//! asked for; d_max is that of all classes.
//!
//! # Differs from the paper
//! The paper lets γ follow the percentile while it samples; here it is that of the burn-in. d_max goes on to rise.

use ganymede_models::{Condition, Latents};
use ganymede_tensor::{DType, Device, Tensor};

use super::{Fresh, Players, RejectionGamma, fail};
use crate::error::TrainError;

/// ε, for the logarithm where d is the largest.
const EPSILON: f64 = 1e-6;
/// Samples that are refused one after the other before it is given up.
const MOST_REFUSED: u64 = 1_000_000;

pub(super) struct Rejection {
    gamma: RejectionGamma,
    burn_in: usize,
    /// The largest score, and γ; nothing before the first sample.
    found: Option<(f64, f64)>,
    pub(super) kept: u64,
    pub(super) drawn: u64,
}

impl Rejection {
    pub(super) fn new(gamma: RejectionGamma, burn_in: usize) -> Self {
        Self { gamma, burn_in, found: None, kept: 0, drawn: 0 }
    }

    /// Of each the first that is kept: the one given, or one that is drawn again.
    pub(super) fn keep(
        &mut self,
        players: &Players<'_>,
        latents: &Latents,
        condition: &Condition,
        fresh: &mut Fresh<'_>,
    ) -> Result<Latents, TrainError> {
        let n = latents.count()?;
        let (mut largest, gamma) = match self.found {
            Some(found) => found,
            None => self.burn(players, condition, n, fresh)?,
        };
        let mut kept: Vec<Option<Latents>> = vec![None; n];
        let (mut tried, mut refused) = (latents.clone(), 0);
        loop {
            let open: Vec<u32> = (0..n as u32).filter(|&i| kept[i as usize].is_none()).collect();
            if open.is_empty() {
                break;
            }
            let told = chosen(condition, &open)?;
            let scores = numbers(&players.scores(&tried, &told)?)?;
            largest = scores.iter().copied().fold(largest, f64::max);
            for (row, (&place, score)) in open.iter().zip(&scores).enumerate() {
                self.drawn += 1;
                if fresh.rng.unit() < sigmoid(f(*score, largest) - gamma) {
                    kept[place as usize] = Some(tried.narrow(row, 1)?);
                    (self.kept, refused) = (self.kept + 1, 0);
                } else {
                    refused += 1;
                }
            }
            if refused > MOST_REFUSED {
                return Err(fail(format!(
                    "rejection: none of {refused} samples was kept: lower γ, or the generator makes nothing that the discriminator \
                     takes for real"
                )));
            }
            let left = kept.iter().filter(|kept| kept.is_none()).count();
            if left > 0 {
                tried = fresh.draw(left)?;
            }
        }
        self.found = Some((largest, gamma));
        joined(&kept.into_iter().flatten().collect::<Vec<_>>())
    }

    /// The largest score of the burn-in, and γ.
    fn burn(
        &self,
        players: &Players<'_>,
        condition: &Condition,
        n: usize,
        fresh: &mut Fresh<'_>,
    ) -> Result<(f64, f64), TrainError> {
        let mut scores = Vec::new();
        while scores.len() < self.burn_in {
            scores.extend(numbers(&players.scores(&fresh.draw(n)?, condition)?)?);
        }
        let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let gamma = match self.gamma {
            RejectionGamma::Number(gamma) => gamma,
            RejectionGamma::Percentile(percentile) => {
                let mut all: Vec<f64> = scores.iter().map(|score| f(*score, largest)).collect();
                all.sort_by(f64::total_cmp);
                all[((all.len() - 1) as f64 * percentile / 100.0).round() as usize]
            }
        };
        Ok((largest, gamma))
    }
}

/// F without γ.
fn f(score: f64, largest: f64) -> f64 {
    let below = score - largest;
    below - (-(below - EPSILON).exp()).ln_1p()
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn numbers(scores: &Tensor) -> Result<Vec<f64>, TrainError> {
    let scores = scores.to_dtype(DType::F64)?.to_device(&Device::Cpu)?.to_vec1::<f64>()?;
    match scores.iter().find(|score| !score.is_finite()) {
        None => Ok(scores),
        Some(score) => Err(TrainError::NotFinite {
            what: "the discriminator's score of a sample".to_owned(),
            value: *score as f32,
            advice: "nothing can be kept by it; use another checkpoint",
        }),
    }
}

/// The conditions of some of a batch.
fn chosen(condition: &Condition, rows: &[u32]) -> Result<Condition, TrainError> {
    let of = |all: &Tensor| -> ganymede_tensor::Result<Tensor> {
        all.index_select(&Tensor::new(rows, all.device())?, 0)
    };
    Ok(match condition {
        Condition::None => Condition::None,
        Condition::Classes(y) => Condition::Classes(of(y)?),
        Condition::Vectors(y) => Condition::Vectors(of(y)?),
        Condition::Images(y) => Condition::Images(of(y)?),
    })
}

/// One batch of several.
pub(crate) fn joined(parts: &[Latents]) -> Result<Latents, TrainError> {
    let z = Tensor::cat(&parts.iter().map(|part| &part.z).collect::<Vec<_>>(), 0)?;
    let noises = parts.first().map_or(0, |part| part.noise.len());
    let noise = (0..noises)
        .map(|i| Tensor::cat(&parts.iter().map(|part| &part.noise[i]).collect::<Vec<_>>(), 0))
        .collect::<Result<_, _>>()?;
    Ok(Latents::new(z).with_noise(noise))
}
