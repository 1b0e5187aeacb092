//! What is drawn and measured from the same latent vectors at every look: pictures and metrics.

use std::path::Path;
use std::sync::Arc;

use ganymede_datasets::{Dataset, Modes, mode_coverage};
use ganymede_models::{Generator, GeneratorInput, Growth, Mode};
use ganymede_tensor::{DType, Device, Rng, Tensor, upsample_nearest2d};

use super::fixed::{Fixed, metric_inputs};
use super::shown::Shown;
use crate::config::Run;
use crate::error::TrainError;
use crate::evaluate::Evaluator;
use crate::few;
use crate::look::Look;
use crate::pictures::{self, Pixels};
use crate::plot::{Scatter, draw_scatter};
use crate::record::Metric;
use crate::wasserstein::SlicedWasserstein;

/// Generated samples behind mode coverage, as in the papers on toys.
const COVERAGE_SAMPLES: usize = 2500;
/// Samples of either side behind the sliced Wasserstein distance, and directions, at most.
const DISTANCE_SAMPLES: usize = 512;
const DIRECTIONS: usize = 256;
/// Numbers of these samples together, and of the directions: a quarter of a gigabyte each.
const DISTANCE_NUMBERS: usize = 1 << 26;
/// Latent vectors in one pass at most, and numbers of its samples together, those of 64 images of 128 pixels: bounds the
/// memory of large models and large images.
const PASS: usize = 64;
const PASS_NUMBERS: usize = 64 * 3 * 128 * 128;

/// The fixed latent vectors, and what real data look like beside them.
pub(crate) struct Probe {
    shown: Shown,
    measured: Fixed,
    real: Vec<[f32; 2]>,
    yardstick: Yardstick,
    remarks: Vec<String>,
}

enum Yardstick {
    Modes(Modes),
    Quality(Arc<Evaluator>),
    Distance { sliced: SlicedWasserstein, between_reals: f64 },
}

impl Probe {
    /// Draws the latent vectors, and reads the real samples to compare with.
    pub(crate) fn new(
        run: &Run,
        generator: &dyn Generator,
        dataset: &Arc<dyn Dataset>,
        device: &Device,
    ) -> Result<Self, TrainError> {
        let batch = run.growth.as_ref().map_or(run.batch, |growth| growth.plan.largest_batch());
        let samples = run.data.subset.unwrap_or(dataset.len());
        let mut remarks: Vec<String> = few::short_of_a_batch(samples, batch).into_iter().collect();
        let (yardstick, count) = match (dataset.modes(), &run.eval) {
            (Some(modes), _) => (Yardstick::Modes(modes.clone()), COVERAGE_SAMPLES),
            (None, Some(eval)) => {
                let evaluator = Evaluator::new(eval, run.seed, dataset, None)?;
                remarks.extend(evaluator.left_out().iter().map(|left| {
                    format!("{} is left out of every measurement: {}", left.measure, left.reason)
                }));
                if evaluator.measures_nothing() {
                    let instead =
                        "nothing else can be measured, so the distance of raw values is, pixel by pixel";
                    remarks.push(instead.to_owned());
                    distance(run, dataset, device)?
                } else {
                    (Yardstick::Quality(Arc::new(evaluator)), eval.samples)
                }
            }
            (None, None) => distance(run, dataset, device)?,
        };
        let real = if is_plane(dataset.as_ref()) {
            points(&some_real(run, dataset, run.log.samples.max(500), device)?)?
        } else {
            Vec::new()
        };
        Ok(Self {
            shown: Shown::new(run, generator, dataset, device)?,
            measured: metric_inputs(run.seed, generator, dataset, count, device)?,
            real,
            yardstick,
            remarks,
        })
    }

    /// What the data are too few for.
    pub(crate) fn remarks(&self) -> &[String] {
        &self.remarks
    }

    /// Draws the picture of a step, unless `stop` says so.
    pub(crate) fn picture(
        &self,
        (generator, growth): (&dyn Generator, Growth),
        step: u64,
        path: &Path,
        stop: &mut dyn FnMut() -> bool,
    ) -> Result<Look<()>, TrainError> {
        let samples = match generate_unless_stopped(generator, &self.shown.input.grown(growth), stop)? {
            Look::Seen(samples) => samples,
            other => return Ok(other.map(drop)),
        };
        self.draw(&samples, step, path)?;
        Ok(Look::Seen(()))
    }

    fn draw(&self, samples: &Tensor, step: u64, path: &Path) -> Result<(), TrainError> {
        if samples.rank() != 2 {
            return pictures::save_drawing(&self.shown.picture(samples)?, path);
        }
        let generated = points(samples)?;
        let centres = match &self.yardstick {
            Yardstick::Modes(modes) => modes.centres.as_slice(),
            Yardstick::Quality(_) | Yardstick::Distance { .. } => &[],
        };
        let title = format!("step {step}: {} generated points", generated.len());
        let scatter = Scatter { title, real: &self.real, generated: &generated, centres };
        draw_scatter(&scatter, path)
    }

    /// Measures the generator, unless `stop` says so.
    pub(crate) fn measure(
        &self,
        (generator, growth): (&dyn Generator, Growth),
        stop: &mut dyn FnMut() -> bool,
    ) -> Result<Look<Metric>, TrainError> {
        let input = self.measured.grown(growth);
        if let Yardstick::Quality(evaluator) = &self.yardstick {
            let quality = Evaluator::measure(evaluator, generator, &input, stop)?;
            return Ok(quality.map(Metric::Quality));
        }
        let samples = match generate_unless_stopped(generator, &input, stop)? {
            Look::Seen(samples) => samples,
            Look::CutShort => return Ok(Look::CutShort),
            Look::NotFinite(cause) => return Ok(Look::NotFinite(cause)),
        };
        Ok(Look::Seen(self.compare(&samples)?))
    }

    fn compare(&self, samples: &Tensor) -> Result<Metric, TrainError> {
        Ok(match &self.yardstick {
            Yardstick::Quality(_) => unreachable!("measured a few samples at a time"),
            Yardstick::Modes(modes) => {
                let found = mode_coverage(&points(samples)?, modes);
                Metric::ModeCoverage {
                    modes_covered: found.modes_covered,
                    modes: modes.centres.len(),
                    high_quality: found.high_quality_fraction,
                    min_count: found.min_count,
                    modes_hit: Some(found.modes_hit),
                    reverse_kl: Some(found.reverse_kl).filter(|kl| kl.is_finite()),
                    samples: samples.dim(0)?,
                }
            }
            Yardstick::Distance { sliced, between_reals } => Metric::SlicedWasserstein {
                distance: sliced.distance(samples)?,
                between_reals: *between_reals,
                samples: samples.dim(0)?,
                directions: sliced.directions(),
            },
        })
    }
}

/// `samples/real.png`: as many real samples as a picture holds.
pub(crate) fn real_picture(run: &Run, dataset: &Arc<dyn Dataset>, path: &Path) -> Result<(), TrainError> {
    let samples = some_real(run, dataset, run.log.samples, &Device::Cpu)?;
    if samples.rank() != 2 {
        let pixels = Pixels::of_batch(&samples)?;
        return pictures::save_drawing(&pictures::grid(&pixels.iter().collect::<Vec<_>>(), None), path);
    }
    let centres = dataset.modes().map_or(&[][..], |modes| &modes.centres);
    let real = points(&samples)?;
    let title = format!("{} real points of {}", real.len(), dataset.name());
    draw_scatter(&Scatter { title, real: &real, generated: &[], centres }, path)
}

fn is_plane(dataset: &dyn Dataset) -> bool {
    dataset.shape().len() == 1
}

/// The distance of raw values, and of how many samples.
fn distance(
    run: &Run,
    dataset: &Arc<dyn Dataset>,
    device: &Device,
) -> Result<(Yardstick, usize), TrainError> {
    let size = dataset.shape().iter().product();
    let n = fitting(DISTANCE_NUMBERS, size, DISTANCE_SAMPLES);
    let both = some_real(run, dataset, 2 * n, device)?;
    let (real, other) = (both.narrow(0, 0, n)?, both.narrow(0, n, n)?);
    let mut rng = Rng::stream(run.seed, "metrics/directions");
    let directions = fitting(DISTANCE_NUMBERS, size, DIRECTIONS);
    let sliced = SlicedWasserstein::new(&real, directions, &mut rng, device)?;
    let between_reals = sliced.distance(&other)?;
    Ok((Yardstick::Distance { sliced, between_reals }, n))
}

/// How many samples of `size` numbers there may be where all have so many `numbers` together: one at the least.
pub(super) fn fitting(numbers: usize, size: usize, most: usize) -> usize {
    (numbers / size.max(1)).clamp(1, most)
}

/// `n` real samples `(N, ..)`, drawn at random with the run's seed; none twice where there are enough.
pub(super) fn some_real(
    run: &Run,
    dataset: &Arc<dyn Dataset>,
    n: usize,
    device: &Device,
) -> Result<Tensor, TrainError> {
    let mut rng = Rng::stream(run.seed, "metrics/real");
    let size: usize = dataset.shape().iter().product();
    let mut values = vec![0f32; n * size];
    let mut order = Vec::new();
    for out in values.chunks_exact_mut(size) {
        if order.is_empty() {
            order = rng.permutation(dataset.len());
        }
        dataset.read(order.pop().expect("a data set is never empty"), out)?;
    }
    let shape: Vec<usize> = std::iter::once(n).chain(dataset.shape().iter().copied()).collect();
    Ok(Tensor::from_vec(values, shape, device)?)
}

/// Samples, a few at a time, without a graph.
pub(crate) fn generate(generator: &dyn Generator, input: &Fixed) -> Result<Tensor, TrainError> {
    let passes = passes(generator, input)?.map(|some| generate_some(generator, &some?));
    Ok(Tensor::cat(&passes.collect::<Result<Vec<_>, TrainError>>()?, 0)?)
}

/// [`generate`], unless `stop` says so, of numbers that are all finite.
pub(crate) fn generate_unless_stopped(
    generator: &dyn Generator,
    input: &Fixed,
    stop: &mut dyn FnMut() -> bool,
) -> Result<Look<Tensor>, TrainError> {
    let mut samples = Vec::new();
    for some in passes(generator, input)? {
        if stop() {
            return Ok(Look::CutShort);
        }
        let some = generate_some(generator, &some?)?;
        // x · 0 is 0 for finite x and NaN otherwise.
        if !(&some * 0.0)?.to_dtype(DType::F32)?.sum_all()?.to_scalar::<f32>()?.is_finite() {
            return Ok(Look::NotFinite("the samples of the generator".to_owned()));
        }
        samples.push(some);
    }
    Ok(Look::Seen(Tensor::cat(&samples, 0)?))
}

fn passes<'a>(
    generator: &dyn Generator,
    input: &'a Fixed,
) -> ganymede_tensor::Result<impl Iterator<Item = ganymede_tensor::Result<Fixed>> + use<'a>> {
    let n = input.count()?;
    let pass = fitting(PASS_NUMBERS, generator.io().sample.iter().product(), PASS);
    Ok((0..n).step_by(pass).map(move |at| input.narrow(at, pass.min(n - at))))
}

pub(super) fn generate_some(generator: &dyn Generator, input: &Fixed) -> Result<Tensor, TrainError> {
    let _frozen = generator.params().freeze();
    let condition = input.condition.read()?;
    let input = GeneratorInput { latents: &input.latents, condition: &condition, growth: input.growth };
    let samples = generator.forward(input, Mode::Eval)?.samples.detach();
    Ok(enlarged(samples, &generator.io().sample)?)
}

/// Images of a generator that has not grown up, each pixel as large as many of those to come: so pictures and measures of a
/// run can be compared.
fn enlarged(samples: Tensor, whole: &[usize]) -> ganymede_tensor::Result<Tensor> {
    match (samples.dims(), whole) {
        (&[_, _, side, _], &[_, all, _]) if side < all => upsample_nearest2d(&samples, all / side),
        _ => Ok(samples),
    }
}

/// Points `(N, 2)` on the host.
pub(crate) fn points(samples: &Tensor) -> ganymede_tensor::Result<Vec<[f32; 2]>> {
    let rows = samples.to_device(&Device::Cpu)?.to_dtype(DType::F32)?.to_vec2::<f32>()?;
    Ok(rows.iter().map(|row| [row[0], row[1]]).collect())
}
