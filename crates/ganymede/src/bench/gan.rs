//! Steps of training, those of the trainer itself, on images that are in memory.

use std::sync::Arc;

use anyhow::Result;
use ganymede_datasets::ImageSet;
use ganymede_losses::{Penalty, Samples};
use ganymede_models::{
    DcganDiscriminator, DcganDiscriminatorConfig, Discriminator, DiscriminatorInput, Io, Mode, NormKind,
};
use ganymede_tensor::{DType, Device, Graph, Params, Rng, Tensor, grad};
use ganymede_train::{Layers, Stepper};

use super::case::{PenaltyKind, Recipe};
use super::worker::Work;

const LOOK: Mode = Mode::Train { update_stats: false };
const CHANNELS: usize = 3;
const SIDE: usize = 64;

/// A run of the recipe, on noise.
pub(super) struct Step {
    stepper: Stepper,
}

/// What a recipe says beyond a DCGAN of 64 pixels.
fn settings(recipe: Recipe) -> &'static [&'static str] {
    match recipe {
        Recipe::Dcgan64 => &["loss.kind=non-saturating"],
        Recipe::WganGp64 => &[
            "loss.kind=wasserstein",
            "discriminator.norm=none",
            "penalty=[{ kind = \"wgan-gp\", lambda = 10, target = 1 }]",
            "optimizer.generator.lr=1e-4",
            "optimizer.generator.beta1=0",
            "optimizer.generator.beta2=0.9",
            "optimizer.discriminator.lr=1e-4",
            "optimizer.discriminator.beta1=0",
            "optimizer.discriminator.beta2=0.9",
        ],
    }
}

impl Step {
    pub(super) fn new(recipe: Recipe, batch: usize) -> Result<Self> {
        let mut layers = Layers::default();
        let batch_size = format!("run.batch={batch}");
        layers.set(&["data.resolution=64", "data.channels=3", "ema.enabled=false", &batch_size])?;
        layers.set(settings(recipe))?;
        let mut rng = Rng::new(0);
        let pixels = (0..batch * CHANNELS * SIDE * SIDE).map(|_| rng.below(256) as u8).collect();
        let images = ImageSet::new("noise", [CHANNELS, SIDE, SIDE], pixels, None)?;
        Ok(Self { stepper: Stepper::new(&layers.resolve()?, Arc::new(images), &Device::Cpu)? })
    }
}

impl Work for Step {
    fn run(&mut self, _: &str) -> Result<()> {
        Ok(self.stepper.step()?)
    }
}

fn images(rng: &mut Rng, batch: usize) -> Result<Tensor> {
    Ok(rng.uniform(-1.0, 1.0, (batch, CHANNELS, SIDE, SIDE), DType::F32, &Device::Cpu)?)
}

fn gradients(loss: &Tensor, params: &Params) -> Result<Vec<Tensor>> {
    let weights: Vec<Tensor> = params.params().iter().map(|param| param.get()).collect();
    Ok(grad(loss, &weights.iter().collect::<Vec<_>>(), Graph::Discard)?)
}

/// A penalty and its gradient in the critic's weights.
pub(super) struct PenaltyAlone {
    d: DcganDiscriminator,
    penalty: Penalty,
    real: Tensor,
    fake: Tensor,
    rng: Rng,
}

impl PenaltyAlone {
    pub(super) fn new(kind: PenaltyKind, batch: usize) -> Result<Self> {
        let mut rng = Rng::new(0);
        Ok(Self {
            d: DcganDiscriminator::new(
                &DcganDiscriminatorConfig { norm: Some(NormKind::None), ..Default::default() },
                &Io::new([CHANNELS, SIDE, SIDE]),
                Rng::stream(0, "critic"),
                DType::F32,
                &Device::Cpu,
            )?,
            penalty: match kind {
                PenaltyKind::WganGp => Penalty::WganGp { lambda: 10.0, target: 1.0 },
                PenaltyKind::R1 => Penalty::R1 { gamma: 10.0 },
            },
            real: images(&mut rng, batch)?,
            fake: images(&mut rng, batch)?,
            rng,
        })
    }
}

impl Work for PenaltyAlone {
    fn run(&mut self, _: &str) -> Result<()> {
        let critic = |x: &Tensor| Ok(self.d.forward(DiscriminatorInput::new(x), LOOK)?.scores);
        let samples = Samples { real: &self.real, fake: &self.fake };
        let value = self.penalty.evaluate(&critic, samples, &mut self.rng)?.value.mean_all()?;
        gradients(&value, self.d.params())?;
        Ok(())
    }
}
