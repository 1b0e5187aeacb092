//! A run folder of this program.

use std::path::Path;

use anyhow::Result;
use ganymede_files::path_text;
use ganymede_train::monitor::Series;
use ganymede_train::{LogEntry, MetricEntry};

use super::gathered::Gathered;
use crate::jsonl::records;

/// What a run wrote.
pub(super) struct OwnRun {
    series: Series,
    used: Vec<(String, String)>,
}

/// What is torn or of another version is left out: a log is read while it grows.
pub(super) fn read(folder: &Path) -> Result<OwnRun> {
    let mut series = Series::default();
    for file in ["log.jsonl", "monitor.jsonl"] {
        records::<LogEntry>(&folder.join(file))?.0.iter().for_each(|entry| series.log(entry));
    }
    records::<MetricEntry>(&folder.join("metrics.jsonl"))?.0.iter().for_each(|entry| series.metric(entry));
    let used = series.names().map(|name| (name.to_owned(), path_text(folder))).collect();
    Ok(OwnRun { series, used })
}

/// Adds a run's own series to what there is.
pub(super) fn merge(all: &mut Gathered, own: Option<OwnRun>) {
    let Some(own) = own else { return };
    for (name, _) in &own.used {
        own.series.get(name).iter().for_each(|(step, value)| all.series.push(name, *step, *value));
    }
    all.used.extend(own.used);
}
