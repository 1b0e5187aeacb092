//! Where the images of a set lie: in files of their own, in one array, in archives.

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use ganymede_files::{Archive, DecodeOptions, Decoded, Frame, byte_limit, decode, sha256};

use super::array::{ArrayReader, ImageArray};

/// An image of a set: what it is called, and where it lies.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    pub(super) path: PathBuf,
    pub(super) place: Place,
}

/// Where an image lies in what holds it; of no meaning for files of their own.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    /// Which of several archives.
    pub(super) archive: usize,
    /// Its number there.
    pub(super) number: usize,
}

/// What holds the images of a set.
#[derive(Clone, Debug)]
pub(super) enum Store {
    /// Nothing: each is a file.
    Files,
    Array(ImageArray),
    /// Zips or tars; several are the shards of one set.
    Archives(Arc<Vec<Archive>>),
}

/// An image, and what its file was like.
pub(super) struct Pixels {
    pub(super) frame: Frame,
    pub(super) format: &'static str,
    pub(super) transparent: bool,
    pub(super) deep: bool,
}

/// Reads images one after the other; each thread has its own.
pub(super) enum Reader {
    Files,
    Array(ArrayReader),
    Archives(Arc<Vec<Archive>>),
}

impl Store {
    pub(super) fn reader(&self) -> Reader {
        match self {
            Self::Files => Reader::Files,
            Self::Array(array) => Reader::Array(array.reader()),
            Self::Archives(archives) => Reader::Archives(Arc::clone(archives)),
        }
    }
}

impl Reader {
    /// Decodes an image; the reason why it cannot be does not name it.
    pub(super) fn read(&mut self, image: &Listed, options: &DecodeOptions) -> Result<Pixels, String> {
        let decoded = match self {
            Self::Files => decode(&image.path, options),
            Self::Archives(archives) => archives[image.place.archive].decode(image.place.number, options),
            Self::Array(array) => {
                let frame = array.frame(image.place.number, options.max_pixels)?;
                return Ok(Pixels { frame, format: array.format(), transparent: false, deep: false });
            }
        };
        let Decoded { frame, format, alpha, deep, .. } = decoded.map_err(|error| error.to_string())?;
        Ok(Pixels { frame, format: format.name(), transparent: alpha, deep })
    }

    /// SHA-256 of what an image is stored as, in hexadecimal: that of a file is the same in an archive.
    pub(super) fn hash(&mut self, image: &Listed) -> io::Result<String> {
        let (_, hash) = match self {
            Self::Files => sha256(File::open(&image.path)?, u64::MAX - 1)?,
            Self::Array(array) => array.hash(image.place.number)?,
            Self::Archives(archives) => {
                let most = byte_limit(&DecodeOptions::pil());
                let bytes = archives[image.place.archive].read(image.place.number, most);
                sha256(bytes.map_err(io::Error::other)?.as_slice(), u64::MAX - 1)?
            }
        };
        Ok(hash)
    }
}
