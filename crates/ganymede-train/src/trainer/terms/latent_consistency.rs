//! Consistency in latent vectors (zCR: Zhao et al., 2021, arXiv:2002.04724, section 3.2 and algorithm 2): the discriminator says
//! nearly the same of G(z) and of G(z + δ), and the generator makes them differ, so that it does not collapse. Beside
//! `consistency` with `balanced = true` it is ICR.
//!
//! Both images are made by the same noise, member and style, and seen by the same draws of an augmentation: they differ by δ
//! alone.

use ganymede_losses::consistency;
use ganymede_models::{Fault, Latents, Problem, pack_samples, read_table};
use ganymede_tensor::Tensor;
use serde::Deserialize;
use toml::{Table, Value};

use super::{At, Term, TermKind, TermSpec};
use crate::config::Run;
use crate::error::TrainError;
use crate::trainer::augment::Place;
use crate::trainer::measurements::Measurements;
use crate::trainer::section::Stateful;
use crate::trainer::view::LOOK;

pub(super) static LATENT_CONSISTENCY: TermKind = TermKind { name: "latent-consistency", read };

const MOST_WEIGHT: f64 = 1e6;
const MOST_SIGMA: f64 = 1e3;

/// The settings of the term.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct LatentConsistency {
    /// λ_dis.
    weight_d: f64,
    /// λ_gen; 0: the generator is left alone.
    weight_g: f64,
    /// The standard deviation of each number of δ.
    sigma: f64,
}

impl Default for LatentConsistency {
    fn default() -> Self {
        Self { weight_d: 5.0, weight_g: 0.5, sigma: 0.05 }
    }
}

fn read(table: &Table) -> Result<Box<dyn TermSpec>, Fault> {
    Ok(Box::new(read_table::<LatentConsistency>(table)?))
}

impl TermSpec for LatentConsistency {
    fn check(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (name, weight) in [("weight_d", self.weight_d), ("weight_g", self.weight_g)] {
            if !(0.0..=MOST_WEIGHT).contains(&weight) {
                let fix = format!("a number of 0 or more, at most {MOST_WEIGHT}");
                problems.push(Problem::new(name, weight, fix));
            }
        }
        if !(self.sigma > 0.0 && self.sigma <= MOST_SIGMA) {
            let fix = format!("a number above 0, at most {MOST_SIGMA}; 0.05 is usual");
            problems.push(Problem::new("sigma", self.sigma, fix));
        }
        problems
    }

    fn refuses(&self, run: &Run) -> Option<String> {
        if run.generator.z_dim() == 0 {
            return Some("the generator has no latent vector that could be another".to_owned());
        }
        run.scheme.spec().differentiates_samples().then(|| {
            "it makes generated samples of its own, and the gradient has to go through those that the discriminator was shown; use \
             scheme.first_order = true"
                .to_owned()
        })
    }

    fn for_discriminator(&self) -> Option<Box<dyn Term>> {
        (self.weight_d > 0.0).then(|| Box::new(OfDiscriminator(self.clone())) as Box<dyn Term>)
    }

    fn for_generator(&self) -> Option<Box<dyn Term>> {
        (self.weight_g > 0.0).then(|| Box::new(OfGenerator(self.clone())) as Box<dyn Term>)
    }

    fn write(&self) -> Table {
        let number = |name: &str, value: f64| (name.to_owned(), Value::Float(value));
        Table::from_iter([
            number("weight_d", self.weight_d),
            number("weight_g", self.weight_g),
            number("sigma", self.sigma),
        ])
    }
}

impl LatentConsistency {
    /// The update's latents with z + δ in the place of z.
    fn moved(&self, at: &At<'_>) -> ganymede_tensor::Result<Latents> {
        let (latents, mut noise) = (at.maker.latents, at.noise.clone());
        let z = &latents.z;
        let delta = (noise.normal(z.shape(), z.dtype(), z.device())? * self.sigma)?;
        let mut moved = latents.clone();
        moved.z = (z + delta)?;
        Ok(moved)
    }
}

struct OfDiscriminator(LatentConsistency);

impl Term for OfDiscriminator {
    fn evaluate(&self, at: &At<'_>, out: &mut Measurements) -> Result<Option<Tensor>, TrainError> {
        let Some(said) = at.said_fake else { return Ok(None) };
        let moved = at.maker.make_as(&at.fake.samples, &self.0.moved(at)?)?;
        let moved = pack_samples(&moved, at.maker.pack)?;
        let scores = at.view.at(Place::Fake).look_at(&moved, &at.fake.condition, LOOK)?.scores;
        let value = consistency::discriminator(&said.scores, &scores)?;
        out.add("latent_consistency_d", &value.mean_all()?);
        Ok(Some((value * self.0.weight_d)?))
    }
}

struct OfGenerator(LatentConsistency);

impl Term for OfGenerator {
    fn evaluate(&self, at: &At<'_>, out: &mut Measurements) -> Result<Option<Tensor>, TrainError> {
        let Some(made) = at.made else { return Ok(None) };
        let moved = at.maker.make(&self.0.moved(at)?, LOOK)?.samples;
        let value = consistency::generator(&made.samples, &moved)?;
        out.add("latent_consistency_g", &value.mean_all()?);
        Ok(Some((value * self.0.weight_g)?))
    }
}

impl Stateful for OfDiscriminator {}

impl Stateful for OfGenerator {}
