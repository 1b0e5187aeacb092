//! Symplectic gradient adjustment: both players move along v + λ Aᵀv, A the antisymmetric part of the game's Jacobian
//! (Balduzzi et al., 2018, arXiv:1802.05642, algorithm 1; Gemp and Mahadevan, 2018, arXiv:1808.01531).
//!
//! v holds the gradients of both players' losses, J = ∂v/∂w, Aᵀv = ½ (Jᵀv − Jv). In a game that is a common cause A is 0 and
//! nothing is adjusted; in a zero-sum game that only rotates, Aᵀv is the gradient of ½‖v‖², as of consensus.
//!
//! With `align` λ has the sign of ⟨v, ∇H⟩⟨Aᵀv, ∇H⟩ / d + 1/10, ∇H = Jᵀv and d the number of weights, so that the adjustment
//! draws towards stable points and away from unstable ones.

use ganymede_models::read_table;
use ganymede_tensor::{Graph, Tensor, grad, watch};
use serde::Deserialize;
use toml::{Table, Value};

use super::joint::{self, Joint, dot};
use super::simultaneous::Both;
use super::{Scheme, SchemeKind, SchemeSpec};
use crate::config::Run;
use crate::error::TrainError;
use crate::trainer::measurements::Measurements;
use crate::trainer::players::Players;
use crate::trainer::section::Stateful;

pub(super) static SYMPLECTIC: SchemeKind = SchemeKind {
    name: "symplectic",
    summary: "one update of each player, adjusted by the game's rotation",
    read: |table| Ok(Box::new(read_table::<Symplectic>(table)?)),
};

/// ε of the paper.
const TOWARDS_ADJUSTMENT: f64 = 0.1;

#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Symplectic {
    /// The weight λ of the adjustment, 0 or more.
    lambda: f64,
    /// Whether λ takes the sign that draws towards stable points.
    align: bool,
}

impl Default for Symplectic {
    fn default() -> Self {
        Self { lambda: 1.0, align: true }
    }
}

impl SchemeSpec for Symplectic {
    fn refuses(&self, run: &Run) -> Option<String> {
        joint::refuses(run)
    }

    fn build(&self) -> Box<dyn Scheme> {
        Box::new(self.clone())
    }

    fn write(&self) -> Table {
        Table::from_iter([
            ("lambda".to_owned(), Value::Float(self.lambda)),
            ("align".to_owned(), Value::Boolean(self.align)),
        ])
    }
}

impl Symplectic {
    fn adjusted(&self, at: &Joint) -> ganymede_tensor::Result<Vec<Tensor>> {
        let v: Vec<Tensor> = at.gradients.iter().map(Tensor::detach).collect();
        let jt_v = at.grad(&dot(&at.gradients, &v)?, Graph::Discard)?;
        // Jᵀu is linear in u, and its gradient along v is Jv.
        let u = v.iter().map(watch).collect::<Result<Vec<_>, _>>()?;
        let jt_u = at.grad(&dot(&at.gradients, &u)?, Graph::Create)?;
        let j_v = grad(&dot(&jt_u, &v)?, &u.iter().collect::<Vec<_>>(), Graph::Discard)?;
        let halves = jt_v.iter().zip(&j_v).map(|(a, b)| (a - b)? * 0.5);
        let turn = halves.collect::<Result<Vec<_>, _>>()?;
        let mut lambda = Tensor::new(self.lambda, v[0].device())?.to_dtype(v[0].dtype())?;
        if self.align {
            let count: usize = v.iter().map(Tensor::elem_count).sum();
            let along = (dot(&v, &jt_v)? * dot(&turn, &jt_v)?)?;
            lambda = (lambda * (along / count as f64)?.affine(1.0, TOWARDS_ADJUSTMENT)?.sign()?)?;
        }
        v.iter().zip(&turn).map(|(v, turn)| v + turn.broadcast_mul(&lambda)?).collect()
    }
}

impl Scheme for Symplectic {
    fn step(&mut self, players: &mut Players, step: u64, measure: bool) -> Result<Measurements, TrainError> {
        let draws = Both::draw(players, step)?;
        let fields = joint::fields(players, &draws, measure, |at| self.adjusted(at))?;
        draws.apply(players, step, fields)
    }
}

impl Stateful for Symplectic {}
