//! Penalties on the discriminator's gradient, some of them lazy; of features on that of their witness.

use ganymede_losses::{LazyPenalty, Samples, Scores};
use ganymede_models::Critique;
use ganymede_tensor::Tensor;

use super::{At, Term};
use crate::config::PenaltyConfig;
use crate::error::TrainError;
use crate::trainer::augment::Place;
use crate::trainer::measurements::Measurements;
use crate::trainer::section::Stateful;
use crate::trainer::view::{Batch, LOOK};

/// The name of a penalty's mean value among what is held of it.
pub(super) const VALUE: &str = "value";
/// The name of what the exact penalty would have been.
pub(super) const EXACT: &str = "exact";
/// The name of the mean gradient norm that it saw.
const NORM: &str = "norm";

/// A penalty, due at some of the discriminator's updates: see [`LazyPenalty`].
pub(super) struct PenaltyTerm {
    config: PenaltyConfig,
}

impl PenaltyTerm {
    pub(super) fn new(config: PenaltyConfig) -> Self {
        Self { config }
    }

    fn is_checked(&self, update: u64) -> bool {
        self.config.check_every > 0 && update.is_multiple_of(self.config.check_every)
    }
}

impl Term for PenaltyTerm {
    fn evaluate(&self, at: &At<'_>, out: &mut Measurements) -> Result<Option<Tensor>, TrainError> {
        let penalty = self.config.penalty.at(at.step);
        let lazy = LazyPenalty { penalty, interval: self.config.interval };
        let (seen_as, place, said) = match penalty.looks_at_fake() {
            true => (at.fake, Place::Fake, at.said_fake),
            false => (at.real, Place::Real, at.said_real),
        };
        // A difference of two passes wants both to be the same function: what the discriminator has said counts if nothing of
        // it has moved since, and the other pass is then augmented by the same draws.
        // Draws for a share of a batch are others than those for the whole.
        let is_whole = self.config.share == 1.0 || at.view.is_plain();
        let is_known = penalty.is_difference() && at.params.buffers().is_empty() && is_whole;
        let known = said.filter(|_| is_known);
        let view = if known.is_some() { at.view.at(place) } else { at.view };
        let batch = Said::of(at)?;
        let part = self.config.part_of(seen_as.samples.dim(0)?);
        let condition = seen_as.condition.narrow(0, part)?;
        let critic = |x: &Tensor| batch.score(at, &view.look_at(x, &condition, LOOK)?.scores);
        let (real, fake) = (at.real.samples.narrow(0, 0, part)?, at.fake.samples.narrow(0, 0, part)?);
        let samples = Samples { real: &real, fake: &fake };
        let known = known.map(|said| batch.score(at, &said.scores.narrow(0, 0, part)?)).transpose()?;
        let noise = &mut at.noise.clone();
        let Some(term) = lazy.evaluate(at.update, &critic, samples, known.as_ref(), noise)? else {
            return Ok(None);
        };
        if let Some(exact) = penalty.exact().filter(|_| self.is_checked(at.update)) {
            let counts = self.config.interval as f64;
            let exact = exact.evaluate(&critic, samples, &mut at.noise.clone())?;
            out.add(EXACT, &(exact.value.mean_all()?.detach() * counts)?);
        }
        out.add(VALUE, &term.value.mean_all()?);
        out.add(NORM, &term.grad_norm.mean_all()?);
        Ok(Some(term.value))
    }

    fn own_interval(&self) -> Option<u64> {
        self.config.own_update.then_some(self.config.interval)
    }
}

impl Stateful for PenaltyTerm {}

/// What is said of both sides of the batch, where a sample's score depends on it.
struct Said(Option<(Tensor, Tensor)>);

impl Said {
    fn of(at: &At<'_>) -> Result<Self, TrainError> {
        if at.adversarial.loss.of_features().is_none() {
            return Ok(Self(None));
        }
        // In an update of its own nobody has asked yet.
        let of = |said: Option<&Critique>, batch: &Batch, place: Place| -> Result<Tensor, TrainError> {
            let asked = || at.view.at(place).look(batch, LOOK).map(|said| said.scores);
            Ok(said.map_or_else(asked, |said| Ok(said.scores.clone()))?)
        };
        let real = of(at.said_real, at.real, Place::Real)?;
        Ok(Self(Some((real, of(at.said_fake, at.fake, Place::Fake)?))))
    }

    /// The score of samples of which the discriminator says `said`.
    fn score(&self, at: &At<'_>, said: &Tensor) -> ganymede_tensor::Result<Tensor> {
        let Some((real, fake)) = &self.0 else { return Ok(said.clone()) };
        let score = at.adversarial.score(said, Scores { real, fake }, at.loss_noise);
        let score = score.map_err(ganymede_tensor::Error::wrap)?;
        let none = || ganymede_tensor::Error::msg("a penalty of a loss that has no witness");
        score.ok_or_else(none)
    }
}

#[cfg(test)]
mod tests {
    use crate::trainer::testing::ring_game;

    /// The sum over the first samples grows by one sample's value with each of them, and the last sum is that of all.
    #[test]
    fn a_share_is_the_mean_over_the_first_samples() {
        let sum = |share: f64, looked_at: f64| {
            let entry = format!("kind = 'r1', share = {share:?}");
            let mut game =
                ring_game(&format!("discriminator.activation = 'tanh'\npenalty = [{{ {entry} }}]"));
            let said = game.play(true).unwrap().unwrap().read(0, 5).unwrap();
            said.get("penalty").unwrap() * looked_at
        };
        let sums: Vec<f64> = (1..=5).map(|n| sum(f64::from(n) / 5.0, f64::from(n))).collect();
        assert!(sums[0] > 0.0 && sums.windows(2).all(|pair| pair[1] > pair[0]), "{sums:?}");
        // Less than one sample there is not, and a part of one counts as one.
        assert_eq!(sum(1e-9, 1.0), sums[0]);
        assert_eq!(sum(0.41, 3.0), sums[2]);
    }

    /// Known scores are those of the share; with augmentation there are none.
    #[test]
    fn a_difference_over_a_share_is_of_one_function() {
        for more in ["", "augment.kind = 'instance-noise'\n"] {
            let entry = "kind = 'first-order-r1', epsilon = 1e-3, share = 0.5, check_every = 1";
            let mut game =
                ring_game(&format!("discriminator.activation = 'tanh'\n{more}penalty = [{{ {entry} }}]"));
            for step in 0..10 {
                let said = game.play(true).unwrap().unwrap().read(step, 5).unwrap();
                let [first, exact] = ["penalty", "penalty_exact"].map(|name| said.get(name).unwrap());
                // Were the two passes of different functions, their difference over epsilon would be a thousand times as large.
                assert!(first > 0.0 && first < 30.0 * exact, "{first} beside {exact}");
            }
        }
    }

    /// It is looked at, and changes nothing.
    #[test]
    fn a_first_order_penalty_is_compared_with_the_exact_one() {
        let game = |check_every: u64| {
            let entry = format!("kind = 'first-order-r1', epsilon = 1e-3, check_every = {check_every}");
            ring_game(&format!("discriminator.activation = 'tanh'\npenalty = [{{ {entry} }}]"))
        };
        let (mut checked, mut plain) = (game(2), game(0));
        let mut ratios = Vec::new();
        for step in 0..40 {
            let [one, other] = [&mut checked, &mut plain]
                .map(|game| game.play(true).unwrap().unwrap().read(step, 5).unwrap());
            assert_eq!(one.get("penalty"), other.get("penalty"));
            assert_eq!(one.get("loss_g"), other.get("loss_g"));
            assert_eq!(other.get("penalty_exact"), None);
            assert_eq!(one.get("penalty_exact").is_some(), step % 2 == 0);
            ratios.extend(one.get("penalty_exact").map(|exact| one.get("penalty").unwrap() / exact));
        }
        // Of a linear function the estimate is the square of a normal number, of which these are means of 5 at 20 times.
        let mean = ratios.iter().sum::<f64>() / ratios.len() as f64;
        assert!((0.6..1.5).contains(&mean), "{mean}");
    }
}
