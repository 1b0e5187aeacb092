//! Histories of named numbers.

use std::collections::BTreeMap;

use crate::quality::Quality;
use crate::record::{LogEntry, Metric, MetricEntry};
use crate::verdict::RARE;

/// Numbers by name and step, each in the order of steps.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    named: BTreeMap<String, Vec<(u64, f64)>>,
}

impl Series {
    /// Adds a number. One of an earlier step than the last of its name is put in its place; one of the same step replaces it.
    pub fn push(&mut self, name: &str, step: u64, value: f64) {
        let Some(points) = self.named.get_mut(name) else {
            self.named.insert(name.to_owned(), vec![(step, value)]);
            return;
        };
        match points.last() {
            Some((last, _)) if *last >= step => match points.binary_search_by_key(&step, |(step, _)| *step) {
                Ok(at) => points[at].1 = value,
                Err(at) => points.insert(at, (step, value)),
            },
            _ => points.push((step, value)),
        }
    }

    /// Adds a line of `log.jsonl` or `monitor.jsonl`.
    pub fn log(&mut self, entry: &LogEntry) {
        entry.values.iter().for_each(|(name, value)| self.push(name, entry.step, *value));
    }

    /// Adds a line of `metrics.jsonl`, under the names that rules know.
    pub fn metric(&mut self, entry: &MetricEntry) {
        let step = entry.step;
        match &entry.metric {
            Metric::ModeCoverage { modes_covered, modes, high_quality, .. } => {
                self.push("coverage", step, *modes_covered as f64 / (*modes).max(1) as f64);
                self.push("high_quality", step, *high_quality);
            }
            // The monitor takes this distance itself, and more often.
            Metric::SlicedWasserstein { .. } => {}
            Metric::Quality(quality) => {
                quality.values.iter().for_each(|value| self.push(&value.measure, step, value.value));
                if let Some(missing) = classes_missing(quality) {
                    self.push("classes_missing", step, missing);
                }
            }
        }
    }

    /// The numbers of a name by step; none where the name is unknown.
    pub fn get(&self, name: &str) -> &[(u64, f64)] {
        self.named.get(name).map_or(&[], Vec::as_slice)
    }

    /// All names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.named.keys().map(String::as_str)
    }

    /// All points, in the order of steps.
    pub(super) fn by_step(&self) -> BTreeMap<u64, Vec<(&str, f64)>> {
        let mut all: BTreeMap<u64, Vec<(&str, f64)>> = BTreeMap::new();
        for (name, points) in &self.named {
            points.iter().for_each(|(step, value)| all.entry(*step).or_default().push((name, *value)));
        }
        all
    }
}

/// The share of the classes which real samples have that are hardly drawn.
fn classes_missing(quality: &Quality) -> Option<f64> {
    let known: Vec<_> = quality.classes.iter().filter(|share| share.real >= RARE).collect();
    let missing = known.iter().filter(|share| share.generated < share.real / 10.0).count();
    (!known.is_empty()).then(|| missing as f64 / known.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_kept_by_step() {
        let mut series = Series::default();
        for (step, value) in [(10, 1.0), (30, 3.0), (20, 2.0), (30, 4.0)] {
            series.push("x", step, value);
        }
        assert_eq!(series.get("x"), [(10, 1.0), (20, 2.0), (30, 4.0)]);
        assert_eq!(series.get("y"), []);
    }

    #[test]
    fn modes_become_a_share() {
        let mut series = Series::default();
        let metric = Metric::ModeCoverage {
            modes_covered: 3,
            modes: 8,
            high_quality: 0.5,
            min_count: 16,
            modes_hit: None,
            reverse_kl: None,
            samples: 2500,
        };
        series.metric(&MetricEntry { step: 5, metric });
        assert_eq!(
            (series.get("coverage"), series.get("high_quality")),
            (&[(5, 0.375)][..], &[(5, 0.5)][..])
        );
    }
}
