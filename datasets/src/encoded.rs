//! Images before they are decoded: where they lie, in what order, and what is known of them.

mod archives;
mod classes;
mod labels;
mod sidecars;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use ganymede_files::{Archive, DecodeOptions, Formats, Frame, Scan};

use crate::dataset::Labels;
use crate::error::DatasetError;
use crate::vectors::Vectors;

pub(crate) use archives::shards;
#[cfg(feature = "testing")]
pub(crate) use {labels::parse as labels_of, sidecars::class_in};

/// Images of a folder or of archives.
#[derive(Debug)]
pub(crate) struct Encoded {
    /// The folder or the archive.
    pub(crate) origin: PathBuf,
    /// The images in the order of the data set, and what looked like one.
    pub(crate) scan: Scan,
    pub(crate) known: Known,
    lies: Lies,
}

#[derive(Debug)]
enum Lies {
    InFiles,
    /// `(archive, entry)` of each image.
    InArchives(Vec<Archive>, Vec<(usize, usize)>),
}

/// What is known of each image, in the order of the scan.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Known {
    Nothing,
    Classes(Labels),
    Vectors(Vectors),
}

impl Encoded {
    /// The images of a folder, of which nothing is known.
    pub(crate) fn unlabelled(dir: &Path, scan: Scan) -> Self {
        Self { origin: dir.to_path_buf(), scan, known: Known::Nothing, lies: Lies::InFiles }
    }

    /// The images of a folder, with what its `dataset.json` or else its sub-folders say.
    ///
    /// # Errors
    /// [`DatasetError::BadFile`]: what `dataset.json` says does not fit; it cannot be read.
    pub(crate) fn of_folder(dir: &Path, scan: Scan, max_bytes: u64) -> Result<Self, DatasetError> {
        let known = match dir.join(labels::FILE).is_file() {
            true => labels::of_file(dir, &scan, max_bytes)?,
            false => classes::of_folders(scan.files.iter().map(|file| file.relative.as_path())),
        };
        Ok(Self { known, ..Self::unlabelled(dir, scan) })
    }

    /// Which formats its images may have.
    pub(crate) fn formats(&self) -> Formats {
        match &self.lies {
            Lies::InArchives(archives, _) => archives.first().map_or(Formats::Common, archives::formats),
            Lies::InFiles => Formats::Common,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.scan.files.len()
    }

    /// Decodes image `index`; or says why it cannot be used.
    pub(crate) fn decode(&self, index: usize, options: &DecodeOptions) -> Result<Frame, String> {
        let decoded = match &self.lies {
            Lies::InFiles => ganymede_files::decode(&self.scan.files[index].path, options),
            Lies::InArchives(archives, places) => {
                let (archive, entry) = places[index];
                archives[archive].decode(entry, options)
            }
        };
        decoded.map(|decoded| decoded.frame).map_err(|error| error.to_string())
    }
}

impl Known {
    /// That of these images alone.
    pub(crate) fn select(&self, images: &[usize]) -> Self {
        match self {
            Self::Nothing => Self::Nothing,
            Self::Classes(labels) => {
                let classes = images.iter().map(|&image| labels.classes[image]).collect();
                Self::Classes(Labels { classes, names: labels.names.clone() })
            }
            Self::Vectors(vectors) => Self::Vectors(vectors.select(images)),
        }
    }

    /// The classes, if there are any.
    pub(crate) fn labels(&self) -> Option<&Labels> {
        match self {
            Self::Classes(labels) => Some(labels),
            Self::Nothing | Self::Vectors(_) => None,
        }
    }
}
