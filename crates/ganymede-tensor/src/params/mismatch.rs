//! How weights and a model differ.

use std::collections::BTreeMap;
use std::fmt::Display;

use candle_core::Tensor;

/// A state dict that does not fit a model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// Names or shapes differ.
    #[error("the weights do not fit the model:{0}")]
    Mismatch(Mismatch),
    /// A tensor could not be copied or cast.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
}

/// How a state dict and a model differ.
#[derive(Debug, Default)]
pub struct Mismatch {
    missing: Vec<String>,
    unexpected: Vec<String>,
    shapes: Vec<String>,
}

impl Mismatch {
    pub(super) fn between(own: &BTreeMap<&str, Tensor>, state: &BTreeMap<String, Tensor>) -> Self {
        let mut found = Self::default();
        for (&name, held) in own {
            match state.get(name) {
                None if name.ends_with("num_batches_tracked") => {}
                None => found.missing.push(name.to_string()),
                Some(new) if new.dims() != held.dims() => {
                    found.shapes.push(format!("{name}: model {:?}, file {:?}", held.dims(), new.dims()));
                }
                Some(_) => {}
            }
        }
        found.unexpected = state.keys().filter(|k| !own.contains_key(k.as_str())).cloned().collect();
        found
    }

    pub(super) fn is_empty(&self) -> bool {
        self.missing.is_empty() && self.unexpected.is_empty() && self.shapes.is_empty()
    }
}

impl Display for Mismatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let lists =
            [("missing", &self.missing), ("unexpected", &self.unexpected), ("other shapes", &self.shapes)];
        for (what, names) in lists {
            if !names.is_empty() {
                // A file of another model differs everywhere; the first few names tell which.
                let shown = names.iter().take(8).cloned().collect::<Vec<_>>().join(", ");
                let more = names.len().saturating_sub(8);
                let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
                write!(f, " {what}: {shown}{tail};")?;
            }
        }
        Ok(())
    }
}
