//! Files of one JSON object a line, in the order of steps.
//!
//! A run that was killed may have logged more steps than its last checkpoint knows, and its last line may
//! be torn: it lacks its end. Reopening cuts such a file back to the checkpoint, so that what follows makes it what
//! an uninterrupted run writes. Everything else that is wrong with it is damage, and is told of, not cut.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::TrainError;
use crate::folder::replace;

/// A file that records are appended to.
#[derive(Debug)]
pub(crate) struct JsonLines<T> {
    path: PathBuf,
    file: File,
    record: PhantomData<T>,
}

impl<T: Serialize + DeserializeOwned> JsonLines<T> {
    /// Opens for appending after `step`: later records and a torn last line are cut off. Returns what is
    /// left, but for records that only another version understands: they stay in the file.
    ///
    /// # Errors
    /// [`TrainError::DamagedLog`] where a line is no record or steps do not rise, or if the file is missing though it
    /// `must_exist`.
    pub(crate) fn open(path: &Path, step: u64, must_exist: bool) -> Result<(Self, Vec<T>), TrainError> {
        Self::appending(path, keep_until(path, step, must_exist, Steps::Rise)?)
    }

    /// [`JsonLines::open`] of records of which there may be several of one step.
    ///
    /// # Errors
    /// [`TrainError::DamagedLog`] where a line is no record or steps fall.
    pub(crate) fn open_several(path: &Path, step: u64) -> Result<Self, TrainError> {
        Ok(Self::appending(path, keep_until::<T>(path, step, false, Steps::DoNotFall)?)?.0)
    }

    fn appending(path: &Path, records: Vec<T>) -> Result<(Self, Vec<T>), TrainError> {
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

/// What all records have, whichever version wrote them.
#[derive(Deserialize)]
struct Head {
    step: u64,
}

/// What the steps of a file do from line to line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Steps {
    Rise,
    DoNotFall,
}

/// Cuts the file after the last record of a step ≤ `step`.
fn keep_until<T: DeserializeOwned>(
    path: &Path,
    step: u64,
    must_exist: bool,
    steps: Steps,
) -> Result<Vec<T>, TrainError> {
    let damaged = |line, reason: String| TrainError::DamagedLog { path: path.to_owned(), line, reason };
    let text = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound && must_exist => {
            let reason =
                "it is missing, though steps have been made; put it back, or an empty file to go without";
            return Err(damaged(None, reason.to_owned()));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(TrainError::write("read", path)(error)),
    };
    let (mut records, mut kept, mut before) = (Vec::new(), 0, 0);
    let lines = text.split_inclusive(|byte| *byte == b'\n').take_while(|line| line.ends_with(b"\n"));
    for (index, line) in lines.enumerate() {
        let fix = "repair or remove the line; what comes after it would be lost otherwise";
        let head: Head = serde_json::from_slice(line)
            .map_err(|error| damaged(Some(index + 1), format!("not a record ({error}); {fix}")))?;
        if head.step > step {
            break;
        }
        let again = head.step == before && steps == Steps::Rise;
        if (head.step < before || again) && index > 0 {
            let reason = format!("step {} comes after step {before}; {fix}", head.step);
            return Err(damaged(Some(index + 1), reason));
        }
        before = head.step;
        kept += line.len();
        records.extend(serde_json::from_slice::<T>(line).ok());
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
        let (mut lines, before) = JsonLines::open(&path, 0, false).unwrap();
        assert!(before.is_empty());
        for step in [10, 20, 30] {
            lines.append(&entry(step)).unwrap();
        }
        lines.sync().unwrap();
        drop(lines);
        let whole = fs::read(&path).unwrap();
        fs::write(&path, [&whole[..], b"{\"step\":40,\"sec"].concat()).unwrap();

        let (_, kept) = JsonLines::<TimingEntry>::open(&path, 40, true).unwrap();
        assert_eq!(kept, [entry(10), entry(20), entry(30)]);
        assert_eq!(fs::read(&path).unwrap(), whole);

        let (mut lines, kept) = JsonLines::open(&path, 20, true).unwrap();
        assert_eq!(kept, [entry(10), entry(20)]);
        lines.append(&entry(30)).unwrap();
        assert_eq!(fs::read(&path).unwrap(), whole);
    }

    /// What opening at step 40 keeps of `text`, or the error.
    #[track_caller]
    fn check<T: Serialize + DeserializeOwned>(text: &str, wanted: Result<(usize, &str), &str>) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.jsonl");
        fs::write(&path, text).unwrap();
        match (JsonLines::<T>::open(&path, 40, true), wanted) {
            (Ok((_, records)), Ok((count, left))) => {
                assert_eq!((records.len(), fs::read_to_string(&path).unwrap().as_str()), (count, left));
            }
            (Err(error), Err(words)) => {
                assert!(error.to_string().contains(words), "{error} should say {words}");
                assert_eq!(fs::read_to_string(&path).unwrap(), text, "nothing is cut");
            }
            (Ok((_, records)), Err(words)) => panic!("{} records, not {words}", records.len()),
            (Err(error), Ok(_)) => panic!("{error}"),
        }
    }

    #[test]
    fn only_a_line_without_its_end_is_torn() {
        let line = |step: u64| format!("{{\"step\":{step},\"seconds\":1.0,\"images_per_second\":1.0}}\n");
        let [one, two, late] = [10, 20, 50].map(line);
        let keep = |text: &str, count: usize, left: &str| check::<TimingEntry>(text, Ok((count, left)));
        let refuse = |text: &str, words: &str| check::<TimingEntry>(text, Err(words));
        keep("", 0, "");
        keep(&format!("{one}{two}{{\"st"), 2, &format!("{one}{two}"));
        keep(&format!("{one}{two}\0\0\0"), 2, &format!("{one}{two}"));
        // Whole but for its end: what follows it would run into it.
        keep(&format!("{one}{}", two.trim_end()), 1, &one);
        // What lies beyond the step is cut, whatever it is.
        keep(&format!("{one}{late}nonsense\n"), 1, &one);
        // Fields of another version, and values that this one cannot read.
        let newer = one.replace('}', ",\"joy\":[1]}");
        keep(&format!("{newer}{two}"), 2, &format!("{newer}{two}"));
        let null = one.replace("1.0", "null");
        keep(&format!("{null}{two}"), 1, &format!("{null}{two}"));

        refuse(&format!("{one}nonsense\n{two}"), "line 2: not a record");
        refuse(&format!("{one}\n{two}"), "line 2: not a record");
        refuse(&format!("{one}{{\"step\":\"x\"}}\n"), "line 2: not a record");
        refuse(&format!("{{\"step\":nul\n{one}"), "line 1: not a record");
        refuse(&format!("{one}{two}{two}"), "line 3: step 20 comes after step 20");
        refuse(&format!("{two}{one}"), "line 2: step 10 comes after step 20");
    }

    #[test]
    fn a_file_that_is_gone_is_damage_once_there_were_steps() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.jsonl");
        let error = JsonLines::<TimingEntry>::open(&path, 40, true).unwrap_err();
        assert!(error.to_string().contains("t.jsonl: it is missing"), "{error}");
    }
}
