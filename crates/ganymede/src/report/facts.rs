//! Where a run comes from and what it was made on: what a reader needs to trust its numbers, or to make them again.

use serde::Serialize;
use serde_json::{Map, Value};

use super::config;
use super::measured::Measured;
use super::text;

const MOST_WARNINGS: usize = 50;

/// Something that is known of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Fact {
    group: &'static str,
    name: String,
    text: String,
}

/// A fact's place in the summary, and its name.
type Place = (&'static str, &'static str);

const PROVENANCE: &[Place] = &[
    ("/run/data/name", "data"),
    ("/run/data/samples", "samples"),
    ("/run/data/shape", "shape of a sample"),
    ("/run/data/content_hash", "SHA-256 of the data"),
    ("/run/data/skipped_files", "files skipped"),
    ("/run/seed", "seed"),
    ("/run/batch", "batch"),
    ("/run/n_critic", "discriminator updates a step"),
    ("/run/generator_parameters", "generator's weights"),
    ("/run/discriminator_parameters", "discriminator's weights"),
];
const ENVIRONMENT: &[Place] = &[
    ("/versions/ganymede", "ganymede"),
    ("/versions/platform", "platform"),
    ("/run/device", "device"),
    ("/run/threads", "threads"),
    ("/images_per_second", "images a second"),
    ("/data_wait", "share of time waiting for data"),
    ("/resumed_from", "resumed from step"),
    ("/versions/checkpoint_schema", "checkpoint schema"),
    ("/versions/run_schema", "run file schema"),
    ("/schema", "summary schema"),
];
/// What the configuration knows already, before there is a summary.
const TYPED: &[Place] = &[("data.name", "data"), ("run.seed", "seed"), ("run.batch", "batch")];

/// The facts of a run, from its summary where there is one.
pub(super) fn of(
    summary: &Map<String, Value>,
    table: &toml::Table,
    measured: Option<&Measured>,
) -> Vec<Fact> {
    let whole = Value::Object(summary.clone());
    let mut facts = Vec::new();
    let mut add = |group, name: &str, text: String| facts.push(Fact { group, name: name.to_owned(), text });
    let known = |places: &'static [Place]| {
        places.iter().filter_map(|(place, name)| Some((*name, whole.pointer(place)?)))
    };
    for (name, value) in known(PROVENANCE).filter(|(_, value)| !value.is_null()) {
        add("Provenance", name, figure(value));
    }
    if summary.is_empty() {
        for (key, name) in TYPED {
            let found = config::text_at(table, key);
            if let Some(found) = found.or_else(|| config::whole_at(table, key).map(|n| n.to_string())) {
                add("Provenance", name, found);
            }
        }
    }
    for [name, value] in measured.map(|measured| &measured.provenance[..]).unwrap_or_default() {
        add("Measured with", name, value.clone());
    }
    for (name, value) in known(ENVIRONMENT).filter(|(_, value)| !value.is_null()) {
        add("Environment", name, figure(value));
    }
    facts
}

/// Long fractions are for machines.
fn figure(value: &Value) -> String {
    match value.as_f64() {
        Some(number) if !value.is_u64() && !value.is_i64() => format!("{number:.4}"),
        _ => text(value),
    }
}

/// The warnings that a run began with.
pub(super) fn warnings(summary: &Map<String, Value>) -> Vec<String> {
    let run = summary.get("run").and_then(Value::as_object);
    let all = run.and_then(|run| run.get("warnings")).and_then(Value::as_array);
    all.into_iter().flatten().take(MOST_WARNINGS).map(text).collect()
}
