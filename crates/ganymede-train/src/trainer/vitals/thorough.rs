//! What is seen at every tenth look only, for it costs more.

use ganymede_models::Condition;
use ganymede_tensor::{DType, Graph, Rng, Tensor, watch};

use super::judgement::scores;
use super::slope::slope;
use super::{Named, Vitals, named, spectra};
use crate::error::TrainError;
use crate::trainer::augment::Place;
use crate::trainer::draws::{DiscriminatorDraws, GeneratorDraws};
use crate::trainer::game::Game;
use crate::trainer::players::Players;
use crate::trainer::terms::Part;
use crate::trainer::view::Batch;

/// Of all that is near a sample, the share that is generated where the sample counts as covered, at the least (DynGAN: Luo and
/// Yang, 2024, IEEE TPAMI; δ of its toys).
const COVERED: f64 = 0.01;

impl Vitals {
    /// Spectra of both players' weights, the discriminator's slope, the share of training samples that are not covered, and how
    /// far both gradients have turned in the step; the gap, where it is wanted.
    pub(super) fn thorough(
        &self,
        game: &Game,
        before: Option<&[Vec<Tensor>; 2]>,
    ) -> Result<Named, TrainError> {
        let mut rng = Rng::stream(self.seed, "monitor/spectra");
        let [g, d] = game.params();
        let mut values = [spectra::numbers(g, "g", &mut rng)?, spectra::numbers(d, "d", &mut rng)?].concat();
        let (players, step) = (&game.players, game.step());
        if self.is_judged {
            values.extend(named(self.slopes(players)?));
        }
        if let Some(covered) = &self.covered {
            let _frozen = players.discriminator.net.params().freeze();
            let said = scores(players, covered, Place::Real, step)?;
            values.push(("uncovered".to_owned(), uncovered(&said)));
        }
        if let Some(before) = before.filter(|_| self.is_played) {
            values.extend(named(self.turns(players, before, step)?));
        }
        if let Some(gap) = &self.gap {
            values.extend(named(gap.measure(players, step)?));
        }
        Ok(values)
    }

    fn slopes(&self, players: &Players) -> Result<Vec<(&'static str, f64)>, TrainError> {
        let _frozen = (players.generator.net.params().freeze(), players.discriminator.net.params().freeze());
        let count = self.trained.samples.dim(0)?.min(self.made.count()?);
        let real = self.trained.packed(players.pack)?;
        let made = Batch { samples: self.made_by(players, 0, count)?, condition: Condition::None };
        let made = made.packed(players.pack)?.samples;
        let slope = slope(players, &real, &made, &mut Rng::stream(self.seed, "monitor/between"))?;
        Ok(vec![("slope", slope.between), ("secant", slope.secant)])
    }

    /// The cosines of the angles between the gradients before the step and after it, of the same losses of the same samples.
    fn turns(
        &self,
        players: &Players,
        before: &[Vec<Tensor>; 2],
        step: u64,
    ) -> Result<Vec<(&'static str, f64)>, TrainError> {
        let there = {
            let watched = |values: &Vec<Tensor>| values.iter().map(watch).collect::<Result<Vec<_>, _>>();
            let [g, d] = players.params();
            let _bound = (g.bind(&watched(&before[0])?)?, d.bind(&watched(&before[1])?)?);
            self.fields(players, step)?
        };
        let here = self.fields(players, step)?;
        let mut turns = Vec::new();
        for ((name, one), other) in ["cosine_g", "cosine_d"].into_iter().zip(&there).zip(&here) {
            turns.extend(cosine(one, other)?.map(|cosine| (name, cosine)));
        }
        Ok(turns)
    }

    /// The gradients of the generator's and of the discriminator's losses of the samples of a look.
    fn fields(&self, players: &Players, step: u64) -> Result<[Vec<Tensor>; 2], TrainError> {
        let count = self.trained.samples.dim(0)?.min(self.made.count()?);
        let input = self.made.narrow(0, count)?;
        let noise = |player: &str, terms: usize| -> Vec<Rng> {
            (0..terms)
                .map(|term| Rng::stream(self.seed, &format!("monitor/term/{player}/{term}/{step}")))
                .collect()
        };
        let looks = players.augmentation.looks("monitor", step, "1");
        let loss_noise = Rng::stream(self.seed, &format!("monitor/loss/{step}"));
        // Of the updates between those in which lazy penalties are due: others would weigh as much as all of these together.
        let update = 1;
        let draws = DiscriminatorDraws {
            real: self.trained.clone(),
            latents: input.latents.clone(),
            condition: input.condition.read()?,
            step,
            update,
            noise: noise("discriminator", players.discriminator.learner.terms.count()),
            loss_noise: loss_noise.clone(),
            looks: looks.clone(),
            held_out: None,
        };
        let d = players.discriminator_field(&draws, Part::Loss, Graph::Discard, false)?;
        let draws = GeneratorDraws {
            real: self.trained.clone(),
            latents: input.latents,
            condition: draws.condition,
            truth: None,
            step,
            noise: noise("generator", players.generator.learner.terms.count()),
            loss_noise,
            looks,
        };
        let g = players.generator_field(&draws, Part::Loss, Graph::Discard, false)?;
        Ok([g.gradients, d.gradients])
    }
}

/// The share of samples that are not covered, by their scores: a discriminator at its best says log(p_data/p_g).
fn uncovered(said: &[f64]) -> f64 {
    said.iter().filter(|score| **score > -COVERED.ln()).count() as f64 / said.len() as f64
}

/// The cosine of the angle between two vectors; nothing where one is 0.
fn cosine(one: &[Tensor], other: &[Tensor]) -> Result<Option<f64>, TrainError> {
    let product = |a: &Tensor, b: &Tensor| (a * b)?.sum_all()?.to_dtype(DType::F64)?.to_scalar::<f64>();
    let (mut along, mut a, mut b) = (0.0, 0.0, 0.0);
    for (x, y) in one.iter().zip(other) {
        along += product(x, y)?;
        a += product(x, x)?;
        b += product(y, y)?;
    }
    Ok((a > 0.0 && b > 0.0).then(|| (along / (a * b).sqrt()).clamp(-1.0, 1.0)))
}

#[cfg(test)]
mod tests {
    use ganymede_tensor::Device;

    use super::*;

    #[test]
    fn samples_are_uncovered_where_one_in_a_hundred_is_generated() {
        // log 99 and log 101.
        assert_eq!(uncovered(&[4.595, 4.615, -3.0, 0.0]), 0.25);
    }

    #[test]
    fn angles_are_those_of_whole_gradients() {
        let tensor = |numbers: &[f64]| Tensor::new(numbers, &Device::Cpu).unwrap();
        let angle = |a: [&[f64]; 2], b: [&[f64]; 2]| cosine(&a.map(tensor), &b.map(tensor)).unwrap();
        assert_eq!(angle([&[3.0], &[0.0, 4.0]], [&[6.0], &[0.0, 8.0]]), Some(1.0));
        assert_eq!(angle([&[3.0], &[0.0, 4.0]], [&[-3.0], &[0.0, -4.0]]), Some(-1.0));
        assert_eq!(angle([&[3.0], &[0.0, 4.0]], [&[4.0], &[7.0, -3.0]]), Some(0.0));
        assert_eq!(angle([&[3.0], &[0.0, 4.0]], [&[0.0], &[0.0, 0.0]]), None);
    }
}
