//! Two parallel lines in the plane (Arjovsky et al., 2017, arXiv:1701.07875, example 1): the data are (0, Z) and the samples
//! (θ, Z), Z uniform on [0, 1].
//!
//! | | value |
//! |---|---|
//! | Jensen-Shannon divergence | ln 2 for every θ ≠ 0, 0 for θ = 0: no slope to follow |
//! | Wasserstein distance | \|θ\| |
//!
//! A critic that a penalty λ (s − 1)² holds near slope 1 comes to s = 1 + \|θ\| / 2λ, at which its value is \|θ\| (1 + \|θ\| / 2λ):
//! a little more than the distance.

use ganymede_losses::{AdversarialLoss, LabelSmoothing, Penalty, Samples, Scores};
use ganymede_models::{Condition, DiscriminatorConfig, DiscriminatorInput, Growth, Io, Mode};
use ganymede_tensor::{DType, Device, Graph, Optimizer, OptimizerConfig, Result, Rng, Tensor, grad};

const BATCH: usize = 256;
const STEPS: usize = 800;
/// So large that the value is that of a critic of slope 1 but for half a percent.
const LAMBDA: f64 = 100.0;
const ADAM: OptimizerConfig =
    OptimizerConfig::Adam { lr: 2e-3, beta1: 0.0, beta2: 0.9, eps: 1e-8, weight_decay: 0.0 };

/// The exact cost of transport between as many points of either line: |θ|, and what the heights of the samples cost besides, 0
/// in the limit. Points at x = 0 meet those at x = θ in the order of their heights, for the cost is convex in the difference.
pub fn transport(theta: f64, mut heights: [Vec<f64>; 2]) -> f64 {
    heights.iter_mut().for_each(|z| z.sort_by(f64::total_cmp));
    let [real, fake] = &heights;
    real.iter().zip(fake).map(|(a, b)| theta.hypot(a - b)).sum::<f64>() / real.len() as f64
}

/// The Jensen-Shannon divergence of both lines, by cells of width `cell` along x: the lines share all cells or none.
pub fn jensen_shannon(theta: f64, cell: f64) -> f64 {
    let place = |x: f64| (x / cell).round() as i64;
    let shares = if place(0.0) == place(theta) { vec![[1.0, 1.0]] } else { vec![[1.0, 0.0], [0.0, 1.0]] };
    let against_mean = |p: f64, q: f64| if p > 0.0 { p * (2.0 * p / (p + q)).ln() } else { 0.0 };
    shares.iter().map(|&[p, q]: &[f64; 2]| 0.5 * (against_mean(p, q) + against_mean(q, p))).sum()
}

/// What a WGAN-GP critic says after training: the mean score of real points less that of generated ones, at points that it
/// has not seen; and the exact cost between these.
///
/// # Errors
/// An operation fails.
pub fn critic(theta: f64, seed: u64) -> Result<[f64; 2]> {
    let table =
        "kind = \"mlp\"\nwidth = 32\nlayers = 2\nactivation = \"leaky-relu\"".parse().expect("a table");
    let config = DiscriminatorConfig::from_table(&table).expect("such a network is known");
    let build = config.build(&Io::new([2]), Rng::stream(seed, "critic"), DType::F32, &Device::Cpu);
    let critic = build.map_err(ganymede_tensor::Error::wrap)?;
    let mut optimizer = Optimizer::new(ADAM, critic.params().params())?;
    let (mut points, mut noise) = (Rng::stream(seed, "points"), Rng::stream(seed, "penalty"));
    let mode = Mode::Train { update_stats: true };
    let score = |samples: &Tensor| {
        let input = DiscriminatorInput { samples, condition: Condition::none(), growth: Growth::FULL };
        Ok(critic.forward(input, mode)?.scores)
    };
    for step in 0..STEPS {
        let (real, fake) = (line(0.0, BATCH, &mut points)?, line(theta, BATCH, &mut points)?);
        let scores = Scores { real: &score(&real)?, fake: &score(&fake)? };
        let loss = AdversarialLoss::Wasserstein.discriminator(scores, LabelSmoothing::OFF)?.mean_all()?;
        let penalty = Penalty::WganGp { lambda: LAMBDA, target: 1.0 };
        let samples = Samples { real: &real, fake: &fake };
        let penalty = penalty.evaluate(&score, samples, &mut noise)?.value.mean_all()?;
        let weights: Vec<Tensor> = critic.params().params().iter().map(|param| param.get()).collect();
        let gradients = grad(&(loss + penalty)?, &weights.iter().collect::<Vec<_>>(), Graph::Discard)?;
        optimizer.set_lr(ADAM.lr() * (1.0 - step as f64 / STEPS as f64));
        optimizer.step(&gradients)?;
    }
    let (real, fake) = (line(0.0, 4096, &mut points)?, line(theta, 4096, &mut points)?);
    let value = (score(&real)?.mean_all()? - score(&fake)?.mean_all()?)?.to_scalar::<f32>()?;
    let heights = |x: &Tensor| -> Result<Vec<f64>> {
        Ok(x.get_on_dim(1, 1)?.to_vec1::<f32>()?.into_iter().map(f64::from).collect())
    };
    Ok([f64::from(value), transport(theta, [heights(&real)?, heights(&fake)?])])
}

fn line(x: f64, n: usize, rng: &mut Rng) -> Result<Tensor> {
    let heights = rng.uniform(0.0, 1.0, (n, 1), DType::F32, &Device::Cpu)?;
    Tensor::cat(&[&(heights.zeros_like()? + x)?, &heights], 1)
}
