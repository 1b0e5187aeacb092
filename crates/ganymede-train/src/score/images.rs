//! Images to be judged, a batch at a time.

use std::path::{Path, PathBuf};

use ganymede_datasets::{OpenOptions, SkippedFile, read_image};
use ganymede_files::{Formats, Found, path_text};
use ganymede_tensor::{CheckpointError, DType, Device, Tensor, TensorRows};
use rayon::prelude::*;

use crate::error::TrainError;

/// The tensors that a file keeps images under, where it holds several.
const NAMES: [&str; 2] = ["x", "images"];

/// Images `(N, C, H, W)` or points `(N, D)`, in the order of their names or of the rows of a file.
#[derive(Debug)]
pub struct ScoredImages {
    source: Source,
    shape: Vec<usize>,
    device: Device,
    at: usize,
    skipped: Vec<SkippedFile>,
}

#[derive(Debug)]
enum Source {
    Files(Vec<Found>),
    Rows(TensorRows, PathBuf),
}

/// Some of them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ScoredBatch {
    /// What each is called: its path in the folder, or the file and the number of the row.
    pub names: Vec<String>,
    /// Which it is of all that there are.
    pub places: Vec<usize>,
    /// The images themselves.
    pub images: Tensor,
}

impl ScoredImages {
    /// See [`Scorer::images`](super::Scorer::images).
    pub(super) fn open(path: &Path, shape: &[usize], device: &Device) -> Result<Self, TrainError> {
        let new =
            |source, skipped| Self { source, shape: shape.to_vec(), device: device.clone(), at: 0, skipped };
        let fail = |reason: String| TrainError::Sample { reason: format!("{}: {reason}", path.display()) };
        if !path.is_dir() {
            let rows = rows(path)?;
            if rows.shape().len() != shape.len() + 1 || rows.shape()[1..] != *shape || rows.shape()[0] == 0 {
                let reason = format!(
                    "the images have shape {:?}, this discriminator takes N of {shape:?}",
                    rows.shape()
                );
                return Err(fail(reason));
            }
            return Ok(new(Source::Rows(rows, path.to_owned()), Vec::new()));
        }
        if !matches!(shape, [1 | 3, side, other] if side == other) {
            return Err(fail(format!(
                "this discriminator takes samples of shape {shape:?}, not square images of files: give them as a tensor"
            )));
        }
        let scan = ganymede_files::scan(path, Formats::Common).map_err(|error| fail(error.to_string()))?;
        if scan.files.is_empty() {
            return Err(fail("there are no images in it".to_owned()));
        }
        let skipped = scan.skipped.into_iter();
        let skipped = skipped.map(|file| SkippedFile { path: file.path, reason: file.reason }).collect();
        Ok(new(Source::Files(scan.files), skipped))
    }

    /// The side of the images of a file, where it tells.
    pub fn side(path: &Path) -> Option<usize> {
        let shape = rows(path).ok()?.shape().to_vec();
        (shape.len() == 4).then(|| shape[3])
    }

    /// How many there are, with those that will turn out to be damaged.
    pub fn count(&self) -> usize {
        match &self.source {
            Source::Files(files) => files.len(),
            Source::Rows(rows, _) => rows.shape()[0],
        }
    }

    /// How many were looked at.
    pub fn seen(&self) -> usize {
        self.at
    }

    /// Files that cannot be used, as far as they were looked at.
    pub fn skipped(&self) -> &[SkippedFile] {
        &self.skipped
    }

    /// The next `n`, or as many as there are; fewer where files cannot be used, which are then among
    /// [`ScoredImages::skipped`]. Nothing after the last.
    ///
    /// # Errors
    /// The file cannot be read any more; the device refuses the memory.
    pub fn next_batch(&mut self, n: usize) -> Result<Option<ScoredBatch>, TrainError> {
        let (from, n) = (self.at, n.min(self.count() - self.at));
        if n == 0 {
            return Ok(None);
        }
        self.at += n;
        let (names, places, images) = match &mut self.source {
            Source::Rows(rows, path) => {
                let name = path.file_name().map(|name| path_text(Path::new(name))).unwrap_or_default();
                let images = rows.read(from, n, &Device::Cpu)?;
                let names = (from..from + n).map(|i| format!("{name}[{i}]")).collect();
                (names, (from..from + n).collect(), levels(images)?)
            }
            Source::Files(files) => {
                let options = OpenOptions::default();
                let [channels, side, _] = self.shape[..] else {
                    unreachable!("it was looked at when it was opened")
                };
                let read: Vec<_> = files[from..from + n]
                    .par_iter()
                    .map(|file| (file, read_image(&file.path, [channels, side, side], &options)))
                    .collect();
                let (mut names, mut places, mut values) = (Vec::new(), Vec::new(), Vec::new());
                for (i, (file, image)) in read.into_iter().enumerate() {
                    match image {
                        Ok(image) => {
                            names.push(path_text(&file.relative));
                            places.push(from + i);
                            values.extend(image);
                        }
                        Err(error) => {
                            self.skipped
                                .push(SkippedFile { path: file.path.clone(), reason: error.to_string() });
                        }
                    }
                }
                let shape = [&[names.len()], &self.shape[..]].concat();
                (names, places, Tensor::from_vec(values, shape, &Device::Cpu)?)
            }
        };
        Ok(Some(ScoredBatch { names, places, images: images.to_device(&self.device)? }))
    }
}

fn rows(path: &Path) -> Result<TensorRows, TrainError> {
    let mut last = None;
    for name in NAMES {
        match TensorRows::open(path, name) {
            Err(error @ CheckpointError::KeyNotFound { .. }) => last = Some(error),
            other => return Ok(other?),
        }
    }
    Err(last.map_or_else(|| TrainError::Sample { reason: "no tensor is asked for".to_owned() }, Into::into))
}

/// Levels of 8 bits as [−1, 1], and numbers as they are.
fn levels(images: Tensor) -> Result<Tensor, TrainError> {
    match images.dtype() {
        DType::U8 => Ok(((images.to_dtype(DType::F32)? / 127.5)? - 1.0)?),
        dtype if dtype.is_float() => Ok(images.to_dtype(DType::F32)?),
        other => {
            let reason = format!("the images are of {}; give floats in [-1, 1], or uint8", other.as_str());
            Err(TrainError::Sample { reason })
        }
    }
}
