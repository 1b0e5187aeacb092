//! Training with or without the adversarial term.

use ganymede_losses::adversarial_term::{AdaptiveWeight, WarmUp, adaptive_weight};
use ganymede_losses::{AdversarialLoss, LabelSmoothing, Penalty, Samples, Scores};
use ganymede_tensor::{Graph, Optimizer, OptimizerConfig, Result, Rng, Tensor, grad};

use crate::model::{Autoencoder, Discriminator, reconstruction};

/// The term's weight beside the adaptive one, as in VQGAN.
const WEIGHT: f64 = 0.4;
const LOSS: AdversarialLoss = AdversarialLoss::Hinge;
/// Keeps the discriminator from growing steep, without gradients of gradients.
const PENALTY: Penalty = Penalty::FirstOrderR1 { gamma: 1.0, epsilon: 0.05 };

/// What all runs have in common.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) steps: u64,
    pub(crate) seed: u64,
}

/// A trained autoencoder, and its reconstruction loss at each step.
pub(crate) struct Run {
    pub(crate) autoencoder: Autoencoder,
    pub(crate) curve: Vec<f64>,
}

/// Trains an autoencoder on the batches that `batch` gives; with a term where there is a warm-up.
///
/// Runs of one plan see the same batches from the same weights, so that their curves differ by the term alone.
pub(crate) fn train(
    plan: Plan,
    warm_up: Option<WarmUp>,
    batch: impl Fn(&mut Rng) -> anyhow::Result<Tensor>,
) -> anyhow::Result<Run> {
    let autoencoder = Autoencoder::new(plan.seed)?;
    let adam = |lr| OptimizerConfig::ADAM.with_lr(lr);
    let mut of_g = Optimizer::new(adam(1e-3), autoencoder.params.params())?;
    let mut judge = Judge::new(plan.seed)?;
    let mut draws = Rng::stream(plan.seed, "batches");
    let mut curve = Vec::new();
    for step in 0..plan.steps {
        let images = batch(&mut draws)?;
        let coded = autoencoder.forward(&images)?;
        let plain = reconstruction(&coded.output, &images)?;
        curve.push(f64::from(plain.to_scalar::<f32>()?));
        let mut total = (&plain + coded.commitment)?;
        let factor = warm_up.map_or(0.0, |warm_up| warm_up.generator(step));
        if factor > 0.0 {
            total = (total + (judge.term(&autoencoder, &plain, &coded.output)? * (WEIGHT * factor))?)?;
        }
        let weights = autoencoder.params.params();
        let inputs: Vec<&Tensor> = weights.iter().map(|param| param.var().as_tensor()).collect();
        of_g.step(&grad(&total, &inputs, Graph::Discard)?)?;
        if warm_up.is_some_and(|warm_up| warm_up.discriminator(step)) {
            judge.update(&images, &coded.output)?;
        }
    }
    Ok(Run { autoencoder, curve })
}

/// The discriminator's side.
struct Judge {
    net: Discriminator,
    optimizer: Optimizer,
    draws: Rng,
}

impl Judge {
    fn new(seed: u64) -> Result<Self> {
        let net = Discriminator::new(seed)?;
        let optimizer = Optimizer::new(OptimizerConfig::ADAM.with_lr(5e-4), net.params.params())?;
        Ok(Self { net, optimizer, draws: Rng::stream(seed, "penalty") })
    }

    /// What the autoencoder minimises besides, a scalar: the hinge loss, as strong in the last layer as the reconstruction.
    fn term(&self, autoencoder: &Autoencoder, plain: &Tensor, output: &Tensor) -> Result<Tensor> {
        let _frozen = self.net.params.freeze();
        let fake = &self.net.scores(output)?;
        let loss = LOSS.generator(Scores { real: fake, fake })?.mean_all()?;
        let last = autoencoder.last_layer()?;
        let in_last =
            |loss: &Tensor| Ok::<_, ganymede_tensor::Error>(grad(loss, &[&last], Graph::Discard)?.remove(0));
        let weight = adaptive_weight(&in_last(plain)?, &in_last(&loss)?, AdaptiveWeight::default())?;
        loss * weight
    }

    fn update(&mut self, real: &Tensor, fake: &Tensor) -> Result<()> {
        let fake = &fake.detach();
        let critic = |x: &Tensor| self.net.scores(x);
        let scores = Scores { real: &critic(real)?, fake: &critic(fake)? };
        let loss = LOSS.discriminator(scores, LabelSmoothing::OFF)?.mean_all()?;
        let penalty = PENALTY.evaluate(&critic, Samples { real, fake }, &mut self.draws)?;
        let total = (loss + penalty.value.mean_all()?)?;
        let weights = self.net.params.params();
        let inputs: Vec<&Tensor> = weights.iter().map(|param| param.var().as_tensor()).collect();
        self.optimizer.step(&grad(&total, &inputs, Graph::Discard)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ganymede_tensor::{DType, Device};

    /// Curves are the same until the autoencoder hears the discriminator, and differ from then on.
    #[test]
    fn runs_differ_by_the_term_alone() {
        let plan = Plan { steps: 4, seed: 3 };
        let run = |warm_up| {
            let batch =
                |rng: &mut Rng| Ok(rng.uniform(-1.0, 1.0, (2, 1, 32, 32), DType::F32, &Device::Cpu)?);
            train(plan, warm_up, batch).unwrap().curve
        };
        let plain = run(None);
        let warm = run(Some(WarmUp { d_start: 0, g_start: 2, ramp: 1 }));
        let cold = run(Some(WarmUp { d_start: 2, g_start: 2, ramp: 0 }));
        // What the term of step 2 does to the weights is seen in step 3.
        assert_eq!(plain[..3], warm[..3]);
        assert_eq!(plain[..3], cold[..3]);
        assert!(plain[3] != warm[3] && plain[3] != cold[3] && warm[3] != cold[3]);
        assert!(plain.iter().chain(&warm).chain(&cold).all(|loss| loss.is_finite()));
    }
}
