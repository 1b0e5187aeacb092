//! Everything random of an update, and its data: drawn before anything is computed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ganymede_datasets::{Dataset, Loader, LoaderConfig};
use ganymede_models::{Condition, Generator, Io, Latents};
use ganymede_tensor::{Device, Rng, Tensor, bail};

use super::section::{Misfit, Saved, Section, Stateful};
use super::view::Batch;
use crate::config::Run;
use crate::error::TrainError;

/// Batches read ahead.
const PREFETCH: usize = 4;

/// Where draws come from: the data, and a stream of random numbers for each purpose.
pub(crate) struct Source {
    pub(crate) loader: Loader,
    dataset: Arc<dyn Dataset>,
    latents_g: Rng,
    latents_d: Rng,
    labels_g: Rng,
    labels_d: Rng,
    seed: u64,
    batch: usize,
    device: Device,
    /// How long steps have waited for data; no part of the state.
    pub(crate) waited: Duration,
}

/// What a discriminator update needs.
pub(crate) struct DiscriminatorDraws {
    pub(crate) real: Batch,
    pub(crate) latents: Latents,
    /// Of the generated samples.
    pub(crate) condition: Condition,
    pub(crate) step: u64,
    pub(crate) update: u64,
    /// A stream for each term.
    pub(crate) noise: Vec<Rng>,
}

/// What a generator update needs.
pub(crate) struct GeneratorDraws {
    /// The discriminator's last batch, which relativistic losses compare with.
    pub(crate) real: Batch,
    pub(crate) latents: Latents,
    pub(crate) condition: Condition,
    pub(crate) step: u64,
    pub(crate) noise: Vec<Rng>,
}

impl Source {
    pub(crate) fn new(run: &Run, dataset: Arc<dyn Dataset>, device: &Device) -> Result<Self, TrainError> {
        let stream = |name: &str| Rng::stream(run.seed, name);
        let config =
            LoaderConfig { batch: run.batch, seed: run.seed, flip: run.data.flip, prefetch: PREFETCH };
        Ok(Self {
            loader: Loader::new(dataset.clone(), config)?,
            dataset,
            latents_g: stream("latents/generator"),
            latents_d: stream("latents/discriminator"),
            labels_g: stream("labels/generator"),
            labels_d: stream("labels/discriminator"),
            seed: run.seed,
            batch: run.batch,
            device: device.clone(),
            waited: Duration::ZERO,
        })
    }

    pub(crate) fn for_discriminator(
        &mut self,
        generator: &dyn Generator,
        (step, update): (u64, u64),
        terms: usize,
    ) -> Result<DiscriminatorDraws, TrainError> {
        Ok(DiscriminatorDraws {
            real: self.next_real()?,
            latents: generator.draw(self.batch, &mut self.latents_d, &self.device)?,
            condition: draw_condition(&*self.dataset, self.batch, &mut self.labels_d, &self.device)?,
            step,
            update,
            noise: self.noise("discriminator", update, terms),
        })
    }

    pub(crate) fn for_generator(
        &mut self,
        generator: &dyn Generator,
        step: u64,
        terms: usize,
        real: Batch,
    ) -> Result<GeneratorDraws, TrainError> {
        Ok(GeneratorDraws {
            real,
            latents: generator.draw(self.batch, &mut self.latents_g, &self.device)?,
            condition: draw_condition(&*self.dataset, self.batch, &mut self.labels_g, &self.device)?,
            step,
            noise: self.noise("generator", step, terms),
        })
    }

    /// A function of the update alone: there is no position to keep.
    fn noise(&self, player: &str, update: u64, terms: usize) -> Vec<Rng> {
        (0..terms).map(|term| Rng::stream(self.seed, &format!("term/{player}/{term}/{update}"))).collect()
    }

    fn next_real(&mut self) -> Result<Batch, TrainError> {
        let start = Instant::now();
        let batch = self.loader.next();
        self.waited += start.elapsed();
        let batch = batch?;
        let condition = match batch.labels {
            Some(labels) => Condition::Classes(classes(labels, &self.device)?),
            None => Condition::None,
        };
        Ok(Batch { samples: Tensor::from_vec(batch.images, batch.shape, &self.device)?, condition })
    }
}

impl Stateful for Source {
    fn save(&self, out: &mut Section<'_>) -> ganymede_tensor::Result<()> {
        self.loader.save(&mut out.within("data"))?;
        for (name, stream) in [
            ("latents/generator", &self.latents_g),
            ("latents/discriminator", &self.latents_d),
            ("labels/generator", &self.labels_g),
            ("labels/discriminator", &self.labels_d),
        ] {
            stream.save(&mut out.within(name))?;
        }
        Ok(())
    }

    fn load(&mut self, from: &Saved<'_>) -> Result<(), Misfit> {
        self.loader.load(&from.within("data"))?;
        for (name, stream) in [
            ("latents/generator", &mut self.latents_g),
            ("latents/discriminator", &mut self.latents_d),
            ("labels/generator", &mut self.labels_g),
            ("labels/discriminator", &mut self.labels_d),
        ] {
            stream.load(&from.within(name))?;
        }
        Ok(())
    }
}

/// What both players are told of the data.
pub(crate) fn io_of(dataset: &dyn Dataset) -> Io {
    match dataset.class_names().len() {
        0 => Io::new(dataset.shape()),
        classes => Io::with_classes(dataset.shape(), classes),
    }
}

/// Conditions of `n` samples: a generator is to make each class as often as the data hold it, for a discriminator that
/// sees the class judges both together.
pub(crate) fn draw_condition(
    dataset: &dyn Dataset,
    n: usize,
    rng: &mut Rng,
    device: &Device,
) -> ganymede_tensor::Result<Condition> {
    if dataset.class_names().is_empty() {
        return Ok(Condition::None);
    }
    let label = |index| match dataset.label(index) {
        Some(label) => Ok(label),
        None => bail!("{}: sample {index} has no class, and others have", dataset.name()),
    };
    let drawn = (0..n).map(|_| label(rng.below(dataset.len()))).collect::<ganymede_tensor::Result<_>>()?;
    Ok(Condition::Classes(classes(drawn, device)?))
}

/// Classes `(N,)` on the device.
pub(crate) fn classes(labels: Vec<u32>, device: &Device) -> ganymede_tensor::Result<Tensor> {
    let n = labels.len();
    Tensor::from_vec(labels, n, device)
}
