//! What a network's own settings answer before it is built.

use std::fmt;

use ganymede_tensor::{DType, Device, Rng};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_path_to_error::Segment;
use toml::{Table, Value};

use crate::{ConditionShape, Discriminator, Generator, Io, ModelError};

/// The settings of a network: the one struct that its section of a configuration file is read into.
pub trait NetworkSpec: fmt::Debug + Send + Sync {
    /// What is wrong with the settings by themselves; all of it.
    fn check(&self) -> Vec<Problem>;

    /// What keeps the network from such data; nothing if it fits. The settings by themselves are sound.
    fn fits(&self, io: &Io) -> Vec<Problem>;

    /// What others have to know of it.
    fn traits(&self) -> Traits;

    /// How large it is on such data, which it fits; of a growing network when it is fully grown.
    fn size(&self, io: &Io) -> Size;

    /// How many stages it grows through on such data, which it fits: 1 where it does not grow. Stage s makes or takes
    /// images of [`Io::at_stage`]; players of one game have to have the same number.
    fn stages(&self, _io: &Io) -> usize {
        1
    }

    /// Every setting, as a configuration file says it.
    fn write(&self) -> Table;
}

/// The settings of a generator.
pub trait GeneratorSpec: NetworkSpec {
    /// The length Z of a latent vector; 0 of networks that need none.
    fn z_dim(&self) -> usize;

    /// The network, with first weights from `rng`.
    ///
    /// # Errors
    /// The settings are unsound or do not fit; the device refuses the memory.
    fn build(
        &self,
        io: &Io,
        rng: Rng,
        dtype: DType,
        device: &Device,
    ) -> Result<Box<dyn Generator>, ModelError>;
}

/// The settings of a discriminator.
pub trait DiscriminatorSpec: NetworkSpec {
    /// As [`GeneratorSpec::build`].
    ///
    /// # Errors
    /// As [`GeneratorSpec::build`].
    fn build(
        &self,
        io: &Io,
        rng: Rng,
        dtype: DType,
        device: &Device,
    ) -> Result<Box<dyn Discriminator>, ModelError>;
}

/// What trainers, linters and warnings ask of a network instead of its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traits {
    /// Whether a sample's output in training depends on the others of its batch, as with batch normalisation.
    pub mixes_batch: bool,
    /// Whether it depends on them in evaluation, too, as with features of the batch.
    pub sees_batch: bool,
    /// Whether every layer's spectral norm is held at 1.
    pub lipschitz: bool,
    /// Whether it uses the condition.
    pub conditional: bool,
    /// Whether it has an auxiliary head with logits of the classes.
    pub classifies: bool,
    /// Whether its samples may leave [−1, 1] by a little, for want of a tanh at the end.
    pub unbounded: bool,
    /// Whether it has a mapping to intermediate latent vectors w ([`Generator::mapping`]).
    pub maps: bool,
    /// Samples that it judges together, which whoever shows them packs ([`pack_samples`](crate::pack_samples)); 1 for
    /// all but PacGAN's.
    pub pack: usize,
    /// Discriminators that judge every sample, as whose scores its own stand side by side, or generators of a mixture; 1 for one by
    /// itself.
    pub members: usize,
    /// Numbers that it gives of a sample ([`Critique::scores`](crate::Critique)), each member of several: 1, but for those whose
    /// setting `scores` says otherwise. Patches of a map are not counted.
    pub scores: usize,
    /// Generators of a mixture that it tells apart ([`Critique::origin_logits`](crate::Critique)); 0 of one that does not.
    pub origins: usize,
    /// Samples of a reference batch that pass through it beside every batch: 0 but for virtual batch normalisation.
    pub reference: usize,
}

impl Default for Traits {
    fn default() -> Self {
        Self {
            mixes_batch: false,
            sees_batch: false,
            lipschitz: false,
            conditional: false,
            classifies: false,
            unbounded: false,
            maps: false,
            pack: 1,
            members: 1,
            scores: 1,
            origins: 0,
            reference: 0,
        }
    }
}

/// How large a network is: what a step costs at least.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Values a sample in the largest layer.
    pub activations: u128,
    /// Values a sample that the memory of a training step grows with.
    pub held: u128,
    /// Weights of the largest layer.
    pub largest_weight: u128,
    /// Weights of all layers, without biases and normalisation, but with the vectors of classes.
    pub weights: u128,
    /// Biases, gains and all other parameters that are no matrix.
    pub vectors: u128,
    /// Multiplications, each with an addition, of a sample's forward pass in convolutions, linear layers and attention:
    /// every weight once at each place that it is used at. Half of the FLOPs that others count. What is done element by
    /// element, fixed filters and the looking up of a class's vector have none.
    pub products: u128,
}

impl Size {
    /// All parameters.
    pub fn parameters(&self) -> u128 {
        self.weights + self.vectors
    }

    /// The same with layers besides: the weights of each, and the places of a sample that they are multiplied at.
    pub(crate) fn with_products(self, layers: impl IntoIterator<Item = (u128, u128)>) -> Self {
        layers.into_iter().fold(self, |size, (weights, places)| {
            let size = size.with_layers([weights]);
            Self { products: size.products + weights * places, ..size }
        })
    }

    /// The same with so many biases, gains and the like besides.
    pub(crate) fn with_vectors(self, vectors: u128) -> Self {
        Self { vectors: self.vectors + vectors, ..self }
    }

    /// The same with layers of so many weights each besides, that are told what `io` says of a sample: vectors are
    /// multiplied by them, those of classes are only looked up.
    pub(crate) fn with_told(self, io: &Io, weights: Vec<u128>) -> Self {
        match io.condition {
            ConditionShape::Vectors(_) => self.with_products(weights.into_iter().map(|weights| (weights, 1))),
            _ => self.with_layers(weights),
        }
    }

    /// The same with layers of so many weights each besides, from which vectors are only looked up.
    pub(crate) fn with_layers(self, weights: impl IntoIterator<Item = u128>) -> Self {
        weights.into_iter().fold(self, |size, weights| Self {
            largest_weight: size.largest_weight.max(weights),
            weights: size.weights + weights,
            ..size
        })
    }
}

/// A setting that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The setting.
    pub field: &'static str,
    /// Its value.
    pub value: String,
    /// What is expected, or what to do.
    pub message: String,
}

impl Problem {
    /// A value, and what is expected in its place.
    pub fn new(field: &'static str, value: impl fmt::Display, message: impl Into<String>) -> Self {
        Self { field, value: value.to_string(), message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "found {}, expected {}", self.value, self.message)
    }
}

/// The sizes that are not in 1 ..= `most`. The bound is no opinion: beyond it nothing can be said before the memory is
/// full.
pub(crate) fn sizes(fields: &[(&'static str, usize, usize)]) -> Vec<Problem> {
    let outside = fields.iter().filter(|(_, value, most)| !(1..=*most).contains(value));
    let problem = |(field, value, most): &(&'static str, usize, usize)| {
        Problem::new(field, value, format!("a whole number of 1 or more, at most {most}"))
    };
    outside.map(problem).collect()
}

/// The first problem as an error, for who builds without asking.
pub(crate) fn refuse(model: &'static str, problems: Vec<Problem>) -> Result<(), ModelError> {
    match problems.into_iter().next() {
        None => Ok(()),
        Some(Problem { field, value, message }) => {
            Err(ModelError::InvalidField { model, field, value, expected: message })
        }
    }
}

/// A key or a value that settings cannot be read from.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", path.join("."))]
pub struct Fault {
    /// Where it lies; empty where nobody can tell.
    pub path: Vec<String>,
    /// As serde says it.
    pub message: String,
}

/// Settings from a table, in the grammar of their own type.
///
/// # Errors
/// [`Fault`] says where the first key or value lies that the type refuses.
pub fn read_table<T: DeserializeOwned>(table: &Table) -> Result<T, Fault> {
    serde_path_to_error::deserialize(Value::Table(table.clone())).map_err(|error| {
        let name = |segment: &Segment| match segment {
            Segment::Seq { index } => Some(index.to_string()),
            Segment::Map { key } => Some(key.clone()),
            Segment::Enum { variant } => Some(variant.clone()),
            Segment::Unknown => None,
        };
        let path = error.path().iter().filter_map(name).collect();
        Fault { path, message: error.into_inner().to_string() }
    })
}

/// Settings from a table in which what is left out is as in `defaults`.
pub(crate) fn read_table_over<T: DeserializeOwned + Serialize>(
    defaults: &T,
    table: &Table,
) -> Result<T, Fault> {
    let mut whole = write_table(defaults);
    whole.extend(table.clone());
    read_table(&whole)
}

/// The table that [`read_table`] reads the same settings from.
pub(crate) fn write_table(settings: &impl Serialize) -> Table {
    Table::try_from(settings).expect("settings are numbers, names and switches")
}
