//! What a term is, and what it may look at.

use ganymede_models::{Critique, Generated};
use ganymede_tensor::{Params, Rng, Tensor};

use crate::error::TrainError;
use crate::trainer::adversarial::Adversarial;
use crate::trainer::maker::Maker;
use crate::trainer::measurements::Measurements;
use crate::trainer::section::Stateful;
use crate::trainer::view::{Batch, View};

/// What a term may look at.
pub(crate) struct At<'a> {
    pub(crate) view: View<'a>,
    pub(crate) real: &'a Batch,
    /// In the discriminator's update without a graph to the generator.
    pub(crate) fake: &'a Batch,
    /// In the generator's update the true samples of the generated ones' conditions, where these are images.
    pub(crate) truth: Option<&'a Tensor>,
    /// What the discriminator said of the real batch in this update; nothing where it was not asked.
    pub(crate) said_real: Option<&'a Critique>,
    /// What it said of the generated batch, likewise.
    pub(crate) said_fake: Option<&'a Critique>,
    /// In the generator's update the pass that made the generated batch.
    pub(crate) made: Option<&'a Generated>,
    /// Those of the player whose loss it is.
    pub(crate) params: &'a Params,
    /// What the generated batch was made with.
    pub(crate) maker: Maker<'a>,
    /// What both play for.
    pub(crate) adversarial: &'a Adversarial,
    /// What the adversarial loss draws from in this update.
    pub(crate) loss_noise: &'a Rng,
    /// Generator updates made.
    pub(crate) step: u64,
    /// Updates of this player made.
    pub(crate) update: u64,
    /// The term's own random numbers for this update.
    pub(crate) noise: &'a Rng,
}

/// A term of a player's loss.
pub(crate) trait Term: Stateful + Send {
    /// Values `(N,)`, or one of all, to add to the loss; nothing where it is not due. Nothing moves here: a state moves in
    /// [`Term::advance`].
    fn evaluate(&self, at: &At<'_>, out: &mut Measurements) -> Result<Option<Tensor>, TrainError>;

    /// Moves the state on, once for each update that is really made, by what was measured in it.
    fn advance(&mut self, _measured: &Measurements) -> ganymede_tensor::Result<()> {
        Ok(())
    }

    /// Where it has updates of its own, beside those of the adversarial loss: how many updates of the player lie between
    /// them, ≥ 1. Nothing where it joins the adversarial loss.
    fn own_interval(&self) -> Option<u64> {
        None
    }

    /// In updates of its own: the part of a batch that it looks at, as one over this.
    fn shrink(&self) -> usize {
        1
    }
}
