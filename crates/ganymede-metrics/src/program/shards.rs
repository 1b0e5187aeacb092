//! `stats` and `merge`: sets that are counted once, or in parts.

use std::collections::BTreeSet;
use std::path::Path;

use crate::{AdmBatch, Convention, Ddof, FeatureStats, ImageFolder, Provenance, npz_bytes};
use anyhow::{Context, Result};
use ganymede_files::Output;

use super::answer::Exit;
use super::args::{MergeArgs, StatsArgs};
use super::choices::Rules;
use super::drawn::{Generator, RunSamples};
use super::source::{Reader, Set};
use super::words::{self, Misuse};
use super::{extractor, warnings};

pub(crate) fn stats(args: &StatsArgs, runs: Option<&dyn RunSamples>) -> Result<Exit> {
    let rules = Rules::new(&args.network);
    let output = words::open(&args.output)?;
    words::refuse_overwriting(&output, [&args.dir])?;
    let generator = Generator::open(&args.dir, true, runs)?;
    let given = match generator {
        Some(_) => None,
        None => Some(ImageFolder::open_as(&args.dir, rules.convention)?),
    };
    let is_npz = args.output.extension().is_some_and(|suffix| suffix.eq_ignore_ascii_case("npz"));
    let is_batch = is_npz && rules.convention == Convention::Adm;
    if args.images && !is_batch {
        return Err(Misuse("--images belongs to `--convention adm` and an .npz".into()).into());
    }
    let network = extractor::load(&args.network, &rules, is_batch, args.quiet)?;
    let reader =
        Reader { extractor: network.as_ref(), rules: &rules, args: &args.network, quiet: args.quiet };
    let drawn = generator.map(|generator| generator.draw(&args.network.draw, args.quiet)).transpose()?;
    let folder = given.or(drawn).expect("it is one or the other");
    let set = reader.read("images", folder)?;
    for warning in set.images.iter().flat_map(|images| warnings::of_one("given", images)) {
        words::say(&format!("warning: {warning}"));
    }
    let mut stats = FeatureStats::new(network.dim())?;
    if args.rows {
        stats = FeatureStats::keeping_rows(network.dim())?;
    }
    stats.push(&set.features.pool)?;
    set.images.iter().for_each(|images| stats.add_content(&images.content()));
    if is_batch {
        write_batch(&output, &set, &stats, args.images)?;
    } else if is_npz {
        // The format has one divisor, whatever the convention.
        output.write(&npz_bytes(&stats.mean_cov(Ddof::Sample)?)?)?;
    } else {
        output.write(&stats.to_bytes(&reader.provenance())?)?;
    }
    if !args.quiet {
        words::say(&format!("{}: {} images", args.output.display(), stats.count()));
    }
    Ok(Exit::Done)
}

/// A reference batch of guided-diffusion's evaluator.
fn write_batch(output: &Output, set: &Set, stats: &FeatureStats, with_images: bool) -> Result<()> {
    let pool = stats.mean_cov(Ddof::Sample)?;
    let spatial = match &set.features.spatial {
        Some(rows) => {
            let mut stats = FeatureStats::new(rows.ncols())?;
            stats.push(rows)?;
            Some(stats.mean_cov(Ddof::Sample)?)
        }
        None => {
            let what = "the extractor has no spatial features, so that it gets no `mu_s` and `sigma_s`";
            words::say(&format!("note: {}: {what}", output.path().display()));
            None
        }
    };
    let images = set.images.as_ref().filter(|_| with_images);
    let images = images.map(|images| (&images.folder, images.files.as_slice()));
    let batch = AdmBatch { pool: &pool, spatial: spatial.as_ref(), images };
    Ok(output.write_with(|out| batch.write(out))?)
}

pub(crate) fn merge(args: &MergeArgs) -> Result<Exit> {
    let output = words::open(&args.output)?;
    words::refuse_overwriting(&output, &args.inputs)?;
    let mut merged: Option<(FeatureStats, Provenance)> = None;
    let mut counted: Vec<(&Path, BTreeSet<String>)> = Vec::new();
    for path in &args.inputs {
        let (stats, provenance) = FeatureStats::load(path)?;
        let contents = stats.contents();
        if let Some((first, _)) = counted.iter().find(|(_, known)| !known.is_disjoint(&contents)) {
            return Err(Misuse(format!(
                "{}: it counts the same images as {}, which would be in the result twice; leave one of them out",
                path.display(),
                first.display()
            ))
            .into());
        }
        counted.push((path, contents));
        let Some((so_far, first)) = &mut merged else {
            merged = Some((stats, provenance));
            continue;
        };
        Provenance::comparable(first, &provenance).map_err(|differences| {
            let all: Vec<String> = differences.iter().map(ToString::to_string).collect();
            Misuse(format!(
                "{}: not made like {}: {}",
                path.display(),
                args.inputs[0].display(),
                all.join("; ")
            ))
        })?;
        so_far.merge(&stats).with_context(|| path.display().to_string())?;
    }
    // clap demands one.
    let Some((stats, provenance)) = merged else {
        return Err(Misuse("give statistics to merge".into()).into());
    };
    output.write(&stats.to_bytes(&provenance)?)?;
    words::say(&format!("{}: {} images", args.output.display(), stats.count()));
    Ok(Exit::Done)
}
