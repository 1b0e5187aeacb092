//! The weights of one network: of a run, of a file that [`NetworkWeights::save`] wrote, or of another program.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use ganymede_models::{
    ConditionShape, Dialect, Growth, Hints, Io, ModelError, Network, NetworkKind, Role, exported,
    how_to_export, recognise, translated, who_else,
};
use ganymede_tensor::{Checkpoint, CheckpointError, Device, Params, Shapes, Tensor, fit_weights};
use serde::{Deserialize, Serialize};
use toml::Table;

use crate::error::TrainError;
use crate::finite::not_finite;
use crate::trainer::{player_weights, read_checkpoint};

/// The metadata key that says which network a file holds.
const NETWORK: &str = "network";
/// The version of what stands there.
const SCHEMA: u32 = 1;

/// A network, what it was built for, and its parameters and buffers by our names.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NetworkWeights {
    /// The network and its settings.
    pub network: Network,
    /// What it was built for.
    pub io: Io,
    /// Its parameters and buffers.
    pub tensors: BTreeMap<String, Tensor>,
    /// How far it has grown, where it grows; [`Growth::FULL`] otherwise.
    pub growth: Growth,
    /// The names of the classes, in order; empty where nobody knows them.
    pub class_names: Vec<String>,
    /// The hash of the data that it was trained on, where that is known.
    pub trained_on: Option<String>,
    /// In words where the weights were found, and what was left out; `None` where there is nothing to say.
    pub note: Option<String>,
}

/// A program's own pickle is told how its tensors get out of it, where that is known.
fn unread(path: &Path, error: CheckpointError) -> TrainError {
    let CheckpointError::RefusedClass { class, .. } = &error else { return error.into() };
    match how_to_export(class) {
        Some(how) => {
            let reason = format!("refused, nothing was executed: {how}");
            TrainError::Weights { path: path.to_owned(), reason }
        }
        None => error.into(),
    }
}

/// What a file says of its network beside the tensors.
#[derive(Serialize, Deserialize)]
struct About {
    schema: u32,
    role: Role,
    settings: Table,
    shape: Vec<usize>,
    condition: ConditionShape,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    classes: Vec<String>,
    /// The stage that it has grown to, and α there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    growth: Option<(usize, f64)>,
    dialect: String,
}

/// As a file says it.
fn grown(said: Option<(usize, f64)>) -> Growth {
    said.map_or(Growth::FULL, |(stage, alpha)| Growth { stage, alpha })
}

impl NetworkWeights {
    /// A player of a checkpoint; of generators the averaged one where there is one, unless it is asked for `raw`.
    ///
    /// # Errors
    /// The file is missing, damaged, of another schema, or not a training checkpoint.
    pub fn of_checkpoint(path: &Path, role: Role, raw: bool, device: &Device) -> Result<Self, TrainError> {
        let (checkpoint, state) = read_checkpoint(path, device)?;
        let network = match role {
            Role::Generator => Network::from_table(role, &state.generator),
            Role::Discriminator => Network::from_table(role, &state.discriminator),
        };
        let network = network.map_err(|error| TrainError::CheckpointState {
            path: path.to_owned(),
            reason: format!("the {} in its state is unknown to this version: {error}", role.word()),
        })?;
        let tensors = player_weights(&checkpoint, role, raw);
        let (io, growth) = (state.io(), grown(state.growth));
        let (class_names, trained_on) = (state.classes, Some(state.data));
        Ok(Self { network, io, tensors, growth, class_names, trained_on, note: None })
    }

    /// The network of a file that [`NetworkWeights::save`] wrote, in whatever dialect; nothing where it is another file.
    ///
    /// # Errors
    /// The file cannot be read; what it says of its network is damaged, of another version, or not true.
    pub fn of_saved(path: &Path, device: &Device) -> Result<Option<Self>, TrainError> {
        let file = match Checkpoint::load(path, device) {
            Ok(file) => file,
            Err(error @ CheckpointError::HashMismatch { .. }) => return Err(error.into()),
            Err(_) => return Ok(None),
        };
        let Some(text) = file.metadata.get(NETWORK) else { return Ok(None) };
        let fail = |reason: String| TrainError::Weights { path: path.to_owned(), reason };
        let about: About = serde_json::from_str(text)
            .map_err(|error| fail(format!("what it says of its network cannot be read: {error}")))?;
        if about.schema != SCHEMA {
            return Err(fail(format!("its schema is {}, this version reads {SCHEMA}", about.schema)));
        }
        let network =
            Network::from_table(about.role, &about.settings).map_err(|error| fail(error.to_string()))?;
        let dialect = Dialect::named(&about.dialect)
            .ok_or_else(|| fail(format!("its dialect, {}, is unknown", about.dialect)))?;
        let tensors =
            translated(dialect, about.role, &file.tensors).map_err(|error| fail(error.to_string()))?;
        let io = Io { sample: about.shape, condition: about.condition };
        let growth = grown(about.growth);
        Ok(Some(Self {
            network,
            io,
            tensors,
            growth,
            class_names: about.classes,
            trained_on: None,
            note: None,
        }))
    }

    /// The network of a kind in a file of another program (`.pth`, `.pt`, `.tar`, `.ckpt`, `.safetensors`): its settings
    /// are read off the weights ([`recognise`]).
    ///
    /// The state dict that fits is found under whatever keys and prefixes programs put it ([`fit_weights`]), and
    /// [`NetworkWeights::note`] says where; `key` chooses where several fit. Tensors of other modules beside it, such as
    /// the counter of an average, are left out. A file of [`NetworkWeights::save`] is what it says.
    ///
    /// # Errors
    /// The file cannot be read; it holds several such networks, or none: the message says what is missing, and whose
    /// weights they may be.
    pub fn find(
        path: &Path,
        kind: NetworkKind,
        key: Option<&str>,
        hints: &Hints,
        device: &Device,
    ) -> Result<Self, TrainError> {
        if let Some(saved) = Self::of_saved(path, device)? {
            return saved.checked(path, kind);
        }
        let fits = |shapes: &Shapes| recognise(kind, shapes, hints).ok().map(|found| found.left_out);
        let found = fit_weights(path, key, &fits, device).map_err(|error| unread(path, error))?;
        let shapes: Shapes =
            found.tensors.iter().map(|(name, tensor)| (name.clone(), tensor.dims().to_vec())).collect();
        let misfit = |error: ModelError| TrainError::Weights {
            path: path.to_owned(),
            reason: format!("{error}; {}", who_else(kind, &shapes, hints.side)),
        };
        let recognised = recognise(kind, &shapes, hints).map_err(misfit)?;
        let tensors = recognised.tensors(&found.tensors)?;
        let (network, io) = (recognised.network, recognised.io);
        let named = format!("the names are those of {}", recognised.dialect.summary);
        let is_plain = recognised.dialect.is_ours(kind.role());
        let notes: Vec<String> = found.note.into_iter().chain((!is_plain).then_some(named)).collect();
        let note = (!notes.is_empty()).then(|| notes.join("; "));
        let growth = Growth::FULL;
        Ok(Self { network, io, tensors, growth, class_names: Vec::new(), trained_on: None, note })
    }

    /// The same, if it is of this kind.
    fn checked(self, path: &Path, kind: NetworkKind) -> Result<Self, TrainError> {
        let own = self.network.kind();
        if own.name() == kind.name() && own.role() == kind.role() {
            return Ok(self);
        }
        let reason = format!(
            "it holds the {} {}, not the {} {}; it fits --model {} ({})",
            own.role().word(),
            own.name(),
            kind.role().word(),
            kind.name(),
            own.name(),
            own.role().word()
        );
        Err(TrainError::Weights { path: path.to_owned(), reason })
    }

    /// Writes a safetensors file under the names of a dialect. What the network is stands in its metadata, so that
    /// nobody has to say it; other programs pass over them. Equal networks give equal bytes.
    ///
    /// # Errors
    /// The dialect has no such network; the file cannot be written.
    pub fn save(&self, path: &Path, dialect: &Dialect) -> Result<(), TrainError> {
        let about = About {
            schema: SCHEMA,
            role: self.network.kind().role(),
            settings: self.network.write(),
            shape: self.io.sample.clone(),
            condition: self.io.condition.clone(),
            classes: self.class_names.clone(),
            growth: (self.growth != Growth::FULL).then_some((self.growth.stage, self.growth.alpha)),
            dialect: dialect.name.to_owned(),
        };
        let about = serde_json::to_string(&about).expect("it is plain data");
        let tensors = exported(&self.network, &self.io, &self.tensors, dialect)?;
        let metadata = BTreeMap::from([(NETWORK.to_owned(), about)]);
        Ok(Checkpoint { tensors, metadata }.save(path)?)
    }

    /// How many numbers its layers, biases and normalisations hold.
    pub fn count(&self) -> usize {
        self.tensors.values().map(Tensor::elem_count).sum()
    }

    /// Puts them into a network that was built for them. Tensors of other modules are left out.
    pub(crate) fn load_into(&self, params: &Params, path: &Path) -> Result<(), TrainError> {
        let module = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
        let own: BTreeSet<String> = params.state_dict().keys().map(|name| module(name)).collect();
        let inside = self.tensors.iter().filter(|(name, _)| own.contains(&module(name)));
        let inside = inside.map(|(name, tensor)| (name.clone(), tensor.clone())).collect();
        params.load_state_dict(&inside).map_err(|error| {
            let kind = self.network.kind();
            let reason = format!("{error} as those of a {} {}", kind.name(), kind.role().word());
            TrainError::Weights { path: path.to_owned(), reason }
        })
    }

    /// Refuses what no memory holds, and settings that are unsound or do not fit.
    pub(crate) fn check(&self, path: &Path) -> Result<(), TrainError> {
        let (spec, role) = (self.network.spec(), self.network.kind().role().word());
        let fail = |reason: String| TrainError::Weights { path: path.to_owned(), reason };
        let unfit = spec.check().into_iter().next().or_else(|| spec.fits(&self.io).into_iter().next());
        if let Some(problem) = unfit {
            return Err(fail(format!("it describes a {role} that cannot be: {}: {problem}", problem.field)));
        }
        // A file may describe a network that no memory holds.
        let needed = spec.size(&self.io).weights;
        let held: u128 = self.tensors.values().map(|t| t.elem_count() as u128).sum();
        if needed > held {
            return Err(fail(format!("it describes a {role} of {needed} weights, and holds {held} numbers")));
        }
        for (name, tensor) in &self.tensors {
            if let Some(found) = not_finite(tensor)? {
                let all = tensor.elem_count();
                return Err(TrainError::NotFinite {
                    what: format!(
                        "{}: number {} of the tensor `{name}` ({} of {all} are not finite)",
                        path.display(),
                        found.at,
                        found.count
                    ),
                    value: found.value,
                    advice: "nothing that comes of it means anything; use an earlier checkpoint or another file",
                });
            }
        }
        Ok(())
    }
}
