//! Tables of what was measured.

use std::collections::BTreeSet;

use ganymede_train::figure;

use super::facts::Recipe;
use crate::study::results::{Measured, Seen, by_settings};
use crate::study::{CURES, RING};

/// What presets reached, in their order; nothing where nothing was measured.
pub(super) fn presets(measured: &[Measured], recipes: &[Recipe]) -> String {
    let groups = by_settings(measured);
    let of = |recipe: &Recipe| groups.get(&(recipe.name.to_owned(), Vec::new()));
    let rows: Vec<(&Recipe, &Vec<&Measured>)> =
        recipes.iter().filter_map(|recipe| Some((recipe, of(recipe)?))).collect();
    if rows.is_empty() {
        return String::new();
    }
    let runs: Vec<&Measured> = rows.iter().flat_map(|(_, runs)| runs.iter().copied()).collect();
    let mut text = format!(
        "\n## What presets reached\n\n{} Medians over the seeds, the least and the greatest in brackets. Samples are \
         those of the averaged generator, where there is one; a step is one update of the generator with those of the \
         discriminator, and memory is the largest resident set of the process.\n\n\
         | preset | seeds | steps | measure | before | after | other measures, after | ms a step | MB |\n\
         |---|---:|---:|---|---:|---:|---|---:|---:|\n",
        setting(&runs)
    );
    for (recipe, runs) in rows {
        text += &row(recipe.name, runs);
    }
    text
}

fn row(name: &str, runs: &[&Measured]) -> String {
    let names: Vec<&String> = runs
        .iter()
        .find_map(|run| run.after.as_ref())
        .map(|seen| seen.values.iter().map(|(name, _)| name).collect())
        .unwrap_or_default();
    let first = names.first().map_or("", |name| name.as_str());
    let before = value(&all(runs, |run| &run.before, first));
    let after = value(&all(runs, |run| &run.after, first));
    let others: Vec<String> = (names.iter().skip(1))
        .map(|name| format!("{name} {}", value(&all(runs, |run| &run.after, name))))
        .collect();
    let steps: Vec<f64> = runs.iter().map(|run| run.step as f64).collect();
    let times: Vec<f64> = runs.iter().filter_map(|run| Some(1e3 * run.seconds_a_step?)).collect();
    let memory: Vec<f64> = runs.iter().filter_map(|run| run.peak_mb).collect();
    let diverged = runs.iter().filter(|run| run.ended.starts_with("diverged")).count();
    let seeds = match diverged {
        0 => runs.len().to_string(),
        diverged => format!("{}, {diverged} diverged", runs.len()),
    };
    format!(
        "| `{name}` | {seeds} | {:.0} | {first} | {before} | {after} | {} | {} | {} |\n",
        median(&steps).unwrap_or_default(),
        others.join(", "),
        median(&times).map_or("–".to_owned(), |ms| figure(ms, 1)),
        median(&memory).map_or("–".to_owned(), |mb| format!("{mb:.0}")),
    )
}

/// What `study cures` compares; nothing where it was not measured.
pub(super) fn ring(measured: &[Measured]) -> String {
    let groups = by_settings(measured);
    let of = |sets: &[&str]| {
        let sets: Vec<String> = sets.iter().map(|set| (*set).to_owned()).collect();
        groups.get(&(RING.to_owned(), sets))
    };
    // Without a cure to compare with, the ring is a preset like others.
    if CURES.iter().filter(|sets| of(sets).is_some()).count() < 2 {
        return String::new();
    }
    let mut text = format!(
        "\n## A collapse and its cures\n\n\
         `{RING}` after the last step, as it is and with settings against mode collapse: of its 8 modes those that \
         have at least a twentieth of their share, and the share of samples within 3σ of one.\n\n\
         | settings | seeds | modes | seeds with all | high quality |\n|---|---:|---:|---:|---:|\n"
    );
    for sets in CURES {
        let Some(runs) = of(sets) else { continue };
        let modes = all(runs, |run| &run.after, "modes of 8");
        let full = modes.iter().filter(|modes| **modes == 8.0).count();
        let quality = value(&all(runs, |run| &run.after, "high quality"));
        let named = if sets.is_empty() { "as it is".to_owned() } else { format!("`{}`", sets.join(" ")) };
        let middle = median(&modes).map_or("–".to_owned(), |middle| figure(middle, 1));
        let [least, most] = ends(&modes);
        text +=
            &format!("| {named} | {} | {middle} ({least:.0}–{most:.0}) | {full} | {quality} |\n", runs.len());
    }
    text
}

/// Where and when.
fn setting(runs: &[&Measured]) -> String {
    let of = |part: &dyn Fn(&Measured) -> String| -> Vec<String> {
        runs.iter().map(|run| part(run)).collect::<BTreeSet<_>>().into_iter().collect()
    };
    let machines = of(&|run: &Measured| format!("{}, {}", run.machine, threads(run.threads)));
    let dates = of(&|run: &Measured| run.date.clone());
    let (first, last) =
        (dates.first().cloned().unwrap_or_default(), dates.last().cloned().unwrap_or_default());
    let when = if first == last { first } else { format!("{first} to {last}") };
    format!("Measured on {} ({when}).", machines.join(" and on "))
}

fn threads(n: usize) -> String {
    if n == 1 { "one thread a run".to_owned() } else { format!("{n} threads a run") }
}

/// A measure in all runs that have it.
fn all(runs: &[&Measured], seen: impl Fn(&Measured) -> &Option<Seen>, name: &str) -> Vec<f64> {
    let one = |run: &&Measured| {
        let seen = seen(run).as_ref()?;
        seen.values.iter().find(|(known, _)| known == name).map(|(_, value)| *value)
    };
    runs.iter().filter_map(one).collect()
}

/// `20.50 (20.00–21.00)`; the number alone where there is one, or all are equal.
fn value(values: &[f64]) -> String {
    let Some(middle) = median(values) else { return "–".to_owned() };
    let digits = if middle.abs() < 1.0 { 3 } else { 2 };
    let [least, most] = ends(values).map(|value| figure(value, digits));
    let middle = figure(middle, digits);
    if least == most { middle } else { format!("{middle} ({least}–{most})") }
}

fn ends(values: &[f64]) -> [f64; 2] {
    [
        values.iter().copied().fold(f64::INFINITY, f64::min),
        values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
    ]
}

fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 {
        Some(sorted[middle])
    } else {
        Some((sorted[middle.checked_sub(1)?] + sorted[middle]) / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::results::tests::measured;

    #[test]
    fn a_ring_is_shown_with_its_cures() {
        let run = |seed, sets: &[&str], modes| {
            let mut run = measured(seed, None);
            run.trial.preset = RING.to_owned();
            run.trial.sets = sets.iter().map(|set| (*set).to_owned()).collect();
            let values = vec![("modes of 8".to_owned(), modes), ("high quality".to_owned(), 0.5)];
            run.after = Some(Seen { step: 2000, values });
            run
        };
        let mut runs = vec![run(0, CURES[0], 1.0), run(1, CURES[0], 4.0)];
        assert_eq!(ring(&runs), "");
        runs.push(run(0, CURES[3], 8.0));
        let text = ring(&runs);
        assert!(text.contains("| as it is | 2 | 2.5 (1–4) | 0 | 0.500 |"), "{text}");
        assert!(text.contains("| `discriminator.pack=2` | 1 | 8.0 (8–8) | 1 | 0.500 |"), "{text}");
    }

    #[test]
    fn what_is_missing_is_a_dash() {
        assert_eq!(
            (value(&[]), value(&[0.25]), value(&[1.0, 2.0, 4.0])),
            ("–".to_owned(), "0.250".to_owned(), "2.00 (1.00–4.00)".to_owned())
        );
    }
}
