//! The picture report: worst and best samples, each above the real image nearest to it, and bins that differ.

use std::path::{Path, PathBuf};

use crate::{FeatureSets, NearestReal, memorisation, realism};
use anyhow::{Context, Result};
use ganymede_files::{Output, encode_drawing, path_text};
use serde_json::json;

use super::bins::BinsReport;
use super::picture::{Frame, pairs};
use super::source::{Images, Set};
use super::words::{self, Misuse};

/// Samples in a row.
const SHOWN: usize = 8;
/// Which neighbour sets the ball of a real sample.
const NEIGHBOURS: usize = 3;

/// Where the report goes: one picture, or a folder with a picture and the list of all samples. Tried before the work.
pub(crate) struct Report {
    path: PathBuf,
    picture: Output,
    list: Option<Output>,
    bins: Option<BinsReport>,
}

impl Report {
    pub(crate) fn new(path: &Path) -> Result<Self> {
        let is_file = path.extension().is_some_and(|suffix| suffix.eq_ignore_ascii_case("png"));
        if is_file && !path.is_dir() {
            return Ok(Self { path: path.into(), picture: Output::new(path)?, list: None, bins: None });
        }
        std::fs::create_dir_all(path)
            .with_context(|| format!("--report {}: cannot make this folder", path.display()))?;
        let list = Some(Output::new(&path.join("samples.json"))?);
        let picture = Output::new(&path.join("samples.png"))?;
        Ok(Self { path: path.into(), picture, list, bins: Some(BinsReport::new(path)?) })
    }

    pub(crate) fn write(&self, real: &Set, fake: &Set, seed: u64, quiet: bool) -> Result<()> {
        let (Some(real_images), Some(fake_images)) = (&real.images, &fake.images) else {
            return Err(Misuse("it shows images: --real and --fake have to be folders".into()).into());
        };
        let (Some(real), Some(generated)) = (real.rows(), fake.rows()) else {
            return Err(Misuse("it needs features of both folders".into()).into());
        };
        let sets = FeatureSets { real, generated };
        let scores = realism(sets, NEIGHBOURS)?;
        let nearest = memorisation(sets)?.nearest;
        let mut order: Vec<usize> = (0..scores.len()).collect();
        order.sort_by(|a, b| scores[*a].total_cmp(&scores[*b]).then(a.cmp(b)));
        let shown = SHOWN.min(order.len());
        let worst = &order[..shown];
        let best: Vec<usize> = order.iter().rev().take(shown).copied().collect();
        let columns = |rows: &[usize]| -> Result<Vec<_>> {
            let pair =
                |i: &usize| Ok([Some(fake_images.frame(*i)?), Some(real_images.frame(nearest[*i].index)?)]);
            rows.iter().map(pair).collect()
        };
        let picture = pairs(&[(Frame::Worst, columns(worst)?), (Frame::Best, columns(&best)?)])?;
        self.picture.write(&encode_drawing(&picture)?)?;
        if let Some(to) = &self.list {
            words::write_json(to, &list(&order, &scores, &nearest, fake_images, real_images))?;
        }
        if !quiet {
            words::say(&format!(
                "{}: in red the {shown} least realistic generated images, in green the {shown} most realistic, each above its nearest real image",
                self.path.display()
            ));
        }
        match &self.bins {
            Some(bins) => bins.write(sets, [real_images, fake_images], seed, quiet),
            None => Ok(()),
        }
    }
}

/// All samples, the least realistic first.
fn list(
    order: &[usize],
    scores: &[f64],
    nearest: &[NearestReal],
    fake: &Images,
    real: &Images,
) -> serde_json::Value {
    let entry = |i: &usize| {
        let near = &nearest[*i];
        json!({
            "generated": path_text(fake.path(*i)), "realism": scores[*i], "nearest_real": path_text(real.path(near.index)),
            "distance": near.distance,
        })
    };
    json!({ "schema": 1, "neighbours": NEIGHBOURS, "samples": order.iter().map(entry).collect::<Vec<_>>() })
}
