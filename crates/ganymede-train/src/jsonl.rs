//! Files of one JSON object a line, in the order of steps.
//!
//! A run that was killed may have logged more steps than its last checkpoint knows, and its last line may
//! be torn. Reopening cuts such a file back to the checkpoint, so that what follows makes it what an
//! uninterrupted run writes.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::TrainError;
use crate::folder::replace;

/// A record of some step.
pub(crate) trait AtStep {
    /// Its step.
    fn step(&self) -> u64;
}

/// A file that records are appended to.
#[derive(Debug)]
pub(crate) struct JsonLines<T> {
    path: PathBuf,
    file: File,
    record: PhantomData<T>,
}

impl<T: Serialize + DeserializeOwned + AtStep> JsonLines<T> {
    /// Opens for appending after `step`: later records and a torn last line are cut off. Returns what is
    /// left.
    pub(crate) fn open(path: &Path, step: u64) -> Result<(Self, Vec<T>), TrainError> {
        let records = keep_until(path, step)?;
        let file = OpenOptions::new().create(true).append(true).open(path);
        let file = file.map_err(TrainError::write("open", path))?;
        Ok((Self { path: path.to_owned(), file, record: PhantomData }, records))
    }

    /// Appends one line, with one system call, so that a kill leaves at most the last line torn.
    pub(crate) fn append(&mut self, record: &T) -> Result<(), TrainError> {
        let mut line = serde_json::to_vec(record).expect("records are plain data");
        line.push(b'\n');
        self.file.write_all(&line).map_err(TrainError::write("append to", &self.path))
    }

    /// Waits until everything is on the disk.
    pub(crate) fn sync(&self) -> Result<(), TrainError> {
        self.file.sync_data().map_err(TrainError::write("append to", &self.path))
    }
}

/// Cuts the file after the last whole record of a step ≤ `step`.
fn keep_until<T: DeserializeOwned + AtStep>(path: &Path, step: u64) -> Result<Vec<T>, TrainError> {
    let text = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(TrainError::write("read", path)(error)),
    };
    let mut records = Vec::new();
    let mut kept = 0;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let whole = line.ends_with(b"\n");
        match serde_json::from_slice::<T>(line) {
            Ok(record) if whole && record.step() <= step => records.push(record),
            _ => break,
        }
        kept += line.len();
    }
    if kept < text.len() {
        replace(path, &text[..kept])?;
    }
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::TimingEntry;

    fn entry(step: u64) -> TimingEntry {
        TimingEntry { step, seconds: step as f64, images_per_second: 1.0, data_wait: 0.0 }
    }

    #[test]
    fn reopening_cuts_later_records_and_a_torn_line() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.jsonl");
        let (mut lines, before) = JsonLines::open(&path, 0).unwrap();
        assert!(before.is_empty());
        for step in [10, 20, 30] {
            lines.append(&entry(step)).unwrap();
        }
        lines.sync().unwrap();
        drop(lines);
        let whole = fs::read(&path).unwrap();
        fs::write(&path, [&whole[..], b"{\"step\":40,\"sec"].concat()).unwrap();

        let (_, kept) = JsonLines::<TimingEntry>::open(&path, 40).unwrap();
        assert_eq!(kept, [entry(10), entry(20), entry(30)]);
        assert_eq!(fs::read(&path).unwrap(), whole);

        let (mut lines, kept) = JsonLines::open(&path, 20).unwrap();
        assert_eq!(kept, [entry(10), entry(20)]);
        lines.append(&entry(30)).unwrap();
        assert_eq!(fs::read(&path).unwrap(), whole);
    }
}
