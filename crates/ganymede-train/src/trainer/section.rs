//! State in sections: whoever has some writes it under a name of its own, and reads it back from there.

use std::collections::BTreeMap;

use ganymede_datasets::Loader;
use ganymede_tensor::{Optimizer, Params, Rng, Tensor};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// Tensors and facts by path; what a checkpoint holds of a game.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sections {
    /// `section/name`.
    pub(crate) tensors: BTreeMap<String, Tensor>,
    /// `section/name`.
    pub(crate) facts: Map<String, Value>,
}

/// Why a state could not be taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Misfit(pub(crate) String);

impl<E: std::error::Error> From<E> for Misfit {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

/// What a checkpoint holds and a resume gives back, bit for bit. As it stands here: nothing, for what remembers nothing
/// from one step to the next.
pub(crate) trait Stateful {
    /// Writes everything that the next step depends on.
    fn save(&self, _out: &mut Section<'_>) -> ganymede_tensor::Result<()> {
        Ok(())
    }

    /// Puts this, built from the same configuration, where it was when it was saved.
    fn load(&mut self, _from: &Saved<'_>) -> Result<(), Misfit> {
        Ok(())
    }
}

/// A place to write under.
pub(crate) struct Section<'a> {
    sections: &'a mut Sections,
    prefix: String,
}

/// A place to read from.
#[derive(Clone)]
pub(crate) struct Saved<'a> {
    sections: &'a Sections,
    prefix: String,
}

impl Sections {
    pub(crate) fn section(&mut self, name: &str) -> Section<'_> {
        Section { sections: self, prefix: format!("{name}/") }
    }

    pub(crate) fn saved(&self, name: &str) -> Saved<'_> {
        Saved { sections: self, prefix: format!("{name}/") }
    }
}

impl Section<'_> {
    /// The section `name` within this one.
    pub(crate) fn within(&mut self, name: impl std::fmt::Display) -> Section<'_> {
        Section { prefix: format!("{}{name}/", self.prefix), sections: self.sections }
    }

    pub(crate) fn tensor(&mut self, name: &str, tensor: Tensor) {
        self.sections.tensors.insert(format!("{}{name}", self.prefix), tensor);
    }

    /// Tensors of two players, each under its name; of nothing nothing.
    pub(crate) fn pair(&mut self, names: [&str; 2], pair: Option<&[Vec<Tensor>; 2]>) {
        for (name, tensors) in names.iter().zip(pair.into_iter().flatten()) {
            self.within(name).list(tensors);
        }
    }

    /// Tensors by their place in the list; those of this section alone.
    fn list(&mut self, tensors: &[Tensor]) {
        tensors.iter().enumerate().for_each(|(i, tensor)| self.tensor(&i.to_string(), tensor.clone()));
    }

    pub(crate) fn fact(&mut self, name: &str, fact: &impl Serialize) {
        let fact = serde_json::to_value(fact).expect("facts are plain data");
        self.sections.facts.insert(format!("{}{name}", self.prefix), fact);
    }
}

impl Saved<'_> {
    pub(crate) fn within(&self, name: impl std::fmt::Display) -> Saved<'_> {
        Saved { prefix: format!("{}{name}/", self.prefix), sections: self.sections }
    }

    /// All tensors of the section, sections within it included.
    pub(crate) fn tensors(&self) -> BTreeMap<String, Tensor> {
        let all = self.sections.tensors.iter();
        all.filter_map(|(name, t)| Some((name.strip_prefix(&self.prefix)?.to_owned(), t.clone()))).collect()
    }

    /// What [`Section::pair`] wrote: `what` it is, for the message where there is half of it.
    pub(crate) fn pair(&self, names: [&str; 2], what: &str) -> Result<Option<[Vec<Tensor>; 2]>, Misfit> {
        let pair = names.map(|name| self.within(name).list());
        match pair.each_ref().map(Vec::is_empty) {
            [false, false] => Ok(Some(pair)),
            [true, true] => Ok(None),
            _ => Err(Misfit(format!("it has {what} of one player only"))),
        }
    }

    /// What [`Section::list`] wrote.
    fn list(&self) -> Vec<Tensor> {
        let named = |i: usize| self.sections.tensors.get(&format!("{}{i}", self.prefix)).cloned();
        (0..).map_while(named).collect()
    }

    /// A number on the device, if there is one of this name: `what` it is, for the message where it is something else.
    pub(crate) fn scalar(&self, name: &str, what: &str) -> Result<Option<Tensor>, Misfit> {
        match self.sections.tensors.get(&format!("{}{name}", self.prefix)) {
            Some(found) if found.rank() > 0 || !found.dtype().is_float() => {
                Err(Misfit(format!("{what} is {:?} of {:?}", found.dims(), found.dtype())))
            }
            found => Ok(found.cloned()),
        }
    }

    pub(crate) fn fact<T: DeserializeOwned>(&self, name: &str) -> Result<T, Misfit> {
        let key = format!("{}{name}", self.prefix);
        let fact = self.sections.facts.get(&key).ok_or_else(|| Misfit(format!("it lacks `{key}`")))?;
        serde_json::from_value(fact.clone()).map_err(|error| Misfit(format!("`{key}`: {error}")))
    }
}

impl Stateful for Params {
    fn save(&self, out: &mut Section<'_>) -> ganymede_tensor::Result<()> {
        self.state_dict().into_iter().for_each(|(name, tensor)| out.tensor(&name, tensor));
        Ok(())
    }

    fn load(&mut self, from: &Saved<'_>) -> Result<(), Misfit> {
        Ok(self.load_state_dict(&from.tensors())?)
    }
}

impl Stateful for Optimizer {
    fn save(&self, out: &mut Section<'_>) -> ganymede_tensor::Result<()> {
        self.state_dict()?.into_iter().for_each(|(name, tensor)| out.tensor(&name, tensor));
        Ok(())
    }

    fn load(&mut self, from: &Saved<'_>) -> Result<(), Misfit> {
        Ok(self.load_state_dict(&from.tensors())?)
    }
}

impl Stateful for Rng {
    fn save(&self, out: &mut Section<'_>) -> ganymede_tensor::Result<()> {
        out.fact("stream", &self.state());
        Ok(())
    }

    fn load(&mut self, from: &Saved<'_>) -> Result<(), Misfit> {
        *self = Rng::from_state(&from.fact("stream")?);
        Ok(())
    }
}

impl Stateful for Loader {
    fn save(&self, out: &mut Section<'_>) -> ganymede_tensor::Result<()> {
        out.fact("cursor", &self.cursor());
        Ok(())
    }

    fn load(&mut self, from: &Saved<'_>) -> Result<(), Misfit> {
        self.seek(from.fact("cursor")?);
        Ok(())
    }
}
