//! Checkpoints of the first schema, in the form of the second.
//!
//! There, what penalties gave lay under `monitor/`, random streams in one object, and architectures with a `null` for
//! each setting that another network has. Nothing was conditional. The noise of penalties had a position; it is a
//! function of the update now, so that a run goes on with other noise than it would have had.

use std::collections::BTreeMap;

use ganymede_tensor::{Rng, RngState, Tensor};
use serde_json::{Map, Value, json};

use super::Misfit;
use crate::trainer::game::{SOURCE, TERMS_D};

/// The state in the present form.
pub(super) fn state(old: &Value) -> Result<Value, Misfit> {
    let lacks = |what: &str| Misfit(format!("its state lacks {what}"));
    let mut facts = Map::new();
    let mut seed = 0;
    for name in ["latents/generator", "latents/discriminator"] {
        let stream = old["streams"].get(name).ok_or_else(|| lacks(&format!("the random stream `{name}`")))?;
        let state: RngState = serde_json::from_value(stream.clone())?;
        seed = state.seed;
        facts.insert(format!("{SOURCE}/{name}/stream"), json!(state));
    }
    for name in ["labels/generator", "labels/discriminator"] {
        facts.insert(format!("{SOURCE}/{name}/stream"), json!(Rng::stream(seed, name).state()));
    }
    let cursor = old.get("cursor").ok_or_else(|| lacks("the place in the data"))?;
    facts.insert(format!("{SOURCE}/data/cursor"), cursor.clone());
    let mut new = old.as_object().ok_or_else(|| lacks("everything"))?.clone();
    new.insert("schema".to_owned(), json!(super::CHECKPOINT_SCHEMA));
    new.insert("condition".to_owned(), json!("none"));
    new.insert("facts".to_owned(), Value::Object(facts));
    for network in ["generator", "discriminator"] {
        if let Some(Value::Object(settings)) = new.get_mut(network) {
            settings.retain(|_, value| !value.is_null());
        }
    }
    Ok(Value::Object(new))
}

/// The tensors in the present form.
pub(super) fn tensors(old: BTreeMap<String, Tensor>) -> BTreeMap<String, Tensor> {
    let renamed =
        |name: String| match name.strip_prefix("monitor/penalty.").and_then(|rest| rest.split_once('.')) {
            Some((index, what)) => format!("{TERMS_D}/{index}/held/{what}"),
            None => name,
        };
    old.into_iter().map(|(name, tensor)| (renamed(name), tensor)).collect()
}
