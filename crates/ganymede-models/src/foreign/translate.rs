//! From a program's names to ours.

use std::collections::{BTreeMap, BTreeSet};

use ganymede_tensor::{Result as TensorResult, Shapes, Tensor};
use toml::{Table, Value};

use super::dialect::{Dialect, Rule};
use super::network::Role;
use super::pattern::{filled, matched};
use super::spectral::{self, FORMS};
use crate::ModelError;

/// What one of our tensors is made from, by their names.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Source {
    /// A tensor as it is.
    Whole(String),
    /// A tensor as a vector.
    Flat(String),
    /// The first or second half of a matrix, cut along axis 1.
    Half(String, usize),
    /// The left spectral vector of a weight, behind one iteration from theirs.
    Left { weight: String, u: String },
    /// The right one.
    Right { weight: String, u: String },
}

/// Our names, with shapes and sources.
#[derive(Debug, Default)]
pub(super) struct Translation {
    pub(super) sources: BTreeMap<String, Source>,
    pub(super) shapes: Shapes,
    /// Settings that their names tell.
    pub(super) settings: Table,
}

impl Source {
    pub(super) fn take(&self, tensors: &BTreeMap<String, Tensor>) -> TensorResult<Option<Tensor>> {
        let get = |name: &String| tensors.get(name);
        let vectors = |weight: &String, u: &String| match (get(weight), get(u)) {
            (Some(weight), Some(u)) => spectral::moved(weight, u).map(Some),
            _ => Ok(None),
        };
        Ok(match self {
            Self::Whole(name) => get(name).cloned(),
            Self::Flat(name) => get(name).map(Tensor::flatten_all).transpose()?,
            Self::Half(name, which) => match get(name) {
                Some(both) => {
                    let half = both.dim(1)? / 2;
                    Some(both.narrow(1, which * half, half)?.contiguous()?)
                }
                None => None,
            },
            Self::Left { weight, u } => vectors(weight, u)?.map(|(u, _)| u),
            Self::Right { weight, u } => vectors(weight, u)?.map(|(_, v)| v),
        })
    }
}

/// Our names for a state dict of a dialect; nothing where it spells something as that dialect does not, or two of its
/// tensors would be one of ours.
pub(super) fn translate(dialect: &Dialect, role: Role, shapes: &Shapes) -> Option<Translation> {
    let is_constant = |name: &str| dialect.constants.iter().any(|end| name.ends_with(end));
    let kept: Shapes =
        shapes.iter().filter(|(name, _)| !is_constant(name)).map(|(n, d)| (n.clone(), d.clone())).collect();
    let spelled = respelled(dialect, &kept)?;
    let rules = dialect.rules(role);
    let blocks = blocks(rules, |rule| rule.theirs, spelled.keys());
    let mut places = BTreeSet::new();
    let mut out = Translation::default();
    for (name, (source, dims)) in spelled {
        let rule = rules.iter().find_map(|rule| Some((rule, matched(rule.theirs, &name, blocks)?)));
        let Some((rule, found)) = rule else {
            out.put(name, source, dims)?;
            continue;
        };
        if rule.theirs.contains("{a}") {
            places.extend(found.number);
        }
        let ours = filled(rule.ours, found, blocks)?;
        match (rule.second, source) {
            (None, source) => out.put(ours, source, dims)?,
            (Some(second), Source::Whole(theirs)) => {
                let [rows, both] = dims[..] else { return None };
                let halves = [ours, filled(second, found, blocks)?];
                for (which, half) in halves.into_iter().enumerate() {
                    out.put(half, Source::Half(theirs.clone(), which), vec![rows, both / 2])?;
                }
            }
            (Some(_), _) => return None,
        }
    }
    out.settings = (dialect.settings)(role);
    if let (Some(side), [place]) = (dialect.attention_side, &places.iter().collect::<Vec<_>>()[..]) {
        let side = side(role, **place, blocks) as i64;
        out.settings.insert("attention".to_owned(), Value::Array(vec![Value::Integer(side)]));
    }
    Some(out)
}

impl Translation {
    /// Nothing where the name is taken.
    fn put(&mut self, name: String, source: Source, dims: Vec<usize>) -> Option<()> {
        self.shapes.insert(name.clone(), dims);
        self.sources.insert(name, source).is_none().then_some(())
    }
}

/// How many numbers stand at `{i}` of any rule's name of one side.
pub(super) fn blocks<'a>(
    rules: &[Rule],
    side: fn(&Rule) -> &'static str,
    names: impl Iterator<Item = &'a String> + Clone,
) -> usize {
    let numbered = rules.iter().map(side).filter(|pattern| pattern.contains("{i"));
    let numbers = numbered.flat_map(|pattern| {
        names
            .clone()
            .filter_map(move |name| matched(pattern, name, usize::MAX).and_then(|found| found.number))
    });
    numbers.collect::<BTreeSet<_>>().len()
}

/// Their names with spectral normalisation spelled as here.
fn respelled(dialect: &Dialect, shapes: &Shapes) -> Option<BTreeMap<String, (Source, Vec<usize>)>> {
    let mut out = BTreeMap::new();
    let mut used = BTreeSet::new();
    for form in FORMS {
        for u in shapes.keys() {
            let Some(layer) = layer_of(u, form.u) else { continue };
            let Some((weight, dims)) = shapes.get_key_value(&under(layer, form.weight)) else { continue };
            if !dialect.spectral.contains(form) || dims.is_empty() {
                return None;
            }
            let v = form.v.map(|v| under(layer, v)).filter(|v| shapes.contains_key(v));
            let rows = shapes[u].iter().product();
            let columns = dims.iter().product::<usize>() / dims[0].max(1);
            let (left, right, length) = match v {
                Some(v) => {
                    let length = shapes[&v].iter().product();
                    used.insert(v.clone());
                    (Source::Flat(u.clone()), Source::Flat(v), length)
                }
                None => {
                    let (weight, u) = (weight.clone(), u.clone());
                    let right = Source::Right { weight: weight.clone(), u: u.clone() };
                    (Source::Left { weight, u }, right, columns)
                }
            };
            out.insert(under(layer, "weight_orig"), (Source::Whole(weight.clone()), dims.clone()));
            out.insert(under(layer, "weight_u"), (left, vec![rows]));
            out.insert(under(layer, "weight_v"), (right, vec![length]));
            used.extend([weight.clone(), u.clone()]);
            used.extend(form.sigma.map(|sigma| under(layer, sigma)));
        }
    }
    for (name, dims) in shapes.iter().filter(|(name, _)| !used.contains(*name)) {
        out.insert(name.clone(), (Source::Whole(name.clone()), dims.clone()));
    }
    Some(out)
}

/// The layer that a tensor is the `leaf` of.
fn layer_of<'a>(name: &'a str, leaf: &str) -> Option<&'a str> {
    let layer = name.strip_suffix(leaf)?;
    if layer.is_empty() { Some(layer) } else { layer.strip_suffix('.') }
}

/// The name of a leaf of a layer.
pub(super) fn under(layer: &str, leaf: &str) -> String {
    if layer.is_empty() { leaf.to_owned() } else { format!("{layer}.{leaf}") }
}

/// The tensors of a state dict that is known to be of a dialect, by our names.
///
/// # Errors
/// It is not; a tensor cannot be made.
pub fn translated(
    dialect: &Dialect,
    role: Role,
    tensors: &BTreeMap<String, Tensor>,
) -> Result<BTreeMap<String, Tensor>, ModelError> {
    let shapes = shapes_of(tensors);
    let translation = translate(dialect, role, &shapes)
        .ok_or(ModelError::OtherDialect { dialect: dialect.name, role: role.word() })?;
    taken(&translation.sources, tensors)
}

pub(super) fn shapes_of(tensors: &BTreeMap<String, Tensor>) -> Shapes {
    tensors.iter().map(|(name, tensor)| (name.clone(), tensor.dims().to_vec())).collect()
}

/// Our tensors from theirs.
pub(super) fn taken(
    sources: &BTreeMap<String, Source>,
    tensors: &BTreeMap<String, Tensor>,
) -> Result<BTreeMap<String, Tensor>, ModelError> {
    let mut out = BTreeMap::new();
    for (name, source) in sources {
        if let Some(tensor) = source.take(tensors)? {
            out.insert(name.clone(), tensor);
        }
    }
    Ok(out)
}
