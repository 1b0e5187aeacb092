//! LeCam regularisation (Tseng et al., 2021, arXiv:2104.03310): the discriminator's scores do not run away from their moving
//! means, which are a state.

use ganymede_losses::Scores;
use ganymede_losses::lecam::{Anchors, lecam};
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

pub(super) static LECAM: TermKind = TermKind { name: "lecam", read };

/// What the log calls the term, and the moving means of scores.
const VALUE: &str = "lecam";
const REAL: &str = "lecam_real";
const FAKE: &str = "lecam_fake";

/// The settings of the term.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct LeCam {
    /// λ of the paper.
    weight: Weight,
    /// How much of an old mean an update keeps, in [0, 1).
    decay: f64,
}

impl Default for LeCam {
    /// Others have 0.001 to 0.05 beside augmentation.
    fn default() -> Self {
        Self { weight: Weight::new(0.3), decay: 0.99 }
    }
}

fn read(table: &Table) -> Result<Box<dyn TermSpec>, Fault> {
    Ok(Box::new(read_table::<LeCam>(table)?))
}

impl TermSpec for LeCam {
    fn check(&self) -> Vec<Problem> {
        let mut problems = self.weight.check();
        if !(0.0..1.0).contains(&self.decay) {
            problems.push(Problem::new("decay", self.decay, "a number from 0, below 1; 0.99 is usual"));
        }
        problems
    }

    fn refuses(&self, run: &Run) -> Option<String> {
        let loss = run.loss.of_features()?;
        Some(format!(
            "`{loss}` compares features, of which none is more real than another: there are no scores to hold"
        ))
    }

    fn follow(&mut self, key: &str, course: Course) -> bool {
        self.weight.follow(key, course)
    }

    fn for_discriminator(&self) -> Option<Box<dyn Term>> {
        Some(Box::new(OfDiscriminator { settings: self.clone(), anchors: None }))
    }

    fn for_generator(&self) -> Option<Box<dyn Term>> {
        None
    }

    fn write(&self) -> Table {
        let mut table = self.weight.write();
        table.insert("decay".to_owned(), Value::Float(self.decay));
        table
    }
}

struct OfDiscriminator {
    settings: LeCam,
    /// The moving means of real and generated scores, scalars; nothing before the first update, which begins them.
    anchors: Option<[Tensor; 2]>,
}

impl Term for OfDiscriminator {
    fn evaluate(&self, at: &At<'_>, out: &mut Measurements) -> Result<Option<Tensor>, TrainError> {
        let (Some(real), Some(fake)) = (at.said_real, at.said_fake) else { return Ok(None) };
        let (real, fake) = (&real.scores, &fake.scores);
        let means = [real.detach().mean_all()?, fake.detach().mean_all()?];
        let (value, means) = match &self.anchors {
            None => (real.zeros_like()?, means),
            Some(anchors) => {
                let [a, b] =
                    anchors.each_ref().map(|old| old.to_dtype(real.dtype())?.to_device(real.device()));
                let anchors = [a?, b?];
                let value = lecam(Scores { real, fake }, Anchors { real: &anchors[0], fake: &anchors[1] })?;
                let decay = self.settings.decay;
                let moved = |old: &Tensor, new: &Tensor| (old * decay)? + (new * (1.0 - decay))?;
                (value, [moved(&anchors[0], &means[0])?, moved(&anchors[1], &means[1])?])
            }
        };
        out.add(VALUE, &value.mean_all()?);
        out.add(REAL, &means[0]);
        out.add(FAKE, &means[1]);
        Ok(Some((value * self.settings.weight.at(at.step))?))
    }

    fn advance(&mut self, measured: &Measurements) -> ganymede_tensor::Result<()> {
        let of =
            |wanted: &str| measured.iter().find(|(name, _)| *name == wanted).map(|(_, mean)| mean.clone());
        if let (Some(real), Some(fake)) = (of(REAL), of(FAKE)) {
            self.anchors = Some([real, fake]);
        }
        Ok(())
    }
}

impl Stateful for OfDiscriminator {
    fn save(&self, out: &mut Section<'_>) -> ganymede_tensor::Result<()> {
        if let Some([real, fake]) = &self.anchors {
            out.tensor("real", real.clone());
            out.tensor("fake", fake.clone());
        }
        Ok(())
    }

    fn load(&mut self, from: &Saved<'_>) -> Result<(), Misfit> {
        let mean = |name| from.scalar(name, "a mean score");
        self.anchors = mean("real")?.zip(mean("fake")?).map(|(real, fake)| [real, fake]);
        Ok(())
    }
}
