//! A run folder of this program.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use anyhow::{Context, Result};
use ganymede_files::path_text;
use ganymede_train::monitor::Series;
use ganymede_train::{LogEntry, MetricEntry};
use serde::de::DeserializeOwned;

use super::gathered::Gathered;

/// A longer line is none of ours.
const MOST_LINE: u64 = 1 << 24;

/// What a run wrote.
pub(super) struct OwnRun {
    series: Series,
    used: Vec<(String, String)>,
}

pub(super) fn read(folder: &Path) -> Result<OwnRun> {
    let mut series = Series::default();
    for file in ["log.jsonl", "monitor.jsonl"] {
        lines::<LogEntry>(&folder.join(file))?.iter().for_each(|entry| series.log(entry));
    }
    lines::<MetricEntry>(&folder.join("metrics.jsonl"))?.iter().for_each(|entry| series.metric(entry));
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

/// The records of a file; none where there is no such file. What is torn or of another version is left out: a log is read while
/// it grows.
fn lines<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>> {
    let Ok(file) = File::open(path) else { return Ok(Vec::new()) };
    let (mut reader, mut line, mut found) = (BufReader::new(file), Vec::new(), Vec::new());
    loop {
        line.clear();
        let read = reader.by_ref().take(MOST_LINE).read_until(b'\n', &mut line);
        if read.with_context(|| path.display().to_string())? == 0 {
            return Ok(found);
        }
        found.extend(serde_json::from_slice(&line).ok());
    }
}
