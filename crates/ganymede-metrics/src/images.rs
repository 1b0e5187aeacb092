//! Folders of images: found, decoded ahead of the network, brought to its size.

mod ahead;
mod batches;
mod choice;
mod report;

use std::fs::File;
use std::path::{Path, PathBuf};

use ganymede_files::{Digest, Formats, Found, scan, sha256};
use rayon::prelude::*;

use crate::{Convention, MetricError, Result};

pub use batches::{BatchOptions, ImageBatch, ImageBatches};
pub use report::{Duplicate, ImageReport, SeenImage, SkippedImage};

/// The image files of a folder and all that is below it, in the order of their paths.
///
/// PNG, JPEG, WebP, BMP, PNM and TIFF in any mix, known by their content once their suffix is that of any of
/// these. Hidden files are passed over. What cannot be used is never an error of the whole: it is named in the
/// [`ImageReport`].
#[derive(Clone, Debug)]
pub struct ImageFolder {
    dir: PathBuf,
    files: Vec<Found>,
    skipped: Vec<SkippedImage>,
    left_out: Vec<SkippedImage>,
}

impl ImageFolder {
    /// Lists the images of `dir`; none is read yet.
    ///
    /// # Errors
    /// [`MetricError::Io`] when the folder cannot be read, [`MetricError::File`] when it has no image,
    /// [`MetricError::Files`] when it is the folder of a run.
    pub fn open(dir: &Path) -> Result<Self> {
        Self::open_as(dir, Convention::Ganymede)
    }

    /// [`ImageFolder::open`], of the files that the program of a convention would take. For all but StyleGAN, clean-fid
    /// and ours a sub-folder makes a difference; see [`ImageFolder::left_out`].
    ///
    /// # Errors
    /// As [`ImageFolder::open`].
    pub fn open_as(dir: &Path, convention: Convention) -> Result<Self> {
        let mut found = scan(dir, Formats::All)?;
        let left_out = choice::leave_out(&mut found.files, convention);
        let skipped: Vec<SkippedImage> = found
            .skipped
            .into_iter()
            .map(|file| SkippedImage { path: file.path, reason: file.reason })
            .collect();
        if found.files.is_empty() {
            let holds = match (left_out.first().or(skipped.first()), found.others) {
                (Some(first), _) => format!("no image but {}: {}", first.path.display(), first.reason),
                (None, 0) => "nothing".to_owned(),
                (None, others) => format!("{others} file(s), none of them an image"),
            };
            let reason = format!("it holds {holds}; give a folder with {} files", Formats::All.words());
            return Err(MetricError::File { path: dir.to_path_buf(), reason });
        }
        Ok(Self { dir: dir.to_path_buf(), files: found.files, skipped, left_out })
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// How many files are to be decoded.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Always false: a folder without images is an error.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The path of a file by its number, as in [`ImageBatch::files`].
    ///
    /// # Panics
    /// If there is no such file.
    pub fn path(&self, index: usize) -> &Path {
        &self.files[index].path
    }

    /// Keeps the files of these numbers only, in this order.
    ///
    /// # Panics
    /// If there is no such file.
    pub fn select(&mut self, files: &[usize]) {
        self.files = files.iter().map(|file| self.files[*file].clone()).collect();
    }

    /// Images that are not measured because the program whose convention is followed would not take them.
    pub fn left_out(&self) -> &[SkippedImage] {
        &self.left_out
    }

    /// SHA-256 over the contents of all files in order, in hexadecimal: the same wherever the folder lies and
    /// whatever its files are called, as long as their order is the same.
    ///
    /// A file that cannot be read counts as such.
    pub fn content_hash(&self) -> String {
        let of_file = |file: &Found| {
            let hash = File::open(&file.path).and_then(|reader| sha256(reader, u64::MAX - 1));
            hash.map_or_else(|_| "unreadable".to_owned(), |(_, hash)| hash)
        };
        let hashes: Vec<String> = self.files.par_iter().map(of_file).collect();
        let mut digest = Digest::new("image contents");
        hashes.iter().for_each(|hash| digest.bytes(hash.as_bytes()));
        digest.hex()
    }

    /// Starts to decode, on threads of its own.
    ///
    /// # Errors
    /// [`MetricError::Invalid`] for options without sense.
    pub fn batches(&self, options: &BatchOptions) -> Result<ImageBatches> {
        ImageBatches::start(self, options)
    }
}

#[cfg(test)]
mod tests;
