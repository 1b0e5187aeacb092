//! How much either player could still gain by answering the other: the duality gap.
//!
//! `gap = max_v M(u, v) − min_u M(u, v)` of the game's value M, which is the discriminator's adversarial loss taken negative
//! (Grnarova et al., 2018, arXiv:1811.05512, equation 2; no less than 0, and 0 in equilibrium). Each answer is looked for by some
//! updates of the player's own rule, from its present weights with a little noise on them: from where the present weights are a
//! saddle, or the gradient is 0, no update would find out (Sidheekh et al., 2020, arXiv:2012.06768, section 4). M is then taken of
//! samples that nobody was trained on, where there are such.

use std::sync::Arc;

use ganymede_datasets::Dataset;
use ganymede_models::Generator;
use ganymede_tensor::{DType, Device, Graph, Params, Rng, Tensor, grad, watch};

use crate::config::{MonitorConfig, Run};
use crate::error::TrainError;
use crate::trainer::adversarial::scores_of;
use crate::trainer::augment::Place;
use crate::trainer::draws::{DiscriminatorDraws, Told, condition_of, draw_told, samples_of};
use crate::trainer::maker::Fakes;
use crate::trainer::players::Players;
use crate::trainer::terms::Part;
use crate::trainer::view::{Batch, LOOK};

/// The deviation of the noise on each tensor of weights, in parts of the root of their mean square.
const NOISE: f64 = 0.01;

/// What answers are learned from, and what they are judged by.
pub(super) struct Gap {
    updates: u64,
    seed: u64,
    batch: usize,
    trained_on: Arc<dyn Dataset>,
    judged_on: Arc<dyn Dataset>,
    /// Samples of either side that they are judged by.
    judges: usize,
    device: Device,
}

impl Gap {
    /// Nothing where nobody has asked for it.
    pub(super) fn new(
        run: &Run,
        config: MonitorConfig,
        trained_on: &Arc<dyn Dataset>,
        unseen: Option<&Arc<dyn Dataset>>,
        (judges, device): (usize, &Device),
    ) -> Option<Self> {
        (config.duality_gap > 0).then(|| Self {
            updates: config.duality_gap,
            seed: run.seed,
            batch: run.batch / run.accumulate,
            trained_on: Arc::clone(trained_on),
            judged_on: Arc::clone(unseen.unwrap_or(trained_on)),
            judges,
            device: device.clone(),
        })
    }

    /// `duality_gap`, and what it is the difference of: `duality_gap_d`, the value against the discriminator's answer, and
    /// `duality_gap_g`, that of the generator's.
    pub(super) fn measure(
        &self,
        players: &Players,
        step: u64,
    ) -> Result<Vec<(&'static str, f64)>, TrainError> {
        let [g, d] = players.params();
        let judges = self.draws(players, step, "judges", (&self.judged_on, self.judges))?;
        let judged = |params: &Params, answer: &[Tensor]| -> Result<f64, TrainError> {
            let _bound = params.bind(answer)?;
            let _frozen = (g.freeze(), d.freeze());
            let made = players.generate(&judges.latents, &judges.condition, LOOK)?.samples;
            Ok(value(players, &judges, made)?.to_dtype(DType::F64)?.to_scalar::<f64>()?)
        };
        let best_d = judged(d, &self.answer_of_discriminator(players, step)?)?;
        let best_g = judged(g, &self.answer_of_generator(players, step)?)?;
        Ok(vec![("duality_gap", best_d - best_g), ("duality_gap_d", best_d), ("duality_gap_g", best_g)])
    }

    fn answer_of_discriminator(&self, players: &Players, step: u64) -> Result<Vec<Tensor>, TrainError> {
        let params = players.discriminator.net.params();
        let field = |update: u64, values: &[Tensor]| -> Result<Vec<Tensor>, TrainError> {
            let draws = self.draws(players, step, &format!("d/{update}"), (&self.trained_on, self.batch))?;
            let made = {
                let _frozen = players.generator.net.params().freeze();
                players.generate(&draws.latents, &draws.condition, LOOK)?.samples.detach()
            };
            let batch = Batch { samples: made, condition: draws.condition.clone() };
            let values = values.iter().map(watch).collect::<Result<Vec<_>, _>>()?;
            let _bound = params.bind(&values)?;
            let fakes = Fakes { batch, latents: &draws.latents };
            let loss = players.discriminator_loss(&draws, &fakes, Part::Loss, LOOK)?;
            Ok(loss.gradients(&values, Graph::Discard)?)
        };
        players.discriminator.learner.respond(self.start(params, step, "d")?, self.updates, field)
    }

    fn answer_of_generator(&self, players: &Players, step: u64) -> Result<Vec<Tensor>, TrainError> {
        let params = players.generator.net.params();
        let _frozen = players.discriminator.net.params().freeze();
        let field = |update: u64, values: &[Tensor]| -> Result<Vec<Tensor>, TrainError> {
            let draws = self.draws(players, step, &format!("g/{update}"), (&self.trained_on, self.batch))?;
            let values = values.iter().map(watch).collect::<Result<Vec<_>, _>>()?;
            let _bound = params.bind(&values)?;
            let made = players.generate(&draws.latents, &draws.condition, LOOK)?.samples;
            let value = value(players, &draws, made)?;
            Ok(grad(&value, &values.iter().collect::<Vec<_>>(), Graph::Discard)?)
        };
        players.generator.learner.respond(self.start(params, step, "g")?, self.updates, field)
    }

    /// The present weights, with noise.
    fn start(&self, params: &Params, step: u64, player: &str) -> Result<Vec<Tensor>, TrainError> {
        let mut rng = Rng::stream(self.seed, &format!("monitor/gap/{step}/{player}/noise"));
        let noisy = |weight: &Tensor| {
            let size = weight.sqr()?.mean_all()?.sqrt()?;
            let noise = rng.normal(weight.dims(), DType::F32, &Device::Cpu)?;
            let noise = (noise.to_device(weight.device())?.to_dtype(weight.dtype())? * NOISE)?;
            weight + noise.broadcast_mul(&size)?
        };
        Ok(params.snapshot()?.iter().map(noisy).collect::<Result<_, _>>()?)
    }

    /// Samples of both sides, drawn from a stream of their own.
    fn draws(
        &self,
        players: &Players,
        step: u64,
        name: &str,
        (dataset, n): (&Arc<dyn Dataset>, usize),
    ) -> Result<DiscriminatorDraws, TrainError> {
        let stream = |part: &str| Rng::stream(self.seed, &format!("monitor/gap/{step}/{name}/{part}"));
        let (dataset, mut rng) = (dataset.as_ref(), stream("samples"));
        let told: Vec<Told> = (0..n).map(|_| (rng.below(dataset.len()), false)).collect();
        let known = !dataset.class_names().is_empty() || dataset.condition_shape().is_some();
        let condition = condition_of(dataset, if known { &told } else { &[] }, &self.device)?;
        let real = Batch { samples: samples_of(dataset, &told, &self.device)?, condition };
        let generator: &dyn Generator = players.generator.net.as_ref();
        let made_of = draw_told(dataset, n, false, &mut rng);
        Ok(DiscriminatorDraws {
            real,
            latents: generator.draw_for_training(n, &mut rng, &self.device)?,
            condition: condition_of(dataset, &made_of, &self.device)?,
            step,
            // That of a lazy penalty which is due: without it the discriminator's answer would have no bound.
            update: 0,
            noise: (0..players.discriminator.learner.terms.count()).map(|i| stream(&i.to_string())).collect(),
            loss_noise: stream("loss"),
            looks: players.augmentation.looks("monitor", step, &format!("gap/{name}")),
            held_out: None,
        })
    }
}

/// The game's value: what the discriminator's adversarial loss is below 0.
fn value(players: &Players, draws: &DiscriminatorDraws, made: Tensor) -> Result<Tensor, TrainError> {
    let view = players.view(&draws.looks);
    let fake = Batch { samples: made, condition: draws.condition.clone() }.packed(players.pack)?;
    let real = view.at(Place::Real).look(&draws.real.packed(players.pack)?, LOOK)?;
    let fake = view.at(Place::Fake).look(&fake, LOOK)?;
    Ok(players.adversarial.discriminator(scores_of(&real, &fake), &draws.loss_noise)?.neg()?)
}

#[cfg(test)]
mod tests {
    use ganymede_datasets::{OpenOptions, open};

    use super::*;
    use crate::config::Layers;
    use crate::trainer::Game;

    #[test]
    fn a_discriminator_that_says_nothing_leaves_the_generator_nothing_and_itself_much() {
        let text = "data.name = \"ring\"\noptimizer.discriminator.lr = 1e-2";
        let run = Layers::text(text, "test", None).unwrap().resolve().unwrap();
        let ring = open("ring", &OpenOptions::default()).unwrap().dataset;
        let game = Game::new(&run, Arc::clone(&ring), &Device::Cpu).unwrap();
        let last: Vec<_> = game.params()[1]
            .params()
            .into_iter()
            .filter(|param| param.name().starts_with("main.6."))
            .collect();
        assert_eq!(last.len(), 2);
        last.iter().for_each(|param| param.set(&param.get().detach().zeros_like().unwrap()).unwrap());
        let states = || game.params().map(|params| format!("{:?}", params.snapshot().unwrap()));
        let before = states();
        let gap = |updates| Gap {
            updates,
            seed: 5,
            batch: 32,
            trained_on: Arc::clone(&ring),
            judged_on: Arc::clone(&ring),
            judges: 256,
            device: Device::Cpu,
        };
        let measure = |updates| gap(updates).measure(&game.players, 7).unwrap();
        let [(_, whole), (_, best_d), (_, best_g)] = measure(40)[..] else { panic!("three numbers") };
        // E log D + E log(1 − D) of D = 1/2, whatever the generator does about it.
        let chance = -2.0 * 2f64.ln();
        assert!((best_g - chance).abs() < 1e-6, "{best_g}");
        assert!(best_d > chance + 0.3 && best_d < 0.0, "{best_d}");
        assert_eq!(whole, best_d - best_g);
        // Without updates both say what is; and nothing has moved.
        let [(_, whole), ..] = measure(0)[..] else { panic!("three numbers") };
        assert!(whole.abs() < 1e-6, "{whole}");
        assert_eq!(measure(40), measure(40));
        assert_eq!(states(), before);
    }
}
