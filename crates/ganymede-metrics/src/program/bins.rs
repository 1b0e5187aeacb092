//! The bins of real images (NDB/K) in which there are too few or too many generated ones, as a picture and a list.

use std::path::Path;

use crate::{Bins, FeatureSets, MetricError};
use anyhow::Result;
use ganymede_files::{Output, encode_drawing};
use serde_json::{Value, json};

use super::picture::{Frame, Pair, pairs};
use super::source::Images;
use super::words;

/// Images of a bin, and bins, that are shown.
const SHOWN: usize = 8;

/// Where they go. Tried before the work.
pub(crate) struct BinsReport {
    picture: Output,
    list: Output,
}

impl BinsReport {
    pub(crate) fn new(folder: &Path) -> Result<Self> {
        Ok(Self {
            picture: Output::new(&folder.join("bins.png"))?,
            list: Output::new(&folder.join("bins.json"))?,
        })
    }

    /// Bins of the features, where the measure `ndb` of images is of pixels: images of a bin look alike to the network.
    pub(crate) fn write(
        &self,
        sets: FeatureSets<'_>,
        [real, fake]: [&Images; 2],
        seed: u64,
        quiet: bool,
    ) -> Result<()> {
        let bins = match Bins::new(sets.real, seed) {
            Err(MetricError::Unfit(reason)) => {
                words::say(&format!("note: no picture of bins: {reason}"));
                return Ok(());
            }
            bins => bins?,
        };
        let (found, of_real) = (bins.compare(sets.generated)?, bins.labels(sets.real)?);
        let mut different: Vec<usize> = (0..bins.len()).filter(|at| found.bins[*at].differs).collect();
        different.sort_by(|a, b| found.bins[*b].z.abs().total_cmp(&found.bins[*a].z.abs()).then(a.cmp(b)));
        let block = |at: &usize| -> Result<(Frame, Vec<Pair>)> {
            let frame = if found.bins[*at].z > 0.0 { Frame::Missing } else { Frame::Swollen };
            Ok((frame, columns([real, fake], [&of_real, &found.labels], *at)?))
        };
        let blocks = different.iter().take(SHOWN).map(block).collect::<Result<Vec<_>>>()?;
        self.picture.write(&encode_drawing(&pairs(&blocks)?)?)?;
        let name = |image: usize, set: &Images| ganymede_files::path_text(set.path(image));
        let entry = |at: &usize| {
            let (bin, images) = (found.bins[*at], |labels: &[usize]| in_bin(labels, *at));
            json!({
                "bin": at, "is": if bin.z > 0.0 { "missing" } else { "swollen" }, "real": bin.real,
                "generated": bin.generated, "z": bin.z,
                "real_images": images(&of_real).iter().map(|i| name(*i, real)).collect::<Vec<_>>(),
                "generated_images": images(&found.labels).iter().map(|i| name(*i, fake)).collect::<Vec<_>>(),
            })
        };
        let all: Vec<Value> = different.iter().map(entry).collect();
        words::write_json(
            &self.list,
            &json!({ "schema": 1, "bins": bins.len(), "share": found.share, "different": all }),
        )?;
        if !quiet {
            words::say(&format!(
                "bins.png: {} of {} bins differ; of the first {}, in blue those with too few generated images, in amber those with too many: real images above, generated ones below",
                different.len(),
                bins.len(),
                blocks.len()
            ));
        }
        Ok(())
    }
}

/// The first real images of a bin above its first generated ones.
fn columns([real, fake]: [&Images; 2], [of_real, of_fake]: [&[usize]; 2], bin: usize) -> Result<Vec<Pair>> {
    let (upper, lower) = (in_bin(of_real, bin), in_bin(of_fake, bin));
    let frame = |set: &Images, rows: &[usize], at: usize| rows.get(at).map(|row| set.frame(*row)).transpose();
    let count = SHOWN.min(upper.len().max(lower.len()));
    (0..count).map(|at| Ok([frame(real, &upper, at)?, frame(fake, &lower, at)?])).collect()
}

/// Which samples are in a bin.
fn in_bin(labels: &[usize], bin: usize) -> Vec<usize> {
    (0..labels.len()).filter(|row| labels[*row] == bin).collect()
}
