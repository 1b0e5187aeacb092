//! A file of decoded images, read one by one.
//!
//! It is: 16 bytes of magic; for each encoded image a slot of equal size, where its levels lie as C H W, of one channel or
//! of three, or nothing if it could not be decoded; the footer; a SHA-256 over the footer; and the footer's length (`u64`,
//! little endian). The footer is a row for each encoded image, its channels (`u8`, 0: none) and the CRC-32 of its levels
//! (`u32`, little endian), and then the header, in JSON. Anything that is not exactly so is as good as no file.
//!
//! No part of it is mapped or held: what is read often is in the system's cache of files, which gives way where memory is
//! short, and a file that is cut short while it is read is an error.

use std::io;
use std::path::{Path, PathBuf};

use ganymede_files::{Frame, SharedFile, crc32};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::dataset::{Dataset, Labels, begin_hash, check_read, end_hash, write_values};
use crate::encoded::Known;
use crate::error::DatasetError;
use crate::frame::Fit;
use crate::options::Channels;

pub(super) const MAGIC: &[u8; 16] = b"ganymede images\n";
const HASH_BYTES: usize = 32;
/// The hash and the length of the footer.
const END_BYTES: u64 = HASH_BYTES as u64 + 8;
const ROW_BYTES: usize = 5;
/// No footer is larger; a damaged length must not ask for the whole memory.
const MOST_FOOTER: u64 = 1 << 30;

#[derive(Serialize, Deserialize)]
pub(super) struct Header {
    pub(super) schema: u32,
    pub(super) key: String,
    /// The shape of an image of the set.
    pub(super) shape: [usize; 3],
    /// The most channels that an image has in the file.
    pub(super) channels: usize,
    pub(super) content_hash: String,
    /// Which of the encoded images could not be decoded, and why. Their names are those of the files at hand.
    pub(super) failures: Vec<(usize, String)>,
}

/// How one image lies in its slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// 1 or 3; 0: nothing lies there.
    pub(super) channels: u8,
    pub(super) crc: u32,
}

/// What a file says of its images.
pub(super) struct Footer {
    pub(super) header: Header,
    pub(super) rows: Vec<Row>,
}

/// Where slot `number` begins.
pub(super) fn slot(number: usize, bytes: u64) -> u64 {
    (number as u64).saturating_mul(bytes).saturating_add(MAGIC.len() as u64)
}

impl Header {
    /// Bytes of a slot.
    pub(super) fn slot_bytes(&self) -> u64 {
        let [_, height, width] = self.shape;
        [self.channels, height, width].iter().fold(1, |bytes: u64, &size| bytes.saturating_mul(size as u64))
    }
}

impl Footer {
    /// All that stands behind the slots.
    pub(super) fn bytes(&self) -> io::Result<Vec<u8>> {
        let mut bytes: Vec<u8> = Vec::with_capacity(self.rows.len() * ROW_BYTES);
        for row in &self.rows {
            bytes.push(row.channels);
            bytes.extend(row.crc.to_le_bytes());
        }
        bytes.extend(serde_json::to_vec(&self.header)?);
        let length = bytes.len() as u64;
        let hash = Sha256::digest(&bytes);
        bytes.extend(hash);
        bytes.extend(length.to_le_bytes());
        Ok(bytes)
    }

    /// The file and its footer, if it is one of so many encoded images.
    pub(super) fn of_file(path: &Path, images: usize) -> Option<(SharedFile, Self)> {
        let file = SharedFile::open(path).ok()?;
        let size = file.size().ok()?;
        let mut magic = [0; 16];
        file.read_at(0, &mut magic).ok()?;
        let mut end = [0; END_BYTES as usize];
        file.read_at(size.checked_sub(END_BYTES)?, &mut end).ok()?;
        let (hash, length) = end.split_at(HASH_BYTES);
        let length = u64::from_le_bytes(length.try_into().ok()?);
        let start = size.checked_sub(END_BYTES)?.checked_sub(length)?;
        if &magic != MAGIC || length > MOST_FOOTER {
            return None;
        }
        let mut bytes = vec![0; usize::try_from(length).ok()?];
        file.read_at(start, &mut bytes).ok()?;
        if Sha256::digest(&bytes)[..] != *hash {
            return None;
        }
        let (rows, header) = bytes.split_at_checked(images.checked_mul(ROW_BYTES)?)?;
        let header: Header = serde_json::from_slice(header).ok()?;
        let row = |row: &[u8; ROW_BYTES]| {
            let [channels, crc @ ..] = *row;
            Row { channels, crc: u32::from_le_bytes(crc) }
        };
        let rows: Vec<Row> = rows.as_chunks().0.iter().map(row).collect();
        let fits = rows
            .iter()
            .all(|row| matches!(row.channels, 0 | 1 | 3) && usize::from(row.channels) <= header.channels);
        (fits && start == slot(images, header.slot_bytes())).then_some((file, Self { header, rows }))
    }
}

/// Images of one size in a file of their own.
#[derive(Debug)]
pub(super) struct DiskSet {
    name: String,
    path: PathBuf,
    file: SharedFile,
    shape: [usize; 3],
    slot_bytes: u64,
    /// The slot of each image, and how it lies there.
    images: Vec<(usize, Row)>,
    labels: Option<Labels>,
    hash: String,
}

impl DiskSet {
    /// The images of a file, with the classes among what is known of all encoded images; nothing where there is no image.
    pub(super) fn new(
        name: &str,
        path: &Path,
        file: SharedFile,
        footer: &Footer,
        known: &Known,
    ) -> Option<Self> {
        let Footer { header, rows } = footer;
        let images: Vec<(usize, Row)> =
            rows.iter().copied().enumerate().filter(|(_, row)| row.channels > 0).collect();
        let slots: Vec<usize> = images.iter().map(|(slot, _)| *slot).collect();
        (!images.is_empty()).then(|| Self {
            name: name.to_owned(),
            path: path.to_path_buf(),
            file,
            slot_bytes: header.slot_bytes(),
            shape: header.shape,
            images,
            labels: known.select(&slots).labels().cloned(),
            hash: header.content_hash.clone(),
        })
    }

    /// What [`Dataset::content_hash`] is, of the levels as they lie in the file.
    pub(super) fn hash_of_levels(&self) -> Result<String, DatasetError> {
        let mut digest = begin_hash(self.shape, self.images.len());
        for index in 0..self.images.len() {
            digest.part(&self.levels(index)?);
        }
        Ok(end_hash(digest, self.labels.as_ref()))
    }

    /// Writes the footer, whose place and content are known last.
    pub(super) fn finished(mut self, place: u64, footer: &Footer) -> io::Result<Self> {
        self.file.write_at(place, &footer.bytes()?)?;
        self.hash.clone_from(&footer.header.content_hash);
        Ok(self)
    }

    /// The size of one image.
    pub(super) fn image_shape(&self) -> [usize; 3] {
        self.shape
    }

    /// Whether every image is as it was written.
    pub(super) fn is_whole(&self) -> bool {
        (0..self.images.len()).into_par_iter().all(|index| self.stored(index).is_ok())
    }

    /// Image `index`, which is below the length, C H W.
    pub(super) fn levels(&self, index: usize) -> Result<Vec<u8>, DatasetError> {
        let stored = self.stored(index)?;
        let (channels, [wanted, height, width]) = (usize::from(self.images[index].1.channels), self.shape);
        if channels == wanted {
            return Ok(stored);
        }
        let frame =
            Frame::from_planar([channels, height, width], &stored).expect("as many as were asked for");
        let colour = if wanted == 1 { Channels::Grey } else { Channels::Rgb };
        Ok(frame.with_channels(colour).into_planar())
    }

    /// Image `index` as it lies in the file, with the channels that it has there.
    fn stored(&self, index: usize) -> Result<Vec<u8>, DatasetError> {
        let [_, height, width] = self.shape;
        let mut levels = vec![0; usize::from(self.images[index].1.channels) * height * width];
        self.load(index, &mut levels)?;
        Ok(levels)
    }

    /// Fills a buffer of the right length with image `index` as it lies in the file.
    fn load(&self, index: usize, levels: &mut [u8]) -> Result<(), DatasetError> {
        let (number, Row { crc, .. }) = self.images[index];
        let read = self.file.read_at(slot(number, self.slot_bytes), levels);
        read.map_err(DatasetError::io("read", &self.path))?;
        if crc32(levels) == crc {
            return Ok(());
        }
        let reason = format!("decoded image {index} of `{}` is not as it was written", self.name);
        let fix = "start again, which decodes the images anew; if it happens again, the disk is at fault";
        Err(DatasetError::bad_file(&self.path, reason, fix))
    }
}

impl Dataset for DiskSet {
    fn name(&self) -> &str {
        &self.name
    }

    fn len(&self) -> usize {
        self.images.len()
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn class_names(&self) -> &[String] {
        self.labels.as_ref().map_or(&[], |labels| &labels.names)
    }

    fn label(&self, index: usize) -> Option<u32> {
        self.labels.as_ref()?.classes.get(index).copied()
    }

    fn read(&self, index: usize, out: &mut [f32]) -> Result<(), DatasetError> {
        check_read(self, index, out.len())?;
        write_values(&self.levels(index)?, out);
        Ok(())
    }

    fn read_bytes(&self, index: usize, out: &mut [u8]) -> Result<(), DatasetError> {
        check_read(self, index, out.len())?;
        match usize::from(self.images[index].1.channels) == self.shape[0] {
            true => self.load(index, out)?,
            false => out.copy_from_slice(&self.levels(index)?),
        }
        Ok(())
    }

    fn content_hash(&self) -> String {
        self.hash.clone()
    }
}
