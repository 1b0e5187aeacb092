//! Consensus optimisation: beside its own loss each player has a part of the other's cause.
//!
//! With v the gradients of both players' losses, each in its player's weights, both move along v + γ ∇½‖v‖² (Mescheder et al.,
//! 2017, arXiv:1705.10461, algorithm 1). The second summand, whose gradient is of second order, moves the eigenvalues of the
//! game's Jacobian away from the imaginary axis; where v is 0, nothing of the game is changed. It also draws both towards any
//! other point where v is 0, so that too large a γ loses the game.
//!
//! The paper's γ is 10 with RMSprop at 10⁻⁴ for images.

use ganymede_models::read_table;
use ganymede_tensor::Graph;
use serde::Deserialize;
use toml::{Table, Value};

use super::joint::{self, dot};
use super::simultaneous::Both;
use super::{Scheme, SchemeKind, SchemeSpec};
use crate::config::Run;
use crate::error::TrainError;
use crate::trainer::measurements::Measurements;
use crate::trainer::players::Players;
use crate::trainer::section::Stateful;

pub(super) static CONSENSUS: SchemeKind = SchemeKind {
    name: "consensus",
    summary: "one update of each player, which lowers the norm of both gradients as well",
    read: |table| Ok(Box::new(read_table::<Consensus>(table)?)),
};

#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Consensus {
    /// The weight γ of ½‖v‖², 0 or more.
    gamma: f64,
}

impl Default for Consensus {
    fn default() -> Self {
        Self { gamma: 10.0 }
    }
}

impl SchemeSpec for Consensus {
    fn refuses(&self, run: &Run) -> Option<String> {
        joint::refuses(run)
    }

    fn build(&self) -> Box<dyn Scheme> {
        Box::new(self.clone())
    }

    fn write(&self) -> Table {
        Table::from_iter([("gamma".to_owned(), Value::Float(self.gamma))])
    }
}

impl Scheme for Consensus {
    fn step(&mut self, players: &mut Players, step: u64, measure: bool) -> Result<Measurements, TrainError> {
        let draws = Both::draw(players, step)?;
        let fields = joint::fields(players, &draws, measure, |at| {
            let norm = (dot(&at.gradients, &at.gradients)? * 0.5)?;
            let more = at.grad(&norm, Graph::Discard)?;
            at.gradients.iter().zip(more).map(|(v, more)| v.detach() + (more * self.gamma)?).collect()
        })?;
        draws.apply(players, step, fields)
    }
}

impl Stateful for Consensus {}
