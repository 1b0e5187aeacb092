//! What was measured, in a file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use ganymede_train::Metric;
use serde::{Deserialize, Serialize};

use super::crew;

/// Version of the file's format.
const SCHEMA: u32 = 1;

/// A run that is to be made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Trial {
    pub(crate) preset: String,
    /// Settings other than the preset's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) sets: Vec<String>,
    pub(crate) seed: u64,
    /// The budget; the preset's own where neither is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) steps: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) minutes: Option<f64>,
}

impl Trial {
    /// Whether it is the same run but for the budget.
    fn has_place_of(&self, other: &Self) -> bool {
        (&self.preset, &self.sets, self.seed) == (&other.preset, &other.sets, other.seed)
    }

    /// The name of its folder: the same for the same trial only, as far as that can be read.
    pub(crate) fn name(&self) -> String {
        let mut name = format!("{}-seed{}", self.preset, self.seed);
        let steps = self.steps.map(|steps| format!("-{steps}steps"));
        let minutes = self.minutes.map(|minutes| format!("-{minutes}min"));
        name.extend(steps.into_iter().chain(minutes));
        for set in &self.sets {
            name.push('-');
            name.extend(set.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '_' }));
        }
        name
    }
}

/// How good samples were at a step: values by name, the one that decides first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Seen {
    pub(crate) step: u64,
    pub(crate) values: Vec<(String, f64)>,
}

impl Seen {
    pub(crate) fn new(step: u64, metric: &Metric) -> Self {
        let values = match metric {
            Metric::ModeCoverage { modes_covered, modes, high_quality, .. } => {
                vec![
                    (format!("modes of {modes}"), *modes_covered as f64),
                    ("high quality".into(), *high_quality),
                ]
            }
            Metric::SlicedWasserstein { distance, .. } => vec![("sliced Wasserstein".into(), *distance)],
            Metric::Quality(quality) => {
                quality.values.iter().map(|value| (value.name.clone(), value.value)).collect()
            }
        };
        // JSON has no word for what is not a number.
        Self { step, values: values.into_iter().filter(|(_, value)| value.is_finite()).collect() }
    }
}

/// A run that was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Measured {
    #[serde(flatten)]
    pub(crate) trial: Trial,
    /// In words: `completed`, `time limit`, or what diverged.
    pub(crate) ended: String,
    pub(crate) step: u64,
    /// The median time from one step to the next.
    pub(crate) seconds_a_step: Option<f64>,
    /// The largest resident set of its process.
    pub(crate) peak_mb: Option<f64>,
    pub(crate) threads: usize,
    /// Of the generator and of the discriminator.
    pub(crate) parameters: [usize; 2],
    pub(crate) before: Option<Seen>,
    pub(crate) after: Option<Seen>,
    pub(crate) machine: String,
    pub(crate) date: String,
}

#[derive(Debug, Serialize)]
struct File {
    schema: u32,
    runs: Vec<Measured>,
}

/// The file of all that was measured.
#[derive(Debug)]
pub(crate) struct Results {
    path: PathBuf,
}

impl Results {
    pub(crate) fn of(folder: &Path) -> Self {
        Self { path: folder.join("measured.json") }
    }

    /// All runs, by preset, settings and seed; none where there is no file.
    pub(crate) fn read(&self) -> Result<Vec<Measured>> {
        crew::read_runs(&self.path, SCHEMA)
    }

    /// Adds a run in the place of an older one of the same settings and seed. The file is read again for that: another
    /// program may have written to it since.
    pub(crate) fn add(&self, run: Measured) -> Result<()> {
        let mut runs = self.read()?;
        runs.retain(|old| !old.trial.has_place_of(&run.trial));
        runs.push(run);
        runs.sort_by(|a, b| {
            let key = |run: &Measured| (run.trial.preset.clone(), run.trial.sets.clone(), run.trial.seed);
            key(a).cmp(&key(b))
        });
        let text = serde_json::to_string_pretty(&File { schema: SCHEMA, runs })? + "\n";
        ganymede_tensor::write_atomic(&self.path, |out| out.write_all(text.as_bytes()))
            .with_context(|| format!("cannot write {}", self.path.display()))
    }
}

/// Runs that differ in the seed only, by preset and settings.
pub(crate) fn by_settings(runs: &[Measured]) -> BTreeMap<(String, Vec<String>), Vec<&Measured>> {
    let mut groups: BTreeMap<_, Vec<&Measured>> = BTreeMap::new();
    for run in runs {
        groups.entry((run.trial.preset.clone(), run.trial.sets.clone())).or_default().push(run);
    }
    groups
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn measured(seed: u64, steps: Option<u64>) -> Measured {
        let seen = |step, fid| Seen { step, values: vec![("fid-fashion-cnn-2k".to_owned(), fid)] };
        Measured {
            trial: Trial { preset: "quickstart".to_owned(), sets: Vec::new(), seed, steps, minutes: None },
            ended: "completed".to_owned(),
            step: steps.unwrap_or(2000),
            seconds_a_step: Some(0.05),
            peak_mb: Some(321.5),
            threads: 1,
            parameters: [3, 4],
            before: Some(seen(0, 200.0)),
            after: Some(seen(2000, 20.0 + seed as f64)),
            machine: "a processor".to_owned(),
            date: "2026-11-25".to_owned(),
        }
    }

    #[test]
    fn runs_are_kept_by_settings_and_seed_and_replaced_by_newer_ones() {
        let dir = tempfile::tempdir().unwrap();
        let results = Results::of(dir.path());
        assert_eq!(results.read().unwrap(), []);
        let (short, long, other) = (measured(1, Some(30)), measured(1, None), measured(0, Some(30)));
        results.add(short).unwrap();
        results.add(long.clone()).unwrap();
        results.add(other.clone()).unwrap();
        assert_eq!(results.read().unwrap(), [other, long]);
        std::fs::write(dir.path().join("measured.json"), "{\"schema\": 1, \"ru").unwrap();
        assert!(results.read().unwrap_err().to_string().contains("measured.json is damaged"));
    }

    #[test]
    fn each_trial_has_a_folder_of_its_own() {
        let trial = |steps, set: Option<&str>| Trial {
            preset: "ring-minimax".to_owned(),
            sets: set.map(str::to_owned).into_iter().collect(),
            seed: 4,
            steps,
            minutes: Some(1.5),
        };
        assert_eq!(trial(Some(30), None).name(), "ring-minimax-seed4-30steps-1.5min");
        assert_eq!(
            trial(None, Some("discriminator.pack=2")).name(),
            "ring-minimax-seed4-1.5min-discriminator.pack_2"
        );
    }
}
