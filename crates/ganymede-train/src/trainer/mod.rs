//! A run: the game, and what is written down about it.

mod clock;
mod game;
mod observer;
mod probe;
mod report;
mod state;
mod stats;

pub use observer::{Event, Observer, Progress};
pub use state::CHECKPOINT_SCHEMA;

pub(crate) use probe::{generate, metric_latents, points};
pub(crate) use state::{read as read_checkpoint, sampling_weights};

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ganymede_datasets::{CacheUse, Channels, Dataset, OpenOptions, Opened, SkippedFile, open};
use ganymede_tensor::Device;

use crate::config::{Change, Layers, Run};
use crate::error::TrainError;
use crate::folder::{RunFolder, replace};
use crate::jsonl::JsonLines;
use crate::outcome::{Outcome, StopReason};
use crate::plot::draw_curves;
use crate::record::{Best, LogEntry, MetricEntry, TimingEntry};
use crate::summary::Summary;
use clock::Clock;
use game::Game;
use probe::Probe;

/// A run in its folder, ready to go on from where it stands.
///
/// ```no_run
/// use ganymede_train::{Layers, Trainer};
/// let run = Layers::preset("ring-r1")?.resolve()?;
/// let summary = Trainer::new(&run, "runs/ring".as_ref())?.run(&mut ())?;
/// println!("{}", summary.verdict);
/// # Ok::<(), ganymede_train::TrainError>(())
/// ```
pub struct Trainer {
    run: Run,
    folder: RunFolder,
    device: Device,
    dataset: Arc<dyn Dataset>,
    data_hash: String,
    skipped: Vec<SkippedFile>,
    /// Why decoded images were not kept, where they should have been.
    cache_failure: Option<String>,
    game: Game,
    probe: Probe,
    log: JsonLines<LogEntry>,
    metrics: JsonLines<MetricEntry>,
    timing: JsonLines<TimingEntry>,
    /// The log so far.
    history: Vec<LogEntry>,
    best: Option<Best>,
    /// The last measured values, of a regular step or of the very last one.
    last: Option<LogEntry>,
    metric: Option<MetricEntry>,
    picture: Option<PathBuf>,
    resumed_from: Option<u64>,
    changes: Vec<Change>,
    clock: Clock,
}

impl Trainer {
    /// A new run in a new folder: opens the data, builds both players, and writes `run.toml`.
    ///
    /// # Errors
    /// The folder holds something or cannot be written; the data, device or networks cannot be had.
    pub fn new(run: &Run, out: &Path) -> Result<Self, TrainError> {
        let mut run = run.clone();
        let device = run.device.open()?;
        let opened = open_data(&run)?;
        fix_channels(&mut run, opened.dataset.as_ref());
        // Built before the folder, so that a run that cannot start leaves no folder behind.
        let game = Game::new(&run, Arc::clone(&opened.dataset), &device)?;
        let folder = RunFolder::create(out)?;
        replace(&folder.config(), run.to_toml().as_bytes())?;
        Self::assemble(run, folder, device, opened, game, None)
    }

    /// The run of a folder, at its last checkpoint; at its beginning if it was ended before the first was
    /// written.
    ///
    /// `run` is what to go on with: `run.toml` (see [`Trainer::layers_of`]) with at most the number of
    /// steps, the threads, the device and the time limit changed. The result is bit for bit that of an
    /// uninterrupted run, on the same kind of device.
    ///
    /// # Errors
    /// No run is in the folder; another setting differs; the checkpoint is damaged, of another architecture
    /// or schema; the data have changed.
    pub fn resume(dir: &Path, run: &Run) -> Result<Self, TrainError> {
        let folder = RunFolder::open(dir)?;
        let begun = Self::layers_of(dir)?.resolve()?;
        let mut run = run.clone();
        // Left open, the channels are those that the data turned out to have.
        run.data.channels = run.data.channels.or(begun.data.channels);
        let changes = begun.changes_on_resume(&run)?;
        folder.create_parts()?;
        folder.sweep()?;
        let device = run.device.open()?;
        let opened = open_data(&run)?;
        fix_channels(&mut run, opened.dataset.as_ref());
        let mut game = Game::new(&run, Arc::clone(&opened.dataset), &device)?;
        let last = folder.last_checkpoint();
        let best = if last.exists() {
            state::restore(&mut game, &last, &opened.dataset.content_hash())?
        } else {
            None
        };
        if !changes.is_empty() {
            replace(&folder.config(), run.to_toml().as_bytes())?;
        }
        let step = game.step();
        let mut trainer = Self::assemble(run, folder, device, opened, game, Some(step))?;
        trainer.best = best;
        trainer.changes = changes;
        Ok(trainer)
    }

    /// The configuration of the run in a folder, to lay changes over.
    ///
    /// # Errors
    /// There is no run in the folder, or its `run.toml` cannot be read.
    pub fn layers_of(dir: &Path) -> Result<Layers, TrainError> {
        let folder = RunFolder::open(dir)?;
        Ok(Layers::whole_file(&folder.config())?)
    }

    fn assemble(
        run: Run,
        folder: RunFolder,
        device: Device,
        opened: Opened,
        game: Game,
        resumed_from: Option<u64>,
    ) -> Result<Self, TrainError> {
        let step = game.step();
        let (log, history) = JsonLines::open(&folder.log(), step)?;
        let (metrics, measured) = JsonLines::<MetricEntry>::open(&folder.metrics(), step)?;
        let (timing, times) = JsonLines::<TimingEntry>::open(&folder.timing(), step)?;
        Ok(Self {
            probe: Probe::new(&run, &opened.dataset, &device)?,
            data_hash: opened.dataset.content_hash(),
            dataset: opened.dataset,
            skipped: opened.skipped,
            cache_failure: cache_failure(&opened.cache),
            last: history.last().cloned(),
            metric: measured.last().cloned(),
            clock: Clock::new(times.last().map_or(0.0, |entry| entry.seconds), game.images()),
            run,
            folder,
            device,
            game,
            log,
            metrics,
            timing,
            history,
            best: None,
            picture: None,
            resumed_from,
            changes: Vec::new(),
        })
    }

    /// The run as it will be made.
    pub fn config(&self) -> &Run {
        &self.run
    }

    /// Where it is written.
    pub fn folder(&self) -> &RunFolder {
        &self.folder
    }

    /// Generator updates made.
    pub fn step(&self) -> u64 {
        self.game.step()
    }

    /// Weights of the generator and of the discriminator.
    pub fn sizes(&self) -> (usize, usize) {
        self.game.sizes()
    }

    /// Files of the data that could not be used.
    pub fn skipped_files(&self) -> &[SkippedFile] {
        &self.skipped
    }

    /// What this run is likely not to want: known traps in its configuration, and too few data.
    pub fn warnings(&self) -> Vec<String> {
        let mut all = self.run.warnings();
        all.extend(self.probe.remarks().iter().cloned());
        all.extend(self.cache_failure.clone());
        all
    }

    /// What a resume changed.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Makes the remaining steps.
    ///
    /// # Errors
    /// A file could not be written, the data could not be read, or an operation failed. The last checkpoint
    /// on the disk is whole in every case.
    pub fn run(&mut self, observer: &mut dyn Observer) -> Result<Summary, TrainError> {
        self.clock.restart(self.game.images());
        self.begin(observer)?;
        let outcome = loop {
            if let Some(outcome) = self.ending(observer) {
                break outcome;
            }
            if let Some(cause) = self.advance(observer)? {
                break Outcome::Diverged { step: self.game.step(), cause };
            }
            observer.stepped(&self.clock.progress(
                &self.game,
                self.run.steps,
                self.resumed_from.unwrap_or(0),
                self.last.as_ref(),
            ));
        };
        self.finish(outcome, observer)
    }

    fn begin(&mut self, observer: &mut dyn Observer) -> Result<(), TrainError> {
        if self.game.step() > 0 {
            return Ok(());
        }
        probe::real_picture(&self.run, &self.dataset, &self.folder.real_picture())?;
        self.draw_picture(observer)?;
        // From here on a kill at any moment leaves something to go on from.
        self.checkpoint(observer).map(|_| ())
    }

    fn ending(&self, observer: &mut dyn Observer) -> Option<Outcome> {
        let over = self.run.minutes.is_some_and(|minutes| self.clock.since_start() > 60.0 * minutes);
        if self.game.step() >= self.run.steps {
            Some(Outcome::Completed)
        } else if observer.stop_requested() {
            Some(Outcome::Stopped { reason: StopReason::Requested })
        } else if over {
            Some(Outcome::Stopped { reason: StopReason::TimeLimit })
        } else {
            None
        }
    }

    /// One step and what is due after it. Returns what was not finite, if anything.
    fn advance(&mut self, observer: &mut dyn Observer) -> Result<Option<String>, TrainError> {
        let next = self.game.step() + 1;
        let logged = next.is_multiple_of(self.run.log.log_every);
        let stats = self.game.play(logged || next == self.run.steps)?;
        if let Some(stats) = stats {
            let entry = stats.read(next, self.game.images())?;
            if let Some(cause) = entry.non_finite() {
                return Ok(Some(cause.to_owned()));
            }
            if logged {
                self.write_log(&entry, observer)?;
            }
            self.last = Some(entry);
        }
        if next.is_multiple_of(self.run.log.sample_every) {
            self.draw_picture(observer)?;
            draw_curves(&self.history, &self.folder.curves())?;
        }
        if next.is_multiple_of(self.run.measure_every()) {
            self.judge(observer)?;
        }
        let keep = self.run.log.keep_every;
        let kept = keep > 0 && next.is_multiple_of(keep);
        if kept || next.is_multiple_of(self.run.log.checkpoint_every) {
            return self.checkpoint(observer);
        }
        Ok(None)
    }

    fn write_log(&mut self, entry: &LogEntry, observer: &mut dyn Observer) -> Result<(), TrainError> {
        self.log.append(entry)?;
        self.timing.append(&self.clock.entry(&self.game))?;
        self.history.push(entry.clone());
        observer.happened(&Event::Logged(entry));
        Ok(())
    }

    /// The metric, and the best checkpoint if this is it.
    fn judge(&mut self, observer: &mut dyn Observer) -> Result<(), TrainError> {
        let entry = self.measure(observer)?;
        self.metrics.append(&entry)?;
        let improves = match &self.best {
            Some(best) => entry.metric.is_better_than(&best.metric),
            None => true,
        };
        if improves {
            let best = Best { step: entry.step, metric: entry.metric };
            let checkpoint = state::save(&self.game, &self.data_hash, Some(&best))?;
            if state::non_finite(&checkpoint)?.is_none() {
                checkpoint.save(&self.folder.best_checkpoint())?;
                self.best = Some(best);
            }
        }
        Ok(())
    }

    fn measure(&mut self, observer: &mut dyn Observer) -> Result<MetricEntry, TrainError> {
        let metric = self.probe.measure(self.game.sampler())?;
        let entry = MetricEntry { step: self.game.step(), metric };
        observer.happened(&Event::Measured(&entry));
        self.metric = Some(entry.clone());
        Ok(entry)
    }

    fn draw_picture(&mut self, observer: &mut dyn Observer) -> Result<(), TrainError> {
        let path = self.folder.picture(self.game.step());
        self.probe.picture(self.game.sampler(), self.game.step(), &path)?;
        observer.happened(&Event::Pictured(&path));
        self.picture = Some(path);
        Ok(())
    }

    /// Writes the last checkpoint, and a kept one where it is due; or returns what is not finite and writes
    /// nothing.
    fn checkpoint(&mut self, observer: &mut dyn Observer) -> Result<Option<String>, TrainError> {
        let checkpoint = state::save(&self.game, &self.data_hash, self.best.as_ref())?;
        if let Some(cause) = state::non_finite(&checkpoint)? {
            return Ok(Some(cause.to_owned()));
        }
        // The log up to here must be on the disk first: a resume trusts that it reaches the checkpoint.
        self.log.sync()?;
        self.metrics.sync()?;
        let path = self.folder.last_checkpoint();
        checkpoint.save(&path)?;
        observer.happened(&Event::Checkpointed(&path));
        let (step, keep) = (self.game.step(), self.run.log.keep_every);
        if keep > 0 && step > 0 && step.is_multiple_of(keep) {
            checkpoint.save(&self.folder.kept_checkpoint(step))?;
        }
        Ok(None)
    }

    fn finish(&mut self, mut outcome: Outcome, observer: &mut dyn Observer) -> Result<Summary, TrainError> {
        if !matches!(outcome, Outcome::Diverged { .. }) {
            if let Some(cause) = self.checkpoint(observer)? {
                outcome = Outcome::Diverged { step: self.game.step(), cause };
            } else {
                // For the summary only: files that a longer run would not have written stay as they are.
                let step = self.game.step();
                if !step.is_multiple_of(self.run.log.sample_every) {
                    self.draw_picture(observer)?;
                }
                if !step.is_multiple_of(self.run.measure_every()) {
                    self.measure(observer)?;
                }
            }
        }
        draw_curves(&self.history, &self.folder.curves())?;
        let summary = self.summary(outcome);
        self.clock.stop();
        replace(&self.folder.summary(), (summary.to_json_pretty() + "\n").as_bytes())?;
        Ok(summary)
    }
}

/// The data of a run.
pub(crate) fn open_data(run: &Run) -> Result<Opened, TrainError> {
    let options = OpenOptions {
        resolution: run.data.resolution,
        channels: match run.data.channels {
            None => Channels::Auto,
            Some(1) => Channels::Grey,
            Some(_) => Channels::Rgb,
        },
        crop: run.data.crop,
        split: run.data.split,
        strict: run.data.strict,
        seed: run.seed,
        ..OpenOptions::default()
    };
    Ok(open(&run.data.name, &options)?)
}

/// It costs time at the next start, not the run.
fn cache_failure(cache: &CacheUse) -> Option<String> {
    let CacheUse::Failed { path, reason } = cache else { return None };
    let path = path.display();
    Some(format!(
        "the decoded images could not be kept in {path} ({reason}): the next start decodes them again"
    ))
}

/// Writes down the channels that the data turned out to have.
fn fix_channels(run: &mut Run, dataset: &dyn Dataset) {
    if let &[channels, _, _] = dataset.shape() {
        run.data.channels = Some(channels);
    }
}
