//! The measuring of a generator's images: features of both sets, and what is computed from them.

mod features;
mod leak;
mod pixels;
mod rows;
mod truncation;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ganymede_datasets::Dataset;
use ganymede_metrics::{
    Comparison, Convention, FeatureExtractor, Features, ImageSource, Measure, MetricError, Need, Passes,
    Provenance, Round, RoundValue, SampleSet, class_counts, take_each, those_that_fit,
};
use ganymede_models::Generator;
use ganymede_tensor::Device;
use ndarray::Array2;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::config::{EvalConfig, Run};
use crate::data::{open_data, reopen_data};
use crate::error::TrainError;
use crate::folder::RunFolder;
use crate::look::{Look, unless_stopped};
use crate::quality::{ClassShare, LeftOut, Quality, QualityValue};
use crate::sample::{Redraw, Refinement, Refiner, Sampler, first_of, joined};
use crate::standing::Standing;
use crate::trainer::{Fixed, generate_unless_stopped, metric_inputs, read_checkpoint};

use features::{PASS, features, load, provenance, real_features};
use pixels::PixelRows;
use rows::{join, split};

pub use leak::{Leak, LeakOptions, find_leak};
pub use truncation::{TruncationPoint, evaluate_truncated};

/// What [`evaluate`] is to do.
#[derive(Clone, Copy, Debug)]
pub struct EvalOptions<'a> {
    /// The measures, the network, and the number of samples.
    pub config: &'a EvalConfig,
    /// The network's weights, where they are neither built in nor in the cache folder.
    pub weights: Option<&'a Path>,
    /// Where the generator runs.
    pub device: &'a Device,
    /// The folder of the run, which knows where the data were.
    pub folder: &'a RunFolder,
    /// Whether `run` names other data on purpose; else they have to be those that the checkpoint was trained on.
    pub other_data: bool,
    /// What the discriminator of the one checkpoint has to say of the samples, if anything.
    pub refinement: Option<Refinement>,
}

/// What [`evaluate`] finds.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Evaluation {
    /// How good the samples are.
    pub quality: Quality,
    /// The hash of the data that they were compared with.
    pub data_hash: String,
    /// Whether these are the data that the checkpoint was trained on.
    pub data_as_trained: bool,
}

/// Measures a checkpoint of `run`, or several as one ([`Sampler::from_checkpoints`]), with the latent vectors and the real samples that the run itself measures with: the
/// same configuration gives the number that the run logged.
///
/// The averaged generator is measured where there is one.
///
/// # Errors
/// The data, the checkpoint or the network's weights cannot be read; the data are others than the checkpoint was
/// trained on; the samples are points of the plane; a measure does not fit the network.
pub fn evaluate(
    run: &Run,
    checkpoints: &[PathBuf],
    options: EvalOptions<'_>,
) -> Result<Evaluation, TrainError> {
    let ready = Ready::new(run, checkpoints, options)?;
    let quality = match ready.measure(ready.sampler.generator(), &mut || false)? {
        Look::Seen(quality) => quality,
        Look::CutShort => unreachable!("nobody asks for a stop"),
        Look::NotFinite(cause) => return Err(not_finite(checkpoints, &cause)),
    };
    let data_hash = ready.dataset.content_hash();
    let data_as_trained = data_hash == ready.trained_on;
    Ok(Evaluation { quality, data_hash, data_as_trained })
}

fn not_finite(checkpoints: &[PathBuf], cause: &str) -> TrainError {
    let names: Vec<String> = checkpoints.iter().map(|path| path.display().to_string()).collect();
    TrainError::NotFinite {
        what: format!("{}: one of {cause}", names.join(", ")),
        value: f32::NAN,
        advice: "nothing can be measured of it; use another checkpoint",
    }
}

/// A checkpoint or several, and all that they are measured with.
struct Ready<'a> {
    options: EvalOptions<'a>,
    seed: u64,
    dataset: Arc<dyn Dataset>,
    sampler: Sampler,
    /// The file, if it is one.
    checkpoint: Option<PathBuf>,
    evaluator: Arc<Evaluator>,
    /// The hash of the data that the first was trained on.
    trained_on: String,
}

impl<'a> Ready<'a> {
    fn new(run: &Run, checkpoints: &[PathBuf], options: EvalOptions<'a>) -> Result<Self, TrainError> {
        let EvalOptions { config, weights, device, folder, other_data, .. } = options;
        let trained_on = read_checkpoint(first_of(checkpoints)?, &Device::Cpu)?.1.data;
        let opened = match other_data {
            true => open_data(run, Some(folder))?,
            false => reopen_data(run, folder, Some(&trained_on))?.opened,
        };
        let dataset = opened.dataset;
        if dataset.shape().len() != 3 {
            let reason = format!(
                "`{}` has points of the plane; the run's metrics.jsonl counts their modes",
                run.data.name
            );
            return Err(TrainError::Sample { reason });
        }
        let sampler = Sampler::from_checkpoints(checkpoints, device)?;
        let evaluator = Arc::new(Evaluator::new(config, run.seed, &dataset, weights)?);
        if let (true, Some(first)) = (evaluator.measures_nothing(), evaluator.left_out.first()) {
            let reason = format!("nothing can be measured: {}: {}", first.measure, first.reason);
            return Err(TrainError::Sample { reason });
        }
        let checkpoint = match checkpoints {
            [checkpoint] => Some(checkpoint.clone()),
            _ => None,
        };
        if let (Some(refinement), None) = (options.refinement, &checkpoint) {
            let reason =
                format!("{}: an ensemble has no discriminator: name one checkpoint", refinement.name());
            return Err(TrainError::Sample { reason });
        }
        Ok(Self { options, seed: run.seed, dataset, sampler, checkpoint, evaluator, trained_on })
    }

    /// The same, or other latents that the discriminator has had a say in.
    fn refined(&self, input: Fixed) -> Result<Fixed, TrainError> {
        let (Some(refinement), Some(checkpoint)) = (self.options.refinement, &self.checkpoint) else {
            return Ok(input);
        };
        let of = (self.options.folder.root(), checkpoint.as_path());
        let mut refiner = Refiner::open(&self.sampler, of, (refinement, Redraw::All), self.seed)?;
        let count = input.count()?;
        let mut parts = Vec::new();
        for at in (0..count).step_by(PASS) {
            let some = input.narrow(at, PASS.min(count - at))?;
            parts.push(refiner.refine(&some.latents, &some.condition.read()?)?);
        }
        Ok(Fixed { latents: joined(&parts)?, ..input })
    }

    /// Measures a generator by latent vectors that it draws itself, the same at every call.
    fn measure(
        &self,
        generator: &dyn Generator,
        stop: &mut dyn FnMut() -> bool,
    ) -> Result<Look<Quality>, TrainError> {
        let EvalOptions { config, device, .. } = self.options;
        let input = metric_inputs(self.seed, generator, &self.dataset, config.samples, device)?;
        let input = self.refined(input.grown(self.sampler.growth()))?;
        Evaluator::measure(&self.evaluator, generator, &input, stop)
    }
}

/// Real features, and the network to get generated ones from.
pub(crate) struct Evaluator {
    /// Measuring goes on in threads of its own, so that the one that trains can see that a stop was asked for.
    pool: ThreadPool,
    config: EvalConfig,
    /// What so few samples allow of the configuration's measures.
    measures: Vec<&'static Measure>,
    left_out: Vec<LeftOut>,
    extractor: Box<dyn FeatureExtractor>,
    seed: u64,
    real: Features,
    between_reals: Option<f64>,
    provenance: Provenance,
}

impl Evaluator {
    /// Loads the network and computes the features of real samples, or reads them from the cache.
    pub(crate) fn new(
        config: &EvalConfig,
        seed: u64,
        dataset: &Arc<dyn Dataset>,
        weights: Option<&Path>,
    ) -> Result<Self, TrainError> {
        let extractor = load(config.extractor, weights, dataset.shape())?;
        let pool = ThreadPoolBuilder::new().num_threads(rayon::current_num_threads()).build();
        let pool = pool.map_err(|error| TrainError::Threads { reason: error.to_string() })?;
        let choices = Convention::Ganymede.choices();
        let looks_at_real = |measure: &&Measure| (measure.least)(&choices).real > 0;
        let needs_real = config.extractor.classes.is_some() || config.metrics.iter().any(looks_at_real);
        let most = config.samples.min(dataset.len());
        // Where nobody looks at them, one says whether the network classifies.
        let wanted = if needs_real { most } else { 1 };
        let others = if dataset.len() >= wanted + most { most } else { 0 };
        let both = real_features(config, seed, dataset, extractor.as_ref(), wanted + others)?;
        let (real, other) = split(both, wanted);
        let mut provenance = provenance(config, dataset.shape(), extractor.as_ref());
        provenance.real = needs_real.then_some(wanted as u64);
        provenance.seed = Some(seed);
        let classified = real.logits.is_some();
        if let Some(measure) = config.metrics.iter().find(|m| m.needs(Need::Logits) && !classified) {
            let (measure, extractor) = (measure.name, config.extractor.name);
            let reason =
                format!("`{measure}` needs classes, and {extractor} has none: leave it out of eval.metrics");
            return Err(MetricError::Invalid(reason).into());
        }
        let (measures, left_out) = those_that_fit(&config.metrics, wanted, config.samples, &choices);
        let left_out = left_out.into_iter().map(LeftOut::from).collect();
        let (config, between_reals) = (config.clone(), None);
        let mut evaluator =
            Self { pool, config, measures, left_out, extractor, seed, real, between_reals, provenance };
        if let (Some(first), true) = (evaluator.measures.first(), others > 1) {
            // Nobody asked for classes of other real samples: a measure of them has no such value.
            let (values, _) = evaluator.values(&[*first], &other, None)?;
            evaluator.between_reals = values.first().map(|value| value.value);
        }
        Ok(evaluator)
    }

    /// Whether the samples are too few for any of the measures.
    pub(crate) fn measures_nothing(&self) -> bool {
        self.measures.is_empty()
    }

    /// What the samples are too few for.
    pub(crate) fn left_out(&self) -> &[LeftOut] {
        &self.left_out
    }

    /// Measures the samples of an input, unless `stop` says so.
    pub(crate) fn measure(
        this: &Arc<Self>,
        generator: &dyn Generator,
        input: &Fixed,
        stop: &mut dyn FnMut() -> bool,
    ) -> Result<Look<Quality>, TrainError> {
        let passes = this.config.standing_statistics;
        let Some(_standing) = Standing::new(generator, input, (passes, this.seed), stop)? else {
            return Ok(Look::CutShort);
        };
        let count = input.count()?;
        let asked = input.condition.classes()?;
        let mut parts = Vec::new();
        for at in (0..count).step_by(PASS) {
            let some = input.narrow(at, PASS.min(count - at))?;
            let images = match generate_unless_stopped(generator, &some, stop)? {
                Look::Seen(images) => images,
                Look::CutShort => return Ok(Look::CutShort),
                Look::NotFinite(cause) => return Ok(Look::NotFinite(cause)),
            };
            let own = Arc::clone(this);
            let job = move || features(own.extractor.as_ref(), &images);
            match unless_stopped(&this.pool, job, stop) {
                Some(part) => parts.push(part?),
                None => return Ok(Look::CutShort),
            }
        }
        let own = Arc::clone(this);
        match unless_stopped(&this.pool, move || own.quality(&join(parts)?, asked.as_deref()), stop) {
            Some(quality) => quality.map(Look::Seen),
            None => Ok(Look::CutShort),
        }
    }

    /// `asked` are the classes that the samples were asked for.
    fn quality(&self, generated: &Features, asked: Option<&[u32]>) -> Result<Quality, TrainError> {
        let (values, mut not_taken) = self.values(&self.measures, generated, asked)?;
        let mut left_out = self.left_out.clone();
        left_out.append(&mut not_taken);
        Ok(Quality {
            values,
            left_out,
            between_reals: self.between_reals,
            classes: self.classes(generated)?,
            provenance: self.provenance.clone(),
        })
    }

    /// The values, and the measures of which none came out.
    fn values(
        &self,
        measures: &[&'static Measure],
        generated: &Features,
        asked: Option<&[u32]>,
    ) -> Result<(Vec<QualityValue>, Vec<LeftOut>), TrainError> {
        let (shape, passes) = (self.extractor.input(), Passes::new(measures));
        let pixels = [&self.real, generated].map(|features| PixelRows { rows: features.pool.view(), shape });
        let images =
            |set: usize| (!self.config.extractor.is_network()).then_some(&pixels[set] as &dyn ImageSource);
        let comparison = Comparison {
            real: SampleSet { images: images(0), ..SampleSet::from(&self.real) },
            generated: SampleSet { labels: asked, images: images(1), ..SampleSet::from(generated) },
            unseen: None,
            extractor: self.config.extractor.name,
            choices: &Convention::Ganymede.choices(),
            seed: self.seed,
            passes: Some(&passes),
        };
        let Round { values, left_out, .. } = take_each(measures, &comparison)?;
        let value = |found: RoundValue| {
            let mut provenance = self.provenance.clone();
            if !found.measure.has_covariance {
                provenance.ddof = None;
            }
            QualityValue {
                name: provenance.id(&found.name()),
                measure: found.reading.kind.name.to_owned(),
                value: found.reading.value,
                lower_is_better: found.reading.kind.better.is_lower(),
            }
        };
        Ok((values.into_iter().map(value).collect(), left_out.into_iter().map(LeftOut::from).collect()))
    }

    /// The classes of a network whose classes have names here.
    fn classes(&self, generated: &Features) -> Result<Vec<ClassShare>, TrainError> {
        let (Some(names), Some(real), Some(fake)) =
            (self.config.extractor.classes, &self.real.logits, &generated.logits)
        else {
            return Ok(Vec::new());
        };
        let share = |logits: &Array2<f32>| -> Result<Vec<f64>, TrainError> {
            let counts = class_counts(logits)?;
            Ok(counts.into_iter().map(|n| n as f64 / logits.nrows() as f64).collect())
        };
        let shares = share(fake)?.into_iter().zip(share(real)?).zip(names);
        Ok(shares
            .map(|((generated, real), class)| ClassShare { class: (*class).to_owned(), generated, real })
            .collect())
    }
}

#[cfg(test)]
mod tests {
    /// The data and the network that knows them are crates of one floor, which do not know each other.
    #[test]
    fn the_network_of_clothes_names_its_classes_as_the_data_do() {
        let network = ganymede_metrics::find_extractor("fashion-cnn").unwrap();
        assert_eq!(network.classes.unwrap(), ganymede_datasets::FASHION_CLASSES);
    }
}
