//! Images decoded and fitted: kept on disk, or held in memory where they are not.

mod build;
mod cache;
mod disk;
#[cfg(test)]
mod tests;
mod work;

use std::path::Path;
use std::sync::Arc;

use ganymede_files::Frame;
use rayon::prelude::*;

use crate::conditioned::{Conditioned, Conditions};
use crate::dataset::{Dataset, ImageSet};
use crate::encoded::{Encoded, Known};
use crate::error::DatasetError;
use crate::frame::Fit;
use crate::layout::Layout;
use crate::open::{CacheUse, Opened, SkippedFile};
use crate::options::{Channels, DEFAULT_FOLDER_RESOLUTION, OpenOptions};
use crate::raw::check_memory;

use build::Stopped;
use cache::Place;
use disk::DiskSet;
pub(crate) use work::{Tell, decode_options, no_images};
use work::{Work, channels_of, refuse_if_strict};

/// The images of a folder or an archive, in its order, without those that cannot be used.
pub(crate) struct Decoded {
    images: Images,
    pub(crate) encoded: Encoded,
    /// Which of the encoded images could not be decoded, and why; sorted.
    pub(crate) failures: Vec<(usize, String)>,
    cache: CacheUse,
}

enum Images {
    Memory(ImageSet),
    Disk(DiskSet),
}

impl Decoded {
    /// What is kept of these images; where nothing is, they are decoded and kept, in memory if the disk does not take
    /// them.
    pub(crate) fn of(
        name: &str,
        encoded: Encoded,
        layout: Layout,
        options: &OpenOptions,
        progress: Tell<'_>,
    ) -> Result<Self, DatasetError> {
        let side = options.resolution.unwrap_or(DEFAULT_FOLDER_RESOLUTION);
        if !options.cache {
            return Self::in_memory(name, encoded, (side, layout), options, progress);
        }
        let place = Place::new(name, (side, layout), &encoded, options);
        if let Some((set, failures)) = place.load(name, &encoded) {
            let cache = CacheUse::Hit(place.path().to_path_buf());
            let decoded = Self { images: Images::Disk(set), encoded, failures, cache };
            refuse_if_strict(&decoded.skipped(), options)?;
            return Ok(decoded);
        }
        let work = Work::new(&encoded, (side, layout), options, progress);
        let reason = match build::build(&place, name, &work) {
            Ok((set, failures)) => {
                let cache = CacheUse::Written(place.path().to_path_buf());
                return Ok(Self { images: Images::Disk(set), encoded, failures, cache });
            }
            Err(Stopped::Data(error)) => return Err(error),
            Err(Stopped::Disk(error)) => error.to_string(),
        };
        let shape = work.largest();
        if check_memory(&encoded.origin, encoded.len(), shape, options).is_err() {
            return Err(no_room(&encoded, shape, place.path(), reason, options));
        }
        let cache = CacheUse::Failed { path: place.path().to_path_buf(), reason };
        Ok(Self { cache, ..Self::in_memory(name, encoded, (side, layout), options, progress)? })
    }

    /// Decodes them, whatever is kept, and holds them in memory.
    pub(crate) fn in_memory(
        name: &str,
        encoded: Encoded,
        size: (usize, Layout),
        options: &OpenOptions,
        progress: Tell<'_>,
    ) -> Result<Self, DatasetError> {
        let work = Work::new(&encoded, size, options, progress);
        check_memory(&encoded.origin, encoded.len(), work.largest(), options)?;
        let results: Vec<_> = (0..encoded.len()).into_par_iter().map(|index| work.frame(index)).collect();
        let (mut frames, mut failures) = (Vec::new(), Vec::new());
        for (index, result) in results.into_iter().enumerate() {
            match result {
                Ok(frame) => frames.push(frame),
                Err(reason) => failures.push((index, reason)),
            }
        }
        work.refuse(&failures)?;
        let known = encoded.known.select(&usable(encoded.len(), &failures));
        let set = assemble(name, frames, &known, work.largest(), options)?;
        Ok(Self { images: Images::Memory(set), encoded, failures, cache: CacheUse::Off })
    }

    /// The files that could not be used, sorted by path.
    pub(crate) fn skipped(&self) -> Vec<SkippedFile> {
        work::skipped(&self.encoded.scan, &self.failures)
    }

    /// What became of the cache.
    pub(crate) fn cache(&self) -> &CacheUse {
        &self.cache
    }

    /// As a data set, with the vectors that are known of its images if `options` name no other condition.
    pub(crate) fn open(self, options: &OpenOptions) -> Result<Opened, DatasetError> {
        let skipped = self.skipped();
        let known = self.encoded.known.select(&usable(self.encoded.len(), &self.failures));
        let mut dataset: Arc<dyn Dataset> = match self.images {
            Images::Memory(set) => Arc::new(set),
            Images::Disk(set) => Arc::new(set),
        };
        if let (Known::Vectors(vectors), None, None) = (known, &options.vectors, options.pairs) {
            dataset = Arc::new(Conditioned::new(dataset, Conditions::Vectors(vectors))?);
        }
        Ok(Opened { dataset, skipped, cache: self.cache })
    }

    /// The images alone, all of them in memory, which has to be allowed.
    pub(crate) fn into_images(self, options: &OpenOptions) -> Result<ImageSet, DatasetError> {
        let set = match self.images {
            Images::Memory(set) => return Ok(set),
            Images::Disk(set) => set,
        };
        let shape = set.image_shape();
        check_memory(&self.encoded.origin, set.len(), shape, options)?;
        let mut pixels = Vec::with_capacity(set.len() * shape.iter().product::<usize>());
        for index in 0..set.len() {
            pixels.extend(set.levels(index)?);
        }
        ImageSet::new(set.name(), shape, pixels, None)
    }
}

/// The images that could be decoded.
fn usable(len: usize, failures: &[(usize, String)]) -> Vec<usize> {
    let mut failed = failures.iter().map(|(image, _)| *image).peekable();
    (0..len).filter(|image| failed.next_if_eq(image).is_none()).collect()
}

/// Frames of one size to one set of one kind of colour.
fn assemble(
    name: &str,
    frames: Vec<Frame>,
    known: &Known,
    [_, height, width]: [usize; 3],
    options: &OpenOptions,
) -> Result<ImageSet, DatasetError> {
    let grey = frames.iter().filter(|frame| frame.channels() == 1).count();
    let channels = channels_of(grey, frames.len(), options);
    let colour = if channels == 1 { Channels::Grey } else { Channels::Rgb };
    let mut pixels = Vec::with_capacity(frames.len() * channels * height * width);
    for frame in frames {
        pixels.extend(frame.with_channels(colour).into_planar());
    }
    ImageSet::new(name, [channels, height, width], pixels, known.labels().cloned())
}

fn no_room(
    encoded: &Encoded,
    shape: [usize; 3],
    cache: &Path,
    reason: String,
    options: &OpenOptions,
) -> DatasetError {
    let (images, image) = (encoded.len(), shape.iter().product::<usize>());
    DatasetError::NoRoom {
        path: encoded.origin.clone(),
        images,
        shape: Box::new(shape),
        needed_bytes: (images as u64).saturating_mul(image as u64),
        limit_bytes: options.max_memory_bytes,
        cache: cache.to_path_buf(),
        reason,
    }
}
