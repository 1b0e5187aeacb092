//! `ganymede sample --style-mixing`

use std::path::Path;

use anyhow::Result;
use ganymede_files::path_text;
use ganymede_tensor::Tensor;
use ganymede_train::{Latents, MixLayers, PictureSheet, ResultFolder, Sampler};
use serde_json::json;

use super::args::{SampleArgs, Table};
use super::{conditions, noise};
use crate::words::{self, Misuse};
use crate::{Exit, interrupt};

pub(super) fn run(args: &SampleArgs, sampler: &Sampler, table: Table) -> Result<Exit> {
    let Table { rows, columns } = table;
    let layers = args.mixing.mix_layers.unwrap_or(MixLayers::Coarse);
    let Some(all) = sampler.layers() else {
        let reason = "--style-mixing: this generator has no mapping network from z to w, as those of kind `stylegan2` \
                      have"
            .to_owned();
        return Err(Misuse(reason).into());
    };
    let chosen = layers.of(all)?;
    let mut sheet = PictureSheet::new(&sampler.sample_shape(), rows + 1, columns + 1)?;
    let w = sources(args, sampler, rows + columns)?;
    let noise = noise(args, sampler)?.map(|mut noise| noise.next_batch(1)).transpose()?.unwrap_or_default();
    let base = args.run_dir.as_deref().unwrap_or(Path::new("."));
    let folder = ResultFolder::make(args.out.as_deref(), base, "style-mixing")?;

    let mix = |row: &Tensor, column: &Tensor| {
        let n = row.dim(0)?;
        let repeated = |noise: &Tensor| {
            let shape: Vec<usize> = (0..noise.rank()).map(|axis| if axis == 0 { n } else { 1 }).collect();
            noise.repeat(shape)
        };
        let noise = noise.iter().map(repeated).collect::<ganymede_tensor::Result<Vec<_>>>()?;
        anyhow::Ok(sampler.mixed(row, column, layers, &noise)?)
    };
    let across = w.narrow(0, rows, columns)?;
    sheet.skip();
    sheet.push(&mix(&across, &across)?)?;
    for row in 0..rows {
        if interrupt::requested() {
            return Ok(Exit::Interrupted);
        }
        let own = w.narrow(0, row, 1)?;
        sheet.push(&mix(&own, &own)?)?;
        sheet.push(&mix(&own.repeat((columns, 1))?, &across)?)?;
    }
    let path = folder.dir().join("style-mixing.png");
    sheet.save(&path)?;
    words::say(&format!(
        "wrote {}: layers {} to {} of {all} are those of the columns",
        path.display(),
        chosen.start,
        chosen.end - 1
    ));
    if args.json {
        let layers = [chosen.start, chosen.end - 1];
        let report =
            json!({ "rows": rows, "columns": columns, "layers": layers, "files": [path_text(&path)] });
        words::result(&report.to_string());
    }
    Ok(Exit::Done)
}

/// The w of the rows, and then of the columns.
fn sources(args: &SampleArgs, sampler: &Sampler, count: usize) -> Result<Tensor> {
    let mut latents = sampler.latents(&match &args.latents {
        Some(path) => Latents::File { path: path.clone(), count: Some(count) },
        None => Latents::Random { count, seed: args.seed },
    })?;
    let mut conditions = conditions(args, sampler)?;
    let mut rows = Vec::new();
    while let Some(z) = latents.next_batch()? {
        let condition = conditions.next_batch(z.dim(0)?)?;
        rows.push(sampler.w(&z, &condition)?);
    }
    Ok(Tensor::cat(&rows, 0)?)
}
