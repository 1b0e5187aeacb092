//! CIFAR-10's binary version: a folder of `data_batch_*.bin` and `test_batch.bin`, or its `.tar.gz`.
//!
//! Each record is one byte of label and 3,072 bytes of pixels: red, green, blue planes of 32 x 32
//! (Krizhevsky, 2009, *Learning Multiple Layers of Features from Tiny Images*).

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::GzDecoder;

use crate::dataset::Labels;
use crate::error::DatasetError;
use crate::options::Split;
use crate::raw::RawImages;

const PIXELS: usize = 3 * 32 * 32;
const RECORD: usize = 1 + PIXELS;
const FIX: &str = "fetch cifar-10-binary.tar.gz anew from https://www.cs.toronto.edu/~kriz/cifar.html";

/// The ten classes, in the order of their labels.
const CLASS_NAMES: [&str; 10] =
    ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

/// Whether a file name is that of a part of the binary version, and of which.
fn part_of(name: &str) -> Option<Split> {
    if name == "test_batch.bin" {
        return Some(Split::Test);
    }
    let number = name.strip_prefix("data_batch_")?.strip_suffix(".bin")?;
    number.parse::<u32>().ok().map(|_| Split::Train)
}

/// The batch files in a folder, or in the folder that the archive unpacks to; sorted by name.
pub(crate) fn find_batches(dir: &Path) -> Vec<PathBuf> {
    for dir in [dir.to_path_buf(), dir.join("cifar-10-batches-bin")] {
        let Ok(entries) = std::fs::read_dir(&dir) else { continue };
        let mut found: Vec<PathBuf> = entries
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| part_of(name).is_some())
            .map(|name| dir.join(name))
            .collect();
        if !found.is_empty() {
            found.sort();
            return found;
        }
    }
    Vec::new()
}

/// Reads the batches of `split` among `files`.
pub(crate) fn read_batches(
    files: &[PathBuf],
    split: Split,
    max_bytes: u64,
) -> Result<RawImages, DatasetError> {
    let mut records = Records::default();
    for path in files {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if wanted(&name, split) {
            let mut file = File::open(path).map_err(DatasetError::io("open", path))?;
            records.read(&mut file, path, max_bytes)?;
        }
    }
    let place = files.first().and_then(|file| file.parent()).unwrap_or(Path::new("."));
    records.finish(place, split)
}

/// Reads one batch from memory.
#[cfg(feature = "testing")]
pub(crate) fn read_batch(mut bytes: &[u8], path: &Path, max_bytes: u64) -> Result<RawImages, DatasetError> {
    let mut records = Records::default();
    records.read(&mut bytes, path, max_bytes)?;
    records.finish(path, Split::Train)
}

/// Reads the batches of `split` from the published archive.
pub(crate) fn read_archive(path: &Path, split: Split, max_bytes: u64) -> Result<RawImages, DatasetError> {
    let bad = |error: std::io::Error| {
        DatasetError::bad_file(path, format!("not a readable .tar.gz ({error})"), FIX)
    };
    let file = File::open(path).map_err(DatasetError::io("open", path))?;
    let mut archive = tar::Archive::new(GzDecoder::new(BufReader::new(file)));
    // The archive's order is not that of the names; the data set's is.
    let mut batches: Vec<(String, Records)> = Vec::new();
    let mut held = 0;
    for entry in archive.entries().map_err(bad)? {
        let mut entry = entry.map_err(bad)?;
        let inside = entry.path().map_err(bad)?.into_owned();
        let name = inside.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if entry.header().entry_type().is_file() && wanted(&name, split) {
            let mut records = Records::default();
            records.read(&mut entry, &path.join(&inside), max_bytes.saturating_sub(held))?;
            held += records.pixels.len() as u64;
            batches.push((name, records));
        }
    }
    batches.sort_by(|(a, _), (b, _)| a.cmp(b));
    let mut all = Records::default();
    for (_, batch) in batches {
        all.pixels.extend(batch.pixels);
        all.labels.extend(batch.labels);
    }
    all.finish(path, split)
}

fn wanted(name: &str, split: Split) -> bool {
    part_of(name).is_some_and(|part| split == Split::All || split == part)
}

#[derive(Default)]
struct Records {
    pixels: Vec<u8>,
    labels: Vec<u32>,
}

impl Records {
    /// Appends all records of one batch, and refuses what would exceed `max_bytes` of pixels in all.
    fn read(&mut self, reader: &mut dyn Read, path: &Path, max_bytes: u64) -> Result<(), DatasetError> {
        let bad = |reason: String| DatasetError::bad_file(path, reason, FIX);
        let room = max_bytes.saturating_sub(self.pixels.len() as u64);
        let limit = (room / PIXELS as u64).saturating_mul(RECORD as u64);
        let mut bytes = Vec::new();
        reader
            .take(limit.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(|error| bad(format!("it cannot be read ({error})")))?;
        if bytes.is_empty() {
            return Err(bad("the file is empty".into()));
        }
        if bytes.len() as u64 > limit {
            let reason = format!("it holds more than the limit of {max_bytes} bytes");
            return Err(DatasetError::bad_file(path, reason, "raise `max_memory_bytes`"));
        }
        if !bytes.len().is_multiple_of(RECORD) {
            return Err(bad(format!(
                "it has {} bytes, not a whole number of records of {RECORD}",
                bytes.len()
            )));
        }
        for (index, record) in bytes.chunks_exact(RECORD).enumerate() {
            if usize::from(record[0]) >= CLASS_NAMES.len() {
                return Err(bad(format!(
                    "record {index} has the label {}, and there are 10 classes",
                    record[0]
                )));
            }
            self.labels.push(u32::from(record[0]));
            self.pixels.extend_from_slice(&record[1..]);
        }
        Ok(())
    }

    fn finish(self, place: &Path, split: Split) -> Result<RawImages, DatasetError> {
        if self.pixels.is_empty() {
            let reason = format!("it holds no CIFAR-10 batch of the part {split:?}");
            let fix = "the training part is in data_batch_1.bin to data_batch_5.bin, the test part in test_batch.bin";
            return Err(DatasetError::bad_file(place, reason, fix));
        }
        let names = CLASS_NAMES.map(str::to_owned).to_vec();
        Ok(RawImages {
            shape: [3, 32, 32],
            pixels: self.pixels,
            labels: Some(Labels { classes: self.labels, names }),
        })
    }
}

#[cfg(test)]
mod tests;
