//! From the names and shapes of a state dict to a network.

use std::collections::{BTreeMap, BTreeSet};

use ganymede_tensor::{Shapes, Tensor};
use toml::Table;

use super::dialect::{DIALECTS, Dialect};
use super::export::{Names, Place};
use super::network::{Network, NetworkKind};
use super::translate::{Source, Translation, taken, translate};
use crate::infer::Evidence;
use crate::{Io, ModelError};

/// What somebody knows of a file of weights besides what is in it.
#[derive(Clone, Debug, Default)]
pub struct Hints {
    /// Settings of the network, which win over what the weights say.
    pub settings: Table,
    /// The side R of the images.
    pub side: Option<usize>,
    /// Whose names they are. Left out, each program that has such a network is tried, and then ours.
    pub dialect: Option<&'static Dialect>,
}

/// A state dict whose network is known.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Recognised {
    /// The network and its settings.
    pub network: Network,
    /// What it was built for.
    pub io: Io,
    /// Whose names the tensors have.
    pub dialect: &'static Dialect,
    /// Tensors of other modules beside it, by their names in the state dict.
    pub left_out: Vec<String>,
    sources: BTreeMap<String, Source>,
}

impl Recognised {
    /// Its parameters and buffers by our names, from the state dict that was recognised.
    ///
    /// # Errors
    /// The device refuses the memory.
    pub fn tensors(&self, theirs: &BTreeMap<String, Tensor>) -> Result<BTreeMap<String, Tensor>, ModelError> {
        taken(&self.sources, theirs)
    }
}

/// The network of a kind that a state dict belongs to, in whatever dialect.
///
/// Settings are inferred from shapes ([`GeneratorKind::infer`](crate::GeneratorKind)), then their layers have to have as
/// many weights as there are. Tensors of other modules beside the network do no harm.
///
/// # Errors
/// [`ModelError::NotInferable`] says why it is no such network; [`ModelError::Misfit`] which of its tensors are
/// missing, of another shape, or too many.
pub fn recognise(kind: NetworkKind, shapes: &Shapes, hints: &Hints) -> Result<Recognised, ModelError> {
    let tried: Vec<&'static Dialect> = match hints.dialect {
        Some(dialect) => vec![dialect],
        None => DIALECTS.iter().filter(|dialect| dialect.has(kind)).copied().collect(),
    };
    let mut refusal = None;
    for dialect in tried {
        match attempt(kind, dialect, shapes, hints) {
            Ok(found) => return Ok(found),
            // Whoever knows the network and lacks a tensor says more than whoever does not know it.
            Err(error @ ModelError::Misfit { .. }) => {
                refusal =
                    Some(refusal.filter(|known| matches!(known, ModelError::Misfit { .. })).unwrap_or(error));
            }
            Err(ModelError::OtherDialect { .. }) if refusal.is_some() => {}
            Err(error) => {
                let says_more = matches!(refusal, None | Some(ModelError::OtherDialect { .. }));
                refusal = if says_more { Some(error) } else { refusal };
            }
        }
    }
    let none = ModelError::NoSuchDialect { model: kind.name(), dialect: "any" };
    Err(refusal.unwrap_or(none))
}

fn attempt(
    kind: NetworkKind,
    dialect: &'static Dialect,
    shapes: &Shapes,
    hints: &Hints,
) -> Result<Recognised, ModelError> {
    let other = ModelError::OtherDialect { dialect: dialect.name, role: kind.role().word() };
    let mut translation = translate(dialect, kind.role(), shapes).ok_or(other)?;
    let mut given = std::mem::take(&mut translation.settings);
    given.extend(hints.settings.clone());
    let infer = |shapes: &Shapes| kind.infer_from(&Evidence { shapes, given: &given, side: hints.side });
    let mut outside = BTreeSet::new();
    let (network, io) = match infer(&translation.shapes) {
        Ok(found) => found,
        Err(error) => {
            // What lies beside the module that most of its tensors are of may be in the way.
            let inside = largest_module(&translation.shapes);
            if inside.len() == translation.shapes.len() {
                return Err(error);
            }
            let Ok(found) = infer(&inside) else { return Err(error) };
            outside.extend(translation.shapes.keys().filter(|name| !inside.contains_key(*name)).cloned());
            found
        }
    };
    let held = weights(translation.shapes.iter().filter(|(name, _)| !outside.contains(*name)));
    let expected = network.spec().size(&io).weights;
    if held != expected {
        outside.extend(strangers(&network, &io, &translation, dialect, held)?);
    }
    let mut left_out = Vec::new();
    for name in outside {
        match translation.sources.remove(&name) {
            Some(Source::Whole(theirs) | Source::Flat(theirs) | Source::Half(theirs, _)) => {
                left_out.push(theirs)
            }
            Some(Source::Left { u, .. }) => left_out.push(u),
            Some(Source::Right { .. }) | None => {}
        }
    }
    Ok(Recognised { network, io, dialect, left_out, sources: translation.sources })
}

/// Numbers in the layers: all but biases, normalisations and other vectors.
fn weights<'a>(shapes: impl Iterator<Item = (&'a String, &'a Vec<usize>)>) -> u128 {
    let layers = shapes.filter(|(_, dims)| dims.len() > 1);
    layers.map(|(_, dims)| dims.iter().map(|&dim| dim as u128).product::<u128>()).sum()
}

fn module(name: &str) -> &str {
    name.split('.').next().unwrap_or_default()
}

fn largest_module(shapes: &Shapes) -> Shapes {
    let mut sizes: BTreeMap<&str, usize> = BTreeMap::new();
    shapes.keys().for_each(|name| *sizes.entry(module(name)).or_default() += 1);
    let own = sizes.into_iter().max_by_key(|(_, size)| *size).map(|(own, _)| own.to_owned());
    let inside = shapes.iter().filter(|(name, _)| Some(module(name)) == own.as_deref());
    inside.map(|(name, dims)| (name.clone(), dims.clone())).collect()
}

/// No network is built to be compared with a file that holds so many times less.
const MOST_LARGER: u128 = 4;
/// Nor one with so many more weights, where both are small.
const MOST_MORE: u128 = 1 << 20;

/// The tensors of other modules, where the network has all of its own; else how it differs.
fn strangers(
    network: &Network,
    io: &Io,
    translation: &Translation,
    dialect: &Dialect,
    held: u128,
) -> Result<Vec<String>, ModelError> {
    let kind = network.kind();
    let expected = network.spec().size(io).weights;
    if expected > held.saturating_mul(MOST_LARGER).max(MOST_MORE) {
        return Err(ModelError::NotInferable {
            model: kind.name(),
            reason: format!("they describe a network of {expected} weights, and are {held}"),
            fix: "give the whole file",
        });
    }
    let own: Shapes =
        network.params(io)?.state_dict().iter().map(|(n, t)| (n.clone(), t.dims().to_vec())).collect();
    let names = Names::new(network, io, &own, dialect);
    let theirs = |name: &String| match names.of(name) {
        Some(Place::As(theirs) | Place::Before(theirs, _)) => theirs,
        Some(Place::Behind) | None => name.clone(),
    };
    let (mut missing, mut shapes) = (Vec::new(), Vec::new());
    for (name, dims) in &own {
        match translation.shapes.get(name) {
            None if name.ends_with("num_batches_tracked") => {}
            None => missing.push(theirs(name)),
            Some(found) if found != dims => {
                shapes.push(format!("{}: model {dims:?}, file {found:?}", theirs(name)))
            }
            Some(_) => {}
        }
    }
    let modules: BTreeSet<&str> = own.keys().map(|name| module(name)).collect();
    let unknown = translation.shapes.keys().filter(|name| !own.contains_key(*name));
    let (inside, outside): (Vec<&String>, Vec<&String>) =
        unknown.partition(|name| modules.contains(module(name)));
    if missing.is_empty() && shapes.is_empty() && inside.is_empty() {
        return Ok(outside.into_iter().cloned().collect());
    }
    let unexpected = inside.into_iter().map(theirs).collect();
    Err(ModelError::Misfit { model: kind.name(), role: kind.role().word(), missing, unexpected, shapes })
}
