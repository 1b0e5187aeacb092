//! Files of one JSON object a line, read as they grow.
//!
//! A run that trains appends to them: a last line without its end is read the next time. Nothing of a file is trusted.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// A longer line is none of ours.
const MOST_LINE: u64 = 1 << 20;

/// All records of one kind, and how many lines were none. A file that is missing is empty.
pub(crate) fn records<T: DeserializeOwned>(path: &Path) -> Result<(Vec<T>, u64)> {
    let mut file = GrowingFile::new(path.to_owned());
    let (mut found, mut others) = (Vec::new(), 0);
    let read = file.read(|record| match serde_json::from_value(Value::Object(record)) {
        Ok(record) => found.push(record),
        Err(_) => others += 1,
    });
    read.with_context(|| path.display().to_string())?;
    Ok((found, others + file.damaged()))
}

/// A file that is read from where the last reading ended.
#[derive(Debug)]
pub(crate) struct GrowingFile {
    path: PathBuf,
    at: u64,
    /// Lines that were no records.
    damaged: u64,
}

impl GrowingFile {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path, at: 0, damaged: 0 }
    }

    /// Lines so far that were no records.
    pub(crate) fn damaged(&self) -> u64 {
        self.damaged
    }

    /// Gives each new record to `take`. A file that is missing is empty.
    ///
    /// # Errors
    /// Those of the system.
    pub(crate) fn read(&mut self, mut take: impl FnMut(Map<String, Value>)) -> io::Result<()> {
        let file = match File::open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            file => file?,
        };
        let mut reader = BufReader::new(file);
        reader.seek(SeekFrom::Start(self.at))?;
        let mut line = Vec::new();
        loop {
            line.clear();
            let length = (&mut reader).take(MOST_LINE).read_until(b'\n', &mut line)? as u64;
            if length == MOST_LINE && !line.ends_with(b"\n") {
                self.at += length + rest_of_line(&mut reader)?;
                self.damaged += 1;
                continue;
            }
            if !line.ends_with(b"\n") {
                return Ok(());
            }
            self.at += length;
            match serde_json::from_slice(&line) {
                Ok(record) => take(record),
                Err(_) => self.damaged += 1,
            }
        }
    }
}

/// Passes over what is left of a line; returns how much that was.
fn rest_of_line(reader: &mut impl BufRead) -> io::Result<u64> {
    let mut passed = 0;
    loop {
        let buffer = reader.fill_buf()?;
        let end = buffer.iter().position(|byte| *byte == b'\n');
        let length = end.map_or(buffer.len(), |end| end + 1);
        reader.consume(length);
        passed += length as u64;
        if end.is_some() || length == 0 {
            return Ok(passed);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_growing_file_is_read_on_and_a_torn_line_waits() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log.jsonl");
        let mut file = GrowingFile::new(path.clone());
        let read = |file: &mut GrowingFile| {
            let mut steps = Vec::new();
            file.read(|record| steps.push(record["step"].clone())).unwrap();
            steps
        };
        assert!(read(&mut file).is_empty());
        fs::write(&path, "{\"step\":1}\nnonsense\n\u{0}\n{\"step\":2}\n{\"st").unwrap();
        assert_eq!(read(&mut file), [1, 2]);
        assert_eq!(file.damaged(), 2);
        fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"ep\":3}\n").unwrap();
        assert_eq!(read(&mut file), [3]);
        assert!(read(&mut file).is_empty());
        // A line that does not end for megabytes.
        let long = vec![b'x'; 3 << 20];
        fs::write(&path, [&long[..], b"\n{\"step\":4}\n"].concat()).unwrap();
        let mut file = GrowingFile::new(path);
        assert_eq!((read(&mut file), file.damaged()), (vec![Value::from(4)], 1));
    }

    #[test]
    fn records_of_another_kind_are_counted() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log.jsonl");
        assert_eq!(records::<Vec<u8>>(&path).unwrap(), (vec![], 0));
        fs::write(&path, "{\"a\":1}\n[2]\n{\"a\":\"x\"}\n{\"a\":3}\n{\"a\":4}").unwrap();
        let (found, others) = records::<std::collections::BTreeMap<String, u8>>(&path).unwrap();
        assert_eq!(found.iter().map(|record| record["a"]).collect::<Vec<_>>(), [1, 3]);
        assert_eq!(others, 2);
    }
}
