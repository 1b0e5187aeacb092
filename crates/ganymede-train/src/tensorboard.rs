//! `tensorboard/`: all that is logged as TensorBoard reads it. Nothing is ever read from it but where it is to be cut.
//!
//! Each start and resume writes a file of its own, which begins by saying what of those before it no longer counts; the
//! same is cut off them, for readers that do not know that rule.

mod tags;

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use ganymede_files::events::{
    EventContent, EventReader, EventSummary, Histogram, start_event, version_event,
};
use ganymede_tensor::{DType, Device, Params, Tensor};

use crate::error::TrainError;
use crate::folder::RunFolder;
use crate::record::{LogEntry, MetricEntry, TimingEntry};
use tags::{tag_of, values_of};

/// Whose weights and gradients histograms are of.
const PLAYERS: [&str; 2] = ["generator", "discriminator"];
/// The text of how a run ended. That of an earlier stretch is cut off.
const VERDICT: &str = "verdict";
/// Files of this folder are ours to cut.
const OURS: &str = ".ganymede.";

/// The event file of a run; nothing where none is wanted.
#[derive(Debug)]
pub(crate) struct EventLog {
    out: Option<Out>,
}

#[derive(Debug)]
struct Out {
    path: PathBuf,
    file: File,
    /// The step that a resume began at, and what stands there already.
    standing: (Option<u64>, BTreeSet<String>),
}

impl EventLog {
    /// Begins a file. Of those that are there what comes after `kept` is cut off; all of it without one.
    pub(crate) fn open(
        folder: &RunFolder,
        wanted: bool,
        kept: Option<u64>,
        config: &str,
    ) -> Result<Self, TrainError> {
        let dir = folder.tensorboard();
        let mut files = own_files(&dir).map_err(TrainError::write("read", &dir))?;
        files.sort();
        let mut standing = BTreeSet::new();
        for file in &files {
            cut(file, kept, &mut standing).map_err(TrainError::write("cut", file))?;
        }
        if !wanted {
            return Ok(Self { out: None });
        }
        fs::create_dir_all(&dir).map_err(TrainError::write("create", &dir))?;
        let path = dir.join(name(files.last().map(PathBuf::as_path), now()));
        let file = OpenOptions::new().create_new(true).append(true).open(&path);
        let file = file.map_err(TrainError::write("create", &path))?;
        let mut log = Self { out: Some(Out { path, file, standing: (kept, standing) }) };
        let begin = kept.map_or(0, |step| step + 1);
        log.append(&[version_event(now()), start_event(now(), begin)].concat())?;
        log.write(begin, |step| step.text("config", &indented(config)))?;
        Ok(log)
    }

    /// A line of the log, and what the clock said of it.
    pub(crate) fn logged(
        &mut self,
        entry: &LogEntry,
        timing: Option<&TimingEntry>,
    ) -> Result<(), TrainError> {
        self.write(entry.step, |mut step| {
            for (name, value) in &entry.values {
                step = step.scalar(&tag_of(name), *value);
            }
            step = step.scalar("progress/images", entry.images as f64);
            if let Some(timing) = timing {
                step = step.scalar("timing/seconds", timing.seconds);
                step = step.scalar("timing/images_per_second", timing.images_per_second);
                step = step.scalar("timing/data_wait", timing.data_wait);
            }
            step
        })
    }

    /// A measurement.
    pub(crate) fn measured(&mut self, entry: &MetricEntry) -> Result<(), TrainError> {
        self.write(entry.step, |mut step| {
            for (tag, value) in values_of(&entry.metric) {
                step = step.scalar(&tag, value);
            }
            step
        })
    }

    /// Whether anything is written.
    pub(crate) fn is_on(&self) -> bool {
        self.out.is_some()
    }

    /// The picture that was drawn at a step, the weights of both players then, and the gradients that led there, where a
    /// step of this process did.
    pub(crate) fn pictured(
        &mut self,
        at: u64,
        picture: &Path,
        (params, gradients): ([&Params; 2], [Option<&[Tensor]>; 2]),
    ) -> Result<(), TrainError> {
        if self.out.is_none() {
            return Ok(());
        }
        let encoded = fs::read(picture).map_err(TrainError::write("read", picture))?;
        let mut all = Vec::new();
        for ((player, params), gradients) in PLAYERS.into_iter().zip(params).zip(gradients) {
            let weights: Vec<Tensor> = params.params().iter().map(|param| param.get().detach()).collect();
            all.extend(histograms(player, params, &weights)?);
            if let Some(gradients) = gradients {
                all.extend(histograms(&format!("gradient/{player}"), params, gradients)?);
            }
        }
        self.write(at, |mut step| {
            step = step.image("samples", &encoded);
            for (tag, histogram) in &all {
                step = step.histogram(tag, histogram);
            }
            step
        })
    }

    /// How the run ended.
    pub(crate) fn ended(&mut self, at: u64, verdict: &str) -> Result<(), TrainError> {
        self.write(at, |step| step.text(VERDICT, verdict))
    }

    /// Writes what `fill` gives, but for what stands at that step already.
    fn write(&mut self, at: u64, fill: impl FnOnce(Step<'_>) -> Step<'_>) -> Result<(), TrainError> {
        let Some(out) = &self.out else { return Ok(()) };
        let (resumed, standing) = &out.standing;
        let none = BTreeSet::new();
        let standing = if *resumed == Some(at) { standing } else { &none };
        let step = fill(Step { summary: EventSummary::default(), standing });
        if step.summary.is_empty() {
            return Ok(());
        }
        let event = step.summary.event(now(), at);
        self.append(&event)
    }

    /// With one system call, so that a kill leaves at most the last record torn.
    fn append(&mut self, bytes: &[u8]) -> Result<(), TrainError> {
        let Some(out) = &mut self.out else { return Ok(()) };
        out.file.write_all(bytes).map_err(TrainError::write("append to", &out.path))
    }
}

/// The values of a step that are being gathered.
struct Step<'a> {
    summary: EventSummary,
    standing: &'a BTreeSet<String>,
}

impl Step<'_> {
    fn add(mut self, tag: &str, put: impl FnOnce(EventSummary) -> EventSummary) -> Self {
        if !self.standing.contains(tag) {
            self.summary = put(self.summary);
        }
        self
    }

    fn scalar(self, tag: &str, value: f64) -> Self {
        self.add(tag, |summary| summary.scalar(tag, value as f32))
    }

    fn text(self, tag: &str, text: &str) -> Self {
        self.add(tag, |summary| summary.text(tag, text))
    }

    fn histogram(self, tag: &str, histogram: &Histogram) -> Self {
        self.add(tag, |summary| summary.histogram(tag, histogram))
    }

    fn image(self, tag: &str, encoded: &[u8]) -> Self {
        self.add(tag, |summary| summary.image(tag, png_size(encoded), encoded))
    }
}

/// Of a tensor for each parameter, by its name.
fn histograms(
    group: &str,
    params: &Params,
    tensors: &[Tensor],
) -> Result<Vec<(String, Histogram)>, TrainError> {
    let mut all = Vec::new();
    for (param, tensor) in params.params().iter().zip(tensors) {
        let host = tensor.to_device(&Device::Cpu)?.to_dtype(DType::F32)?;
        let histogram = Histogram::of(&host.flatten_all()?.to_vec1::<f32>()?);
        all.extend(histogram.map(|histogram| (format!("{group}/{}", param.name()), histogram)));
    }
    Ok(all)
}

/// As Markdown has code.
fn indented(text: &str) -> String {
    text.lines().map(|line| format!("    {line}\n")).collect()
}

/// The width and the height in the header of a PNG file.
fn png_size(encoded: &[u8]) -> (u32, u32) {
    let number = |at: usize| encoded.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
    (number(16).map_or(0, u32::from_be_bytes), number(20).map_or(0, u32::from_be_bytes))
}

/// Seconds since 1970.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

/// A name that comes after that of the file before it: TensorBoard reads them in this order.
fn name(before: Option<&Path>, now: f64) -> String {
    let before = before.and_then(|path| path.file_name()?.to_str());
    let (last, count) = before.and_then(parts).unwrap_or((0, 0));
    format!("events.out.tfevents.{:010}{OURS}{:06}", last.max(now as u64), count + 1)
}

/// The time and the number in a name.
fn parts(name: &str) -> Option<(u64, u64)> {
    let (time, number) = name.strip_prefix("events.out.tfevents.")?.split_once(OURS)?;
    Some((time.parse().ok()?, number.parse().ok()?))
}

fn own_files(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let is_own = |path: &PathBuf| {
        path.file_name().and_then(|name| name.to_str()).and_then(parts).is_some() && path.is_file()
    };
    Ok(entries.flatten().map(|entry| entry.path()).filter(is_own).collect())
}

/// Cuts a file before the first event of a later step than `kept`, a verdict of that step, or damage. What is left at
/// the step itself goes into `standing`.
fn cut(path: &Path, kept: Option<u64>, standing: &mut BTreeSet<String>) -> io::Result<()> {
    let mut reader = EventReader::new(BufReader::new(File::open(path)?));
    let mut end = 0;
    while let Ok(Some(event)) = reader.next_event() {
        if let EventContent::Summary(values) = event.content {
            let step = u64::try_from(event.step).unwrap_or(u64::MAX);
            let is_over = values.iter().any(|value| value.tag == VERDICT) && Some(step) == kept;
            if is_over || kept.is_none_or(|kept| step > kept) {
                break;
            }
            if Some(step) == kept {
                standing.extend(values.into_iter().map(|value| value.tag));
            }
        }
        end = event.end;
    }
    let file = OpenOptions::new().write(true).open(path)?;
    if file.metadata()?.len() > end {
        file.set_len(end)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use ganymede_files::events::EventScalars;

    use super::*;

    fn entry(step: u64) -> LogEntry {
        LogEntry { step, images: 10 * step, values: [("loss_d".to_owned(), step as f64)].into() }
    }

    fn steps(folder: &RunFolder) -> Vec<i64> {
        let found = EventScalars::read(&folder.tensorboard()).unwrap();
        assert!(found.remarks.is_empty(), "{:?}", found.remarks);
        found.tags.get("loss/loss_d").into_iter().flatten().map(|point| point.step).collect()
    }

    fn texts(folder: &RunFolder) -> Vec<(String, i64)> {
        let mut files = own_files(&folder.tensorboard()).unwrap();
        files.sort();
        let mut all = Vec::new();
        for file in files {
            let bytes = fs::read(file).unwrap();
            let mut reader = EventReader::new(&bytes[..]);
            while let Some(event) = reader.next_event().unwrap() {
                let EventContent::Summary(values) = event.content else { continue };
                let texts = values.into_iter().filter(|value| value.plugin.as_deref() == Some("text"));
                all.extend(texts.map(|value| (value.tag, event.step)));
            }
        }
        all
    }

    #[test]
    fn a_resume_takes_back_later_events_and_writes_none_twice() {
        let dir = tempfile::tempdir().unwrap();
        let folder = RunFolder::at(dir.path());
        let mut log = EventLog::open(&folder, true, None, "a = 1\n").unwrap();
        (1..=5).for_each(|i| log.logged(&entry(10 * i), None).unwrap());
        log.ended(50, "interrupted").unwrap();
        drop(log);
        assert_eq!(steps(&folder), [10, 20, 30, 40, 50]);
        // From the last step itself: what stands there stays, but for the verdict.
        let mut log = EventLog::open(&folder, true, Some(50), "").unwrap();
        log.logged(&entry(50), None).unwrap();
        log.logged(&entry(60), None).unwrap();
        log.ended(60, "completed").unwrap();
        drop(log);
        assert_eq!(steps(&folder), [10, 20, 30, 40, 50, 60]);
        let config = |step| ("config".to_owned(), step);
        assert_eq!(texts(&folder), [config(0), config(51), ("verdict".to_owned(), 60)]);
        // From an earlier checkpoint, with a torn end.
        let last = own_files(&folder.tensorboard()).unwrap().into_iter().max().unwrap();
        OpenOptions::new().append(true).open(&last).unwrap().write_all(b"torn").unwrap();
        let mut log = EventLog::open(&folder, true, Some(20), "").unwrap();
        log.logged(&entry(30), None).unwrap();
        drop(log);
        assert_eq!(steps(&folder), [10, 20, 30]);
        // Without a checkpoint; and by a run that writes none any more.
        drop(EventLog::open(&folder, false, None, "").unwrap());
        assert_eq!((steps(&folder), texts(&folder)), (Vec::<i64>::new(), Vec::new()));
        assert_eq!(own_files(&folder.tensorboard()).unwrap().len(), 3);
    }

    #[test]
    fn files_of_others_and_damaged_ones_are_no_reason_to_stop() {
        let dir = tempfile::tempdir().unwrap();
        let folder = RunFolder::at(dir.path());
        fs::create_dir(folder.tensorboard()).unwrap();
        let other = folder.tensorboard().join("events.out.tfevents.1700000000.host.1");
        fs::write(&other, "x").unwrap();
        let damaged = folder.tensorboard().join("events.out.tfevents.1700000000.ganymede.000001");
        fs::write(&damaged, "neither").unwrap();
        let log = EventLog::open(&folder, true, Some(20), "").unwrap();
        let name = log.out.as_ref().unwrap().path.file_name().unwrap().to_str().unwrap().to_owned();
        assert!(name.ends_with(".ganymede.000002"), "{name}");
        assert_eq!((fs::read(&other).unwrap(), fs::read(&damaged).unwrap()), (b"x".to_vec(), Vec::new()));
    }

    #[test]
    fn names_of_files_rise_whatever_the_clock_says() {
        let first = name(None, 1_700_000_000.5);
        assert_eq!(first, "events.out.tfevents.1700000000.ganymede.000001");
        let second = name(Some(Path::new(&first)), 1_600_000_000.0);
        assert_eq!(second, "events.out.tfevents.1700000000.ganymede.000002");
    }
}
