//! A run of a study: its configuration, and what was found, each in a file of its own.
//!
//! A file a run: what is written once is never written again, so that nothing that happens later can damage it.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use ganymede_files::sha256;
use ganymede_train::{Layers, Metric};
use serde::{Deserialize, Serialize};

use super::file::{DataItem, MethodItem, StudyFile};

/// Version of a run's file.
const SCHEMA: u32 = 1;

/// A run that is to be made.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cell {
    pub(super) data: String,
    pub(super) method: String,
    pub(super) seed: u64,
    /// What its files are called.
    pub(super) name: String,
    /// The whole configuration: another one is another run.
    config: String,
}

impl Cell {
    /// The run of a method on data with a seed; `sets` go above all that the study says, and configurations lie `beside`.
    pub(super) fn new(
        (plan, data, method): (&StudyFile, &DataItem, &MethodItem),
        seed: u64,
        sets: &[String],
        beside: &Path,
    ) -> Result<Self> {
        let preset = method.preset.as_deref().or(plan.preset.as_deref());
        let mut layers = match (&method.config, preset) {
            // A configuration says itself what it builds on.
            (Some(config), _) => Layers::file(&beside.join(config), None)?,
            (None, Some(preset)) => Layers::preset(preset)?,
            (None, None) => Layers::default(),
        };
        for layer in [&plan.set, &data.set, &method.set] {
            layers.set(layer)?;
        }
        let mut own = vec![format!("run.seed={seed}"), "run.threads=1".to_owned()];
        own.extend(plan.minutes.map(|minutes| format!("limits.minutes={minutes:?}")));
        layers.set(&own)?;
        layers.set(sets)?;
        let config = layers.resolve()?.to_toml();
        // No slug has an underscore: two pairs of names never make one.
        let name = format!("{}_{}_seed{seed}", slug(&data.name), slug(&method.name));
        Ok(Self { data: data.name.clone(), method: method.name.clone(), seed, name, config })
    }

    fn key(&self) -> String {
        sha256(self.config.as_bytes(), u64::MAX - 1).expect("memory can be read").1
    }
}

/// A name as a part of a file's.
pub(super) fn slug(name: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c.to_ascii_lowercase() } else { '-' };
    let slug: String = name.chars().map(letter).collect();
    slug.trim_matches(['-', '.']).to_owned()
}

/// A value of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Value {
    pub(super) name: String,
    pub(super) value: f64,
    pub(super) lower_is_better: bool,
}

/// The values of a measurement, those that papers print first.
pub(super) fn values(metric: &Metric) -> Vec<Value> {
    let value =
        |name: &str, value: f64, lower_is_better| Value { name: name.to_owned(), value, lower_is_better };
    let all = match metric {
        Metric::ModeCoverage { modes_covered, modes_hit, high_quality, reverse_kl, .. } => vec![
            value("modes", modes_hit.map_or(f64::NAN, |modes| modes as f64), false),
            value("high quality %", 100.0 * high_quality, false),
            value("reverse KL", reverse_kl.unwrap_or(f64::NAN), true),
            value("modes by 1/20 of a share", *modes_covered as f64, false),
        ],
        Metric::SlicedWasserstein { distance, .. } => vec![value("sliced Wasserstein", *distance, true)],
        Metric::Quality(quality) => quality
            .values
            .iter()
            .map(|found| value(&found.name, found.value, found.lower_is_better))
            .collect(),
    };
    // JSON has no word for what is not a number.
    all.into_iter().filter(|value| value.value.is_finite()).collect()
}

/// What came of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Made {
    /// In words: `completed`, `time limit`, or what diverged.
    pub(super) ended: String,
    pub(super) diverged: bool,
    pub(super) step: u64,
    /// Of training, as the clock counts them.
    pub(super) seconds: f64,
    /// Of the generator and of the discriminator.
    pub(super) parameters: [usize; 2],
    /// The last measurement.
    pub(super) values: Vec<Value>,
    /// The measurements on the way, by name: steps and values.
    pub(super) curves: BTreeMap<String, Vec<(u64, f64)>>,
    /// The picture of the last step, in the run's folder.
    pub(super) picture: Option<String>,
    pub(super) machine: String,
    pub(super) date: String,
}

impl Made {
    /// A run in a line.
    pub(super) fn told(&self) -> String {
        let values: Vec<String> =
            self.values.iter().map(|value| format!("{} {:.4}", value.name, value.value)).collect();
        let ended = format!("{} at step {}, {:.1} s", self.ended, self.step, self.seconds);
        if values.is_empty() { ended } else { format!("{ended}: {}", values.join(", ")) }
    }
}

/// The file of a run.
#[derive(Debug, Serialize, Deserialize)]
struct File {
    schema: u32,
    data: String,
    method: String,
    seed: u64,
    config_sha256: String,
    #[serde(flatten)]
    made: Made,
}

/// Where a study lies.
#[derive(Debug)]
pub(super) struct Folder {
    root: PathBuf,
}

impl Folder {
    pub(super) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// Makes it, with the study's own file in it.
    pub(super) fn make(&self, study: &str) -> Result<()> {
        for folder in [self.cells(), self.root.join("runs")] {
            fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        self.write("study.toml", study.as_bytes())
    }

    /// Writes a file of the study's.
    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        fs::create_dir_all(&self.root).with_context(|| format!("cannot make {}", self.root.display()))?;
        put(&self.root.join(name), bytes)
    }

    fn cells(&self) -> PathBuf {
        self.root.join("cells")
    }

    fn of(&self, cell: &Cell, ending: &str) -> PathBuf {
        self.cells().join(format!("{}.{ending}", cell.name))
    }

    /// A run's configuration.
    pub(super) fn config(&self, cell: &Cell) -> PathBuf {
        self.of(cell, "toml")
    }

    /// The picture of a run's last step.
    pub(super) fn picture(&self, cell: &Cell) -> PathBuf {
        self.of(cell, "png")
    }

    /// A run's folder while it goes on.
    pub(super) fn run(&self, cell: &Cell) -> PathBuf {
        self.root.join("runs").join(&cell.name)
    }

    /// Whether the run is written down, with this configuration.
    pub(super) fn is_made(&self, cell: &Cell) -> Result<bool> {
        Ok(self.read(cell)?.is_some())
    }

    /// What came of a run; nothing where it was not made, or with another configuration.
    pub(super) fn read(&self, cell: &Cell) -> Result<Option<Made>> {
        let path = self.of(cell, "json");
        let shown = path.display();
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            read => read.with_context(|| format!("cannot read {shown}"))?,
        };
        let damaged = || format!("{shown} is damaged: remove it, and the run is made again");
        let file: File = serde_json::from_str(&text).with_context(damaged)?;
        if file.schema != SCHEMA {
            bail!(
                "{shown} has schema {}, this version reads {SCHEMA}: remove it, and the run is made again",
                file.schema
            );
        }
        Ok((file.config_sha256 == cell.key()).then_some(file.made))
    }

    /// Puts a run's configuration where its process finds it. A run that was begun with another one begins anew.
    pub(super) fn begin(&self, cell: &Cell) -> Result<()> {
        let (config, run) = (self.config(cell), self.run(cell));
        let is_same = fs::read(&config).is_ok_and(|text| text == cell.config.as_bytes());
        if !is_same {
            remove(&run).with_context(|| format!("cannot remove {}", run.display()))?;
            put(&config, cell.config.as_bytes())?;
        }
        Ok(())
    }

    /// Writes down what came of a run, its picture first: where the file is, the run is made.
    pub(super) fn keep(&self, cell: &Cell, made: Made) -> Result<()> {
        if let Some(picture) = &made.picture {
            let from = self.run(cell).join(picture);
            let bytes = fs::read(&from).with_context(|| format!("cannot read {}", from.display()))?;
            put(&self.picture(cell), &bytes)?;
        }
        let (data, method, seed) = (cell.data.clone(), cell.method.clone(), cell.seed);
        let file = File { schema: SCHEMA, data, method, seed, config_sha256: cell.key(), made };
        put(&self.of(cell, "json"), (serde_json::to_string(&file)? + "\n").as_bytes())
    }
}

fn put(path: &Path, bytes: &[u8]) -> Result<()> {
    ganymede_tensor::write_atomic(path, |out| out.write_all(bytes))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// Removes a folder, if it is there.
pub(super) fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
