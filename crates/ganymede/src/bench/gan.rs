//! Steps of training, those of the trainer itself, on images that are in memory.

use std::sync::Arc;

use anyhow::Result;
use ganymede_datasets::{ImageSet, Labels};
use ganymede_losses::{Penalty, Samples};
use ganymede_models::{
    DcganDiscriminator, DcganDiscriminatorConfig, Discriminator, DiscriminatorInput, Io, Mode, NormKind, Size,
};
use ganymede_tensor::{DType, Device, Graph, Params, Rng, Tensor, grad};
use ganymede_train::{Layers, Run, Stepper};

use super::case::{PenaltyKind, Recipe};
use super::worker::Work;

const LOOK: Mode = Mode::Train { update_stats: false };
const CHANNELS: usize = 3;
/// Of the images that penalties look at.
const SIDE: usize = 64;
/// Where there are classes, as many as CIFAR-10 has.
const CLASSES: usize = 10;

/// A run of the recipe, on noise.
pub(super) struct Step {
    stepper: Stepper,
}

/// Networks, loss and penalty of a recipe.
fn game(recipe: Recipe) -> &'static [&'static str] {
    match recipe {
        Recipe::Dcgan64 => &["loss.kind=non-saturating"],
        Recipe::Ada64 => &["loss.kind=non-saturating", "augment={ kind = \"ada\", pipe = \"bgc\", p = 0.5 }"],
        Recipe::WganGp64 => &[
            "loss.kind=wasserstein",
            "discriminator.norm=none",
            "penalty=[{ kind = \"wgan-gp\", lambda = 10, target = 1 }]",
        ],
        Recipe::SnResnet32 => &["generator.kind=sngan", "discriminator.kind=sngan", "loss.kind=hinge"],
        Recipe::Sagan32 => &["generator.kind=sagan", "discriminator.kind=sagan", "loss.kind=hinge"],
        Recipe::Biggan32 => &["generator.kind=biggan", "discriminator.kind=biggan", "loss.kind=hinge"],
        Recipe::R3gan32 => &[
            "generator.kind=r3gan",
            "generator.width=128",
            "discriminator.kind=r3gan",
            "discriminator.width=128",
            "loss.kind=relativistic-paired",
            "penalty=[{ kind = \"r1\", gamma = 0.5 }, { kind = \"r2\", gamma = 0.5 }]",
        ],
        Recipe::Pggan64 => &[
            "generator.kind=pggan",
            "generator.width_base=4096",
            "generator.width_max=128",
            "discriminator.kind=pggan",
            "discriminator.width_base=4096",
            "discriminator.width_max=128",
            "loss.kind=wasserstein",
            "penalty=[{ kind = \"wgan-gp\" }]",
            "term=[{ kind = \"drift\" }]",
        ],
        Recipe::Stylegan264 => &[
            "generator.kind=stylegan2",
            "generator.z_dim=256",
            "generator.w_dim=256",
            "generator.mapping_layers=2",
            "generator.style_mixing=0.0",
            "generator.channel_base=4096",
            "generator.channel_max=128",
            "discriminator.kind=stylegan2",
            "discriminator.channel_base=4096",
            "discriminator.channel_max=128",
            "penalty=[{ kind = \"r1\", gamma = 10.0 }]",
        ],
    }
}

/// Its learning rates, the generator's first, and the betas of both.
fn rates(recipe: Recipe) -> ([f64; 2], [f64; 2]) {
    match recipe {
        Recipe::Dcgan64 | Recipe::Ada64 => ([2e-4; 2], [0.5, 0.999]),
        Recipe::WganGp64 => ([1e-4; 2], [0.0, 0.9]),
        Recipe::SnResnet32 => ([2e-4; 2], [0.0, 0.9]),
        Recipe::Sagan32 => ([1e-4, 4e-4], [0.0, 0.9]),
        Recipe::Biggan32 => ([2e-4; 2], [0.0, 0.999]),
        Recipe::R3gan32 => ([2e-4; 2], [0.0, 0.99]),
        Recipe::Pggan64 => ([1e-3; 2], [0.0, 0.99]),
        Recipe::Stylegan264 => ([2.5e-3; 2], [0.0, 0.99]),
    }
}

/// The side of a recipe's images.
fn side(recipe: Recipe) -> usize {
    match recipe {
        Recipe::Dcgan64 | Recipe::Ada64 | Recipe::WganGp64 | Recipe::Pggan64 | Recipe::Stylegan264 => 64,
        Recipe::SnResnet32 | Recipe::Sagan32 | Recipe::Biggan32 | Recipe::R3gan32 => 32,
    }
}

/// The recipe as a run.
fn configured(recipe: Recipe, batch: usize) -> Result<Run> {
    let mut layers = Layers::default();
    let sizes = [format!("run.batch={batch}"), format!("data.resolution={}", side(recipe))];
    layers.set(&["data.channels=3", "ema.enabled=false", "eval.extractor=none"])?;
    layers.set(&sizes)?;
    layers.set(game(recipe))?;
    let (rates, [beta1, beta2]) = rates(recipe);
    for (player, lr) in ["generator", "discriminator"].into_iter().zip(rates) {
        let rule = [("lr", lr), ("beta1", beta1), ("beta2", beta2)];
        layers.set(&rule.map(|(key, value)| format!("optimizer.{player}.{key}={value:?}")))?;
    }
    Ok(layers.resolve()?)
}

/// How large the networks of a recipe are.
pub(super) struct Networks {
    pub(super) generator: Size,
    pub(super) discriminator: Size,
}

impl Networks {
    pub(super) fn of(recipe: Recipe) -> Result<Self> {
        let (run, side) = (configured(recipe, 1)?, side(recipe));
        // Networks that are told no class do not ask how many there are.
        let io = Io::with_classes([CHANNELS, side, side], CLASSES);
        Ok(Self { generator: run.generator.size(&io), discriminator: run.discriminator.size(&io) })
    }
}

impl Step {
    pub(super) fn new(recipe: Recipe, batch: usize) -> Result<Self> {
        let (run, side) = (configured(recipe, batch)?, side(recipe));
        let mut rng = Rng::new(0);
        let pixels = (0..batch * CHANNELS * side * side).map(|_| rng.below(256) as u8).collect();
        let told = run.generator.traits().conditional;
        let labels = told.then(|| Labels {
            classes: (0..batch).map(|i| (i % CLASSES) as u32).collect(),
            names: (0..CLASSES).map(|class| class.to_string()).collect(),
        });
        let images = ImageSet::new("noise", [CHANNELS, side, side], pixels, labels)?;
        Ok(Self { stepper: Stepper::new(&run, Arc::new(images), &Device::Cpu)? })
    }
}

impl Work for Step {
    fn run(&mut self, _: &str) -> Result<()> {
        Ok(self.stepper.step()?)
    }

    fn parameters(&self) -> Option<[usize; 2]> {
        Some(self.stepper.sizes().into())
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
