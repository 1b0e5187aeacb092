//! Private parsers, for the crate that tries mutated files on them. What they make of a file is dropped.

use std::path::Path;

use crate::jsonl::JsonLines;
use crate::record::{LogEntry, MetricEntry, TimingEntry};

/// The three logs of a run; reopening cuts a file that is torn.
pub fn jsonl(path: &Path) {
    let _ = JsonLines::<LogEntry>::open(path, 20, false);
    let _ = JsonLines::<MetricEntry>::open(path, 20, false);
    let _ = JsonLines::<TimingEntry>::open(path, u64::MAX, false);
}
