//! From our names to a program's.

use std::collections::BTreeMap;

use ganymede_tensor::Tensor;
use toml::Value;

use super::dialect::Dialect;
use super::network::Network;
use super::pattern::{Matched, filled, matched};
use super::spectral::{self, sigma};
use super::translate::{blocks, under};
use crate::{Io, ModelError};

/// A state dict of ours by the names of a dialect, as its program loads it.
///
/// BigGAN-PyTorch, and torch-mimicry in a few layers, make one more power iteration whenever they evaluate; their outputs
/// are ours up to what that moves, which is nothing once the vectors have converged.
///
/// # Errors
/// [`ModelError::NoSuchDialect`]: the program has no such network; a tensor cannot be made.
pub fn exported(
    network: &Network,
    io: &Io,
    state: &BTreeMap<String, Tensor>,
    dialect: &Dialect,
) -> Result<BTreeMap<String, Tensor>, ModelError> {
    let kind = network.kind();
    let refusal = || ModelError::NoSuchDialect { model: kind.name(), dialect: dialect.name };
    if !dialect.has(kind) {
        return Err(refusal());
    }
    let names = Names::new(network, io, state, dialect);
    let mut out = BTreeMap::new();
    for (name, tensor) in state {
        if !dialect.counts_batches && name.ends_with("num_batches_tracked") {
            continue;
        }
        match names.of(name).ok_or_else(refusal)? {
            Place::As(theirs) => drop(out.insert(theirs, tensor.clone())),
            Place::Before(theirs, second) => {
                let second = state.get(&second).ok_or_else(refusal)?;
                out.insert(theirs, Tensor::cat(&[tensor, second], 1)?);
            }
            Place::Behind => {}
        }
    }
    let mut out = respelled(out, dialect)?;
    let constants = (dialect.recreated)(&out)?;
    out.extend(constants);
    Ok(out)
}

/// Where one of our tensors goes.
pub(super) enum Place {
    As(String),
    /// Its columns before those of another of ours.
    Before(String, String),
    /// Behind another's, with which it is written.
    Behind,
}

/// How a dialect calls the tensors of one network.
pub(super) struct Names<'a> {
    dialect: &'a Dialect,
    network: &'a Network,
    has: Box<dyn Fn(&str) -> bool + 'a>,
    blocks: usize,
    /// The block that attention stands behind.
    place: Option<usize>,
}

impl<'a> Names<'a> {
    pub(super) fn new<T>(
        network: &'a Network,
        io: &Io,
        state: &'a BTreeMap<String, T>,
        dialect: &'a Dialect,
    ) -> Self {
        let role = network.kind().role();
        let blocks = blocks(dialect.rules(role), |rule| rule.ours, state.keys());
        let sides = network.write().get("attention").and_then(Value::as_array).cloned().unwrap_or_default();
        let side = match (&sides[..], io.square()) {
            ([Value::Integer(side)], Some(_)) => usize::try_from(*side).ok(),
            _ => None,
        };
        let place = dialect.attention_side.zip(side);
        let place = place.and_then(|(at, side)| (0..blocks).find(|&place| at(role, place, blocks) == side));
        Self { dialect, network, has: Box::new(|name| state.contains_key(name)), blocks, place }
    }

    /// Nothing where the dialect has no name for it.
    pub(super) fn of(&self, name: &str) -> Option<Place> {
        for rule in self.dialect.rules(self.network.kind().role()) {
            let own = |pattern: &str| filled(pattern, matched(rule.ours, name, self.blocks)?, self.blocks);
            if let Some(second) = rule.second {
                if matched(second, name, self.blocks).is_some() {
                    return Some(Place::Behind);
                }
                if matched(rule.ours, name, self.blocks).is_some() {
                    return Some(Place::Before(own(rule.theirs)?, own(second)?));
                }
                continue;
            }
            let Some(found) = matched(rule.ours, name, self.blocks) else { continue };
            if rule.beside.is_some_and(|beside| !own(beside).is_some_and(|beside| (self.has)(&beside))) {
                continue;
            }
            let number = if rule.theirs.contains("{a}") { Some(self.place?) } else { found.number };
            return filled(rule.theirs, Matched { number, ..found }, self.blocks).map(Place::As);
        }
        Some(Place::As(name.to_owned()))
    }
}

/// Spectral normalisation as the dialect spells it.
fn respelled(
    mut tensors: BTreeMap<String, Tensor>,
    dialect: &Dialect,
) -> Result<BTreeMap<String, Tensor>, ModelError> {
    let layers: Vec<String> = tensors
        .keys()
        .filter_map(|name| name.strip_suffix(spectral::TORCH.weight))
        .map(|layer| layer.trim_end_matches('.').to_owned())
        .collect();
    for layer in &layers {
        let form = (dialect.spelling)(layer, &|other| layers.iter().any(|layer| layer == other));
        let mut take = |leaf: &str| tensors.remove(&under(layer, leaf));
        let (Some(weight), Some(u), Some(v)) = (take("weight_orig"), take("weight_u"), take("weight_v"))
        else {
            continue;
        };
        if let Some(name) = form.sigma {
            tensors.insert(under(layer, name), sigma(&weight, &u, &v)?);
        }
        match form.v {
            Some(name) => {
                tensors.insert(under(layer, name), v);
                tensors.insert(under(layer, form.u), u);
            }
            None => {
                tensors.insert(under(layer, form.u), u.flatten_all()?.unsqueeze(0)?);
            }
        }
        tensors.insert(under(layer, form.weight), weight);
    }
    Ok(tensors)
}
