//! Combinations that are allowed, and known to train badly.

use ganymede_losses::AdversarialLoss;
use ganymede_tensor::OptimizerConfig;

use super::{Average, Run};

impl Run {
    /// Known traps in this configuration, in plain words, each with what to do instead. Nothing is refused.
    pub fn warnings(&self) -> Vec<String> {
        let mut found = Vec::new();
        let traits = self.discriminator.traits();
        // Features of the batch are made for it: StyleGAN2 has them under R1.
        let by_norm = traits.mixes_batch && !traits.sees_batch;
        if let (Some(penalty), true) = (self.penalties.first(), by_norm) {
            found.push(format!(
                "discriminator.norm = \"batch\" couples the samples of a batch, and {} penalises the gradient of each \
                 sample (Gulrajani et al., section 4): use \"layer\" or \"none\"",
                penalty.penalty.start().name()
            ));
        }
        let constrained = self.weight_clip.is_some() || !self.penalties.is_empty() || traits.lipschitz;
        let is_wasserstein = self.loss == AdversarialLoss::Wasserstein.into();
        if is_wasserstein && !constrained {
            found.push(
                "the wasserstein loss has no minimum without a Lipschitz constraint: add [[penalty]] kind = \
                 \"wgan-gp\", optimizer.weight_clip = 0.01, or discriminator.spectral = true"
                    .to_owned(),
            );
        }
        if let (Some(loss), false) = (self.loss.of_features(), constrained) {
            let or = if loss.has_witness() { ", or add [[penalty]] kind = \"wgan-gp\"" } else { "" };
            found.push(format!(
                "features that `{loss}` compares grow for ever without a constraint on the critic: set \
                 discriminator.spectral = true or optimizer.weight_clip = 0.01{or}"
            ));
        }
        if is_wasserstein
            && matches!(self.optimizer_d.start(), OptimizerConfig::Adam { beta1, .. } if *beta1 >= 0.9)
        {
            found.push(
                "optimizer.discriminator.beta1 ≥ 0.9 makes a Wasserstein critic unstable (Arjovsky et al., section \
                 4): use 0 with wgan-gp"
                    .to_owned(),
            );
        }
        let beside =
            self.data.pairs.map(|_| "data.pairs").or(self.data.vectors.as_ref().map(|_| "data.vectors"));
        if let (Some(key), false) = (beside, self.generator.traits().conditional) {
            found.push(format!(
                "{key} is given, and the generator does not look at it: use one that does, such as generator.kind = \
                 \"pix2pix\" for images"
            ));
        }
        if !self.data.augment.is_empty() {
            found.push(
                "data.augment changes real images only, and the generator learns the changes, too: use [augment] kind = \
                 \"ada\" or \"diffaugment\", which it does not learn"
                    .to_owned(),
            );
        }
        if let Some(Average::Decay { decay, warmup: false }) = &self.ema
            && self.steps < (3.0 / (1.0 - decay.at(self.steps))) as u64
        {
            found.push(
                "ema.decay is long for so few steps: the averaged generator still holds its starting weights; set \
                 ema.warmup = true"
                    .to_owned(),
            );
        }
        if let Some(growth) = &self.growth {
            let (stage, step) = growth.plan.grown();
            if self.steps <= step {
                let reached = self.growth_at(self.steps - 1).stage;
                found.push(format!(
                    "the run ends in stage {reached} of the networks' growth, and they are whole from step {step} in stage \
                     {stage} on: lower growth.fade_kimg and growth.stable_kimg, or raise run.steps"
                ));
            }
        }
        found
    }
}
