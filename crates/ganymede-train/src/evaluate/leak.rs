//! Whether a generator draws the changes of an augmentation.

use std::path::Path;
use std::sync::Arc;

use ganymede_augment::{AugmentConfig, Draws, Pipe, Probability};
use ganymede_datasets::Dataset;
use ganymede_models::{
    DcganDiscriminator, DcganDiscriminatorConfig, Discriminator, DiscriminatorInput, Io, Mode, NormKind,
};
use ganymede_tensor::{DType, Device, Graph, Optimizer, OptimizerConfig, Rng, Tensor, grad, softplus};
use serde::Serialize;

use super::not_finite;
use crate::config::Run;
use crate::data::reopen_data;
use crate::error::TrainError;
use crate::folder::RunFolder;
use crate::look::Look;
use crate::sample::Sampler;
use crate::trainer::{generate_unless_stopped, metric_inputs, read_checkpoint, samples_of, split};

/// Images of each kind in a step of the classifier.
const BATCH: usize = 32;
const WIDTH: usize = 32;
/// The share of real images that the classifier is not trained on.
const HELD_OUT: f64 = 0.25;
const ADAM: OptimizerConfig =
    OptimizerConfig::Adam { lr: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.0 };

/// What [`find_leak`] is to do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LeakOptions {
    /// The probability of each change; none: the run's own, where it stands in the checkpoint.
    pub p: Option<f64>,
    /// Steps of the classifier.
    pub steps: usize,
    /// Images of each kind that it judges, where there are as many.
    pub samples: usize,
}

/// What a classifier of augmented against clean real images takes for augmented.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Leak {
    /// What was done to images that count as augmented.
    pub augmentation: String,
    /// The probability of each change, where there is one.
    pub p: Option<f64>,
    /// The share of clean real images that it was not trained on.
    pub clean: f64,
    /// The share of the same images, augmented: how well it can tell at all.
    pub augmented: f64,
    /// The share of generated images.
    pub generated: f64,
}

impl Leak {
    /// How many times as often generated images are taken for augmented as clean real ones; 1 where nothing leaks.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        self.generated / self.clean
    }
}

/// Trains a classifier to tell augmented real images from clean ones, and asks it for the samples of a checkpoint of `run`.
///
/// The augmentation is `[augment]`'s, else that of `data.augment`, else, for comparison, ADA's blitting, geometry and colour.
/// A generator that draws what augmented images look like is said to leak them; the check is that of Karras et al., 2020,
/// arXiv:2006.06676, section 2.2, by a network in the place of the eye.
///
/// `tell` hears of each step; nothing comes back where `stop` says so.
///
/// # Errors
/// As [`evaluate`](super::evaluate); the samples are not images that can be augmented.
pub fn find_leak(
    (run, checkpoint): (&Run, &Path),
    (folder, device): (&RunFolder, &Device),
    options: LeakOptions,
    tell: &mut dyn FnMut(usize),
    stop: &mut dyn FnMut() -> bool,
) -> Result<Option<Leak>, TrainError> {
    let state = read_checkpoint(checkpoint, &Device::Cpu)?.1;
    let whole = reopen_data(run, folder, Some(&state.data))?.opened.dataset;
    let last = state.facts.get("augment/p").and_then(serde_json::Value::as_f64);
    let change = Change::of(run, options.p.or(last))?;
    change.check(whole.as_ref())?;
    let parts = split(Arc::clone(&whole), Some(HELD_OUT), run.seed)?;
    let held_out = parts.held_out.expect("a share is held out");
    let Some(judge) =
        Judge::train(run, parts.trained_on.as_ref(), &change, (device, options.steps), tell, stop)?
    else {
        return Ok(None);
    };
    let mut rng = Rng::stream(run.seed, "leak/judged");
    let count = options.samples.min(held_out.len());
    let clean = samples_of(held_out.as_ref(), &(0..count).map(|i| (i, false)).collect::<Vec<_>>(), device)?;
    let augmented = change.draw(&clean, &mut rng)?;
    let sampler = Sampler::from_checkpoint(checkpoint, device)?;
    let input = metric_inputs(run.seed, sampler.generator(), &whole, options.samples, device)?;
    let generated = match generate_unless_stopped(sampler.generator(), &input.grown(sampler.growth()), stop)?
    {
        Look::Seen(samples) => samples,
        Look::CutShort => return Ok(None),
        Look::NotFinite(cause) => return Err(not_finite(&[checkpoint.to_owned()], &cause)),
    };
    Ok(Some(Leak {
        augmentation: change.name(),
        p: change.p(),
        clean: judge.share(&clean)?,
        augmented: judge.share(&augmented)?,
        generated: judge.share(&generated)?,
    }))
}

/// What is done to an image.
enum Change {
    Augmentation(AugmentConfig, f64),
    Data(Vec<ganymede_augment::Part>),
}

impl Change {
    fn of(run: &Run, p: Option<f64>) -> Result<Self, TrainError> {
        let config = run.augment.at(run.steps);
        match config.probability() {
            _ if config.is_none() && !run.data.augment.is_empty() => Ok(Self::Data(run.data.augment.clone())),
            None if !config.is_none() => Ok(Self::Augmentation(config, 1.0)),
            found => {
                let fixed = match found {
                    Some(Probability::Fixed(p)) => Some(p),
                    _ => None,
                };
                let config = match config {
                    AugmentConfig::Ada { .. } | AugmentConfig::Diffusion { .. } => config,
                    _ => AugmentConfig::Ada {
                        pipe: Pipe::BGC,
                        p: Probability::Adaptive,
                        heuristic: None,
                        target: None,
                        kimg: None,
                        interval: None,
                        held_out: None,
                    },
                };
                let none = "nothing says how probable a change is: give a probability (--p)";
                let p = p.or(fixed).ok_or_else(|| TrainError::Sample { reason: none.to_owned() })?;
                Ok(Self::Augmentation(config, p))
            }
        }
    }

    fn check(&self, dataset: &dyn Dataset) -> Result<(), TrainError> {
        match self {
            Self::Augmentation(config, _) => config
                .check_sample(dataset.shape())
                .map_err(|error| TrainError::Sample { reason: error.to_string() }),
            Self::Data(_) => Ok(()),
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Augmentation(AugmentConfig::Ada { pipe, .. }, _) => format!("ada {}", pipe.name()),
            Self::Augmentation(config, _) => config.name().to_owned(),
            Self::Data(parts) => {
                let names: Vec<&str> = parts.iter().map(|part| part.name()).collect();
                format!("data.augment {}", names.join(" "))
            }
        }
    }

    fn p(&self) -> Option<f64> {
        match self {
            Self::Augmentation(AugmentConfig::Ada { .. } | AugmentConfig::Diffusion { .. }, p) => Some(*p),
            _ => None,
        }
    }

    fn draw(&self, images: &Tensor, rng: &mut Rng) -> Result<Tensor, TrainError> {
        let (n, c, h, w) = images.dims4()?;
        let draws = match self {
            Self::Augmentation(config, p) => config.draw(*p, &[n, c, h, w], rng),
            Self::Data(parts) => Some(Draws::parts(parts, [n, c, h, w], rng)),
        };
        let changed =
            draws.map(|draws| draws.apply(images)).transpose().map_err(ganymede_tensor::Error::from)?;
        Ok(changed.unwrap_or_else(|| images.clone()))
    }
}

/// A classifier whose logits are above 0 for augmented images.
struct Judge {
    net: DcganDiscriminator,
}

impl Judge {
    /// Nothing where `stop` says so.
    fn train(
        run: &Run,
        real: &dyn Dataset,
        change: &Change,
        (device, steps): (&Device, usize),
        tell: &mut dyn FnMut(usize),
        stop: &mut dyn FnMut() -> bool,
    ) -> Result<Option<Self>, TrainError> {
        let config =
            DcganDiscriminatorConfig { width: WIDTH, norm: Some(NormKind::None), ..Default::default() };
        let mut rng = Rng::stream(run.seed, "leak/batches");
        let io = Io::new(real.shape().to_vec());
        let net = DcganDiscriminator::new(
            &config,
            &io,
            Rng::stream(run.seed, "leak/classifier"),
            DType::F32,
            device,
        )?;
        let mut optimizer = Optimizer::new(ADAM, net.params().params())?;
        let judge = Self { net };
        let targets = Tensor::cat(
            &[Tensor::zeros(BATCH, DType::F32, device)?, Tensor::ones(BATCH, DType::F32, device)?],
            0,
        )?;
        for step in 0..steps {
            if stop() {
                return Ok(None);
            }
            let mut some = || {
                let told: Vec<(usize, bool)> = (0..BATCH).map(|_| (rng.below(real.len()), false)).collect();
                samples_of(real, &told, device)
            };
            let (clean, other) = (some()?, some()?);
            let augmented = change.draw(&other, &mut rng)?;
            let logits = judge.logits(&Tensor::cat(&[clean, augmented], 0)?)?;
            // The cross entropy of classes 0 and 1.
            let loss = (softplus(&logits)? - logits.mul(&targets)?)?.mean_all()?;
            let weights: Vec<Tensor> = optimizer.params().iter().map(|param| param.get()).collect();
            optimizer.step(&grad(&loss, &weights.iter().collect::<Vec<_>>(), Graph::Discard)?)?;
            tell(step + 1);
        }
        Ok(Some(judge))
    }

    fn logits(&self, images: &Tensor) -> ganymede_tensor::Result<Tensor> {
        Ok(self.net.forward(DiscriminatorInput::new(images), Mode::Eval)?.scores)
    }

    /// The share of images with a logit above 0.
    fn share(&self, images: &Tensor) -> ganymede_tensor::Result<f64> {
        let _frozen = self.net.params().freeze();
        let n = images.dim(0)?;
        let mut found = 0.0;
        for at in (0..n).step_by(BATCH) {
            let logits = self.logits(&images.narrow(0, at, BATCH.min(n - at))?)?;
            found += f64::from(logits.gt(0.0)?.to_dtype(DType::F32)?.sum_all()?.to_scalar::<f32>()?);
        }
        Ok(found / n as f64)
    }
}
