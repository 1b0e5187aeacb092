//! Folders of images: found, decoded ahead of the network, brought to its size.

mod ahead;
mod array;
mod batches;
mod choice;
mod report;

use std::fs::File;
use std::path::{Path, PathBuf};

use ganymede_files::{DecodeOptions, Digest, Formats, Found, Frame, decode, scan, sha256};
use rayon::prelude::*;

use crate::{Convention, MetricError, Result};

use array::ImageArray;
pub use batches::{BatchOptions, ImageBatch, ImageBatches};
pub use report::{Duplicate, ImageReport, SeenImage, SkippedImage};

/// The image files of a folder and all that is below it, in the order of their paths.
///
/// PNG, JPEG, WebP, BMP, PNM and TIFF in any mix, known by their content once their suffix is that of any of
/// these. Hidden files are passed over. What cannot be used is never an error of the whole: it is named in the
/// [`ImageReport`].
///
/// An array of NumPy counts as a folder, too: an `.npz` with an array (N, H, W, C) or (N, H, W) of uint8, as programs
/// that draw samples write it (`arr_0`, where there are several), or an `.npy`. Its images are called
/// `samples.npz/arr_0[12]`, and are read one by one where the array is not compressed.
#[derive(Clone, Debug)]
pub struct ImageFolder {
    dir: PathBuf,
    files: Vec<Found>,
    skipped: Vec<SkippedImage>,
    left_out: Vec<SkippedImage>,
    /// Where the images lie, if they are no files of their own.
    array: Option<ImageArray>,
}

impl ImageFolder {
    /// Lists the images of a folder or an array; none is decoded yet.
    ///
    /// # Errors
    /// [`MetricError::Io`] when it cannot be read, [`MetricError::File`] when it has no image, or the array is none of
    /// images (the message says what it is), [`MetricError::Files`] when it is the folder of a run.
    pub fn open(dir: &Path) -> Result<Self> {
        Self::open_as(dir, Convention::Ganymede)
    }

    /// [`ImageFolder::open`], of the files that the program of a convention would take. For all but StyleGAN, clean-fid
    /// and ours a sub-folder makes a difference; see [`ImageFolder::left_out`].
    ///
    /// # Errors
    /// As [`ImageFolder::open`].
    pub fn open_as(dir: &Path, convention: Convention) -> Result<Self> {
        if dir.is_file()
            && let Some(array) = ImageArray::open(dir)?
        {
            return Ok(Self::of_array(dir, array));
        }
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
        Ok(Self { dir: dir.to_path_buf(), files: found.files, skipped, left_out, array: None })
    }

    fn of_array(file: &Path, array: ImageArray) -> Self {
        let bytes = array.image_bytes() as u64;
        let found = |index| {
            let (path, relative) = (array.name(index), array.relative(index));
            Found { path, relative, bytes, modified_nanos: 0 }
        };
        let files = (0..array.len()).map(found).collect();
        Self { dir: file.to_path_buf(), files, skipped: Vec::new(), left_out: Vec::new(), array: Some(array) }
    }

    /// One image, by its number.
    ///
    /// # Errors
    /// [`MetricError::File`] when it cannot be decoded.
    ///
    /// # Panics
    /// If there is no such file.
    pub fn frame(&self, index: usize, options: &DecodeOptions) -> Result<Frame> {
        let path = self.path(index);
        let frame = match self.in_array(path) {
            Some((array, place)) => array.reader().frame(place, options.max_pixels),
            None => decode(path, options).map(|decoded| decoded.frame).map_err(|error| error.to_string()),
        };
        frame.map_err(|reason| MetricError::File { path: path.to_path_buf(), reason })
    }

    /// The array that an image lies in, if they are no files of their own, and its number there.
    fn in_array(&self, path: &Path) -> Option<(&ImageArray, usize)> {
        let array = self.array.as_ref()?;
        Some((array, array.index_of(path)?))
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
            let hash = match self.in_array(&file.path) {
                Some((array, index)) => array.reader().hash(index),
                None => File::open(&file.path).and_then(|reader| sha256(reader, u64::MAX - 1)),
            };
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
