//! Folders of images: found, decoded ahead of the network, brought to its size.

mod ahead;
mod array;
mod batches;
mod choice;
mod container;
mod list;
mod report;
mod store;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ganymede_files::{DecodeOptions, Digest, Formats, Found, Frame, Scan, scan};
use rayon::prelude::*;

use crate::{Convention, MetricError, Result};

use array::ImageArray;
pub use batches::{BatchOptions, ImageBatch, ImageBatches};
pub(crate) use container::Container;
use container::Contents;
pub use report::{Duplicate, ImageReport, SeenImage, SkippedImage};
use store::{Listed, Place, Reader, Store};

/// The image files of a folder and all that is below it, in the order of their paths.
///
/// PNG, JPEG, WebP, BMP, PNM and TIFF in any mix, known by their content once their suffix is that of any of
/// these. Hidden files are passed over. What cannot be used is never an error of the whole: it is named in the
/// [`ImageReport`].
///
/// An array of NumPy counts as a folder, too: an `.npz` with an array (N, H, W, C) or (N, H, W) of uint8, as programs
/// that draw samples write it (`arr_0`, where there are several), or an `.npy`. Its images are called
/// `samples.npz/arr_0[12]`, and are read one by one where the array is not compressed.
///
/// So does an archive by its suffix, which is the folder that it would unpack to, and is read where it lies: `.zip`, `.tar`,
/// and `.tar.gz` or `.tgz` of up to 1 GiB, which is unpacked into memory. A folder without images and with tars in it is
/// the shards of one set. Links in archives, and names that lead out of them, are passed over and named.
///
/// And a list, `.txt`: the path of an image a line, relative to the folder of the list. It holds what it names, in that
/// order, whatever the convention.
#[derive(Clone, Debug)]
pub struct ImageFolder {
    dir: PathBuf,
    images: Vec<Listed>,
    skipped: Vec<SkippedImage>,
    left_out: Vec<SkippedImage>,
    store: Store,
}

impl ImageFolder {
    /// Lists the images of a folder, an array, an archive or a list; none is decoded yet.
    ///
    /// # Errors
    /// [`MetricError::Io`] when it cannot be read, [`MetricError::File`] when it has no image, the array is none of
    /// images (the message says what it is), or a list names what is no file, [`MetricError::Files`] when it is the folder
    /// of a run or a broken archive.
    pub fn open(dir: &Path) -> Result<Self> {
        Self::open_as(dir, Convention::Ganymede)
    }

    /// [`ImageFolder::open`], of the files that the program of a convention would take. For all but StyleGAN, clean-fid
    /// and ours a sub-folder makes a difference; see [`ImageFolder::left_out`].
    ///
    /// # Errors
    /// As [`ImageFolder::open`].
    pub fn open_as(dir: &Path, convention: Convention) -> Result<Self> {
        if dir.is_file() {
            match Container::of_name(dir) {
                Some(Container::List) => return list::read(dir).map(|images| Self::of_files(dir, images)),
                Some(Container::PackedTar) => {
                    return Self::of_archives(dir, &[dir.to_path_buf()], true, convention);
                }
                Some(Container::Archive(_)) => {
                    return Self::of_archives(dir, &[dir.to_path_buf()], false, convention);
                }
                None => {}
            }
            if let Some(array) = ImageArray::open(dir)? {
                return Ok(Self::of_array(dir, array));
            }
        }
        let found = scan(dir, Formats::All)?;
        if found.files.is_empty() && found.skipped.is_empty() {
            let shards =
                container::shards(dir).map_err(|source| MetricError::Io { path: dir.to_owned(), source })?;
            if !shards.is_empty() {
                return Self::of_archives(dir, &shards, false, convention);
            }
        }
        let places = vec![Place::default(); found.files.len()];
        Self::of_scan(dir, found, places, Store::Files, convention)
    }

    fn of_archives(dir: &Path, paths: &[PathBuf], is_packed: bool, convention: Convention) -> Result<Self> {
        let Contents { archives, scan, places } = Contents::of(paths, is_packed)?;
        Self::of_scan(dir, scan, places, Store::Archives(Arc::new(archives)), convention)
    }

    /// What was found, `places` being those of its files, without what a convention leaves out.
    fn of_scan(
        dir: &Path,
        found: Scan,
        places: Vec<Place>,
        store: Store,
        convention: Convention,
    ) -> Result<Self> {
        let mut files: Vec<(Found, Place)> = found.files.into_iter().zip(places).collect();
        let left_out = choice::leave_out(&mut files, convention);
        let skipped: Vec<SkippedImage> = found
            .skipped
            .into_iter()
            .map(|file| SkippedImage { path: file.path, reason: file.reason })
            .collect();
        if files.is_empty() {
            let holds = match (left_out.first().or(skipped.first()), found.others) {
                (Some(first), _) => format!("no image but {}: {}", first.path.display(), first.reason),
                (None, 0) => "nothing".to_owned(),
                (None, others) => format!("{others} file(s), none of them an image"),
            };
            let what = if matches!(store, Store::Files) { "a folder" } else { "an archive" };
            let reason = format!("it holds {holds}; give {what} with {} files", Formats::All.words());
            return Err(MetricError::File { path: dir.to_path_buf(), reason });
        }
        let images = files.into_iter().map(|(found, place)| Listed { path: found.path, place }).collect();
        Ok(Self { dir: dir.to_path_buf(), images, skipped, left_out, store })
    }

    fn of_files(list: &Path, images: Vec<Listed>) -> Self {
        Self {
            dir: list.to_path_buf(),
            images,
            skipped: Vec::new(),
            left_out: Vec::new(),
            store: Store::Files,
        }
    }

    fn of_array(file: &Path, array: ImageArray) -> Self {
        let place = |number| Place { archive: 0, number };
        let images =
            (0..array.len()).map(|index| Listed { path: array.name(index), place: place(index) }).collect();
        let store = Store::Array(array);
        Self { dir: file.to_path_buf(), images, skipped: Vec::new(), left_out: Vec::new(), store }
    }

    /// Images that were drawn for the occasion, as levels (H, W, C) of 8 bits one after the other; `of` is what they are of.
    ///
    /// # Panics
    /// A side is 0, or the last image is not whole.
    #[cfg(feature = "program")]
    pub(crate) fn of_levels(of: &Path, shape: [usize; 3], levels: Vec<u8>) -> Self {
        assert!(levels.len().is_multiple_of(shape.iter().product()), "images are whole");
        Self::of_array(of, ImageArray::drawn(of, shape, levels))
    }

    /// One image, by its number.
    ///
    /// # Errors
    /// [`MetricError::File`] when it cannot be decoded.
    ///
    /// # Panics
    /// If there is no such file.
    pub fn frame(&self, index: usize, options: &DecodeOptions) -> Result<Frame> {
        let image = &self.images[index];
        let read = self.store.reader().read(image, options);
        read.map(|pixels| pixels.frame)
            .map_err(|reason| MetricError::File { path: image.path.clone(), reason })
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// How many files are to be decoded.
    pub fn len(&self) -> usize {
        self.images.len()
    }

    /// Always false: a folder without images is an error.
    pub fn is_empty(&self) -> bool {
        self.images.is_empty()
    }

    /// The path of a file by its number, as in [`ImageBatch::files`].
    ///
    /// # Panics
    /// If there is no such file.
    pub fn path(&self, index: usize) -> &Path {
        &self.images[index].path
    }

    /// Keeps the files of these numbers only, in this order.
    ///
    /// # Panics
    /// If there is no such file.
    pub fn select(&mut self, files: &[usize]) {
        self.images = files.iter().map(|file| self.images[*file].clone()).collect();
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
        let of_image = |reader: &mut Reader, image: &Listed| {
            reader.hash(image).unwrap_or_else(|_| "unreadable".to_owned())
        };
        let hashes: Vec<String> = self.images.par_iter().map_init(|| self.store.reader(), of_image).collect();
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
