//! Both players' gradients at one point, as functions of the weights of both: what schemes need that look at how one player's
//! gradient changes with the other's weights.

use ganymede_tensor::{Graph, Tensor, grad};

use super::simultaneous::{Both, refuses as refuses_updates};
use crate::config::Run;
use crate::error::TrainError;
use crate::trainer::fields::{Loss, weights};
use crate::trainer::maker::Fakes;
use crate::trainer::player::Field;
use crate::trainer::players::Players;
use crate::trainer::terms::Part;
use crate::trainer::view::{Batch, LOOK, TRAIN};

/// Both players' weights, and the gradients of their losses there with graphs.
pub(super) struct Joint {
    /// Those of the discriminator, then those of the generator.
    pub(super) weights: Vec<Tensor>,
    /// In the same order.
    pub(super) gradients: Vec<Tensor>,
}

impl Joint {
    /// The gradient of a function of the gradients in all weights.
    pub(super) fn grad(&self, of: &Tensor, graph: Graph) -> ganymede_tensor::Result<Vec<Tensor>> {
        grad(of, &self.weights.iter().collect::<Vec<_>>(), graph)
    }
}

/// Σ aᵢ·bᵢ over all elements.
pub(super) fn dot(a: &[Tensor], b: &[Tensor]) -> ganymede_tensor::Result<Tensor> {
    let products = a.iter().zip(b).map(|(a, b)| (a * b)?.sum_all()).collect::<Result<Vec<_>, _>>()?;
    Tensor::stack(&products, 0)?.sum_all()
}

/// Why such a run has no gradients of that kind.
pub(super) fn refuses(run: &Run) -> Option<String> {
    if let Some(penalty) = run.penalties.iter().find(|penalty| penalty.looks_at_generated()) {
        return Some(format!(
            "the penalty `{}` takes the generated samples as given, and this scheme differentiates in what made them; use `r1` or `dragan`",
            penalty.penalty.start().name()
        ));
    }
    refuses_updates(run)
}

/// The players' fields, by gradients that `adjust` makes of those of their losses.
pub(super) fn fields(
    players: &Players,
    draws: &Both,
    measure: bool,
    adjust: impl Fn(&Joint) -> ganymede_tensor::Result<Vec<Tensor>>,
) -> Result<(Field, Field), TrainError> {
    let (d, g) = (&players.discriminator, &players.generator);
    let pass = || {
        let made = players.generate(&draws.discriminator.latents, &draws.discriminator.condition, LOOK)?;
        let batch = Batch { samples: made.samples, condition: draws.discriminator.condition.clone() };
        let fake = Fakes { batch, latents: &draws.discriminator.latents };
        let loss_d = players.discriminator_loss(&draws.discriminator, &fake, Part::Loss, TRAIN)?;
        let mut of_d = Vec::new();
        let field_g = players.generator_field_by(measure, || {
            let made = players.make(&draws.generator)?;
            let loss_g = players.generator_loss(&draws.generator, &made, Part::Loss)?;
            let joint = joint(players, &loss_d, &loss_g)?;
            of_d = adjust(&joint)?;
            let of_g = of_d.split_off(d.net.params().params().len());
            Ok((loss_g, of_g))
        })?;
        let (measured, seen) = players.observe(&draws.discriminator, &loss_d, &of_d, measure)?;
        Ok((loss_d, of_d, field_g, measured, seen))
    };
    let ((loss_d, gradients, field_g, measured, seen), buffers) = d.learner.in_place(pass)?;
    debug_assert_eq!(field_g.gradients.len(), g.net.params().params().len());
    Ok((Field { gradients, buffers, loss: loss_d.value(), given: loss_d.given, measured, seen }, field_g))
}

fn joint(players: &Players, loss_d: &Loss, loss_g: &Loss) -> ganymede_tensor::Result<Joint> {
    let weights_d = weights(players.discriminator.net.params());
    let weights_g = weights(players.generator.net.params());
    let gradients =
        [loss_d.gradients(&weights_d, Graph::Create)?, loss_g.gradients(&weights_g, Graph::Create)?].concat();
    Ok(Joint { weights: [weights_d, weights_g].concat(), gradients })
}
