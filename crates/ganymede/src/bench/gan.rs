//! Steps of training, as the trainer makes them, on images that are there already.

use anyhow::Result;
use ganymede_losses::{AdversarialLoss, LabelSmoothing, Penalty, Samples, Scores};
use ganymede_models::{DcganConfig, NormKind};
use ganymede_models::{Discriminator, Generator, Mode, ModelConfig};
use ganymede_tensor::{DType, Device, Graph, Optimizer, OptimizerConfig, Params, Rng, Tensor, grad};

use super::case::{PenaltyKind, Recipe};
use super::worker::Work;

const TRAIN: Mode = Mode::Train { update_stats: true };
const LOOK: Mode = Mode::Train { update_stats: false };

/// Both players and their optimisers.
pub(super) struct Step {
    g: Box<dyn Generator>,
    d: Box<dyn Discriminator>,
    opt_g: Optimizer,
    opt_d: Optimizer,
    loss: AdversarialLoss,
    penalty: Option<Penalty>,
    real: Tensor,
    rng: Rng,
}

/// What one recipe differs in.
struct Settings {
    model: ModelConfig,
    loss: AdversarialLoss,
    penalty: Option<Penalty>,
    adam: OptimizerConfig,
}

fn settings(recipe: Recipe) -> Settings {
    let adam = |lr, beta1, beta2| OptimizerConfig::Adam { lr, beta1, beta2, eps: 1e-8, weight_decay: 0.0 };
    match recipe {
        Recipe::Dcgan64 => Settings {
            model: ModelConfig::Dcgan(DcganConfig::default()),
            loss: AdversarialLoss::NonSaturating,
            penalty: None,
            adam: adam(2e-4, 0.5, 0.999),
        },
        Recipe::WganGp64 => Settings {
            model: critic(),
            loss: AdversarialLoss::Wasserstein,
            penalty: Some(Penalty::WganGp { lambda: 10.0, target: 1.0 }),
            adam: adam(1e-4, 0.0, 0.9),
        },
    }
}

/// DCGAN at 64 px whose discriminator does not normalise.
fn critic() -> ModelConfig {
    let config = DcganConfig { discriminator_norm: Some(NormKind::None), ..DcganConfig::default() };
    ModelConfig::Dcgan(config)
}

fn images(rng: &mut Rng, batch: usize) -> Result<Tensor> {
    Ok(rng.uniform(-1.0, 1.0, (batch, 3, 64, 64), DType::F32, &Device::Cpu)?)
}

impl Step {
    pub(super) fn new(recipe: Recipe, batch: usize) -> Result<Self> {
        let Settings { model, loss, penalty, adam } = settings(recipe);
        let g = model.build_generator(Rng::stream(0, "generator"), DType::F32, &Device::Cpu)?;
        let d = model.build_discriminator(Rng::stream(0, "discriminator"), DType::F32, &Device::Cpu)?;
        let mut rng = Rng::new(0);
        Ok(Self {
            opt_g: Optimizer::new(adam, g.params().params())?,
            opt_d: Optimizer::new(adam, d.params().params())?,
            g,
            d,
            loss,
            penalty,
            real: images(&mut rng, batch)?,
            rng,
        })
    }

    fn latents(&mut self) -> Result<Tensor> {
        let shape = (self.real.dim(0)?, self.g.z_dim());
        Ok(self.rng.normal(shape, DType::F32, &Device::Cpu)?)
    }

    fn train_discriminator(&mut self) -> Result<()> {
        let z = self.latents()?;
        let fake = {
            let _frozen = self.g.params().freeze();
            self.g.forward(&z, None, LOOK)?.detach()
        };
        let real_scores = self.d.forward(&self.real, None, TRAIN)?.scores;
        let fake_scores = self.d.forward(&fake, None, TRAIN)?.scores;
        let scores = Scores { real: &real_scores, fake: &fake_scores };
        let mut loss = self.loss.discriminator(scores, LabelSmoothing::OFF)?.mean_all()?;
        if let Some(penalty) = self.penalty {
            let critic = |x: &Tensor| Ok(self.d.forward(x, None, LOOK)?.scores);
            let samples = Samples { real: &self.real, fake: &fake };
            loss = (loss + penalty.evaluate(&critic, samples, &mut self.rng)?.value.mean_all()?)?;
        }
        Ok(self.opt_d.step(&gradients(&loss, self.d.params())?)?)
    }

    fn train_generator(&mut self) -> Result<()> {
        let z = self.latents()?;
        let _frozen = self.d.params().freeze();
        let fake = self.g.forward(&z, None, TRAIN)?;
        let scores = self.d.forward(&fake, None, LOOK)?.scores;
        let loss = self.loss.generator(Scores { real: &scores, fake: &scores })?.mean_all()?;
        Ok(self.opt_g.step(&gradients(&loss, self.g.params())?)?)
    }
}

impl Work for Step {
    fn run(&mut self, _: &str) -> Result<()> {
        self.train_discriminator()?;
        self.train_generator()
    }
}

fn gradients(loss: &Tensor, params: &Params) -> Result<Vec<Tensor>> {
    let weights: Vec<Tensor> = params.params().iter().map(|param| param.get()).collect();
    Ok(grad(loss, &weights.iter().collect::<Vec<_>>(), Graph::Discard)?)
}

/// A penalty and its gradient in the critic's weights.
pub(super) struct PenaltyAlone {
    d: Box<dyn Discriminator>,
    penalty: Penalty,
    real: Tensor,
    fake: Tensor,
    rng: Rng,
}

impl PenaltyAlone {
    pub(super) fn new(kind: PenaltyKind, batch: usize) -> Result<Self> {
        let mut rng = Rng::new(0);
        Ok(Self {
            d: critic().build_discriminator(Rng::stream(0, "critic"), DType::F32, &Device::Cpu)?,
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
        let critic = |x: &Tensor| Ok(self.d.forward(x, None, LOOK)?.scores);
        let samples = Samples { real: &self.real, fake: &self.fake };
        let value = self.penalty.evaluate(&critic, samples, &mut self.rng)?.value.mean_all()?;
        gradients(&value, self.d.params())?;
        Ok(())
    }
}
