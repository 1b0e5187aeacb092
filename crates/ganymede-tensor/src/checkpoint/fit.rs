//! The state dict of a file that fits a network, wherever it lies and whatever stands before its names.
//!
//! Programs save weights in wrappers: `DataParallel` puts `module.` before every name, `torch.compile` `_orig_mod.`, an
//! average of weights `module.` and a counter beside it, Lightning the attribute that held the network; and many put
//! several networks into one file. Names and shapes say which of them is meant.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use candle_core::{Device, Tensor};

use super::error::listed;
use super::mapped::Mapped;
use super::weights::{self, Kind};
use super::{CheckpointError, container, torch};

/// Names and shapes of the tensors of a state dict.
pub type Shapes = BTreeMap<String, Vec<usize>>;

/// Whether a state dict is of the network that is looked for: `None`, or the names of those tensors that are no part of
/// the network and do no harm.
pub type Fits<'a> = dyn Fn(&Shapes) -> Option<Vec<String>> + 'a;

/// What wrappers of a module put into names.
pub(super) const WRAPPERS: [&str; 2] = ["module", "_orig_mod"];
/// Deeper than networks nest.
const MAX_PARTS: usize = 12;
/// More are not told apart.
const MAX_FOUND: usize = 64;

/// Weights for one network, found in a file.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FittedWeights {
    /// The tensors, by the names that they have in the network.
    pub tensors: BTreeMap<String, Tensor>,
    /// In words what somebody should know: under which key and prefix they were found, what was left out. `None` where
    /// the file holds them and nothing else.
    pub note: Option<String>,
}

/// A dictionary of named tensors in a file.
pub(super) struct Dict {
    /// Its keys, joined by dots; empty for the whole file.
    pub(super) path: String,
    pub(super) shapes: Shapes,
}

/// Which tensors are taken.
#[derive(Debug)]
pub(super) struct Choice {
    pub(super) dict: usize,
    /// From a name in the network to the one in the dictionary.
    pub(super) names: BTreeMap<String, String>,
    pub(super) note: Option<String>,
}

/// What was found.
#[derive(Debug)]
pub(super) enum Chosen {
    One(Choice),
    /// Their keys.
    Several(Vec<String>),
    None,
}

/// Reads the weights of one network from a file as [`load_weights`](super::load_weights) does, and finds them in it.
///
/// `fits` is asked of every state dict in the file, also with each beginning that its names have in common taken off,
/// and at last without the names of wrappers (`module`, `_orig_mod`) anywhere. Where exactly one fits, it is taken; the
/// names that `fits` gave are left out. Where none does, the result is that of [`load_weights`](super::load_weights):
/// whoever builds the network says best what is wrong with it. `key` restricts the search.
///
/// # Errors
/// Those of [`load_weights`](super::load_weights); [`CheckpointError::Ambiguous`] also where several fit.
pub fn fit_weights(
    path: &Path,
    key: Option<&str>,
    fits: &Fits<'_>,
    device: &Device,
) -> Result<FittedWeights, CheckpointError> {
    let file = Mapped::open(path).map_err(|e| CheckpointError::io(path, "read", e))?;
    fit_bytes(&file, path, key, fits, device)
}

/// As [`fit_weights`], of the bytes of a file. `path` is what errors call it.
///
/// # Errors
/// As [`fit_weights`].
pub fn fit_bytes(
    file: &[u8],
    path: &Path,
    key: Option<&str>,
    fits: &Fits<'_>,
    device: &Device,
) -> Result<FittedWeights, CheckpointError> {
    let (tensors, note) = match weights::kind(file, path)? {
        Kind::Safetensors => of_safetensors(file, path, key, fits, device)?,
        Kind::TorchZip => torch::fit(torch::Container::Zip, file, path, key, fits, device)?,
        Kind::TorchStream => torch::fit(torch::Container::Stream, file, path, key, fits, device)?,
    };
    Ok(match note {
        Found::Fitted(note) => FittedWeights { tensors, note },
        Found::Whole => FittedWeights { tensors: weights::strip_wrappers(tensors), note: None },
    })
}

/// How tensors were found.
pub(super) enum Found {
    /// By their fit; with what there is to say.
    Fitted(Option<String>),
    /// As there was nothing else, or by key alone.
    Whole,
}

fn of_safetensors(
    file: &[u8],
    path: &Path,
    key: Option<&str>,
    fits: &Fits<'_>,
    device: &Device,
) -> Result<(BTreeMap<String, Tensor>, Found), CheckpointError> {
    let all = container::weights(file, path, device)?;
    let (chosen, at) = match key {
        Some(key) => (weights::select(all, key, path)?, key),
        None => (all, ""),
    };
    let shapes = chosen.iter().map(|(name, tensor)| (name.clone(), tensor.dims().to_vec())).collect();
    let take = |choice: Choice| {
        let tensor = |(name, from): (String, String)| Some((name, chosen.get(&from)?.clone()));
        (choice.names.into_iter().filter_map(tensor).collect(), Found::Fitted(choice.note))
    };
    match choose(&[Dict { path: at.to_owned(), shapes }], fits) {
        Chosen::One(choice) => Ok(take(choice)),
        Chosen::Several(keys) => Err(CheckpointError::Ambiguous { path: path.to_path_buf(), keys }),
        Chosen::None => Ok((chosen, Found::Whole)),
    }
}

/// A dictionary seen with one prefix.
struct Fit {
    dict: usize,
    prefix: String,
    names: BTreeMap<String, String>,
    extra: Vec<String>,
}

/// The only dictionary that fits, with whatever prefix.
pub(super) fn choose(dicts: &[Dict], fits: &Fits<'_>) -> Chosen {
    let as_is: fn(&str) -> String = str::to_owned;
    for rename in [as_is, without_wrappers] {
        let mut found = Vec::new();
        for (index, dict) in dicts.iter().enumerate() {
            collect(dict, index, rename, fits, &mut found);
        }
        match found.len() {
            0 => {}
            1 => {
                let fit = found.remove(0);
                let note = note(dicts, &fit);
                return Chosen::One(Choice { dict: fit.dict, names: fit.names, note });
            }
            _ => {
                return Chosen::Several(
                    found.iter().map(|fit| key_of(&dicts[fit.dict].path, &fit.prefix)).collect(),
                );
            }
        }
    }
    Chosen::None
}

/// Every prefix with which the dictionary fits.
fn collect(dict: &Dict, index: usize, rename: fn(&str) -> String, fits: &Fits<'_>, found: &mut Vec<Fit>) {
    let named: BTreeMap<String, &str> =
        dict.shapes.keys().map(|name| (rename(name), name.as_str())).collect();
    let ends = |name: &str| name.match_indices('.').map(|(at, _)| at + 1).take(MAX_PARTS).collect::<Vec<_>>();
    let mut prefixes: BTreeSet<&str> = BTreeSet::from([""]);
    for name in named.keys() {
        prefixes.extend(ends(name).into_iter().map(|end| &name[..end]));
    }
    for prefix in prefixes {
        if found.len() >= MAX_FOUND {
            return;
        }
        let below = named.range(prefix.to_owned()..).take_while(|(name, _)| name.starts_with(prefix));
        let mut names: BTreeMap<String, String> =
            below.map(|(name, from)| (name[prefix.len()..].to_owned(), (*from).to_owned())).collect();
        let shapes = names.iter().map(|(name, from)| (name.clone(), dict.shapes[from].clone())).collect();
        if let Some(extra) = fits(&shapes) {
            let extra = extra.iter().filter_map(|name| names.remove(name)).collect();
            found.push(Fit { dict: index, prefix: prefix.to_owned(), names, extra });
        }
    }
}

/// A name without the parts that wrappers put into it.
fn without_wrappers(name: &str) -> String {
    name.split('.').filter(|part| !WRAPPERS.contains(part)).collect::<Vec<_>>().join(".")
}

/// What names that place: wrappers at its end are found without being named.
fn key_of(path: &str, prefix: &str) -> String {
    let joined = format!("{path}.{prefix}");
    let mut key = joined.trim_matches('.');
    while let Some(shorter) = WRAPPERS.iter().find_map(|w| key.strip_suffix(w)?.strip_suffix('.')) {
        key = shorter;
    }
    key.to_owned()
}

fn note(dicts: &[Dict], fit: &Fit) -> Option<String> {
    let dict = &dicts[fit.dict];
    let taken: BTreeSet<&String> = fit.names.values().collect();
    let mut left: Vec<String> = fit.extra.clone();
    left.extend(
        dict.shapes.keys().filter(|name| !taken.contains(name) && !fit.extra.contains(name)).cloned(),
    );
    let others = dicts.iter().enumerate().filter(|(index, dict)| *index != fit.dict && !dict.path.is_empty());
    left.extend(others.map(|(_, dict)| dict.path.clone()));
    // PyTorch keeps this counter in every batch norm, and no network needs it: nothing to tell of.
    left.retain(|name| !name.ends_with("num_batches_tracked"));
    let place = format!("{}.{}", dict.path, fit.prefix);
    let place = place.trim_matches('.');
    let mut parts = Vec::new();
    if !place.is_empty() {
        parts.push(format!("the weights under `{place}` are taken"));
    }
    if !left.is_empty() {
        parts.push(format!("left out are {}", listed(&left)));
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

#[cfg(test)]
mod tests;
