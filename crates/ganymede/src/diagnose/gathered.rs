//! What was read of a run, brought to the series that rules know.

use std::collections::BTreeMap;

use ganymede_train::monitor::Series;

use super::columns::{Meaning, Reading, meaning};
use crate::words::Misuse;

/// Numbers that are held at most, and columns.
const MOST_POINTS: usize = 10_000_000;
const MOST_COLUMNS: usize = 10_000;

/// Columns of numbers by name: each number with its step.
#[derive(Debug, Default)]
pub(super) struct Columns {
    named: BTreeMap<String, Vec<(u64, f64)>>,
    points: usize,
}

impl Columns {
    pub(super) fn push(&mut self, name: &str, step: u64, value: f64) -> Result<(), Misuse> {
        self.points += 1;
        if self.points > MOST_POINTS || self.named.len() > MOST_COLUMNS {
            return Err(Misuse(format!(
                "more than {MOST_POINTS} numbers, or {MOST_COLUMNS} columns: give a thinned log, or fewer files"
            )));
        }
        match self.named.get_mut(name) {
            Some(points) => points.push((step, value)),
            None => {
                self.named.insert(name.to_owned(), vec![(step, value)]);
            }
        }
        Ok(())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.named.contains_key(name)
    }
}

/// What is known of a run, from one file or several.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    pub(super) series: Series,
    /// Series, and the column that each was read off.
    pub(super) used: Vec<(String, String)>,
    /// Columns whose names say nothing.
    pub(super) unknown: Vec<String>,
    pub(super) remarks: Vec<String>,
}

impl Gathered {
    /// Takes columns: those in `given` (series and column) by what was said, the others by their names.
    ///
    /// # Errors
    /// A given column is not there, or several may be the same series and nobody says which.
    pub(super) fn take(&mut self, columns: &Columns, given: &[(String, String)]) -> Result<(), Misuse> {
        let mut chosen: BTreeMap<&str, Vec<(&str, Reading)>> = BTreeMap::new();
        for (series, column) in given {
            if let Some((name, _)) = columns.named.get_key_value(column) {
                chosen.insert(series, vec![(name, Reading::AsIs)]);
            }
        }
        let is_given = |column: &str| given.iter().any(|(_, name)| name == column);
        for name in columns.named.keys().filter(|name| !is_given(name)) {
            match meaning(name) {
                Some(Meaning::Series(series, reading)) if !given.iter().any(|(of, _)| of == series) => {
                    chosen.entry(series).or_default().push((name, reading));
                }
                Some(_) => {}
                None => self.unknown.push(name.clone()),
            }
        }
        for (series, mut found) in chosen {
            // A mean sign is an accuracy where there is no better.
            if found.len() > 1 {
                found.retain(|(_, reading)| *reading == Reading::AsIs);
            }
            if let [(column, reading)] = found[..] {
                let points = columns.named.get(column).map_or(&[][..], Vec::as_slice);
                points.iter().for_each(|(step, value)| self.series.push(series, *step, reading.of(*value)));
                self.used.push((series.to_owned(), column.to_owned()));
                continue;
            }
            let names: Vec<String> = found.iter().map(|(column, _)| format!("`{column}`")).collect();
            let (all, first) = (names.join(" and "), found.first().map_or("", |(column, _)| *column));
            return Err(Misuse(format!("which of {all} is {series}? Say so: --column '{series}={first}'")));
        }
        Ok(())
    }

    /// Mean probabilities, where scores are such: an accuracy is at least 1 − 2(1 − D), because at most 2(1 − D) of the
    /// samples can be on the wrong side of a half.
    pub(super) fn bound_accuracies(&mut self) {
        let is_probability = |points: &[(u64, f64)]| {
            !points.is_empty() && points.iter().all(|(_, x)| (0.0..=1.0).contains(x) || x.is_nan())
        };
        let [real, fake] = ["score_real", "score_fake"].map(|name| self.series.get(name).to_vec());
        let has = |name: &str| !self.series.get(name).is_empty();
        if has("accuracy_real") || has("accuracy_fake") || !is_probability(&real) || !is_probability(&fake) {
            return;
        }
        real.iter().for_each(|(step, d)| self.series.push("accuracy_real", *step, (2.0 * d - 1.0).max(0.0)));
        fake.iter().for_each(|(step, d)| self.series.push("accuracy_fake", *step, (1.0 - 2.0 * d).max(0.0)));
        self.remarks.push(
            "scores lie between 0 and 1 and are taken for probabilities; the least accuracy that they allow is looked at"
                .to_owned(),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(names: &[&str]) -> Columns {
        let mut columns = Columns::default();
        for (i, name) in names.iter().enumerate() {
            (1..=3).for_each(|step| columns.push(name, step, i as f64).unwrap());
        }
        columns
    }

    #[test]
    fn names_that_are_known_are_taken_and_others_told() {
        let mut all = Gathered::default();
        all.take(&columns(&["errD", "lr", "Loss/G/loss", "step"]), &[]).unwrap();
        assert_eq!(all.series.get("loss_d").len(), 3);
        assert_eq!((all.unknown, all.used.len()), (vec!["lr".to_owned()], 2));
    }

    #[test]
    fn two_columns_for_one_series_are_a_question() {
        let error = Gathered::default().take(&columns(&["errD", "d_loss"]), &[]).unwrap_err();
        assert!(error.to_string().contains("which of `d_loss` and `errD` is loss_d?"), "{error}");
        let mut all = Gathered::default();
        let given = [("loss_d".to_owned(), "errD".to_owned())];
        all.take(&columns(&["errD", "d_loss"]), &given).unwrap();
        assert_eq!(all.series.get("loss_d")[0].1, 0.0);
        // Signs are accuracies only where no accuracy is.
        let mut all = Gathered::default();
        all.take(&columns(&["accuracy_real", "Loss/signs/real"]), &[]).unwrap();
        assert_eq!(all.used, [("accuracy_real".to_owned(), "accuracy_real".to_owned())]);
    }

    #[test]
    fn probabilities_bound_accuracies_and_logits_do_not() {
        let take = |real: f64, fake: f64| {
            let mut columns = Columns::default();
            columns.push("D(x)", 1, real).unwrap();
            columns.push("D(G(z))", 1, fake).unwrap();
            let mut all = Gathered::default();
            all.take(&columns, &[]).unwrap();
            all.bound_accuracies();
            (all.series.get("accuracy_real").to_vec(), all.series.get("accuracy_fake").to_vec())
        };
        assert_eq!(take(0.75, 0.25), (vec![(1, 0.5)], vec![(1, 0.5)]));
        assert_eq!(take(0.3, 0.9), (vec![(1, 0.0)], vec![(1, 0.0)]));
        assert_eq!(take(3.0, -2.0), (vec![], vec![]));
    }
}
