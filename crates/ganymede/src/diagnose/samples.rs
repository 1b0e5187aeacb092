//! Grids of samples over a run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use ganymede_train::monitor::Series;

use super::grids::Grid;

/// Grids in all, and the share of the greatest spread that a generator which learns nothing may have.
const MOST_GRIDS: usize = 10_000;

/// How different the samples of each grid are, by the name that grids have in common.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Samples {
    named: BTreeMap<String, Vec<(u64, f64)>>,
    real: Option<f64>,
}

impl Samples {
    pub(super) fn push(&mut self, name: &str, step: u64, grid: &Grid) {
        let points = self.named.entry(name.to_owned()).or_default();
        if points.len() < MOST_GRIDS {
            points.push((step, grid.spread()));
        }
    }

    /// A grid of real samples.
    pub(super) fn real(&mut self, grid: &Grid) {
        self.real = Some(grid.spread());
    }

    pub(super) fn merge(&mut self, other: Self) {
        for (name, points) in other.named {
            self.named.entry(name).or_default().extend(points);
        }
        self.real = other.real.or(self.real);
    }

    /// Adds the diversity of the samples to `series`: of the name that has most grids, in parts of that of real samples, or where
    /// nobody shows these of the greatest that there was. Says what it did.
    pub(super) fn into_series(self, series: &mut Series) -> Option<String> {
        let (name, points) = self.named.into_iter().max_by_key(|(_, points)| points.len())?;
        let most = points.iter().map(|(_, spread)| *spread).fold(0.0, f64::max);
        let unit = self.real.unwrap_or(most);
        if unit <= 0.0 || !series.get("diversity").is_empty() {
            return None;
        }
        points.iter().for_each(|(step, spread)| series.push("diversity", *step, spread / unit));
        let of = match self.real {
            Some(_) => "in parts of those between real ones",
            None => {
                "in parts of the greatest that there were: a grid of real samples (--real) would say more"
            }
        };
        Some(format!("diversity: differences between the samples of {} grids, `{name}`, {of}", points.len()))
    }
}

/// Whether a name says that samples are real ones.
pub(super) fn is_of_real(name: &str) -> bool {
    let words = name.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase);
    words.into_iter().any(|word| word == "real" || word == "reals")
}

/// Grids of a folder, whose names hold their steps: `fake_samples_epoch_003.png`, `fakes000200.png`.
pub(super) fn read_folder(folder: &Path, tile: Option<u32>) -> Result<(Samples, Vec<String>)> {
    let (mut samples, mut remarks) = (Samples::default(), Vec::new());
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        let suffix = path.extension().map(|suffix| suffix.to_string_lossy().to_lowercase());
        if path.is_file() && suffix.is_some_and(|suffix| ["png", "jpg", "jpeg"].contains(&suffix.as_str())) {
            files.push(path);
        }
    }
    files.sort();
    for path in files {
        let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let (stem, step) = split_number(&name);
        let is_real = is_of_real(&name);
        if step.is_none() && !is_real {
            continue;
        }
        match Grid::read(&path, tile) {
            Ok(grid) if is_real => samples.real(&grid),
            Ok(grid) => samples.push(&stem, step.unwrap_or(0), &grid),
            Err(error) => remarks.push(format!("{error:#}")),
        }
    }
    Ok((samples, remarks))
}

/// The last number of a name, and the name without it.
fn split_number(name: &str) -> (String, Option<u64>) {
    let Some(end) = name.rfind(|c: char| c.is_ascii_digit()) else { return (name.to_owned(), None) };
    let start = name[..end]
        .rfind(|c: char| !c.is_ascii_digit())
        .map_or(0, |at| at + name[at..].chars().next().map_or(1, char::len_utf8));
    (format!("{}#{}", &name[..start], &name[end + 1..]), name[start..=end].parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_the_steps_of_names() {
        for (name, stem, step) in [
            ("fake_samples_epoch_003", "fake_samples_epoch_#", Some(3)),
            ("fakes000200", "fakes#", Some(200)),
            ("step-000120", "step-#", Some(120)),
            ("12", "#", Some(12)),
            ("ep2-grid", "ep#-grid", Some(2)),
            ("é7", "é#", Some(7)),
            ("none", "none", None),
            ("99999999999999999999999", "#", None),
        ] {
            assert_eq!(split_number(name), (stem.to_owned(), step), "{name}");
        }
        assert!(
            is_of_real("real_samples")
                && is_of_real("images/Real")
                && !is_of_real("unreal")
                && !is_of_real("fake")
        );
    }
}
