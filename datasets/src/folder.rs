//! Folders and archives of images: found, decoded in parallel, fitted, kept.

use std::path::{Path, PathBuf};

use ganymede_files::{ArchiveFormat, FilesError, Formats, Scan};

use crate::decoded::{Decoded, Tell, decode_options, no_images};
use crate::encoded::{Encoded, shards};
use crate::error::DatasetError;
use crate::frame::Fit;
use crate::layout::Layout;
use crate::open::{Opened, SkippedFile};
use crate::options::{Channels, OpenOptions};

/// Opens a folder of images, or of tars of images, as [`crate::open`] describes.
pub(crate) fn open(
    name: &str,
    dir: &Path,
    options: &OpenOptions,
    progress: Tell<'_>,
) -> Result<Opened, DatasetError> {
    let encoded = match search(dir, options) {
        Ok(scan) => Encoded::of_folder(dir, scan, options.max_memory_bytes)?,
        Err(error @ DatasetError::NoImages { .. }) => match shards(dir)?.as_slice() {
            [] => return Err(error),
            shards => Encoded::of_shards(dir, shards)?,
        },
        Err(error) => return Err(error),
    };
    finish(name, encoded, options, progress)
}

/// Opens a zip or a tar of images, as [`crate::open`] describes.
pub(crate) fn open_archive(
    name: &str,
    (path, format): (&Path, ArchiveFormat),
    options: &OpenOptions,
    progress: Tell<'_>,
) -> Result<Opened, DatasetError> {
    finish(name, Encoded::of_archive(path, format, options.max_memory_bytes)?, options, progress)
}

fn finish(
    name: &str,
    encoded: Encoded,
    options: &OpenOptions,
    progress: Tell<'_>,
) -> Result<Opened, DatasetError> {
    if encoded.len() == 0 {
        return Err(no_images(&encoded.origin, encoded.scan.others, &skipped(&encoded.scan)));
    }
    Decoded::of(name, encoded, Layout::Single, options, progress)?.open(options)
}

/// The images of a folder, at least one, without those of the run that is left out.
pub(crate) fn search(dir: &Path, options: &OpenOptions) -> Result<Scan, DatasetError> {
    let mut scan = ganymede_files::scan(dir, Formats::Common).map_err(|error| unreadable(dir, error))?;
    if let Some(inside) = options.exclude.as_deref().and_then(|folder| inside(dir, folder)) {
        scan.files.retain(|file| !file.relative.starts_with(&inside));
        scan.skipped.retain(|file| !file.path.starts_with(dir.join(&inside)));
    }
    if scan.files.is_empty() {
        return Err(no_images(dir, scan.others, &skipped(&scan)));
    }
    Ok(scan)
}

fn skipped(scan: &Scan) -> Vec<SkippedFile> {
    let file =
        |file: &ganymede_files::Skipped| SkippedFile { path: file.path.clone(), reason: file.reason.clone() };
    scan.skipped.iter().map(file).collect()
}

/// One image `[C, R, R]` in [−1, 1], made as [`open`](crate::open) makes those of a folder: cut or padded to a square,
/// resized, grey or in colour.
///
/// # Errors
/// [`DatasetError::BadFile`]: it cannot be read, or is no image within the bounds of `options`.
pub fn read_image(
    path: &Path,
    [channels, side, _]: [usize; 3],
    options: &OpenOptions,
) -> Result<Vec<f32>, DatasetError> {
    let decoded = ganymede_files::decode(path, &decode_options(options))
        .map_err(|error| DatasetError::bad_file(path, error.to_string(), "give another image"))?;
    let colour = if channels == 1 { Channels::Grey } else { Channels::Rgb };
    let frame =
        decoded.frame.into_square(side as u32, options.crop, options.background).with_channels(colour);
    Ok(frame.into_planar().into_iter().map(|level| f32::from(level) / 127.5 - 1.0).collect())
}

/// The path from `dir` to `folder`, if the one lies in the other.
fn inside(dir: &Path, folder: &Path) -> Option<PathBuf> {
    let (dir, folder) = (dir.canonicalize().ok()?, folder.canonicalize().ok()?);
    let inside = folder.strip_prefix(dir).ok()?;
    (!inside.as_os_str().is_empty()).then(|| inside.to_owned())
}

fn unreadable(dir: &Path, error: FilesError) -> DatasetError {
    match error {
        FilesError::Io { action, path, source } => DatasetError::Io { action, path, source },
        FilesError::RunFolder { path } => DatasetError::RunFolder { path },
        other => DatasetError::bad_file(dir, other.to_string(), "give a folder of images"),
    }
}

#[cfg(test)]
mod tests;
