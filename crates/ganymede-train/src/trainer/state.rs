//! All that a run is at some step, in one file: both players, the average, both optimisers, the random
//! streams and the place in the data.
//!
//! The file is a pure function of the configuration and the step: no clock, no path, no machine.

use std::collections::BTreeMap;
use std::path::Path;

use ganymede_tensor::{
    Checkpoint, DType, Device, Optimizer, Params, Result as TensorResult, Rng, RngState, Tensor,
};
use serde::{Deserialize, Serialize};

use super::game::Game;
use super::stats::HeldPenalty;
use crate::config::{NetworkFile, Run};
use crate::error::TrainError;
use crate::record::Best;

/// The schema number that this version writes into a checkpoint's state.
pub const CHECKPOINT_SCHEMA: u32 = 1;
/// The metadata key of the state.
const STATE: &str = "state";

const GENERATOR: &str = "g/";
const DISCRIMINATOR: &str = "d/";
const EMA: &str = "ema/";
const OPT_G: &str = "opt_g/";
const OPT_D: &str = "opt_d/";
const MONITOR: &str = "monitor/";

/// What a checkpoint says beside its tensors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) schema: u32,
    /// The version of this crate that wrote it.
    pub(crate) version: String,
    pub(crate) step: u64,
    /// Samples consumed.
    pub(crate) cursor: u64,
    /// The content hash of the data.
    pub(crate) data: String,
    /// `[C, H, W]` or `[D]`.
    pub(crate) shape: Vec<usize>,
    pub(crate) generator: NetworkFile,
    pub(crate) discriminator: NetworkFile,
    pub(crate) streams: BTreeMap<String, RngState>,
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

/// Everything of `game` at its present step.
pub(crate) fn save(game: &Game, data: &str, best: Option<&Best>, settled: bool) -> TensorResult<Checkpoint> {
    let mut tensors = BTreeMap::new();
    let mut put = |prefix: &str, state: BTreeMap<String, Tensor>| {
        tensors.extend(state.into_iter().map(|(name, tensor)| (format!("{prefix}{name}"), tensor)));
    };
    put(GENERATOR, game.g.params().state_dict());
    put(DISCRIMINATOR, game.d.params().state_dict());
    if let Some(ema) = &game.ema {
        put(EMA, ema.params().state_dict());
    }
    put(OPT_G, game.opt_g.state_dict()?);
    put(OPT_D, game.opt_d.state_dict()?);
    for (i, held) in game.held.iter().enumerate() {
        let Some(HeldPenalty { value, norm }) = held else { continue };
        let pair = [("value", value), ("norm", norm)];
        put(MONITOR, pair.map(|(name, t)| (format!("penalty.{i}.{name}"), t.clone())).into());
    }
    let state = State { settled, ..describe(game, data, best) };
    let state = serde_json::to_string(&state).expect("the state is plain data");
    Ok(Checkpoint { tensors, metadata: BTreeMap::from([(STATE.to_owned(), state)]) })
}

fn describe(game: &Game, data: &str, best: Option<&Best>) -> State {
    let (generator, discriminator) = architecture(&game.run);
    let streams = streams(game).map(|(name, rng)| (name.to_owned(), rng.state()));
    State {
        schema: CHECKPOINT_SCHEMA,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        step: game.step,
        cursor: game.loader.cursor(),
        data: data.to_owned(),
        shape: game.g.output_shape(),
        generator,
        discriminator,
        streams: streams.into(),
        best: best.cloned(),
        settled: true,
    }
}

fn architecture(run: &Run) -> (NetworkFile, NetworkFile) {
    let file = run.to_file();
    (file.generator, file.discriminator)
}

fn streams(game: &Game) -> [(&'static str, &Rng); 3] {
    [
        ("latents/generator", &game.latents_g),
        ("latents/discriminator", &game.latents_d),
        ("penalty", &game.penalty_noise),
    ]
}

/// The first part that holds a value which is not a finite number, in words.
pub(crate) fn non_finite(checkpoint: &Checkpoint) -> TensorResult<Option<&'static str>> {
    let parts = [
        (GENERATOR, "the generator's weights"),
        (DISCRIMINATOR, "the discriminator's weights"),
        (EMA, "the averaged generator's weights"),
        (OPT_G, "the generator's optimiser"),
        (OPT_D, "the discriminator's optimiser"),
    ];
    for (prefix, words) in parts {
        let mut sums = Vec::new();
        for (name, tensor) in &checkpoint.tensors {
            if name.starts_with(prefix) && tensor.dtype().is_float() {
                // x − x is 0 for finite x and NaN otherwise; a plain sum of large finite values could
                // overflow.
                sums.push((tensor * 0.0)?.to_dtype(DType::F32)?.sum_all()?);
            }
        }
        if !sums.is_empty() && !Tensor::stack(&sums, 0)?.sum_all()?.to_scalar::<f32>()?.is_finite() {
            return Ok(Some(words));
        }
    }
    Ok(None)
}

/// Reads a checkpoint file and its state.
pub(crate) fn read(path: &Path, device: &Device) -> Result<(Checkpoint, State), TrainError> {
    let checkpoint = Checkpoint::load(path, device)?;
    let fail = |reason: String| TrainError::CheckpointState { path: path.to_owned(), reason };
    let text = checkpoint.metadata.get(STATE);
    let text = text.ok_or_else(|| fail("it has no training state".to_owned()))?;
    let value: serde_json::Value =
        serde_json::from_str(text).map_err(|error| fail(format!("its state is not JSON: {error}")))?;
    let schema = value.get("schema").and_then(serde_json::Value::as_u64);
    if schema != Some(u64::from(CHECKPOINT_SCHEMA)) {
        let found = schema.map_or_else(|| "none".to_owned(), |n| n.to_string());
        return Err(fail(format!("its schema is {found}, this version reads {CHECKPOINT_SCHEMA}")));
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
    let part = |prefix: &str| part(checkpoint, prefix);
    load(game.g.params(), &part(GENERATOR), path, "generator")?;
    load(game.d.params(), &part(DISCRIMINATOR), path, "discriminator")?;
    if let Some(ema) = &game.ema {
        load(ema.params(), &part(EMA), path, "averaged generator")?;
    }
    load_optimizer(&mut game.opt_g, &part(OPT_G), path, "generator's optimiser")?;
    load_optimizer(&mut game.opt_d, &part(OPT_D), path, "discriminator's optimiser")?;
    let monitor = part(MONITOR);
    for (i, held) in game.held.iter_mut().enumerate() {
        let get = |name: &str| monitor.get(&format!("penalty.{i}.{name}")).cloned();
        *held = get("value").zip(get("norm")).map(|(value, norm)| HeldPenalty { value, norm });
    }
    let stream = |name: &str| {
        let state = state.streams.get(name).map(Rng::from_state);
        state.ok_or_else(|| TrainError::CheckpointState {
            path: path.to_owned(),
            reason: format!("it lacks the random stream `{name}`"),
        })
    };
    game.latents_g = stream("latents/generator")?;
    game.latents_d = stream("latents/discriminator")?;
    game.penalty_noise = stream("penalty")?;
    game.loader.seek(state.cursor);
    game.step = state.step;
    Ok(())
}

/// Says in words, before anything is opened or any tensor is compared, when the file is another run's.
pub(crate) fn check_networks(run: &Run, state: &State, path: &Path) -> Result<(), TrainError> {
    let (generator, discriminator) = architecture(run);
    let pairs = [
        ("generator", &state.generator, &generator),
        ("discriminator", &state.discriminator, &discriminator),
    ];
    for (part, found, wanted) in pairs {
        if found != wanted {
            let reason = format!("it holds {}, the run wants {}", words(found), words(wanted));
            return Err(TrainError::Architecture { path: path.to_owned(), part, reason });
        }
    }
    Ok(())
}

fn check_shape(game: &Game, state: &State, path: &Path) -> Result<(), TrainError> {
    let (found, wanted) = (&state.shape, game.g.output_shape());
    if *found == wanted {
        return Ok(());
    }
    let reason = format!("its samples have shape {found:?}, the run's {wanted:?}");
    Err(TrainError::Architecture { path: path.to_owned(), part: "generator", reason })
}

fn words(network: &NetworkFile) -> String {
    let text = toml::to_string(network).unwrap_or_default();
    text.trim().replace(" = ", " ").replace('\n', ", ")
}

/// The tensors under a prefix, without it.
pub(crate) fn part(checkpoint: &Checkpoint, prefix: &str) -> BTreeMap<String, Tensor> {
    let tensors = checkpoint.tensors.iter();
    tensors.filter_map(|(name, t)| Some((name.strip_prefix(prefix)?.to_owned(), t.clone()))).collect()
}

/// The generator's weights to sample with: the averaged ones where there are any.
pub(crate) fn sampling_weights(checkpoint: &Checkpoint) -> BTreeMap<String, Tensor> {
    match part(checkpoint, EMA) {
        averaged if averaged.is_empty() => part(checkpoint, GENERATOR),
        averaged => averaged,
    }
}

fn load(
    params: &Params,
    state: &BTreeMap<String, Tensor>,
    path: &Path,
    name: &'static str,
) -> Result<(), TrainError> {
    params.load_state_dict(state).map_err(|error| TrainError::misfit(path, name, error.to_string()))
}

fn load_optimizer(
    optimizer: &mut Optimizer,
    state: &BTreeMap<String, Tensor>,
    path: &Path,
    name: &'static str,
) -> Result<(), TrainError> {
    let loaded = optimizer.load_state_dict(state);
    loaded.map_err(|error| TrainError::misfit(path, name, error.to_string()))
}
