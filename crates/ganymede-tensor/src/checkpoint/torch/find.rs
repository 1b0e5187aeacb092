//! Finding the state dict: a dictionary of named tensors, somewhere in nested dictionaries.

use std::collections::{BTreeMap, HashMap};

use super::node::{Arena, Id, Node, TensorRef};
use super::{Fault, Result, Wanted};

/// Deeper than any publisher nests.
const MAX_DEPTH: usize = 12;

/// The tensors to read: of the only state dict, or of the one that `key` names.
pub(super) fn wanted(arena: &Arena, root: Id, key: Option<&str>) -> Result<Wanted> {
    let Some(key) = key else {
        let dict = only(arena, root, "")?.ok_or(Fault::NoStateDict)?;
        return Ok(grouped(tensors(arena, dict)));
    };
    let chosen = match descend(arena, root, key) {
        Some((place, "")) => match arena.get(place) {
            Node::Tensor(tensor) => {
                let name = key.rsplit('.').next().unwrap_or(key);
                return Ok(grouped([(name, &**tensor)].into_iter()));
            }
            // The key leads to a dictionary; the state dict may lie deeper still.
            _ => only(arena, place, key)?.map(|dict| grouped(tensors(arena, dict))),
        },
        Some((place, rest)) => Some(grouped(beginning_with(arena, place, rest))),
        // No such dictionary: a beginning of names in the only state dict there is.
        None => match *candidates(arena, root) {
            [(_, dict)] => Some(grouped(beginning_with(arena, dict, key))),
            _ => None,
        },
    };
    chosen.filter(|wanted| !wanted.is_empty()).ok_or_else(|| {
        let paths = candidates(arena, root).into_iter().map(|(path, _)| path).filter(|p| !p.is_empty());
        Fault::KeyNotFound { key: key.to_string(), available: paths.collect() }
    })
}

/// Every dictionary that holds tensors, with its path: those that `key` leads to, or whose names begin with it, where
/// there is one.
pub(super) fn dicts<'a>(
    arena: &'a Arena,
    root: Id,
    key: Option<&str>,
) -> Vec<(String, Vec<(&'a str, &'a TensorRef)>)> {
    let below = |from: Id, at: &str| {
        let full = |path: String| {
            [at, &path].iter().filter(|p| !p.is_empty()).copied().collect::<Vec<_>>().join(".")
        };
        let found = search(arena, from, true).into_iter();
        found.map(|(path, id)| (full(path), tensors(arena, id).collect::<Vec<_>>())).collect::<Vec<_>>()
    };
    let Some(key) = key else { return below(root, "") };
    let begins = |id: Id, rest: &str| {
        let tensors: Vec<_> = beginning_with(arena, id, rest).collect();
        if tensors.is_empty() { Vec::new() } else { vec![(key.to_owned(), tensors)] }
    };
    match descend(arena, root, key) {
        Some((place, "")) => below(place, key),
        Some((place, rest)) => begins(place, rest),
        None => match *candidates(arena, root) {
            [(_, dict)] => begins(dict, key),
            _ => Vec::new(),
        },
    }
}

/// By storage. Where a name comes twice the last entry holds, as in Python.
pub(super) fn grouped<'a>(tensors: impl Iterator<Item = (&'a str, &'a TensorRef)>) -> Wanted {
    let named: BTreeMap<&str, &TensorRef> = tensors.collect();
    let mut wanted = Wanted::new();
    for (name, tensor) in named {
        wanted.entry(tensor.storage.key.clone()).or_default().push((name.to_string(), tensor.clone()));
    }
    wanted
}

fn beginning_with<'a>(
    arena: &'a Arena,
    dict: Id,
    prefix: &str,
) -> impl Iterator<Item = (&'a str, &'a TensorRef)> {
    tensors(arena, dict)
        .filter_map(move |(name, tensor)| Some((name.strip_prefix(prefix)?.strip_prefix('.')?, tensor)))
}

/// The only candidate under `from`, whose own path is `at`.
fn only(arena: &Arena, from: Id, at: &str) -> Result<Option<Id>> {
    let found = candidates(arena, from);
    match *found {
        [] => Ok(None),
        [(_, id)] => Ok(Some(id)),
        _ => {
            let full = |path: String| if at.is_empty() { path } else { format!("{at}.{path}") };
            Err(Fault::Ambiguous(found.into_iter().map(|(path, _)| full(path)).collect()))
        }
    }
}

/// Follows a dotted key as far as dictionaries go. Keys that contain dots themselves are tried
/// first. Gives the place and what remains of the key; nothing when not even its beginning is there.
fn descend<'k>(arena: &Arena, root: Id, key: &'k str) -> Option<(Id, &'k str)> {
    let (mut at, mut rest) = (root, key);
    for _ in 0..MAX_DEPTH {
        let ends = std::iter::once(rest.len()).chain(rest.rmatch_indices('.').map(|(i, _)| i));
        let step = ends.into_iter().find_map(|end| {
            let named = entries(arena, at).chain(items(arena, at));
            let inner = named.filter(|&(k, _)| k == &rest[..end]).last()?.1;
            let usable = match arena.get(inner) {
                Node::Dict(_) | Node::List(_) | Node::Tuple(_) => true,
                Node::Tensor(_) => end == rest.len(),
                _ => false,
            };
            usable.then_some((inner, rest.get(end + 1..).unwrap_or("")))
        });
        match step {
            Some((inner, after)) => (at, rest) = (inner, after),
            None => break,
        }
        if rest.is_empty() {
            break;
        }
    }
    (at != root).then_some((at, rest))
}

/// The paths and places of all state dicts: dictionaries that hold tensors, and no state dict.
fn candidates(arena: &Arena, root: Id) -> Vec<(String, Id)> {
    search(arena, root, false)
}

/// As [`candidates`]; with `outer` also dictionaries with others below them.
fn search(arena: &Arena, root: Id, outer: bool) -> Vec<(String, Id)> {
    let mut search = Search { arena, outer, seen: HashMap::new(), path: Vec::new(), found: Vec::new() };
    search.visit(root);
    search.found
}

struct Search<'a> {
    arena: &'a Arena,
    outer: bool,
    /// Dictionaries visited, and whether a state dict lies in them: each is entered once, so shared
    /// and cyclic ones cost nothing.
    seen: HashMap<Id, bool>,
    path: Vec<&'a str>,
    found: Vec<(String, Id)>,
}

impl Search<'_> {
    fn visit(&mut self, id: Id) -> bool {
        if let Some(&known) = self.seen.get(&id) {
            return known;
        }
        if self.path.len() > MAX_DEPTH || is_optimizer(self.arena, id) {
            return false;
        }
        self.seen.insert(id, false);
        let mut below = false;
        for (name, value) in entries(self.arena, id).chain(items(self.arena, id)) {
            if matches!(self.arena.get(value), Node::Dict(_) | Node::List(_) | Node::Tuple(_)) {
                self.path.push(name);
                below |= self.visit(value);
                self.path.pop();
            }
        }
        if (self.outer || !below) && tensors(self.arena, id).next().is_some() {
            self.found.push((self.path.join("."), id));
            below = true;
        }
        self.seen.insert(id, below);
        below
    }
}

/// The moments of an optimiser are tensors in dictionaries, too.
fn is_optimizer(arena: &Arena, id: Id) -> bool {
    entries(arena, id).any(|(name, _)| name == "param_groups")
}

/// The first items of a list or tuple, by their numbers: some programs save their networks as one.
fn items(arena: &Arena, id: Id) -> impl Iterator<Item = (&str, Id)> {
    const NUMBERS: [&str; 16] =
        ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15"];
    let items: &[Id] = match arena.get(id) {
        Node::List(items) => items,
        Node::Tuple(items) => items,
        _ => &[],
    };
    NUMBERS.iter().copied().zip(items.iter().copied())
}

/// The entries of a dictionary whose keys are text.
fn entries(arena: &Arena, id: Id) -> impl Iterator<Item = (&str, Id)> {
    let items: &[(Id, Id)] = match arena.get(id) {
        Node::Dict(items) => items,
        _ => &[],
    };
    items.iter().filter_map(|&(key, value)| Some((arena.str(key)?, value)))
}

fn tensors(arena: &Arena, id: Id) -> impl Iterator<Item = (&str, &TensorRef)> {
    entries(arena, id).filter_map(|(name, value)| match arena.get(value) {
        Node::Tensor(tensor) => Some((name, &**tensor)),
        _ => None,
    })
}
