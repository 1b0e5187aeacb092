//! All that a run is at some step, in one file: both players, the average, both optimisers, the random
//! streams and the place in the data, each in a section of its own.
//!
//! The file is a pure function of the configuration and the step: no clock, no path, no machine.

mod schema1;

use std::collections::BTreeMap;
use std::path::Path;

use ganymede_models::{ConditionShape, DiscriminatorConfig, GeneratorConfig, Io, ModelError, Role};
use ganymede_tensor::{Checkpoint, DType, Device, Result as TensorResult, Tensor};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use toml::Table;

use super::game::{self, Game};
use super::section::{Misfit, Sections};
use crate::config::Run;
use crate::error::TrainError;
use crate::record::Best;

/// The schema number that this version writes into a checkpoint's state; it reads the one before, too.
pub const CHECKPOINT_SCHEMA: u32 = 2;
/// The metadata key of the state.
const STATE: &str = "state";

/// What a checkpoint says beside its tensors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) schema: u32,
    /// The version of this crate that wrote it.
    pub(crate) version: String,
    pub(crate) step: u64,
    /// The content hash of the data.
    pub(crate) data: String,
    /// `[C, H, W]` or `[D]`.
    pub(crate) shape: Vec<usize>,
    /// What the samples are conditioned on.
    pub(crate) condition: ConditionShape,
    /// The names of the classes, where samples have some.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) classes: Vec<String>,
    /// The stage that both networks have grown to, and α there; nothing of those that do not grow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) growth: Option<(usize, f64)>,
    /// Every setting of the network, also of those that are as usual.
    pub(crate) generator: Table,
    pub(crate) discriminator: Table,
    /// What the sections know besides tensors, by path.
    pub(crate) facts: Map<String, Value>,
    pub(crate) best: Option<Best>,
    /// Whether all that was due after the step is done; else the resume does it. Only a stop in between makes it
    /// false, so that it is left out otherwise.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub(crate) settled: bool,
}

fn yes() -> bool {
    true
}

fn is_true(value: &bool) -> bool {
    *value
}

impl State {
    /// What the generator was built for.
    pub(crate) fn io(&self) -> Io {
        Io { sample: self.shape.clone(), condition: self.condition.clone() }
    }

    /// The generator's kind and settings.
    ///
    /// # Errors
    /// Another version's network.
    pub(crate) fn generator(&self) -> Result<GeneratorConfig, ModelError> {
        GeneratorConfig::from_table(&self.generator)
    }
}

/// What a checkpoint says besides the game.
#[derive(Clone, Copy)]
pub(crate) struct Besides<'a> {
    /// The content hash of the data.
    pub(crate) data: &'a str,
    /// The names of the classes.
    pub(crate) classes: &'a [String],
    pub(crate) best: Option<&'a Best>,
    pub(crate) settled: bool,
}

/// Everything of `game` at its present step.
pub(crate) fn save(game: &Game, run: &Run, besides: Besides<'_>) -> TensorResult<Checkpoint> {
    let mut sections = Sections::default();
    for (name, part) in game.parts() {
        part.save(&mut sections.section(name))?;
    }
    let io = game.sampler().io();
    let state = State {
        schema: CHECKPOINT_SCHEMA,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        step: game.step,
        data: besides.data.to_owned(),
        shape: io.sample.clone(),
        condition: io.condition.clone(),
        classes: besides.classes.to_vec(),
        growth: run.growth.as_ref().map(|_| (game.growth().stage, game.growth().alpha)),
        generator: run.generator.write(),
        discriminator: run.discriminator.write(),
        facts: sections.facts,
        best: besides.best.cloned(),
        settled: besides.settled,
    };
    let state = serde_json::to_string(&state).expect("the state is plain data");
    let metadata = BTreeMap::from([(STATE.to_owned(), state)]);
    Ok(Checkpoint { tensors: sections.tensors, metadata })
}

/// The first part that holds a value which is not a finite number, in words.
pub(crate) fn non_finite(checkpoint: &Checkpoint) -> TensorResult<Option<&'static str>> {
    let section = |name: &str| name.split('/').next().unwrap_or_default().to_owned();
    let mut sums: BTreeMap<String, Vec<Tensor>> = BTreeMap::new();
    for (name, tensor) in &checkpoint.tensors {
        if tensor.dtype().is_float() {
            // x · 0 is 0 for finite x and NaN otherwise; a plain sum of large finite values could overflow.
            let sum = (tensor * 0.0)?.to_dtype(DType::F32)?.sum_all()?;
            sums.entry(section(name)).or_default().push(sum);
        }
    }
    for (section, sums) in sums {
        if !Tensor::stack(&sums, 0)?.sum_all()?.to_scalar::<f32>()?.is_finite() {
            return Ok(Some(game::words(&section)));
        }
    }
    Ok(None)
}

/// Reads a checkpoint file and its state, in the form of the present schema.
pub(crate) fn read(path: &Path, device: &Device) -> Result<(Checkpoint, State), TrainError> {
    let mut checkpoint = Checkpoint::load(path, device)?;
    let fail = |reason: String| TrainError::CheckpointState { path: path.to_owned(), reason };
    let text = checkpoint.metadata.get(STATE);
    let text = text.ok_or_else(|| fail("it has no training state".to_owned()))?;
    let mut value: Value =
        serde_json::from_str(text).map_err(|error| fail(format!("its state is not JSON: {error}")))?;
    match value.get("schema").and_then(Value::as_u64) {
        Some(2) => {}
        Some(1) => {
            value = schema1::state(&value).map_err(|Misfit(reason)| fail(reason))?;
            checkpoint.tensors = schema1::tensors(checkpoint.tensors);
        }
        other => {
            let found = other.map_or_else(|| "none".to_owned(), |n| n.to_string());
            let reason = format!("its schema is {found}, this version reads 1 and {CHECKPOINT_SCHEMA}");
            return Err(fail(reason));
        }
    }
    let state =
        serde_json::from_value(value).map_err(|error| fail(format!("its state cannot be read: {error}")))?;
    Ok((checkpoint, state))
}

/// Puts `game`, freshly built from the run's configuration, where the checkpoint of `path` was.
pub(crate) fn restore(
    game: &mut Game,
    checkpoint: &Checkpoint,
    state: &State,
    path: &Path,
) -> Result<(), TrainError> {
    check_shape(game, state, path)?;
    let sections = Sections { tensors: checkpoint.tensors.clone(), facts: state.facts.clone() };
    game.load_parts(|name, part| {
        let loaded = part.load(&sections.saved(name));
        loaded.map_err(|Misfit(reason)| TrainError::misfit(path, game::words(name), reason))
    })?;
    game.step = state.step;
    Ok(())
}

/// Says in words, before anything is opened or any tensor is compared, when the file is another run's.
pub(crate) fn check_networks(run: &Run, state: &State, path: &Path) -> Result<(), TrainError> {
    let unknown = |part: &'static str, error: ModelError| TrainError::Architecture {
        path: path.to_owned(),
        part,
        reason: format!("it is unknown here: {error}"),
    };
    // Read by today's types first: a setting that is new, and as usual, makes no other network.
    let generator = state.generator().map_err(|error| unknown("generator", error))?.write();
    let discriminator = DiscriminatorConfig::from_table(&state.discriminator);
    let discriminator = discriminator.map_err(|error| unknown("discriminator", error))?.write();
    let pairs = [
        ("generator", generator, run.generator.write()),
        ("discriminator", discriminator, run.discriminator.write()),
    ];
    for (part, found, wanted) in pairs {
        if found != wanted {
            let reason = format!("it holds {}, the run wants {}", words(&found), words(&wanted));
            return Err(TrainError::Architecture { path: path.to_owned(), part, reason });
        }
    }
    Ok(())
}

fn check_shape(game: &Game, state: &State, path: &Path) -> Result<(), TrainError> {
    let (found, wanted) = (&state.shape, &game.sampler().io().sample);
    if found == wanted {
        return Ok(());
    }
    let reason = format!("its samples have shape {found:?}, the run's {wanted:?}");
    Err(TrainError::Architecture { path: path.to_owned(), part: "generator", reason })
}

fn words(network: &Table) -> String {
    let text = toml::to_string(network).unwrap_or_default();
    text.trim().replace(" = ", " ").replace('\n', ", ")
}

/// The weights of a player; of the generator the averaged ones where there are any, unless they are to be `raw`.
pub(crate) fn player_weights(checkpoint: &Checkpoint, role: Role, raw: bool) -> BTreeMap<String, Tensor> {
    let sections = Sections { tensors: checkpoint.tensors.clone(), facts: Map::new() };
    let places = match role {
        Role::Discriminator => &[game::DISCRIMINATOR][..],
        Role::Generator if raw => &[game::GENERATOR],
        Role::Generator => &[game::AVERAGE, game::GENERATOR],
    };
    let found = places.iter().map(|place| sections.saved(place).tensors());
    found.into_iter().find(|tensors| !tensors.is_empty()).unwrap_or_default()
}
