//! Shuffled batches, read ahead on a thread of their own.

mod order;

use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread::JoinHandle;

use crate::dataset::Dataset;
use crate::error::DatasetError;

use order::Order;

/// How a [`Loader`] makes batches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoaderConfig {
    /// Samples a batch, at least 1; it may exceed the size of the data set.
    pub batch: usize,
    /// The seed of the order and of the flips.
    pub seed: u64,
    /// Mirror each image left to right with probability ½, together with the image that is its condition; only for
    /// images.
    pub flip: bool,
    /// Batches made ahead, at most 1024; 0: none, and no thread.
    pub prefetch: usize,
}

impl Default for LoaderConfig {
    fn default() -> Self {
        Self { batch: 64, seed: 0, flip: false, prefetch: 4 }
    }
}

/// Samples of one training step.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Batch {
    /// The values, in `[-1, 1]` for images, in the order of `shape`.
    pub images: Vec<f32>,
    /// `[N, C, H, W]` or `[N, 2]`.
    pub shape: Vec<usize>,
    /// The classes, `N` of them; `None` for unlabelled data.
    pub labels: Option<Vec<u32>>,
    /// What is known of each sample besides; `None` where nothing is, or only the class.
    pub condition: Option<ConditionBatch>,
    /// Which samples of the data set these are.
    pub indices: Vec<usize>,
}

impl Batch {
    /// Some samples of a data set, each `(index, mirrored)`, with what is known of them. Only images are mirrored.
    ///
    /// # Errors
    /// Those of [`Dataset::read`] and [`Dataset::read_condition`].
    pub fn of(dataset: &dyn Dataset, samples: &[(usize, bool)]) -> Result<Self, DatasetError> {
        let indices: Vec<usize> = samples.iter().map(|(index, _)| *index).collect();
        let labelled = !dataset.class_names().is_empty();
        Ok(Self {
            images: read_each(dataset.shape(), samples, |index, out| dataset.read(index, out))?,
            shape: [&[samples.len()], dataset.shape()].concat(),
            labels: if labelled { indices.iter().map(|&index| dataset.label(index)).collect() } else { None },
            condition: ConditionBatch::of(dataset, samples)?,
            indices,
        })
    }
}

/// What is known of the samples of a batch besides.
#[derive(Clone, Debug, PartialEq)]
pub struct ConditionBatch {
    /// The values, in `[-1, 1]` for images, in the order of `shape`.
    pub values: Vec<f32>,
    /// `[N, D]` of vectors, `[N, C, H, W]` of images.
    pub shape: Vec<usize>,
}

impl ConditionBatch {
    /// What is known of some samples of a data set, each `(index, mirrored)`; nothing where nothing is. Only images are
    /// mirrored.
    ///
    /// # Errors
    /// Those of [`Dataset::read_condition`].
    pub fn of(dataset: &dyn Dataset, samples: &[(usize, bool)]) -> Result<Option<Self>, DatasetError> {
        let Some(shape) = dataset.condition_shape() else { return Ok(None) };
        let read = |index, out: &mut [f32]| dataset.read_condition(index, out);
        let values = read_each(shape, samples, read)?;
        Ok(Some(Self { values, shape: [&[samples.len()], shape].concat() }))
    }
}

/// Values of some samples, each `(index, mirrored)`, one after the other; only images `[C, H, W]` are mirrored.
fn read_each(
    shape: &[usize],
    samples: &[(usize, bool)],
    read: impl Fn(usize, &mut [f32]) -> Result<(), DatasetError>,
) -> Result<Vec<f32>, DatasetError> {
    let size: usize = shape.iter().product();
    let mut values = vec![0.0; samples.len() * size];
    for (&(index, mirrored), out) in samples.iter().zip(values.chunks_exact_mut(size)) {
        read(index, out)?;
        if let (&[_, _, width], true) = (shape, mirrored) {
            out.chunks_exact_mut(width).for_each(<[f32]>::reverse);
        }
    }
    Ok(values)
}

/// An endless, seeded, seekable sequence of batches.
///
/// The number of samples consumed, the *cursor*, says all: sample number `t` is the
/// `t mod N`-th of epoch `⌊t / N⌋`, whose order is the permutation drawn from the stream
/// `shuffle/⌊t / N⌋` of the seed, and its flip is the `t`-th draw of the stream `flip`. Epochs run
/// into each other: the batch at the end of one is filled up from the next. Two loaders of equal data,
/// seed and cursor give the same bytes whatever their batch size, prefetching and history.
///
/// ```
/// use ganymede_datasets::{open, Loader, LoaderConfig, OpenOptions};
/// let ring = open("ring", &OpenOptions::default())?.dataset;
/// let mut loader = Loader::new(ring, LoaderConfig { batch: 8, ..LoaderConfig::default() })?;
/// assert_eq!(loader.next()?.shape, [8, 2]);
/// assert_eq!(loader.cursor(), 8);
/// # Ok::<(), ganymede_datasets::DatasetError>(())
/// ```
pub struct Loader {
    config: LoaderConfig,
    cursor: u64,
    source: Source,
    dataset: Arc<dyn Dataset>,
}

enum Source {
    /// Made when asked for.
    Direct(Box<Maker>),
    /// Made ahead by a thread; `None` after a seek or an error, until the next batch is asked for.
    Ahead(Option<Worker>),
}

impl Loader {
    /// A loader that stands at cursor 0.
    ///
    /// # Errors
    /// [`DatasetError::BadOption`] for a batch of 0, more than 1024 batches ahead, an empty data set, or flips of what is no image.
    pub fn new(dataset: Arc<dyn Dataset>, config: LoaderConfig) -> Result<Self, DatasetError> {
        let mut loader = Self::idle(dataset, config)?;
        loader.start()?;
        Ok(loader)
    }

    /// One that makes nothing yet.
    fn idle(dataset: Arc<dyn Dataset>, config: LoaderConfig) -> Result<Self, DatasetError> {
        let bad = |option, value: String, fix: &str| {
            Err(DatasetError::BadOption { option, value, fix: fix.to_owned() })
        };
        if config.batch == 0 {
            return bad("batch", "0".into(), "give at least 1");
        }
        if config.prefetch > 1024 {
            return bad("prefetch", config.prefetch.to_string(), "give 0 to 1024 batches");
        }
        if dataset.is_empty() {
            return bad(
                "dataset",
                format!("`{}` without samples", dataset.name()),
                "give at least one sample",
            );
        }
        if config.flip && dataset.shape().len() != 3 {
            let value = format!("true for samples of shape {:?}", dataset.shape());
            return bad("flip", value, "only images [C, H, W] can be flipped: set it to false");
        }
        let source = match config.prefetch {
            0 => Source::Direct(Box::new(Maker::new(Arc::clone(&dataset), &config, 0))),
            _ => Source::Ahead(None),
        };
        Ok(Self { config, cursor: 0, source, dataset })
    }

    /// The next batch; with prefetching it is usually there already.
    ///
    /// After an error the cursor stands where it stood, and the next call tries the same batch again.
    ///
    /// # Errors
    /// Those of [`Dataset::read`]; [`DatasetError::Loader`] when the thread cannot be started or dies.
    #[expect(clippy::should_implement_trait, reason = "an endless sequence of results is no Iterator")]
    pub fn next(&mut self) -> Result<Batch, DatasetError> {
        self.start()?;
        let batch = match &mut self.source {
            Source::Direct(maker) => maker.make(),
            Source::Ahead(worker) => {
                let answer = worker.as_mut().and_then(|worker| worker.batches.recv().ok());
                match answer {
                    Some(Ok(batch)) => Ok(batch),
                    failed => {
                        let died = worker.take().and_then(Worker::join);
                        Err(failed.and_then(Result::err).unwrap_or_else(|| DatasetError::Loader {
                            name: self.dataset.name().to_owned(),
                            reason: died.unwrap_or_else(|| "no cause is known".into()),
                        }))
                    }
                }
            }
        };
        match batch {
            Ok(batch) => {
                self.cursor = self.cursor.wrapping_add(self.config.batch as u64);
                Ok(batch)
            }
            Err(error) => {
                self.seek(self.cursor);
                Err(error)
            }
        }
    }

    /// Samples consumed since cursor 0; with the seed, all that a resumed run needs.
    pub fn cursor(&self) -> u64 {
        self.cursor
    }

    /// Goes on from `samples` consumed, as if that many had been.
    pub fn seek(&mut self, samples: u64) {
        self.cursor = samples;
        match &mut self.source {
            Source::Direct(maker) => maker.cursor = samples,
            Source::Ahead(worker) => *worker = None,
        }
    }

    /// Goes on with the next sample as if nothing had been, but in images of another side or batches of another size: a
    /// network that grows sees the same samples in the same order, whatever its stage. What was made ahead is made anew.
    ///
    /// # Errors
    /// Those of [`Loader::new`]; [`DatasetError::BadOption`] for another number of samples. The loader is then as it was.
    pub fn switch(&mut self, dataset: Arc<dyn Dataset>, batch: usize) -> Result<(), DatasetError> {
        if dataset.len() != self.dataset.len() {
            return Err(DatasetError::BadOption {
                option: "dataset",
                value: format!("`{}` with {} samples", dataset.name(), dataset.len()),
                fix: format!("give one with as many as before, {}", self.dataset.len()),
            });
        }
        let mut switched = Self::idle(dataset, LoaderConfig { batch, ..self.config.clone() })?;
        switched.seek(self.cursor);
        switched.start()?;
        *self = switched;
        Ok(())
    }

    /// Epochs begun and finished: the cursor over the size of the data set.
    pub fn epoch(&self) -> f64 {
        self.cursor as f64 / self.dataset.len() as f64
    }

    /// The data that it reads.
    pub fn dataset(&self) -> &Arc<dyn Dataset> {
        &self.dataset
    }

    /// How it was made.
    pub fn config(&self) -> &LoaderConfig {
        &self.config
    }

    fn start(&mut self) -> Result<(), DatasetError> {
        if let Source::Ahead(worker @ None) = &mut self.source {
            let maker = Maker::new(Arc::clone(&self.dataset), &self.config, self.cursor);
            *worker = Some(Worker::start(maker, self.config.prefetch)?);
        }
        Ok(())
    }
}

impl std::fmt::Debug for Loader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let data = self.dataset.name();
        f.debug_struct("Loader")
            .field("data", &data)
            .field("config", &self.config)
            .field("cursor", &self.cursor)
            .finish()
    }
}

/// The thread that makes batches ahead, in order.
struct Worker {
    batches: Receiver<Result<Batch, DatasetError>>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    fn start(mut maker: Maker, prefetch: usize) -> Result<Self, DatasetError> {
        let name = maker.dataset.name().to_owned();
        // The thread itself holds one finished batch while it waits for room.
        let (sender, batches) = sync_channel(prefetch - 1);
        let work = move || {
            loop {
                let batch = maker.make();
                let failed = batch.is_err();
                if sender.send(batch).is_err() || failed {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name("loader".into()).spawn(work).map_err(|error| {
            DatasetError::Loader { name, reason: format!("it could not be started ({error})") }
        })?;
        Ok(Self { batches, thread: Some(thread) })
    }

    /// Waits for a thread that has ended by itself; what it panicked with, if it did.
    fn join(mut self) -> Option<String> {
        let cause = self.thread.take()?.join().err()?;
        let text = cause.downcast_ref::<String>().map(String::as_str);
        Some(text.or_else(|| cause.downcast_ref::<&str>().copied()).unwrap_or("it panicked").to_owned())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        // The thread ends when its next batch finds no receiver.
        let (_, nobody) = sync_channel(0);
        drop(std::mem::replace(&mut self.batches, nobody));
        // A panic in it concerns no one now.
        let _ = thread.join();
    }
}

/// Makes one batch after the other.
struct Maker {
    dataset: Arc<dyn Dataset>,
    batch: usize,
    flip: bool,
    order: Order,
    cursor: u64,
}

impl Maker {
    fn new(dataset: Arc<dyn Dataset>, config: &LoaderConfig, cursor: u64) -> Self {
        let order = Order::new(config.seed, dataset.len());
        Self { dataset, batch: config.batch, flip: config.flip, order, cursor }
    }

    fn make(&mut self) -> Result<Batch, DatasetError> {
        let numbers = (0..self.batch).map(|ahead| self.cursor.wrapping_add(ahead as u64));
        let mut samples = Vec::with_capacity(self.batch);
        for number in numbers {
            samples.push((self.order.index(number), self.flip && self.order.flip(number)));
        }
        let data = self.dataset.as_ref();
        let batch = Batch::of(data, &samples)?;
        self.cursor = self.cursor.wrapping_add(self.batch as u64);
        Ok(batch)
    }
}

#[cfg(test)]
mod tests;
