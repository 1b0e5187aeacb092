//! The picture report: worst and best samples, each above the real image nearest to it.

use std::path::Path;

use anyhow::{Context, Result};
use ganymede_metrics::{FeatureSets, NearestReal, memorisation, realism};
use serde_json::json;

use crate::picture::{Frame, pairs};
use crate::source::{Images, Set};
use crate::words::{self, Misuse};

/// Samples in a row.
const SHOWN: usize = 8;
/// Which neighbour sets the ball of a real sample.
const NEIGHBOURS: usize = 3;

/// Writes the report: to one picture, or into a folder with the list of all samples.
pub(crate) fn write(real: &Set, fake: &Set, to: &Path, quiet: bool) -> Result<()> {
    let (Some(real_images), Some(fake_images)) = (&real.images, &fake.images) else {
        return Err(Misuse("--report shows images: --real and --fake have to be folders".into()).into());
    };
    let (Some(real), Some(generated)) = (real.rows(), fake.rows()) else {
        return Err(Misuse("--report needs features of both folders".into()).into());
    };
    let sets = FeatureSets { real, generated };
    let scores = realism(sets, NEIGHBOURS).context("the report")?;
    let nearest = memorisation(sets).context("the report")?.nearest;
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|a, b| scores[*a].total_cmp(&scores[*b]).then(a.cmp(b)));
    let shown = SHOWN.min(order.len());
    let worst = &order[..shown];
    let best: Vec<usize> = order.iter().rev().take(shown).copied().collect();
    let columns = |rows: &[usize]| -> Result<Vec<_>> {
        rows.iter().map(|i| Ok([fake_images.frame(*i)?, real_images.frame(nearest[*i].index)?])).collect()
    };
    let picture = pairs(&[(Frame::Worst, columns(worst)?), (Frame::Best, columns(&best)?)])?;
    if to.extension().is_some_and(|suffix| suffix.eq_ignore_ascii_case("png")) {
        picture.save(to)?;
    } else {
        std::fs::create_dir_all(to).with_context(|| to.display().to_string())?;
        picture.save(&to.join("samples.png"))?;
        let list = list(&order, &scores, &nearest, fake_images, real_images);
        words::write_json(&to.join("samples.json"), &list)?;
    }
    if !quiet {
        words::say(&format!(
            "{}: in red the {shown} least realistic generated images, in green the {shown} most realistic, each above its nearest real image",
            to.display()
        ));
    }
    Ok(())
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
            "generated": fake.path(*i), "realism": scores[*i], "nearest_real": real.path(near.index),
            "distance": near.distance,
        })
    };
    json!({ "schema": 1, "neighbours": NEIGHBOURS, "samples": order.iter().map(entry).collect::<Vec<_>>() })
}
