//! FID within each class.

use std::collections::BTreeMap;

use super::{Frechet, frechet_distance_rows};
use crate::rows::check_pair;
use crate::{Ddof, MetricError, Result, Rows};

/// Fréchet distances within classes.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct ClassFrechet {
    /// The mean over classes, each with the same weight.
    pub mean: f64,
    /// Class and distance, by class.
    pub classes: Vec<(u32, Frechet)>,
}

/// The mean over classes of the Fréchet distance between the real and the generated rows of that class: intra-class FID
/// (Miyato & Koyama, 2018, arXiv:1802.05637, section 4.1), StudioGAN's `iFID`.
///
/// Real and generated rows have labels, one a row. Every class must have at least `least_rows` rows in either set
/// (2 is the least that has a covariance; below the number of features the distance is far too large, and comparable
/// only at equal counts).
///
/// # Errors
/// As [`frechet_distance_rows`]; labels that do not match the rows; a class that one set lacks, or with too few rows.
pub fn class_frechet_distance<'a, 'b>(
    real: impl Into<Rows<'a>>,
    real_labels: &[u32],
    fake: impl Into<Rows<'b>>,
    fake_labels: &[u32],
    least_rows: usize,
    ddof: Ddof,
) -> Result<ClassFrechet> {
    let (real, fake) = (real.into(), fake.into());
    check_pair(real, fake, 2)?;
    let real_classes = classes("real", real, real_labels)?;
    let fake_classes = classes("generated", fake, fake_labels)?;
    let least = least_rows.max(2);
    let mut distances = Vec::with_capacity(real_classes.len());
    for class in real_classes.keys().chain(fake_classes.keys().filter(|c| !real_classes.contains_key(c))) {
        let real_rows = of_class("real", &real_classes, *class, least)?;
        let fake_rows = of_class("generated", &fake_classes, *class, least)?;
        let (real, fake) = (real.select(real_rows), fake.select(fake_rows));
        distances.push((*class, frechet_distance_rows(&real, &fake, ddof)?));
    }
    let mean = distances.iter().map(|(_, d)| d.distance).sum::<f64>() / distances.len() as f64;
    Ok(ClassFrechet { mean, classes: distances })
}

fn classes(what: &str, rows: Rows<'_>, labels: &[u32]) -> Result<BTreeMap<u32, Vec<usize>>> {
    if labels.len() != rows.count() {
        return Err(MetricError::Invalid(format!(
            "{what} set: {} labels for {} rows",
            labels.len(),
            rows.count()
        )));
    }
    let mut classes: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    labels.iter().enumerate().for_each(|(row, label)| classes.entry(*label).or_default().push(row));
    Ok(classes)
}

fn of_class<'a>(
    what: &str,
    classes: &'a BTreeMap<u32, Vec<usize>>,
    class: u32,
    least: usize,
) -> Result<&'a [usize]> {
    let rows = classes.get(&class).map_or(&[][..], Vec::as_slice);
    if rows.len() < least {
        return Err(MetricError::Invalid(format!(
            "class {class} has {} {what} rows, and at least {least} are needed",
            rows.len()
        )));
    }
    Ok(rows)
}
