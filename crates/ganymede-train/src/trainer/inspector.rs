//! Where the first value came from that is not a finite number: looked for while steps are played again that are known to
//! come to one.

use std::cell::RefCell;

use ganymede_tensor::{Params, Result, Tensor, first_not_finite};

use super::fields::Loss;
use super::maker::Fakes;
use super::players::Players;
use super::view::LOOK;
use crate::error::TrainError;
use crate::finite::not_finite;
use crate::outcome::Origin;

pub(super) const GENERATOR: &str = "generator";
pub(super) const DISCRIMINATOR: &str = "discriminator";

/// Looks at everything that a step computes; the first finding stays.
#[derive(Debug, Default)]
pub(crate) struct Inspector {
    step: u64,
    found: RefCell<Option<Origin>>,
}

impl Inspector {
    /// For a step.
    pub(crate) fn of(step: u64) -> Self {
        Self { step, found: RefCell::new(None) }
    }

    /// What was found.
    pub(crate) fn found(&self) -> Option<Origin> {
        self.found.borrow().clone()
    }

    /// Samples that `player` is to learn from.
    pub(crate) fn samples(
        &self,
        players: &Players,
        fake: &Fakes<'_>,
        player: &'static str,
    ) -> std::result::Result<(), TrainError> {
        if self.is_done() || not_finite(&fake.batch.samples)?.is_none() {
            return Ok(());
        }
        self.updates(players.params())?;
        // Once more, with the graph that shows the way.
        let samples = players.generate(fake.latents, &fake.batch.condition, LOOK)?.samples;
        let origin = first_behind(players.params(), &samples)?;
        self.note(player, "samples", origin, "the generator's samples were not finite");
        Ok(())
    }

    /// The loss of a player, with its graph: of the adversarial loss and of the terms the first that is not finite.
    pub(crate) fn loss(&self, params: [&Params; 2], loss: &Loss, player: &'static str) -> Result<()> {
        let Some(total) = loss.total()?.filter(|_| !self.is_done()) else { return Ok(()) };
        if not_finite(&total)?.is_none() {
            return Ok(());
        }
        self.updates(params)?;
        let parts = loss.adversarial.iter().map(|part| (None, part));
        for (term, part) in parts.chain(loss.each.iter().map(|(name, part)| (Some(*name), part))) {
            if not_finite(part)?.is_some() {
                let origin = first_behind(params, part)?;
                let words = match term {
                    None => format!("the {player}'s loss was not finite"),
                    Some(name) => format!("the term `{name}` of the {player}'s loss was not finite"),
                };
                self.note_of(term, player, "loss", origin, &words);
                return Ok(());
            }
        }
        self.note(player, "loss", None, &format!("the {player}'s loss was not finite as a sum"));
        Ok(())
    }

    /// The gradients of a player's loss in its parameters.
    pub(crate) fn gradients(
        &self,
        params: &Params,
        gradients: &[Tensor],
        player: &'static str,
    ) -> Result<()> {
        if self.is_done() {
            return Ok(());
        }
        // Backwards, as gradients are made: the last layer's is the first.
        for (param, gradient) in params.params().iter().zip(gradients).rev() {
            if not_finite(gradient)?.is_some() {
                let origin = Some(format!("{player}.{}", param.name()));
                self.note(player, "gradient", origin, &format!("the {player}'s gradient was not finite"));
                return Ok(());
            }
        }
        Ok(())
    }

    /// The weights after an update, where everything before was finite: they are looked at when the step has been made, and before
    /// something else is blamed in it, for there may be several updates in a step.
    pub(crate) fn updates(&self, params: [&Params; 2]) -> Result<()> {
        for (player, params) in [GENERATOR, DISCRIMINATOR].into_iter().zip(params) {
            for (name, tensor) in params.state_dict() {
                if !self.is_done() && not_finite(&tensor)?.is_some() {
                    let origin = Some(format!("{player}.{name}"));
                    self.note(
                        player,
                        "update",
                        origin,
                        &format!("an update left weights of the {player} that are not finite"),
                    );
                }
            }
        }
        Ok(())
    }

    fn is_done(&self) -> bool {
        self.found.borrow().is_some()
    }

    fn note(&self, player: &'static str, part: &'static str, parameter: Option<String>, words: &str) {
        self.note_of(None, player, part, parameter, words);
    }

    fn note_of(
        &self,
        term: Option<&str>,
        player: &'static str,
        part: &'static str,
        parameter: Option<String>,
        words: &str,
    ) {
        if self.is_done() {
            return;
        }
        let place = match (&parameter, part) {
            (Some(name), "gradient" | "update") => format!(", first in `{name}`"),
            (Some(name), _) => format!(", from the layer of `{name}` on"),
            (None, _) => String::new(),
        };
        let words = format!("in step {}, in the update of the {player}, {words}{place}", self.step);
        let term = term.map(str::to_owned);
        *self.found.borrow_mut() = Some(Origin { step: self.step, player, part, parameter, term, words });
    }
}

/// The parameter, with its network in front, that went last into the first result behind `output` that is not finite.
fn first_behind(params: [&Params; 2], output: &Tensor) -> Result<Option<String>> {
    let Some(first) = first_not_finite(output)?.flatten() else { return Ok(None) };
    let named = |(net, params): (&str, &Params)| {
        let all = params.params();
        let param = all.iter().find(|param| param.var().as_tensor().id() == first)?;
        Some(format!("{net}.{}", param.name()))
    };
    Ok([GENERATOR, DISCRIMINATOR].into_iter().zip(params).find_map(named))
}
