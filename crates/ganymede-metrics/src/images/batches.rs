//! Images as batches of tensors, decoded and resized ahead of whoever takes them.

use std::sync::Arc;

use ganymede_files::{Alpha, DecodeOptions, Frame};
use ganymede_tensor::{Device, Tensor};
use sha2::{Digest as _, Sha256};

use super::ImageFolder;
use super::ahead::Ahead;
use super::report::{ImageReport, SeenImage};
use super::store::{Listed, Pixels, Reader, Store};
use crate::resize::{Plan, Resize, Scratch, fit};
use crate::{MetricError, Result};

/// How the images of a folder become batches.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchOptions {
    /// Channels, height and width of the result: what the extractor takes. Of channels there are 1 or 3.
    pub shape: [usize; 3],
    /// How images come to that size.
    pub resize: Resize,
    /// Images a batch.
    pub batch: usize,
    /// The grey level that shows through transparent pixels. `None` leaves the alpha channel out, as PIL's
    /// `convert("RGB")` and hence the metric programs in Python do: invisible pixels then show whatever
    /// colour they have.
    pub background: Option<u8>,
    /// Images of more pixels are skipped before they are decoded.
    pub max_pixels: u64,
    /// Threads that decode; 0: as many as the machine has.
    pub threads: usize,
}

impl BatchOptions {
    /// The usual choices for a network that takes `shape` (C, H, W): 32 images a batch, [`Resize::Clean`],
    /// transparency as in PIL, at most 100 million pixels an image, all threads.
    pub fn new(shape: [usize; 3]) -> Self {
        let max_pixels = DecodeOptions::pil().max_pixels;
        Self { shape, resize: Resize::default(), batch: 32, background: None, max_pixels, threads: 0 }
    }

    fn validate(&self) -> Result<()> {
        let wrong = if ![1, 3].contains(&self.shape[0]) || self.shape.contains(&0) {
            format!("images of {:?} (C, H, W) cannot be made: C is 1 or 3, and no side is 0", self.shape)
        } else if self.batch == 0 {
            "a batch of 0 images: give at least 1".to_owned()
        } else if self.max_pixels == 0 {
            "`max_pixels` is 0: give the pixels of the largest image".to_owned()
        } else {
            return Ok(());
        };
        Err(MetricError::Invalid(wrong))
    }

    fn decode_options(&self) -> DecodeOptions {
        let alpha = self.background.map_or(Alpha::Drop, Alpha::Over);
        DecodeOptions { max_pixels: self.max_pixels, alpha, ..DecodeOptions::pil() }
    }
}

/// Some images, in order.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ImageBatch {
    /// f32 grey levels in `0..=255`, `(N, C, H, W)`, in memory.
    pub images: Tensor,
    /// Which file each of them is; see [`ImageFolder::path`].
    pub files: Vec<usize>,
}

/// An iterator over the batches of an [`ImageFolder`].
///
/// The images are the same, in the same order, with any number of threads. At most a batch and two images a
/// thread are in memory besides the batch that was taken. Images that cannot be used are left out, and the
/// batches are full but for the last.
pub struct ImageBatches {
    results: Ahead<Result<Ready, String>>,
    listed: Arc<Vec<Listed>>,
    shape: [usize; 3],
    batch: usize,
    next: usize,
    report: ImageReport,
    seen: Vec<Result<SeenImage, String>>,
}

/// An image on its way into a batch.
struct Ready {
    levels: Vec<f32>,
    seen: SeenImage,
}

impl ImageBatches {
    pub(super) fn start(folder: &ImageFolder, options: &BatchOptions) -> Result<Self> {
        options.validate()?;
        let listed = Arc::new(folder.images.clone());
        let threads = match options.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            threads => threads,
        };
        let window = options.batch + 2 * threads;
        let results = Ahead::start(listed.len(), window, threads, || {
            let mut worker = Worker::new(options, &folder.store);
            let listed = Arc::clone(&listed);
            move |index: usize| worker.image(&listed[index])
        });
        let mut report = ImageReport::default();
        report.skipped.clone_from(&folder.skipped);
        let (shape, batch) = (options.shape, options.batch);
        Ok(Self { results, listed, shape, batch, next: 0, report, seen: Vec::new() })
    }

    /// What was seen so far: all of the folder once there are no more batches.
    pub fn report(&self) -> &ImageReport {
        &self.report
    }

    /// [`ImageBatches::report`], given away; files that were skipped are in the order of their paths.
    pub fn into_report(self) -> ImageReport {
        self.report.sorted()
    }

    /// What [`ImageReport::of`] takes: one entry a file so far, in order.
    pub fn into_seen(self) -> Vec<Result<SeenImage, String>> {
        self.seen
    }

    fn gather(&mut self) -> Result<Option<ImageBatch>> {
        let image: usize = self.shape.iter().product();
        let mut levels = Vec::with_capacity(self.batch.min(self.listed.len() - self.next) * image);
        let mut files = Vec::new();
        while files.len() < self.batch && self.next < self.listed.len() {
            let index = self.next;
            let Some(result) = self.results.next() else {
                let path = self.listed[index].path.clone();
                let reason = "a thread that decodes ended at or after this file".to_owned();
                self.next = self.listed.len();
                return Err(MetricError::File { path, reason });
            };
            self.next += 1;
            let seen = result.map(|ready| {
                levels.extend_from_slice(&ready.levels);
                files.push(index);
                ready.seen
            });
            self.report.add(self.listed[index].path.clone(), &seen);
            self.seen.push(seen);
        }
        if files.is_empty() {
            return Ok(None);
        }
        let [c, h, w] = self.shape;
        let images = Tensor::from_vec(levels, (files.len(), c, h, w), &Device::Cpu)?;
        Ok(Some(ImageBatch { images, files }))
    }
}

impl Iterator for ImageBatches {
    type Item = Result<ImageBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        self.gather().transpose()
    }
}

/// What a thread keeps from image to image.
struct Worker {
    decode: DecodeOptions,
    resize: Resize,
    shape: [usize; 3],
    /// For the last size seen: most folders have one.
    plan: Option<Plan>,
    scratch: Scratch,
    reader: Reader,
}

impl Worker {
    fn new(options: &BatchOptions, store: &Store) -> Self {
        Self {
            reader: store.reader(),
            decode: options.decode_options(),
            resize: options.resize,
            shape: options.shape,
            plan: None,
            scratch: Scratch::default(),
        }
    }

    fn image(&mut self, image: &Listed) -> Result<Ready, String> {
        let pixels = self.reader.read(image, &self.decode)?;
        let seen = seen(&pixels);
        Ok(Ready { levels: self.levels(&pixels.frame), seen })
    }

    fn levels(&mut self, frame: &Frame) -> Vec<f32> {
        let (width, height) = (frame.size().0 as usize, frame.size().1 as usize);
        let [_, new_height, new_width] = self.shape;
        if self.plan.as_ref().is_none_or(|plan| !plan.is_for([height, width])) {
            self.plan = Some(Plan::new(self.resize, [height, width], [new_height, new_width]));
        }
        let plan = self.plan.as_ref().expect("it was made above");
        let (pixels, channels) = (frame.interleaved(), frame.channels());
        let row = |channel: usize, y: usize, out: &mut [f32]| {
            let row = &pixels[y * width * channels..][..width * channels];
            for (out, pixel) in out.iter_mut().zip(row.chunks_exact(channels)) {
                *out = f32::from(pixel[channel]);
            }
        };
        let mut out = vec![0.0; self.shape.iter().product()];
        fit(plan, channels, row, &mut out, &mut self.scratch);
        out
    }
}

fn seen(pixels: &Pixels) -> SeenImage {
    let Pixels { frame, format, transparent, deep } = pixels;
    let size = frame.size();
    let mut hash = Sha256::new();
    hash.update(size.0.to_le_bytes());
    hash.update(size.1.to_le_bytes());
    hash.update([frame.channels() as u8]);
    hash.update(frame.interleaved());
    SeenImage {
        size,
        format: (*format).to_owned(),
        grey: frame.channels() == 1,
        transparent: *transparent,
        deep: *deep,
        hash: hash.finalize().into(),
    }
}
