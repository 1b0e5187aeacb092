//! Path-length regularisation of a generator with a mapping (StyleGAN2: Karras et al., 2020, arXiv:1912.04958, section 3.2 and
//! appendix B).
//!
//! As in the authors' code it has updates of its own, each on samples of its own, and its weight is multiplied by the updates
//! that lie between them. How long paths are on the mean is a state, which a resume goes on with.

use ganymede_losses::path_length::penalty;
use ganymede_models::{Fault, Problem, read_table};
use ganymede_tensor::Tensor;
use serde::Deserialize;
use toml::{Table, Value};

use super::weight::Weight;
use super::{At, Term, TermKind, TermSpec};
use crate::config::{Course, Run};
use crate::error::TrainError;
use crate::trainer::measurements::Measurements;
use crate::trainer::section::{Misfit, Saved, Section, Stateful};

pub(super) static PATH_LENGTH: TermKind = TermKind { name: "path-length", read };

const MOST_INTERVAL: u64 = 1_000_000;
const MOST_SHRINK: usize = 1024;
/// What the log calls the mean length of paths, and the moving mean of it.
const LENGTH: &str = "path_length";
const MEAN: &str = "path_length_mean";

/// The settings of the term.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct PathLength {
    /// The weight of the mean of (length − mean length)².
    weight: Weight,
    /// How fast the mean length follows, in (0, 1].
    decay: f64,
    /// Updates of the generator from one of these to the next, ≥ 1.
    interval: u64,
    /// The part of a batch that is looked at, as one over this, ≥ 1.
    shrink: usize,
}

impl Default for PathLength {
    /// As StyleGAN2-ADA.
    fn default() -> Self {
        Self { weight: Weight::new(2.0), decay: 0.01, interval: 4, shrink: 2 }
    }
}

fn read(table: &Table) -> Result<Box<dyn TermSpec>, Fault> {
    Ok(Box::new(read_table::<PathLength>(table)?))
}

impl TermSpec for PathLength {
    fn check(&self) -> Vec<Problem> {
        let mut problems = self.weight.check();
        if !(self.decay > 0.0 && self.decay <= 1.0) {
            problems.push(Problem::new("decay", self.decay, "a number above 0, at most 1; 0.01 is usual"));
        }
        if !(1..=MOST_INTERVAL).contains(&self.interval) {
            let fix = format!("a whole number of 1 or more, at most {MOST_INTERVAL}; 4 is usual");
            problems.push(Problem::new("interval", self.interval, fix));
        }
        if !(1..=MOST_SHRINK).contains(&self.shrink) {
            let fix = format!("a whole number of 1 or more, at most {MOST_SHRINK}; 2 is usual");
            problems.push(Problem::new("shrink", self.shrink, fix));
        }
        problems
    }

    fn refuses(&self, run: &Run) -> Option<String> {
        let reason =
            "the generator has no mapping to w that paths could begin in: use generator.kind = \"stylegan2\"";
        (!run.generator.traits().maps).then(|| reason.to_owned())
    }

    fn follow(&mut self, key: &str, course: Course) -> bool {
        self.weight.follow(key, course)
    }

    fn for_discriminator(&self) -> Option<Box<dyn Term>> {
        None
    }

    fn for_generator(&self) -> Option<Box<dyn Term>> {
        Some(Box::new(OfGenerator { settings: self.clone(), mean: None }))
    }

    fn write(&self) -> Table {
        let mut table = self.weight.write();
        table.insert("decay".to_owned(), Value::Float(self.decay));
        table.insert("interval".to_owned(), Value::Integer(i64::try_from(self.interval).unwrap_or(i64::MAX)));
        table.insert("shrink".to_owned(), Value::Integer(i64::try_from(self.shrink).unwrap_or(i64::MAX)));
        table
    }
}

struct OfGenerator {
    settings: PathLength,
    /// The mean length so far, a scalar; nothing before the first update, when it is 0.
    mean: Option<Tensor>,
}

impl Term for OfGenerator {
    fn evaluate(&self, at: &At<'_>, out: &mut Measurements) -> Result<Option<Tensor>, TrainError> {
        let PathLength { weight, decay, interval, .. } = &self.settings;
        let lacks =
            || TrainError::Tensor(ganymede_tensor::Error::msg("path-length: the generator gave no w"));
        let made = at.made.ok_or_else(lacks)?;
        let ws = made.w.as_ref().ok_or_else(lacks)?;
        let (device, dtype) = (made.samples.device(), made.samples.dtype());
        let y = at.noise.clone().normal(made.samples.shape(), dtype, device)?;
        let mean = match &self.mean {
            Some(mean) => mean.to_dtype(dtype)?.to_device(device)?,
            None => Tensor::zeros((), dtype, device)?,
        };
        let found = penalty(&made.samples, ws, &y, &mean, *decay)?;
        out.add(LENGTH, &found.lengths.mean_all()?);
        out.add(MEAN, &found.mean);
        Ok(Some((found.penalty * (weight.at(at.step) * *interval as f64))?))
    }

    fn advance(&mut self, measured: &Measurements) -> ganymede_tensor::Result<()> {
        let mean = measured.iter().find(|(name, _)| *name == MEAN);
        self.mean = mean.map(|(_, mean)| mean.clone()).or(self.mean.take());
        Ok(())
    }

    fn own_interval(&self) -> Option<u64> {
        Some(self.settings.interval)
    }

    fn shrink(&self) -> usize {
        self.settings.shrink
    }
}

impl Stateful for OfGenerator {
    fn save(&self, out: &mut Section<'_>) -> ganymede_tensor::Result<()> {
        if let Some(mean) = &self.mean {
            out.tensor("mean", mean.clone());
        }
        Ok(())
    }

    fn load(&mut self, from: &Saved<'_>) -> Result<(), Misfit> {
        self.mean = from.scalar("mean", "the mean length of paths")?;
        Ok(())
    }
}
