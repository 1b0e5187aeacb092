//! Decoding into a file, each image to its place as soon as it is there.

use std::io;

use ganymede_files::{SharedFile, crc32};
use ganymede_tensor::sync_folder;
use rayon::prelude::*;
use tempfile::NamedTempFile;

use super::cache::{Place, SCHEMA};
use super::disk::{DiskSet, Footer, Header, MAGIC, Row, slot};
use super::work::{Work, channels_of};
use crate::error::DatasetError;

/// Why there is no file.
pub(super) enum Stopped {
    /// The data themselves are refused.
    Data(DatasetError),
    /// The file cannot be written.
    Disk(io::Error),
}

impl From<io::Error> for Stopped {
    fn from(error: io::Error) -> Self {
        Self::Disk(error)
    }
}

/// Decodes all images into the file of a place, which is there as a whole or not at all. In memory are the images that
/// threads are at. Of several processes that do so at once the last one's file stays, with the same content.
pub(super) fn build(
    place: &Place,
    name: &str,
    work: &Work<'_>,
) -> Result<(DiskSet, Vec<(usize, String)>), Stopped> {
    let [channels, height, width] = work.largest();
    let slot_bytes = (channels * height * width) as u64;
    let images = work.encoded.len();
    let temporary = place.begin(slot(images, slot_bytes))?;
    let file = SharedFile::new(temporary.as_file().try_clone()?);
    file.write_at(0, MAGIC)?;
    let decode = |number| -> io::Result<Result<Row, String>> {
        match work.frame(number) {
            Ok(frame) => {
                let (channels, levels) = (frame.channels() as u8, frame.into_planar());
                file.write_at(slot(number, slot_bytes), &levels)?;
                Ok(Ok(Row { channels, crc: crc32(&levels) }))
            }
            Err(reason) => Ok(Err(reason)),
        }
    };
    let results = (0..images).into_par_iter().map(decode).collect::<io::Result<Vec<_>>>()?;
    let (mut rows, mut failures) = (Vec::with_capacity(images), Vec::new());
    for (number, result) in results.into_iter().enumerate() {
        rows.push(result.unwrap_or_else(|reason| {
            failures.push((number, reason));
            Row { channels: 0, crc: 0 }
        }));
    }
    work.refuse(&failures).map_err(Stopped::Data)?;
    let grey = rows.iter().filter(|row| row.channels == 1).count();
    let shape = [channels_of(grey, images - failures.len(), work.options), height, width];
    let header = Header {
        schema: SCHEMA,
        key: place.key.clone(),
        shape,
        channels,
        content_hash: String::new(),
        failures: failures.clone(),
    };
    let mut footer = Footer { header, rows };
    let set = DiskSet::new(name, place.path(), file, &footer, &work.encoded.known);
    let set = set.expect("an image was decoded, or all were refused");
    footer.header.content_hash = set.hash_of_levels().map_err(io::Error::other)?;
    let set = set.finished(slot(images, slot_bytes), &footer)?;
    put_in_place(temporary, place)?;
    Ok((set, failures))
}

/// Flushes the file to the disk and gives it its name.
fn put_in_place(temporary: NamedTempFile, place: &Place) -> io::Result<()> {
    temporary.as_file().sync_all()?;
    let file = temporary.persist(place.path()).map_err(|error| error.error)?;
    file.unlock()?;
    sync_folder(place.dir())
}
