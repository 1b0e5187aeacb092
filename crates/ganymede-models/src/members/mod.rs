//! Several networks in the place of one: every generator and every discriminator may have `members`, all of the same settings,
//! each with first weights of its own.
//!
//! Generators are a mixture: each sample is made by one member (MGAN: Hoang et al., 2018, arXiv:1708.02556; Ghosh et al., 2018,
//! arXiv:1704.02906). Discriminators all judge every sample, and each gives a score (GMAN: Durugkar et al., 2017,
//! arXiv:1611.01673). Whoever trains, averages, saves or shows a network does the same with several.

mod discriminators;
mod generators;

pub use discriminators::Several;
pub use generators::Mixture;

pub(crate) use discriminators::several;
pub(crate) use generators::mixed;

use ganymede_tensor::{Params, Rng};
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use crate::spec::{Fault, Problem, Size, Traits, read_table, sizes};

/// The settings of every network.
pub(crate) const MEMBERS: &str = "members";
const WEIGHTS: &str = "member_weights";
const MOST_MEMBERS: usize = 64;

/// How many members there are, and how often each of a mixture is asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Members {
    members: usize,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    member_weights: Vec<f64>,
}

impl Default for Members {
    fn default() -> Self {
        Self { members: 1, member_weights: Vec::new() }
    }
}

impl Members {
    /// The settings of a network without those of its members, and these.
    pub(crate) fn split(settings: &Table) -> Result<(Table, Self), Fault> {
        let is_own = |key: &str| key == MEMBERS || key == WEIGHTS;
        let (mut shared, own): (Table, Table) =
            settings.clone().into_iter().partition(|(key, _)| is_own(key.as_str()));
        // A whole number is as good a weight as one with a point.
        if let Some(Value::Array(weights)) = shared.get_mut(WEIGHTS) {
            for weight in weights {
                if let Value::Integer(n) = weight {
                    *weight = Value::Float(*n as f64);
                }
            }
        }
        Ok((own, read_table(&shared)?))
    }

    /// Whether there is nothing to do but to build the one network.
    pub(crate) fn is_one(&self) -> bool {
        self.members == 1 && self.member_weights.is_empty()
    }

    fn check(&self, weighted: bool, traits: Traits) -> Vec<Problem> {
        let mut problems = sizes(&[(MEMBERS, self.members, MOST_MEMBERS)]);
        let weights = &self.member_weights;
        let shown = format!("{weights:?}");
        if !weights.is_empty() && !weighted {
            let fix = "none: all discriminators judge every sample";
            problems.push(Problem::new(WEIGHTS, &shown, fix));
        } else if !weights.is_empty() && weights.len() != self.members {
            let fix = format!("{} numbers, one for each member", self.members);
            problems.push(Problem::new(WEIGHTS, &shown, fix));
        } else if !weights.is_empty()
            && (!weights.iter().all(|w| (0.0..=1e6).contains(w)) || weights.iter().all(|w| *w == 0.0))
        {
            let fix = "numbers of 0 or more, at most 1e6, one of them above 0";
            problems.push(Problem::new(WEIGHTS, &shown, fix));
        }
        if traits.maps {
            let fix =
                "1: members would have several w of one sample, and styles are mixed and truncated in one";
            problems.push(Problem::new(MEMBERS, self.members, fix));
        }
        problems
    }

    fn write(&self, mut table: Table) -> Table {
        table.extend(crate::spec::write_table(self));
        table
    }

    /// The size of all: each has weights of its own. `busy` of them work on each sample.
    fn size(&self, one: Size, busy: usize) -> Size {
        let (n, busy) = (self.members as u128, busy as u128);
        Size {
            weights: one.weights.saturating_mul(n),
            vectors: one.vectors.saturating_mul(n),
            held: one.held.saturating_mul(busy),
            products: one.products.saturating_mul(busy),
            ..one
        }
    }

    /// A stream of first weights for each member.
    fn streams(&self, rng: &mut Rng) -> Vec<Rng> {
        (0..self.members).map(|_| Rng::new(rng.below(usize::MAX) as u64)).collect()
    }
}

/// All parameters of the members, each under its number.
fn all_params<'a>(members: impl Iterator<Item = &'a Params>) -> ganymede_tensor::Result<Params> {
    let all = Params::new();
    for (i, params) in members.enumerate() {
        all.take_in(&format!("{MEMBERS}.{i}"), params)?;
    }
    Ok(all)
}

#[cfg(test)]
mod tests;
