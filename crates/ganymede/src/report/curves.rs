//! Curves, thinned to what a screen can show: what is kept is bounded, however long a run is.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Points of a curve, at most twice as many while they are read.
const MOST_POINTS: usize = 1500;
/// Curves of a file, and letters of a name.
const MOST_CURVES: usize = 200;
const MOST_NAME: usize = 120;

/// Values by name at rising steps, thinned: of more points than fit on a screen every second one is forgotten, again and
/// again. The last one always stays.
#[derive(Debug, Default)]
pub(super) struct Curves {
    rows: Vec<Row>,
    /// The newest row, where it is none of those that are kept.
    newest: Option<Row>,
    seen: u64,
    /// Every how many rows one is kept, as a power of two.
    halvings: u32,
    /// Rows whose step did not rise.
    disordered: u64,
}

#[derive(Debug)]
struct Row {
    step: u64,
    values: BTreeMap<String, Option<f64>>,
}

impl Curves {
    /// Adds a row; one whose step does not rise is counted and left out.
    pub(super) fn push(&mut self, step: u64, values: BTreeMap<String, Option<f64>>) {
        if self.last_step().is_some_and(|last| step <= last) {
            self.disordered += 1;
            return;
        }
        let short = values.into_iter().take(MOST_CURVES).map(|(name, value)| (shortened(&name), value));
        let row = Row { step, values: short.collect() };
        if self.seen.is_multiple_of(1 << self.halvings) {
            self.rows.push(row);
            self.newest = None;
        } else {
            self.newest = Some(row);
        }
        self.seen += 1;
        if self.rows.len() >= 2 * MOST_POINTS {
            // The last one of an even number of rows goes, and stays the newest.
            self.newest = self.rows.pop();
            let mut index = 0;
            self.rows.retain(|_| {
                index += 1;
                index % 2 == 1
            });
            self.halvings += 1;
        }
    }

    /// The step of the newest row.
    pub(super) fn last_step(&self) -> Option<u64> {
        self.newest.as_ref().or(self.rows.last()).map(|row| row.step)
    }

    /// Rows whose step did not rise.
    pub(super) fn disordered(&self) -> u64 {
        self.disordered
    }

    /// The steps that are kept.
    pub(super) fn steps(&self) -> Vec<u64> {
        self.all().map(|row| row.step).collect()
    }

    /// A curve for every name that some row has; `None` where a row has no number of that name.
    pub(super) fn columns(&self) -> BTreeMap<String, Vec<Option<f64>>> {
        let count = self.all().count();
        let mut columns: BTreeMap<String, Vec<Option<f64>>> = BTreeMap::new();
        for (index, row) in self.all().enumerate() {
            for (name, value) in &row.values {
                let is_new = !columns.contains_key(name);
                if is_new && columns.len() == MOST_CURVES {
                    continue;
                }
                columns.entry(name.clone()).or_insert_with(|| vec![None; count])[index] = value.map(short);
            }
        }
        columns
    }

    /// The value of `name` at `step`, on a straight line between the rows around it; beyond them, the nearest one's.
    pub(super) fn at(&self, name: &str, step: u64) -> Option<f64> {
        let known = |row: &Row| row.values.get(name).copied().flatten().map(|value| (row.step, value));
        let cut = self.rows.partition_point(|row| row.step < step);
        let (passed, newest): (Option<&Row>, Option<&Row>) = match &self.newest {
            Some(row) if row.step < step => (Some(row), None),
            row => (None, row.as_ref()),
        };
        let before = passed.into_iter().chain(self.rows[..cut].iter().rev()).find_map(known);
        let after = self.rows[cut..].iter().chain(newest).find_map(known);
        match (before, after) {
            (Some((a, x)), Some((b, y))) => Some(x + (y - x) * (step - a) as f64 / (b - a).max(1) as f64),
            (one, other) => one.or(other).map(|(_, value)| value),
        }
    }

    fn all(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().chain(&self.newest)
    }
}

/// The numbers of a record by name; `None` for one that is `null`, as a log writes what is no number.
pub(super) fn numbers(record: &Map<String, Value>) -> BTreeMap<String, Option<f64>> {
    let is_value = |(name, value): &(&String, &Value)| {
        !["step", "images"].contains(&name.as_str()) && (value.is_null() || value.is_number())
    };
    record.iter().filter(is_value).map(|(name, value)| (name.clone(), finite(value))).collect()
}

/// A JSON number that a plot can show.
pub(super) fn finite(value: &Value) -> Option<f64> {
    value.as_f64().filter(|value| value.is_finite())
}

/// Six digits: a screen shows three.
pub(super) fn short(value: f64) -> f64 {
    format!("{value:.5e}").parse().unwrap_or(value)
}

fn shortened(name: &str) -> String {
    name.chars().take(MOST_NAME).collect()
}

#[cfg(test)]
mod tests {

    use super::*;

    fn row(value: f64) -> BTreeMap<String, Option<f64>> {
        BTreeMap::from([("x".to_owned(), Some(value))])
    }

    #[test]
    fn long_curves_are_thinned_evenly_and_keep_both_ends() {
        for count in [1, 2, 2999, 3000, 3001, 6000, 100_000, 100_001] {
            let mut curves = Curves::default();
            (1..=count).for_each(|step| curves.push(step, row(step as f64)));
            let steps = curves.steps();
            assert_eq!((steps[0], steps[steps.len() - 1]), (1, count), "{count}");
            assert!(steps.len() <= 2 * MOST_POINTS && (steps.len() as u64 == count || count >= 3000));
            assert!(steps.len() >= MOST_POINTS || steps.len() as u64 == count, "{count}: {}", steps.len());
            let stride = steps.get(1).map_or(1, |second| second - 1);
            let even = steps[..steps.len() - 1].windows(2).all(|pair| pair[1] - pair[0] == stride);
            assert!(even, "{count}: every {stride}th");
            assert_eq!(curves.columns()["x"].len(), steps.len());
            assert_eq!(curves.seen, count);
        }
    }

    #[test]
    fn values_lie_on_lines_between_rows() {
        let mut curves = Curves::default();
        for (step, value) in [(10, 1.0), (20, 3.0), (40, 4.0)] {
            curves.push(step, row(value));
        }
        let found = [0, 10, 15, 20, 30, 40, 99].map(|step| curves.at("x", step));
        assert_eq!(found, [1.0, 1.0, 2.0, 3.0, 3.5, 4.0, 4.0].map(Some));
        assert_eq!(curves.at("y", 10), None);
        assert_eq!(Curves::default().at("x", 10), None);
    }

    #[test]
    fn steps_that_do_not_rise_are_left_out_and_counted() {
        let mut curves = Curves::default();
        for step in [10, 20, 20, 5, 30] {
            curves.push(step, row(1.0));
        }
        assert_eq!((curves.steps(), curves.disordered()), (vec![10, 20, 30], 2));
    }

    #[test]
    fn what_is_no_number_is_a_gap_and_what_is_no_value_is_left_out() {
        let record = serde_json::json!({"step": 1, "images": 2, "a": 1.5, "b": null, "c": "x", "d": [1]});
        let found = numbers(record.as_object().unwrap());
        assert_eq!(found, BTreeMap::from([("a".to_owned(), Some(1.5)), ("b".to_owned(), None)]));
        assert_eq!(short(1.234_567_89), 1.23457);
        assert_eq!(short(-0.000_012_345_67), -0.000_012_345_7);
    }
}
