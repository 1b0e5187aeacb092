//! Consistency regularisation: the discriminator says the same of a sample and of the same one shifted and mirrored (CR: Zhang
//! et al., 2020, arXiv:1910.12027), of generated samples, too (bCR: Zhao et al., 2021, arXiv:2002.04724).
//!
//! The changes are CR's: a shift by up to an eighth of the image, and a mirror image half of the time. zCR, which changes latent
//! vectors, is the term `latent-consistency`.

use ganymede_augment::{Draws, Part};
use ganymede_losses::consistency;
use ganymede_models::{Fault, Problem, read_table};
use ganymede_tensor::Tensor;
use serde::Deserialize;
use toml::{Table, Value};

use super::weight::Weight;
use super::{At, Term, TermKind, TermSpec};
use crate::config::{Course, Run};
use crate::error::TrainError;
use crate::trainer::measurements::Measurements;
use crate::trainer::section::Stateful;
use crate::trainer::view::{Batch, LOOK};

pub(super) static CONSISTENCY: TermKind = TermKind { name: "consistency", read };

/// The settings of the term.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Consistency {
    /// λ of both papers.
    weight: Weight,
    /// Whether it is asked of generated samples, too.
    balanced: bool,
}

impl Default for Consistency {
    fn default() -> Self {
        Self { weight: Weight::new(10.0), balanced: true }
    }
}

fn read(table: &Table) -> Result<Box<dyn TermSpec>, Fault> {
    Ok(Box::new(read_table::<Consistency>(table)?))
}

impl TermSpec for Consistency {
    fn check(&self) -> Vec<Problem> {
        self.weight.check()
    }

    fn refuses(&self, run: &Run) -> Option<String> {
        if run.data.is_toy() {
            return Some("points of the plane have no mirror image that is the same point".to_owned());
        }
        run.data.pairs.is_some().then(|| {
            "data.pairs gives each image one beside it, which would have to be changed alike".to_owned()
        })
    }

    fn follow(&mut self, key: &str, course: Course) -> bool {
        self.weight.follow(key, course)
    }

    fn for_discriminator(&self) -> Option<Box<dyn Term>> {
        Some(Box::new(OfDiscriminator(self.clone())))
    }

    fn for_generator(&self) -> Option<Box<dyn Term>> {
        None
    }

    fn write(&self) -> Table {
        let mut table = self.weight.write();
        table.insert("balanced".to_owned(), Value::Boolean(self.balanced));
        table
    }
}

struct OfDiscriminator(Consistency);

impl Term for OfDiscriminator {
    fn evaluate(&self, at: &At<'_>, out: &mut Measurements) -> Result<Option<Tensor>, TrainError> {
        let (Some(said_real), Some(said_fake)) = (at.said_real, at.said_fake) else { return Ok(None) };
        let mut noise = at.noise.clone();
        let mut of = |batch: &Batch, said: &Tensor| -> Result<Tensor, TrainError> {
            let (n, c, h, w) = batch.samples.dims4()?;
            let draws = Draws::parts(&[Part::Translation], [n, c, h, w], &mut noise);
            let mut changed = draws.apply(&batch.samples).map_err(ganymede_tensor::Error::from)?;
            let mirrored: Vec<u8> = (0..n).map(|_| u8::from(noise.coin(0.5))).collect();
            let mirrored = Tensor::from_vec(mirrored, (n, 1, 1, 1), changed.device())?;
            let columns: Vec<u32> = (0..w as u32).rev().collect();
            let mirror = changed.index_select(&Tensor::from_vec(columns, w, changed.device())?, 3)?;
            changed = mirrored.broadcast_as(changed.shape())?.where_cond(&mirror, &changed)?;
            let scores = at.view.look_at(&changed, &batch.condition, LOOK)?.scores;
            Ok(consistency::discriminator(said, &scores)?)
        };
        let mut value = of(at.real, &said_real.scores)?;
        if self.0.balanced {
            value = (value + of(at.fake, &said_fake.scores)?)?;
        }
        out.add("consistency", &value.mean_all()?);
        Ok(Some((value * self.0.weight.at(at.step))?))
    }
}

impl Stateful for OfDiscriminator {}
