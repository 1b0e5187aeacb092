//! Orthogonal regularisation of a player's weights (BigGAN: Brock et al., 2019, arXiv:1809.11096, equation 3).
//!
//! It sees all parameters of two axes or more but the vectors of classes, as they are learned: those of a spectrally
//! normalised layer before they are divided.

use ganymede_losses::orthogonal::orthogonal;
use ganymede_models::{Fault, Problem, read_table};
use ganymede_tensor::Tensor;
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use super::weight::Weight;
use super::{At, Term, TermKind, TermSpec};
use crate::config::{Course, Run};
use crate::error::TrainError;
use crate::trainer::measurements::Measurements;
use crate::trainer::section::Stateful;

pub(super) static ORTHOGONAL: TermKind = TermKind { name: "orthogonal", read };

/// The settings of the term.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Orthogonal {
    /// β. BigGAN-PyTorch's is twice as much.
    weight: Weight,
    /// Whose weights.
    player: Player,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Player {
    Generator,
    Discriminator,
}

impl Default for Orthogonal {
    fn default() -> Self {
        Self { weight: Weight::new(1e-4), player: Player::Generator }
    }
}

fn read(table: &Table) -> Result<Box<dyn TermSpec>, Fault> {
    Ok(Box::new(read_table::<Orthogonal>(table)?))
}

impl Orthogonal {
    fn of(&self, player: Player, value: &'static str) -> Option<Box<dyn Term>> {
        let term = OfWeights { weight: self.weight.clone(), value };
        (self.player == player).then(|| Box::new(term) as Box<dyn Term>)
    }
}

impl TermSpec for Orthogonal {
    fn check(&self) -> Vec<Problem> {
        self.weight.check()
    }

    fn refuses(&self, _: &Run) -> Option<String> {
        None
    }

    fn follow(&mut self, key: &str, course: Course) -> bool {
        self.weight.follow(key, course)
    }

    fn for_discriminator(&self) -> Option<Box<dyn Term>> {
        self.of(Player::Discriminator, "orthogonal_d")
    }

    fn for_generator(&self) -> Option<Box<dyn Term>> {
        self.of(Player::Generator, "orthogonal_g")
    }

    fn write(&self) -> Table {
        let mut table = self.weight.write();
        table.insert("player".to_owned(), Value::try_from(self.player).expect("a name"));
        table
    }
}

/// β times the sum over the weights.
struct OfWeights {
    weight: Weight,
    /// What the log calls it.
    value: &'static str,
}

impl Term for OfWeights {
    fn evaluate(&self, at: &At<'_>, out: &mut Measurements) -> Result<Option<Tensor>, TrainError> {
        let params = at.params.params();
        let matrices = params.iter().filter(|param| param.var().rank() > 1 && !param.is_table());
        let sum =
            (orthogonal(&matrices.map(|param| param.get()).collect::<Vec<_>>())? * self.weight.at(at.step))?;
        out.add(self.value, &sum);
        Ok(Some(sum))
    }
}

impl Stateful for OfWeights {}
