//! The curves of a run of any program that writes for TensorBoard.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufReader, ErrorKind};
use std::path::{Path, PathBuf};

use super::read::{EventContent, EventData, EventReader, EventValue};
use crate::error::FilesError;

/// What is held in memory at most: curves, letters of a name, and points of all curves together.
const MOST_TAGS: usize = 10_000;
const MOST_TAG: usize = 1_000;
const MOST_POINTS: usize = 10_000_000;

/// A number of a curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScalarPoint {
    /// The step, as its program counts.
    pub step: i64,
    /// Seconds since 1970.
    pub wall_time: f64,
    /// The number; it may be NaN.
    pub value: f64,
}

/// Every scalar of some event files, by its tag, in the order of writing.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct EventScalars {
    /// The curves.
    pub tags: BTreeMap<String, Vec<ScalarPoint>>,
    /// What could not be read, and was left out: a file that is damaged from some byte on, curves beyond what is held.
    pub remarks: Vec<String>,
}

impl EventScalars {
    /// Reads a file, or in the order of their names all files of a folder that have `tfevents` in theirs.
    ///
    /// Where a run was begun again, what it had written of later steps before does not count, as in TensorBoard; that
    /// ignores the first sign of a beginning in a run, where there may be a run before it, and we do not. A last record that is torn is left out without a word: the run may be going on.
    ///
    /// # Errors
    /// [`FilesError::Io`] if nothing can be read; [`FilesError::Content`] if a folder has no such file.
    pub fn read(path: &Path) -> Result<Self, FilesError> {
        Self::read_with_pictures(path, &mut |_, _, _| ())
    }

    /// The same, in one pass with the pictures: each is shown to `picture` with its step and tag, encoded as it lies there.
    ///
    /// # Errors
    /// As [`EventScalars::read`].
    pub fn read_with_pictures(
        path: &Path,
        picture: &mut dyn FnMut(i64, &str, &[u8]),
    ) -> Result<Self, FilesError> {
        let files = if path.is_dir() { files_of(path)? } else { vec![path.to_owned()] };
        let mut all = Collector::default();
        for file in files {
            let opened = File::open(&file).map_err(FilesError::io("read", &file))?;
            let mut reader = EventReader::new(BufReader::new(opened));
            loop {
                match reader.next_event() {
                    Ok(Some(event)) => all.take(event.step, event.wall_time, event.content, picture),
                    Ok(None) => break,
                    Err(error) if error.kind() == ErrorKind::InvalidData => {
                        all.found.remarks.push(format!("{}: {error}", file.display()));
                        break;
                    }
                    Err(error) => return Err(FilesError::io("read", &file)(error)),
                }
            }
        }
        Ok(all.finish())
    }
}

fn files_of(folder: &Path) -> Result<Vec<PathBuf>, FilesError> {
    let entries = fs::read_dir(folder).map_err(FilesError::io("read", folder))?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|file| file.is_file() && file.file_name().is_some_and(is_event_file));
    files.sort();
    if files.is_empty() {
        let reason = "no event file lies in it, none whose name has `tfevents` in it";
        return Err(FilesError::Content { path: folder.to_owned(), reason: reason.to_owned() });
    }
    Ok(files)
}

fn is_event_file(name: &std::ffi::OsStr) -> bool {
    name.to_string_lossy().contains("tfevents")
}

#[derive(Default)]
struct Collector {
    found: EventScalars,
    /// Whose a tag is, which often only its first value says.
    plugins: BTreeMap<String, String>,
    points: usize,
    left_out: usize,
}

impl Collector {
    fn take(
        &mut self,
        step: i64,
        wall_time: f64,
        content: EventContent,
        picture: &mut dyn FnMut(i64, &str, &[u8]),
    ) {
        match content {
            EventContent::Start => {
                let tags = self.found.tags.values_mut();
                tags.for_each(|points| points.retain(|point| point.step < step));
                self.points = self.found.tags.values().map(Vec::len).sum();
            }
            EventContent::Summary(values) => {
                for value in values {
                    match &value.data {
                        EventData::Image { encoded, .. } => picture(step, &value.tag, encoded),
                        _ => self.add(step, wall_time, value),
                    }
                }
            }
            _ => {}
        }
    }

    fn add(&mut self, step: i64, wall_time: f64, found: EventValue) {
        let EventValue { tag, plugin, data } = found;
        if let Some(plugin) = plugin.filter(|_| self.plugins.len() < MOST_TAGS && tag.len() <= MOST_TAG) {
            self.plugins.entry(tag.clone()).or_insert(plugin);
        }
        let value = match data {
            EventData::Scalar(value) => value,
            EventData::Number(value) if self.plugins.get(&tag).is_none_or(|plugin| plugin == "scalars") => {
                value
            }
            _ => return,
        };
        let is_new = !self.found.tags.contains_key(&tag);
        let is_too_much = is_new && (self.found.tags.len() == MOST_TAGS || tag.len() > MOST_TAG);
        if is_too_much || self.points == MOST_POINTS {
            self.left_out += 1;
            return;
        }
        self.points += 1;
        self.found.tags.entry(tag).or_default().push(ScalarPoint { step, wall_time, value });
    }

    fn finish(mut self) -> EventScalars {
        self.found.tags.retain(|_, points| !points.is_empty());
        if self.left_out > 0 {
            let left = self.left_out;
            self.found
                .remarks
                .push(format!("{left} numbers are left out: there are too many curves or points"));
        }
        self.found
    }
}
