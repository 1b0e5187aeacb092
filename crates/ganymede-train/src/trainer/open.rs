//! How a run begins and how it goes on: everything that is looked at before the first step.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ganymede_datasets::{Dataset, Opened};
use ganymede_tensor::{Checkpoint, Device};
use serde_json::Value;

use super::Trainer;
use super::clock::Clock;
use super::game::Game;
use super::monitor::{Monitor, Seen};
use super::probe::Probe;
use super::state::{self, State};
use crate::claim::Claim;
use crate::config::{Change, Layers, Run};
use crate::data::{Reopened, open_data, open_same_data, record_place, reopen_data};
use crate::error::TrainError;
use crate::folder::{RunFolder, replace};
use crate::jsonl::JsonLines;
use crate::lock::RunLock;
use crate::record::{Best, LogEntry, MetricEntry, TimingEntry};
use crate::tensorboard::EventLog;

/// A run of which nothing is left to do.
#[derive(Clone, Debug, PartialEq)]
pub struct Finished {
    /// Steps made, which are all that were asked for.
    pub step: u64,
    /// Its `summary.json`.
    pub summary: Value,
}

/// What a run starts with.
struct Start {
    run: Run,
    device: Device,
    opened: Opened,
    game: Game,
    probe: Probe,
}

/// Where a run that was begun stands.
struct Position {
    step: u64,
    best: Option<Best>,
    settled: bool,
}

impl Trainer {
    /// A new run in a new folder: takes the folder, opens the data, builds both players, and writes `run.toml`.
    ///
    /// # Errors
    /// The folder holds something, cannot be written or is taken; the data, device, networks or what measures them
    /// cannot be had. Nothing is left of a folder that was created for a run that cannot start.
    pub fn new(run: &Run, out: &Path) -> Result<Self, TrainError> {
        let device = run.device.open()?;
        Self::start(run, device, Claim::new(out)?)
    }

    /// [`Trainer::new`] in `base/name-N` with the smallest N ≥ 1 that is free, also where several runs are started
    /// at once.
    ///
    /// # Errors
    /// As [`Trainer::new`].
    pub fn numbered(run: &Run, base: &Path, name: &str) -> Result<Self, TrainError> {
        let device = run.device.open()?;
        Self::start(run, device, Claim::numbered(base, name)?)
    }

    fn start(run: &Run, device: Device, claim: Claim) -> Result<Self, TrainError> {
        let opened = open_data(run, Some(claim.folder()))?;
        let mut start = Start::new(run, device, opened)?;
        start.game.begin_with(&start.run, &start.device)?;
        let (folder, lock) = claim.keep();
        // Of a start before this one that was killed while it wrote.
        folder.sweep()?;
        record_place(&start.run, &folder)?;
        replace(&folder.config(), start.run.to_toml().as_bytes())?;
        Self::assemble(start, folder, lock, None)
    }

    /// The run of a folder, at its last checkpoint; at its beginning if it was ended before the first was
    /// written.
    ///
    /// `run` is what to go on with: `run.toml` (see [`Trainer::layers_of`]) with at most the number of
    /// steps, the threads, the device, the time limit, the section `log` and the place of the data changed. The
    /// result is bit for bit that of an uninterrupted run, on the same kind of device.
    ///
    /// # Errors
    /// No run is in the folder, or another process trains there; another setting differs, or fewer steps are asked
    /// for than were made; the checkpoint is missing, damaged, of another architecture or schema; a log is damaged;
    /// the data have changed.
    pub fn resume(dir: &Path, run: &Run) -> Result<Self, TrainError> {
        let folder = RunFolder::open(dir)?;
        let device = run.device.open()?;
        let lock = RunLock::take(dir)?;
        let (mut run, changes) = changed(&folder, run)?;
        folder.create_parts()?;
        folder.sweep()?;
        let last = last_checkpoint(&folder, &device)?;
        if let Some((_, state)) = &last {
            state::check_networks(&run, state, &folder.last_checkpoint())?;
            if state.step > run.steps {
                return Err(TrainError::FewerSteps { made: state.step, asked: run.steps });
            }
        }
        let wanted = last.as_ref().map(|(_, state)| state.data.as_str());
        let named = changes.iter().any(|change| ["data.name", "data.vectors"].contains(&change.key.as_str()));
        let Reopened { opened, by_name } = match named {
            true => Reopened { opened: open_same_data(&run, &folder, wanted)?, by_name: true },
            false => reopen_data(&run, &folder, wanted)?,
        };
        fix_channels(&mut run, opened.dataset.as_ref());
        let mut start = Start::new(&run, device, opened)?;
        let position = start.restore(&folder, last)?;
        if by_name {
            record_place(&start.run, &folder)?;
        }
        if !changes.is_empty() {
            replace(&folder.config(), start.run.to_toml().as_bytes())?;
        }
        let mut trainer = Self::assemble(start, folder, lock, Some(position))?;
        trainer.changes = changes;
        Ok(trainer)
    }

    /// What is known of the run in a folder if nothing is left to do for it: all steps of `run` are made, and its
    /// summary is written. Nothing is opened or changed.
    ///
    /// # Errors
    /// No run is in the folder, or a setting differs that may not.
    pub fn finished(dir: &Path, run: &Run) -> Result<Option<Finished>, TrainError> {
        let folder = RunFolder::open(dir)?;
        changed(&folder, run)?;
        let text = fs::read(folder.summary()).unwrap_or_default();
        let Ok(summary) = serde_json::from_slice::<Value>(&text) else { return Ok(None) };
        if summary["outcome"] != "completed" || summary["step"] != run.steps {
            return Ok(None);
        }
        // A checkpoint that is missing or damaged is told of by the resume.
        Ok(match state::read(&folder.last_checkpoint(), &Device::Cpu) {
            Ok((_, state)) if state.step == run.steps && state.settled => {
                Some(Finished { step: state.step, summary })
            }
            _ => None,
        })
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
        start: Start,
        folder: RunFolder,
        lock: RunLock,
        position: Option<Position>,
    ) -> Result<Self, TrainError> {
        folder.create_parts()?;
        let resumed_from = position.as_ref().map(|position| position.step);
        let Position { step, best, settled } =
            position.unwrap_or(Position { step: 0, best: None, settled: true });
        let (log, history) = JsonLines::<LogEntry>::open(&folder.log(), step, step > 0)?;
        // What belongs to a step that is not settled is written once more.
        let measured_until = if settled { step } else { step.saturating_sub(1) };
        let (metrics, measured) =
            JsonLines::<MetricEntry>::open(&folder.metrics(), measured_until, step > 0)?;
        let (timing, times) = JsonLines::<TimingEntry>::open(&folder.timing(), step, false)?;
        let Start { run, device, opened, game, probe } = start;
        let seen = Seen { step, history: &history, measured: &measured };
        let monitor = Monitor::open(&run, &game, &opened.dataset, &device, &folder, seen)?;
        // A run that was ended before its first step begins anew.
        let kept = (step > 0).then_some(measured_until);
        let mut events = EventLog::open(&folder, run.log.tensorboard, kept, &run.to_toml())?;
        if let Some(entry) = history.last().filter(|entry| entry.step > measured_until) {
            events.logged(entry, times.last().filter(|timing| timing.step == entry.step))?;
        }
        Ok(Self {
            data_hash: opened.dataset.content_hash(),
            dataset: opened.dataset,
            skipped: opened.skipped,
            cache_failure: super::cache_failure(&opened.cache),
            last: history.last().cloned(),
            metric: measured.last().cloned(),
            clock: Clock::new(times.last().map_or(0.0, |entry| entry.seconds), game.images()),
            picture: last_picture(&folder, step, run.log.sample_every),
            run,
            folder,
            _lock: lock,
            device,
            game,
            probe,
            monitor,
            log,
            metrics,
            timing,
            events,
            history,
            best,
            settled,
            resumed_from,
            changes: Vec::new(),
        })
    }
}

impl Start {
    fn new(run: &Run, device: Device, opened: Opened) -> Result<Self, TrainError> {
        let mut run = run.clone();
        fix_channels(&mut run, opened.dataset.as_ref());
        let game = Game::new(&run, Arc::clone(&opened.dataset), &device)?;
        let probe = Probe::new(&run, game.sampler(), &opened.dataset, &device)?;
        Ok(Self { run, device, opened, game, probe })
    }

    /// Puts the game where the checkpoint was.
    fn restore(
        &mut self,
        folder: &RunFolder,
        last: Option<(Checkpoint, State)>,
    ) -> Result<Position, TrainError> {
        let Some((checkpoint, state)) = last else {
            self.game.begin_with(&self.run, &self.device)?;
            return Ok(Position { step: 0, best: None, settled: true });
        };
        state::restore(&mut self.game, &checkpoint, &state, &folder.last_checkpoint())?;
        Ok(Position { step: state.step, best: state.best, settled: state.settled })
    }
}

/// The run to go on with, and how it differs from the one in the folder.
fn changed(folder: &RunFolder, run: &Run) -> Result<(Run, Vec<Change>), TrainError> {
    let begun = Layers::whole_file(&folder.config())?.resolve()?;
    let mut run = run.clone();
    // Left open, the channels are those that the data turned out to have.
    run.data.channels = run.data.channels.or(begun.data.channels);
    let changes = begun.changes_on_resume(&run)?;
    Ok((run, changes))
}

/// The last checkpoint; none where the run was ended before the first was written.
fn last_checkpoint(folder: &RunFolder, device: &Device) -> Result<Option<(Checkpoint, State)>, TrainError> {
    let path = folder.last_checkpoint();
    let unusable = |problem: String| TrainError::NoLastCheckpoint {
        path: path.clone(),
        problem,
        others: folder.other_checkpoints(),
    };
    match state::read(&path, device) {
        Ok(read) => Ok(Some(read)),
        Err(_) if !path.exists() => {
            let is_begun = fs::metadata(folder.log()).is_ok_and(|log| log.len() > 0);
            if is_begun || !folder.other_checkpoints().is_empty() {
                let missing = "it is missing, though steps have been made";
                return Err(unusable(format!("{}: {missing}", path.display())));
            }
            Ok(None)
        }
        Err(TrainError::Checkpoint(error)) => Err(unusable(error.to_string())),
        Err(error) => Err(error),
    }
}

/// The newest regular picture of a run that stands at `step`.
fn last_picture(folder: &RunFolder, step: u64, every: u64) -> Option<PathBuf> {
    Some(folder.picture(step - step % every)).filter(|path| path.exists())
}

/// Writes down the channels that the data turned out to have.
fn fix_channels(run: &mut Run, dataset: &dyn Dataset) {
    if let &[channels, _, _] = dataset.shape() {
        run.data.channels = Some(channels);
    }
}
