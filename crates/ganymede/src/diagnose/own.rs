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

/// Everything that a run wrote of itself, and the steps at which it looked. What is torn or of another version is left out: a
/// log is read while it grows.
pub(crate) fn history(folder: &Path) -> Result<(Series, Vec<u64>)> {
    let mut series = Series::default();
    records::<LogEntry>(&folder.join("log.jsonl"))?.0.iter().for_each(|entry| series.log(entry));
    let looks = records::<LogEntry>(&folder.join("monitor.jsonl"))?.0;
    looks.iter().for_each(|entry| series.log(entry));
    records::<MetricEntry>(&folder.join("metrics.jsonl"))?.0.iter().for_each(|entry| series.metric(entry));
    Ok((series, looks.iter().map(|entry| entry.step).collect()))
}

pub(super) fn read(folder: &Path) -> Result<OwnRun> {
    let (series, _) = history(folder)?;
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
