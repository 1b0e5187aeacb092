//! Folders of images: found, decoded in parallel, fitted, kept.

mod cache;
mod classes;
mod layout;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ganymede_files::{Alpha, DecodeOptions, Depth, FilesError, Formats, Found, Frame, Scan};
use rayon::prelude::*;

use crate::dataset::{ImageSet, Labels};
use crate::error::DatasetError;
use crate::frame::Fit;
use crate::open::{CacheUse, Opened, SkippedFile};
use crate::options::{Channels, DEFAULT_FOLDER_RESOLUTION, OpenOptions};
use crate::raw::check_memory;

use classes::Classes;
pub(crate) use layout::Layout;

/// How far decoding has come: `(done, total)`.
pub(crate) type Tell<'a> = &'a (dyn Fn(usize, usize) + Sync);

/// Opens a folder of images as [`crate::open`] describes.
pub(crate) fn open(
    name: &str,
    dir: &Path,
    options: &OpenOptions,
    progress: Tell<'_>,
) -> Result<Opened, DatasetError> {
    let scan = search(dir, options)?;
    let decoded = Decoded::of_folder((name, dir), scan, Layout::Single, options, progress)?;
    let skipped = decoded.skipped();
    Ok(Opened { dataset: Arc::new(decoded.set), skipped, cache: decoded.cache })
}

/// The images of a folder, at least one, without those of the run that is left out.
pub(crate) fn search(dir: &Path, options: &OpenOptions) -> Result<Scan, DatasetError> {
    let mut scan = ganymede_files::scan(dir, Formats::Common).map_err(|error| unreadable(dir, error))?;
    if let Some(inside) = options.exclude.as_deref().and_then(|folder| inside(dir, folder)) {
        scan.files.retain(|file| !file.relative.starts_with(&inside));
        scan.skipped.retain(|file| !file.path.starts_with(dir.join(&inside)));
    }
    if scan.files.is_empty() {
        return Err(no_images(dir, scan.others, &skipped(&scan, &[])));
    }
    Ok(scan)
}

/// The images of a folder, in the order of its files.
pub(crate) struct Decoded {
    pub(crate) set: ImageSet,
    pub(crate) scan: Scan,
    /// Which files of the scan could not be decoded, and why.
    pub(crate) failures: Vec<(usize, String)>,
    pub(crate) cache: CacheUse,
}

impl Decoded {
    /// Decodes the files of a folder, or reads what was kept of them.
    pub(crate) fn of_folder(
        (name, dir): (&str, &Path),
        scan: Scan,
        layout: Layout,
        options: &OpenOptions,
        progress: Tell<'_>,
    ) -> Result<Self, DatasetError> {
        let side = options.resolution.unwrap_or(DEFAULT_FOLDER_RESOLUTION);
        let channels = if options.channels == Channels::Grey { 1 } else { 3 };
        check_memory(dir, scan.files.len(), [channels, side, layout.width(side)], options)?;
        let place = options.cache.then(|| cache::Place::new(dir, name, (side, layout), &scan, options));
        if let Some(place) = &place
            && let Some(kept) = place.load(name, options.max_memory_bytes)
        {
            let cache = CacheUse::Hit(place.path().to_path_buf());
            let decoded = Self { set: kept.set, scan, failures: kept.failures, cache };
            refuse_if_strict(&decoded.skipped(), options)?;
            return Ok(decoded);
        }
        let mut decoded = Self::anew((name, dir), scan, (side, layout), options, progress)?;
        if let Some(place) = &place {
            decoded.cache = place.store(&decoded.set, &decoded.failures);
        }
        Ok(decoded)
    }

    /// Decodes them, whatever is kept.
    pub(crate) fn anew(
        (name, dir): (&str, &Path),
        scan: Scan,
        (side, layout): (usize, Layout),
        options: &OpenOptions,
        progress: Tell<'_>,
    ) -> Result<Self, DatasetError> {
        let total = scan.files.len();
        let done = AtomicUsize::new(0);
        let rules = decode_options(options);
        let decode = |file: &Found| {
            let decoded = ganymede_files::decode(&file.path, &rules).map_err(|error| error.to_string());
            let frame = decoded.and_then(|decoded| layout.fit(decoded.frame, side as u32, options));
            progress(done.fetch_add(1, Ordering::Relaxed) + 1, total);
            frame
        };
        let results: Vec<Result<Frame, String>> = scan.files.par_iter().map(decode).collect();
        let Classes { of_files, names } = classes::classes(&scan.files);
        let (mut frames, mut failures) = (Vec::with_capacity(total), Vec::new());
        for (file, (class, result)) in of_files.into_iter().zip(results).enumerate() {
            match result {
                Ok(frame) => frames.push((frame, class)),
                Err(reason) => failures.push((file, reason)),
            }
        }
        let skipped = skipped(&scan, &failures);
        refuse_if_strict(&skipped, options)?;
        if frames.is_empty() {
            return Err(no_images(dir, scan.others, &skipped));
        }
        let set = assemble(name, frames, names, [side, layout.width(side)], options)?;
        Ok(Self { set, scan, failures, cache: CacheUse::Off })
    }

    /// The files that could not be used, sorted by path.
    pub(crate) fn skipped(&self) -> Vec<SkippedFile> {
        skipped(&self.scan, &self.failures)
    }
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

/// What the scan passed over, and the files of it that could not be decoded, by number; sorted by path.
fn skipped(scan: &Scan, failures: &[(usize, String)]) -> Vec<SkippedFile> {
    let entry = |path: &Path, reason: &str| SkippedFile { path: path.into(), reason: reason.into() };
    let failed =
        failures.iter().filter_map(|(file, reason)| Some(entry(&scan.files.get(*file)?.path, reason)));
    let passed_over = scan.skipped.iter().map(|file| entry(&file.path, &file.reason));
    let mut all: Vec<SkippedFile> = passed_over.chain(failed).collect();
    all.sort_by(|a, b| a.path.cmp(&b.path));
    all
}

fn decode_options(options: &OpenOptions) -> DecodeOptions {
    DecodeOptions {
        formats: Formats::Common,
        max_pixels: options.max_pixels,
        alpha: Alpha::Over(options.background.level()),
        depth: Depth::Nearest,
        upright: true,
    }
}

pub(crate) fn no_images(dir: &Path, others: usize, skipped: &[SkippedFile]) -> DatasetError {
    let found = match skipped {
        [] if others == 0 => "it is empty".to_owned(),
        [] => format!("it holds {others} file(s), none of them an image"),
        [first, ..] => format!(
            "none of its {} image(s) can be used, the first is {}: {}",
            skipped.len(),
            first.path.display(),
            first.reason
        ),
    };
    DatasetError::NoImages { dir: dir.to_path_buf(), found }
}

fn refuse_if_strict(skipped: &[SkippedFile], options: &OpenOptions) -> Result<(), DatasetError> {
    match skipped {
        [first, ..] if options.strict => Err(DatasetError::Strict {
            path: first.path.clone(),
            reason: first.reason.clone(),
            count: skipped.len(),
        }),
        _ => Ok(()),
    }
}

/// Frames of one size to one set of one kind of colour.
fn assemble(
    name: &str,
    frames: Vec<(Frame, u32)>,
    class_names: Vec<String>,
    [height, width]: [usize; 2],
    options: &OpenOptions,
) -> Result<ImageSet, DatasetError> {
    let grey = frames.iter().filter(|(frame, _)| frame.channels() == 1).count();
    let channels = match options.channels {
        Channels::Auto if grey > frames.len() - grey => Channels::Grey,
        Channels::Auto => Channels::Rgb,
        chosen => chosen,
    };
    let count = if channels == Channels::Grey { 1 } else { 3 };
    let mut pixels = Vec::with_capacity(frames.len() * count * height * width);
    let mut classes = Vec::with_capacity(frames.len());
    for (frame, class) in frames {
        pixels.extend(frame.with_channels(channels).into_planar());
        classes.push(class);
    }
    let labels = (!class_names.is_empty()).then_some(Labels { classes, names: class_names });
    ImageSet::new(name, [count, height, width], pixels, labels)
}

#[cfg(test)]
mod tests;
