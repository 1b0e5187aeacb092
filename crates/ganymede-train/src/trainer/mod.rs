//! A run: the game, and what is written down about it.

mod adversarial;
mod augment;
mod clock;
mod critic_updates;
mod draws;
mod facts;
mod fields;
mod fixed;
mod game;
mod init;
mod inspector;
mod lookahead;
mod maker;
mod measurements;
mod monitor;
mod observer;
mod open;
mod parts;
mod player;
mod players;
mod probe;
mod report;
pub(crate) mod scheme;
mod section;
mod shown;
mod state;
pub(crate) mod terms;
#[cfg(test)]
mod testing;
mod trace;
mod view;
mod vitals;

pub use observer::{Event, Observer, Progress};
pub use open::Finished;
pub use state::CHECKPOINT_SCHEMA;

pub(crate) use augment::undecided;
pub(crate) use draws::{beside_condition, condition_of, draw_told, samples_of};
pub(crate) use fixed::{Fixed, metric_inputs};
pub(crate) use game::Game;
pub(crate) use parts::split;
pub(crate) use probe::{generate, generate_unless_stopped, points};
pub(crate) use state::{player_weights, read as read_checkpoint};
pub(crate) use vitals::Vitals;

use std::path::PathBuf;
use std::sync::Arc;

use ganymede_datasets::{CacheUse, Dataset, SkippedFile};
use ganymede_tensor::{Checkpoint, Device};

use crate::config::{Change, Run};
use crate::error::TrainError;
use crate::folder::{RunFolder, replace};
use crate::jsonl::JsonLines;
use crate::lock::RunLock;
use crate::look::Look;
use crate::outcome::{Outcome, StopReason};
use crate::plot::draw_curves;
use crate::record::{Best, LogEntry, MetricEntry, TimingEntry};
use crate::summary::Summary;
use crate::tensorboard::EventLog;
use clock::Clock;
use monitor::Monitor;
use probe::Probe;
use state::Besides;

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
    /// Nobody else trains here for as long as this lives.
    _lock: RunLock,
    device: Device,
    dataset: Arc<dyn Dataset>,
    data_hash: String,
    skipped: Vec<SkippedFile>,
    /// Why decoded images were not kept, where they should have been.
    cache_failure: Option<String>,
    game: Game,
    probe: Probe,
    monitor: Monitor,
    log: JsonLines<LogEntry>,
    metrics: JsonLines<MetricEntry>,
    timing: JsonLines<TimingEntry>,
    events: EventLog,
    /// The log so far.
    history: Vec<LogEntry>,
    best: Option<Best>,
    /// Whether everything that was due after the present step is done.
    settled: bool,
    /// The last measured values, of a regular step or of the very last one.
    last: Option<LogEntry>,
    metric: Option<MetricEntry>,
    picture: Option<PathBuf>,
    resumed_from: Option<u64>,
    changes: Vec<Change>,
    clock: Clock,
}

impl Trainer {
    /// Makes the remaining steps.
    ///
    /// # Errors
    /// A file could not be written, the data could not be read, or an operation failed. The last checkpoint
    /// on the disk is whole in every case.
    pub fn run(&mut self, observer: &mut dyn Observer) -> Result<Summary, TrainError> {
        self.clock.restart(self.game.images());
        let outcome = match self.begin(observer)? {
            Some(cause) => self.diverged(cause, observer),
            None => self.play(observer)?,
        };
        self.finish(outcome, observer)
    }

    /// What there is to see before the first step. Returns what was not finite, if anything.
    fn begin(&mut self, observer: &mut dyn Observer) -> Result<Option<String>, TrainError> {
        if self.game.step() > 0 {
            return Ok(None);
        }
        probe::real_picture(&self.run, &self.dataset, &self.folder.real_picture())?;
        match self.draw_picture(observer)? {
            Look::NotFinite(cause) => Ok(Some(cause)),
            // From here on a kill at any moment leaves something to go on from.
            Look::Seen(()) | Look::CutShort => self.checkpoint(observer),
        }
    }

    /// Step after step, until there is a reason to end.
    fn play(&mut self, observer: &mut dyn Observer) -> Result<Outcome, TrainError> {
        loop {
            if !self.settled {
                match self.settle(observer)? {
                    Look::Seen(()) => self.tell(observer),
                    Look::CutShort => return Ok(Outcome::Stopped { reason: StopReason::Requested }),
                    Look::NotFinite(cause) => return Ok(self.diverged(cause, observer)),
                }
            }
            if let Some(outcome) = self.ending(observer) {
                return Ok(outcome);
            }
            if let Some(cause) = self.advance(observer)? {
                return Ok(self.diverged(cause, observer));
            }
        }
    }

    fn tell(&self, observer: &mut dyn Observer) {
        let first = self.resumed_from.unwrap_or(0);
        observer.stepped(&self.clock.progress(&self.game, self.run.steps, first, self.last.as_ref()));
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

    /// One step and its line in the log. Returns what was not finite, if anything.
    fn advance(&mut self, observer: &mut dyn Observer) -> Result<Option<String>, TrainError> {
        let next = self.game.step() + 1;
        let logged = next.is_multiple_of(self.run.log.log_every);
        let is_pictured = next.is_multiple_of(self.run.log.sample_every) || next == self.run.steps;
        self.game.keep_gradients(is_pictured && self.events.is_on());
        self.monitor.before(&mut self.game, next)?;
        let stats = self.game.play(logged || next == self.run.steps)?;
        self.settled = false;
        let Some(stats) = stats else {
            self.watch(observer)?;
            return Ok(None);
        };
        let entry = stats.read(next, self.game.images())?;
        if let Some(cause) = entry.non_finite() {
            return Ok(Some(cause));
        }
        if logged {
            self.write_log(&entry, observer)?;
        }
        self.last = Some(entry);
        self.watch(observer)?;
        Ok(None)
    }

    /// What the doctor says of the step, if it is time for a look.
    fn watch(&mut self, observer: &mut dyn Observer) -> Result<(), TrainError> {
        for alert in self.monitor.look(&mut self.game)? {
            observer.happened(&Event::Alerted(&alert));
        }
        Ok(())
    }

    /// What is due after a step: a picture, a measurement, a checkpoint. Cut short by a stop, it is done over by the
    /// resume, so that every file comes out as if nobody had asked.
    fn settle(&mut self, observer: &mut dyn Observer) -> Result<Look<()>, TrainError> {
        let step = self.game.step();
        if step.is_multiple_of(self.run.log.sample_every) {
            match self.draw_picture(observer)? {
                Look::Seen(()) => draw_curves(&self.history, &self.folder.curves())?,
                other => return Ok(other),
            }
        }
        if step.is_multiple_of(self.run.measure_every()) {
            match self.judge(observer)? {
                Look::Seen(()) => {}
                other => return Ok(other),
            }
        }
        self.settled = true;
        if (self.is_kept(step) || step.is_multiple_of(self.run.log.checkpoint_every))
            && let Some(cause) = self.checkpoint(observer)?
        {
            return Ok(Look::NotFinite(cause));
        }
        Ok(Look::Seen(()))
    }

    fn is_kept(&self, step: u64) -> bool {
        let keep = self.run.log.keep_every;
        keep > 0 && step > 0 && step.is_multiple_of(keep)
    }

    fn write_log(&mut self, entry: &LogEntry, observer: &mut dyn Observer) -> Result<(), TrainError> {
        self.log.append(entry)?;
        self.monitor.logged(entry);
        let timing = self.clock.entry(&self.game);
        self.timing.append(&timing)?;
        self.events.logged(entry, Some(&timing))?;
        self.history.push(entry.clone());
        observer.happened(&Event::Logged(entry));
        Ok(())
    }

    /// The metric, and the best checkpoint if this is it.
    fn judge(&mut self, observer: &mut dyn Observer) -> Result<Look<()>, TrainError> {
        let entry = match self.measure(observer)? {
            Look::Seen(entry) => entry,
            other => return Ok(other.map(drop)),
        };
        self.metrics.append(&entry)?;
        self.monitor.measured(&entry);
        if entry.metric.improves_on(self.best.as_ref().map(|best| &best.metric)) {
            let best = Best { step: entry.step, metric: entry.metric };
            let checkpoint = self.save(Some(&best), true)?;
            if let Some(cause) = state::non_finite(&checkpoint)? {
                return Ok(Look::NotFinite(cause.to_owned()));
            }
            self.sync()?;
            checkpoint.save(&self.folder.best_checkpoint())?;
            self.best = Some(best);
        }
        Ok(Look::Seen(()))
    }

    fn measure(&mut self, observer: &mut dyn Observer) -> Result<Look<MetricEntry>, TrainError> {
        let metric = self
            .probe
            .measure((self.game.sampler(), self.game.growth()), &mut || observer.stop_requested())?;
        let look = metric.map(|metric| MetricEntry { step: self.game.step(), metric });
        if let Look::Seen(entry) = &look {
            self.events.measured(entry)?;
            observer.happened(&Event::Measured(entry));
            self.metric = Some(entry.clone());
        }
        Ok(look)
    }

    fn draw_picture(&mut self, observer: &mut dyn Observer) -> Result<Look<()>, TrainError> {
        let step = self.game.step();
        let path = self.folder.picture(step);
        let drawn = (self.game.sampler(), self.game.growth());
        let look = self.probe.picture(drawn, step, &path, &mut || observer.stop_requested())?;
        if let Look::Seen(()) = look {
            self.events.pictured(step, &path, (self.game.params(), self.game.gradients()))?;
            observer.happened(&Event::Pictured(&path));
            self.picture = Some(path);
        }
        Ok(look)
    }

    /// The logs up to here are on the disk: a resume trusts that they reach the checkpoint.
    fn sync(&self) -> Result<(), TrainError> {
        self.log.sync()?;
        self.monitor.sync()?;
        self.metrics.sync()
    }

    fn save(&self, best: Option<&Best>, settled: bool) -> Result<Checkpoint, TrainError> {
        let (data, classes) = (self.data_hash.as_str(), self.dataset.class_names());
        Ok(state::save(&self.game, &self.run, Besides { data, classes, best, settled })?)
    }

    /// Writes the last checkpoint, and a kept one where it is due; or returns what is not finite and writes
    /// nothing.
    fn checkpoint(&mut self, observer: &mut dyn Observer) -> Result<Option<String>, TrainError> {
        let checkpoint = self.save(self.best.as_ref(), self.settled)?;
        if let Some(cause) = state::non_finite(&checkpoint)? {
            return Ok(Some(cause.to_owned()));
        }
        self.sync()?;
        // First the one that is kept: killed in between, the resume makes this step again, and that one with it.
        let step = self.game.step();
        if self.settled && self.is_kept(step) {
            checkpoint.save(&self.folder.kept_checkpoint(step))?;
        }
        let path = self.folder.last_checkpoint();
        checkpoint.save(&path)?;
        observer.happened(&Event::Checkpointed(&path));
        Ok(None)
    }

    fn finish(&mut self, outcome: Outcome, observer: &mut dyn Observer) -> Result<Summary, TrainError> {
        let outcome = self.close(outcome, observer)?;
        if let Some(alert) = self.monitor.ended(&outcome)? {
            observer.happened(&Event::Alerted(&alert));
        }
        draw_curves(&self.history, &self.folder.curves())?;
        let summary = self.summary(outcome);
        self.clock.stop();
        replace(&self.folder.summary(), (summary.to_json_pretty() + "\n").as_bytes())?;
        self.events.ended(summary.step, &summary.verdict)?;
        Ok(summary)
    }

    /// The checkpoint to go on from, and a last look, unless somebody is waiting for the end.
    fn close(&mut self, outcome: Outcome, observer: &mut dyn Observer) -> Result<Outcome, TrainError> {
        let stopped = Outcome::Stopped { reason: StopReason::Requested };
        if let Outcome::Diverged { .. } = outcome {
            return Ok(outcome);
        }
        // For the summary only: files that a longer run would not have written stay as they are.
        let (looks, step) = (outcome != stopped, self.game.step());
        if looks
            && !step.is_multiple_of(self.run.log.sample_every)
            && let Look::NotFinite(cause) = self.draw_picture(observer)?
        {
            return Ok(self.diverged(cause, observer));
        }
        if let Some(cause) = self.checkpoint(observer)? {
            return Ok(self.diverged(cause, observer));
        }
        if !looks || step.is_multiple_of(self.run.measure_every()) {
            return Ok(outcome);
        }
        Ok(match self.measure(observer)? {
            Look::Seen(_) => outcome,
            Look::CutShort => stopped,
            Look::NotFinite(cause) => self.diverged(cause, observer),
        })
    }
}

/// It costs time at the next start, not the run.
fn cache_failure(cache: &CacheUse) -> Option<String> {
    let CacheUse::Failed { path, reason } = cache else { return None };
    let path = path.display();
    Some(format!(
        "the decoded images could not be kept in {path} ({reason}): the next start decodes them again"
    ))
}
