//! Everything random of an update, and its data: drawn before anything is computed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ganymede_augment::{Draws, Part};
use ganymede_datasets::{ConditionBatch, Dataset, Loader, LoaderConfig, Reduced};
use ganymede_models::{Condition, ConditionShape, Generator, Growth, Io, Latents};
use ganymede_tensor::{DType, Device, Rng, Tensor, avg_pool2d, upsample_nearest2d};

use super::augment::Looks;
use super::parts::{Split, some, split};
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
    /// Real samples that are never trained on.
    held_out: Option<Arc<dyn Dataset>>,
    /// Changes of real samples alone.
    augment: Vec<Part>,
    latents_g: Rng,
    latents_d: Rng,
    labels_g: Rng,
    labels_d: Rng,
    seed: u64,
    /// Samples that are read and drawn at once.
    batch: usize,
    /// Parts that a batch of the run is taken in.
    parts: usize,
    /// Stages that the networks grow in, 1 of those that do not, and the one whose images are read.
    stages: usize,
    stage: usize,
    /// The share of the stage's own details in real images.
    alpha: f64,
    /// Mirror images at random.
    flip: bool,
    device: Device,
    /// That of the networks.
    dtype: DType,
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
    /// One for the adversarial loss.
    pub(crate) loss_noise: Rng,
    /// How samples are augmented.
    pub(crate) looks: Looks,
    /// Real samples that are never trained on, where a controller wants to see some.
    pub(crate) held_out: Option<Batch>,
}

/// What a generator update needs.
pub(crate) struct GeneratorDraws {
    /// The discriminator's last batch, which relativistic losses compare with.
    pub(crate) real: Batch,
    pub(crate) latents: Latents,
    pub(crate) condition: Condition,
    /// The samples that the condition belongs to, where it is images and a term may ask for them.
    pub(crate) truth: Option<Tensor>,
    pub(crate) step: u64,
    pub(crate) noise: Vec<Rng>,
    pub(crate) loss_noise: Rng,
    pub(crate) looks: Looks,
}

impl Source {
    pub(crate) fn new(
        run: &Run,
        dataset: Arc<dyn Dataset>,
        stages: usize,
        (dtype, device): (DType, &Device),
    ) -> Result<Self, TrainError> {
        let stream = |name: &str| Rng::stream(run.seed, name);
        let dataset = some(dataset, run.data.subset, run.seed)?;
        let Split { trained_on: dataset, held_out } =
            split(dataset, run.augment.start().held_out(), run.seed)?;
        let (growth, batch) = (run.growth_at(0), run.batch_at(0) / run.accumulate);
        let stage = growth.stage_of(stages);
        let config = LoaderConfig { batch, seed: run.seed, flip: run.data.flip, prefetch: PREFETCH };
        Ok(Self {
            loader: Loader::new(at_stage(&dataset, stage, stages)?, config)?,
            dataset,
            held_out,
            augment: run.data.augment.clone(),
            latents_g: stream("latents/generator"),
            latents_d: stream("latents/discriminator"),
            labels_g: stream("labels/generator"),
            labels_d: stream("labels/discriminator"),
            seed: run.seed,
            batch,
            parts: run.accumulate,
            stages,
            stage,
            alpha: 1.0,
            flip: run.data.flip,
            device: device.clone(),
            dtype,
            waited: Duration::ZERO,
        })
    }

    /// For updates with so many samples of networks that have grown so far. The next real sample is the one that would
    /// have come next anyway.
    pub(crate) fn prepare(&mut self, growth: Growth, batch: usize) -> Result<(), TrainError> {
        let batch = batch / self.parts;
        let stage = growth.stage_of(self.stages);
        if stage != self.stage || batch != self.batch {
            self.loader.switch(at_stage(&self.dataset, stage, self.stages)?, batch)?;
            (self.stage, self.batch) = (stage, batch);
        }
        self.alpha = if stage == 0 { 1.0 } else { growth.alpha };
        Ok(())
    }

    pub(crate) fn for_discriminator(
        &mut self,
        generator: &dyn Generator,
        (step, update): (u64, u64),
        (terms, part): (usize, usize),
        looks: Looks,
    ) -> Result<DiscriminatorDraws, TrainError> {
        let told = draw_told(&*self.dataset, self.batch, self.flip, &mut self.labels_d);
        Ok(DiscriminatorDraws {
            real: self.next_real()?,
            latents: in_dtype(
                generator.draw_for_training(self.batch, &mut self.latents_d, &self.device)?,
                self.dtype,
            )?,
            condition: condition_of(&*self.dataset, &told, &self.device)?,
            step,
            update,
            noise: self.noise("discriminator", (update, part), terms),
            loss_noise: self.loss_noise("discriminator", (update, part)),
            looks,
            held_out: self.draw_held_out(update, part)?,
        })
    }

    pub(crate) fn for_generator(
        &mut self,
        generator: &dyn Generator,
        (step, part): (u64, usize),
        (count, terms): (usize, usize),
        real: Batch,
        looks: Looks,
    ) -> Result<GeneratorDraws, TrainError> {
        let told = draw_told(&*self.dataset, count, self.flip, &mut self.labels_g);
        let has_truth = terms > 0 && has_image_conditions(&*self.dataset);
        Ok(GeneratorDraws {
            real,
            latents: in_dtype(
                generator.draw_for_training(count, &mut self.latents_g, &self.device)?,
                self.dtype,
            )?,
            condition: condition_of(&*self.dataset, &told, &self.device)?,
            truth: has_truth.then(|| samples_of(&*self.dataset, &told, &self.device)).transpose()?,
            step,
            noise: self.noise("generator", (step, part), terms),
            loss_noise: self.loss_noise("generator", (step, part)),
            looks,
        })
    }

    /// A function of the update, and of the part of its batch, alone: there is no position to keep.
    fn noise(&self, player: &str, (update, part): (u64, usize), terms: usize) -> Vec<Rng> {
        let name = |term| match part {
            0 => format!("term/{player}/{term}/{update}"),
            _ => format!("term/{player}/{term}/{update}/{part}"),
        };
        (0..terms).map(|term| Rng::stream(self.seed, &name(term))).collect()
    }

    /// Likewise.
    fn loss_noise(&self, player: &str, (update, part): (u64, usize)) -> Rng {
        Rng::stream(self.seed, &format!("loss/{player}/{update}/{part}"))
    }

    fn next_real(&mut self) -> Result<Batch, TrainError> {
        let (start, place) = (Instant::now(), self.loader.cursor());
        let batch = self.loader.next();
        self.waited += start.elapsed();
        let Batch { mut samples, condition } = batch_of(batch?, &self.device)?;
        if !self.augment.is_empty() {
            let mut stream = Rng::stream(self.seed, &format!("data/augment/{place}"));
            let (n, c, h, w) = samples.dims4()?;
            let draws = Draws::parts(&self.augment, [n, c, h, w], &mut stream);
            samples = draws.apply(&samples).map_err(ganymede_tensor::Error::from)?;
        }
        Ok(Batch { samples: faded(samples, self.alpha)?.to_dtype(self.dtype)?, condition })
    }

    /// Samples a batch.
    pub(crate) fn batch(&self) -> usize {
        self.batch
    }

    /// As a function of the update and of the part of its batch.
    fn draw_held_out(&self, update: u64, part: usize) -> Result<Option<Batch>, TrainError> {
        let Some(dataset) = &self.held_out else { return Ok(None) };
        let name = if part == 0 { format!("held-out/{update}") } else { format!("held-out/{update}/{part}") };
        let mut stream = Rng::stream(self.seed, &name);
        let mut drawn = || (stream.below(dataset.len()), self.flip && stream.coin(0.5));
        let told: Vec<Told> = (0..self.batch).map(|_| drawn()).collect();
        let dataset = at_stage(dataset, self.stage, self.stages)?;
        let batch = batch_of(ganymede_datasets::Batch::of(dataset.as_ref(), &told)?, &self.device)?;
        Ok(Some(Batch { samples: faded(batch.samples, self.alpha)?.to_dtype(self.dtype)?, ..batch }))
    }
}

/// Latents are drawn in single precision, whatever the networks compute in.
fn in_dtype(mut latents: Latents, dtype: DType) -> ganymede_tensor::Result<Latents> {
    latents.z = latents.z.to_dtype(dtype)?;
    for noise in latents.noise.iter_mut().filter(|noise| noise.dtype().is_float()) {
        *noise = noise.to_dtype(dtype)?;
    }
    if let Some(mix) = &mut latents.mix {
        mix.z = mix.z.to_dtype(dtype)?;
    }
    Ok(latents)
}

/// The data at the resolution of a stage of so many.
fn at_stage(dataset: &Arc<dyn Dataset>, stage: usize, stages: usize) -> Result<Arc<dyn Dataset>, TrainError> {
    match io_of(&**dataset).at_stage(stage, stages).sample[..] {
        [_, side, _] if stage + 1 < stages => Ok(Arc::new(Reduced::new(dataset.clone(), side)?)),
        _ => Ok(dataset.clone()),
    }
}

/// Samples of the data, and what is known of them, on the device.
fn batch_of(batch: ganymede_datasets::Batch, device: &Device) -> Result<Batch, TrainError> {
    let condition = match (batch.condition, batch.labels) {
        (Some(beside), _) => beside_condition(beside, device)?,
        (None, Some(labels)) => Condition::Classes(classes(labels, device)?),
        (None, None) => Condition::None,
    };
    Ok(Batch { samples: Tensor::from_vec(batch.images, batch.shape, device)?, condition })
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

/// Images between two stages, as a generator that grows makes them: α of what they are, 1 − α of what is left of them at half
/// the side.
fn faded(images: Tensor, alpha: f64) -> ganymede_tensor::Result<Tensor> {
    if alpha == 1.0 {
        return Ok(images);
    }
    let coarse = upsample_nearest2d(&avg_pool2d(&images, 2)?, 2)?;
    images.affine(alpha, 0.0)? + coarse.affine(1.0 - alpha, 0.0)?
}

/// What both players are told of the data.
pub(crate) fn io_of(dataset: &dyn Dataset) -> Io {
    let io = Io::new(dataset.shape());
    let condition = match (dataset.condition_shape(), dataset.class_names().len()) {
        (Some(&[dim]), _) => ConditionShape::Vectors(dim),
        (Some(image), _) => ConditionShape::Images(image.to_vec()),
        (None, 0) => ConditionShape::None,
        (None, classes) => ConditionShape::Classes(classes),
    };
    Io { condition, ..io }
}

/// Whether an image is known of each sample.
pub(crate) fn has_image_conditions(dataset: &dyn Dataset) -> bool {
    dataset.condition_shape().is_some_and(|shape| shape.len() == 3)
}

/// A sample of the data by its number, and whether it is mirrored.
pub(crate) type Told = (usize, bool);

/// Samples whose conditions a generator is told, drawn from the data: it is to make each as often as the data hold it,
/// for a discriminator that sees the condition judges both together. None where the data have no condition.
///
/// Images that are conditions are mirrored as the data are.
pub(crate) fn draw_told(dataset: &dyn Dataset, n: usize, flip: bool, rng: &mut Rng) -> Vec<Told> {
    if dataset.class_names().is_empty() && dataset.condition_shape().is_none() {
        return Vec::new();
    }
    let flip = flip && has_image_conditions(dataset);
    (0..n).map(|_| (rng.below(dataset.len()), flip && rng.coin(0.5))).collect()
}

/// The conditions of such samples.
pub(crate) fn condition_of(
    dataset: &dyn Dataset,
    told: &[Told],
    device: &Device,
) -> Result<Condition, TrainError> {
    if told.is_empty() {
        return Ok(Condition::None);
    }
    if let Some(beside) = ConditionBatch::of(dataset, told)? {
        return beside_condition(beside, device);
    }
    let label = |&(index, _): &Told| {
        let name = dataset.name();
        let lacks =
            || ganymede_tensor::Error::msg(format!("{name}: sample {index} has no class, and others have"));
        dataset.label(index).ok_or_else(lacks)
    };
    let labels = told.iter().map(label).collect::<ganymede_tensor::Result<_>>()?;
    Ok(Condition::Classes(classes(labels, device)?))
}

/// The samples themselves.
pub(crate) fn samples_of(
    dataset: &dyn Dataset,
    told: &[Told],
    device: &Device,
) -> Result<Tensor, TrainError> {
    let batch = ganymede_datasets::Batch::of(dataset, told)?;
    Ok(Tensor::from_vec(batch.images, batch.shape, device)?)
}

/// Vectors or images as a network is given them.
pub(crate) fn beside_condition(beside: ConditionBatch, device: &Device) -> Result<Condition, TrainError> {
    let tensor = Tensor::from_vec(beside.values, beside.shape, device)?;
    Ok(if tensor.rank() == 2 { Condition::Vectors(tensor) } else { Condition::Images(tensor) })
}

/// Classes `(N,)` on the device.
pub(crate) fn classes(labels: Vec<u32>, device: &Device) -> ganymede_tensor::Result<Tensor> {
    let n = labels.len();
    Tensor::from_vec(labels, n, device)
}
