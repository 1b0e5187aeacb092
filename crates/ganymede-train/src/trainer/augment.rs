//! Augmentation of what the discriminator sees: with which probability, and with which draws.

use ganymede_augment::{AdaController, Adaptive, AugmentConfig, Probability, Seen, apa};
use ganymede_losses::{AdversarialLoss, Scores};
use ganymede_tensor::{DType, Device, Result, Rng, Tensor};

use super::section::{Misfit, Saved, Section, Stateful};
use super::view::Batch;
use crate::config::{LossConfig, Run, Scheduled};

/// What is done to samples in every update, and how its probability moves.
pub(crate) struct Augmentation {
    config: Scheduled<AugmentConfig>,
    seed: u64,
    pack: usize,
    /// The score at which the discriminator is undecided; 0 for losses without one, whose signs mean nothing.
    undecided: f64,
    controller: AdaController,
    /// Sums of what the heuristic looks at, over the updates since the probability was moved.
    sums: Tensor,
    updates: u64,
    /// Real samples shown in them.
    images: u64,
}

/// The augmentation of one update: all of its draws are functions of this and of the place where they are made.
#[derive(Clone, Debug)]
pub(crate) struct Looks {
    config: AugmentConfig,
    p: f64,
    pack: usize,
    seed: u64,
    /// `PLAYER/UPDATE`
    update: String,
}

/// Where in an update the discriminator looks.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    Real,
    Fake,
    /// Real samples that are never trained on.
    HeldOut,
    /// A term by its number.
    Term(usize),
}

impl Augmentation {
    pub(crate) fn new(run: &Run, device: &Device) -> Result<Self> {
        let parts = run.augment.start().adaptive().map_or(1, |adaptive| adaptive.heuristic.parts());
        Ok(Self {
            config: run.augment.clone(),
            seed: run.seed,
            pack: run.discriminator.traits().pack,
            undecided: undecided(&run.loss).unwrap_or(0.0),
            controller: AdaController::default(),
            sums: Tensor::zeros(parts, DType::F32, device)?,
            updates: 0,
            images: 0,
        })
    }

    /// Whether anything is done.
    pub(crate) fn is_on(&self) -> bool {
        !self.config.start().is_none()
    }

    /// The probability of changes in a step, where there is one.
    pub(crate) fn p(&self, step: u64) -> Option<f64> {
        Some(match self.config.at(step).probability()? {
            Probability::Fixed(p) => p,
            Probability::Adaptive => self.controller.p(),
        })
    }

    /// What the log says of a step: the probability, and the timesteps T of a diffusion.
    pub(crate) fn numbers(&self, step: u64) -> Vec<(&'static str, f64)> {
        let Some(p) = self.p(step) else { return Vec::new() };
        let t = self.config.at(step).diffusion().map(|diffusion| diffusion.length(p) as f64);
        [("augment_p", Some(p)), ("diffusion_t", t)]
            .into_iter()
            .filter_map(|(name, x)| Some((name, x?)))
            .collect()
    }

    /// For an update of a player.
    pub(crate) fn looks(&self, player: &str, step: u64, update: &str) -> Looks {
        Looks {
            config: self.config.at(step),
            p: self.p(step).unwrap_or(1.0),
            pack: self.pack,
            seed: self.seed,
            update: format!("{player}/{update}"),
        }
    }

    /// What the controller looks at in an update of the discriminator, where there is a controller.
    pub(crate) fn seen(&self, scores: Scores<'_>, held_out: Option<&Tensor>) -> Result<Option<Tensor>> {
        let Some(Adaptive { heuristic, .. }) = self.config.start().adaptive() else { return Ok(None) };
        let seen = Seen { real: scores.real, fake: scores.fake, held_out, undecided: self.undecided };
        heuristic.means(seen).map(Some)
    }

    /// After an update that is really made, with so many real images: the probability is moved where it is time. That reads a
    /// few numbers back from the device.
    pub(crate) fn advance(&mut self, step: u64, seen: &Tensor, images: u64) -> Result<()> {
        let Some(adaptive) = self.config.at(step).adaptive() else { return Ok(()) };
        self.sums = (&self.sums + seen)?;
        self.updates += 1;
        self.images += images;
        if self.updates < adaptive.interval {
            return Ok(());
        }
        let means = (&self.sums / self.updates as f64)?.to_vec1::<f32>()?;
        let means: Vec<f64> = means.into_iter().map(f64::from).collect();
        self.controller.adjust(&adaptive, adaptive.heuristic.of(&means), self.images);
        self.sums = self.sums.zeros_like()?;
        (self.updates, self.images) = (0, 0);
        Ok(())
    }
}

impl Looks {
    /// Whether nothing is done.
    pub(crate) fn is_plain(&self) -> bool {
        self.config.is_none()
    }

    /// Samples as the discriminator is to see them at a place: each of a pack is changed by itself.
    pub(crate) fn change(&self, samples: &Tensor, place: Place) -> Result<Tensor> {
        let mut shape = samples.dims().to_vec();
        shape[0] *= self.pack;
        shape[1] /= self.pack;
        match self.config.draw(self.p, &shape, &mut self.stream(&place.name())) {
            None => Ok(samples.clone()),
            Some(draws) => draws.apply(&samples.contiguous()?.reshape(&shape[..])?)?.reshape(samples.shape()),
        }
    }

    /// The real batch, with generated samples in the place of some where the discriminator is to be deceived.
    pub(crate) fn deceive(&self, real: Batch, fake: &Batch) -> Result<Batch> {
        match self.config {
            AugmentConfig::Apa { .. } => {
                let replaced = apa::draw(real.samples.dim(0)?, self.p, &mut self.stream("deceived"));
                real.replaced(fake, &replaced)
            }
            _ => Ok(real),
        }
    }

    /// A function of the update and the place: there is no position to keep.
    fn stream(&self, place: &str) -> Rng {
        Rng::stream(self.seed, &format!("augment/{}/{place}", self.update))
    }
}

impl Place {
    fn name(self) -> String {
        match self {
            Self::Real => "real".to_owned(),
            Self::Fake => "fake".to_owned(),
            Self::HeldOut => "held-out".to_owned(),
            Self::Term(term) => format!("term/{term}"),
        }
    }
}

/// The score at which the discriminator is undecided. Wasserstein and relativistic scores mean something
/// only by their differences; features are no scores.
pub(crate) fn undecided(loss: &LossConfig) -> Option<f64> {
    use AdversarialLoss as Loss;
    match loss.of_scores()? {
        Loss::Minimax | Loss::NonSaturating | Loss::Hinge => Some(0.0),
        Loss::LeastSquares => Some(0.5),
        Loss::Wasserstein | Loss::RelativisticAverage | Loss::RelativisticPaired => None,
    }
}

/// The probability and what has been seen since it was moved; nothing where it does not adapt.
impl Stateful for Augmentation {
    fn save(&self, out: &mut Section<'_>) -> Result<()> {
        if self.config.start().adaptive().is_some() {
            out.fact("p", &self.controller.p());
            out.fact("updates", &self.updates);
            out.fact("images", &self.images);
            out.tensor("sums", self.sums.clone());
        }
        Ok(())
    }

    fn load(&mut self, from: &Saved<'_>) -> std::result::Result<(), Misfit> {
        if self.config.start().adaptive().is_none() {
            return Ok(());
        }
        self.controller = AdaController::at(from.fact("p")?)?;
        (self.updates, self.images) = (from.fact("updates")?, from.fact("images")?);
        let sums = from.tensors().remove("sums").ok_or_else(|| Misfit("it lacks `sums`".to_owned()))?;
        if sums.dims() != self.sums.dims() || sums.dtype() != DType::F32 {
            return Err(Misfit(format!("`sums` is {:?} of {:?}", sums.dims(), sums.dtype())));
        }
        self.sums = sums;
        Ok(())
    }
}
