//! `stats` and `merge`: sets that are counted once, or in parts.

use std::collections::BTreeSet;
use std::path::Path;

use crate::{Ddof, FeatureStats, ImageFolder, Provenance, npz_bytes};
use anyhow::{Context, Result};

use super::answer::Exit;
use super::args::{MergeArgs, StatsArgs};
use super::choices::{Rules, Wanted};
use super::source::Reader;
use super::words::{self, Misuse};
use super::{extractor, warnings};

pub(crate) fn stats(args: &StatsArgs) -> Result<Exit> {
    let rules = Rules::new(&args.network.convention, args.network.resize.as_deref());
    let output = words::open(&args.output)?;
    let folder = ImageFolder::open_as(&args.dir, rules.convention)?;
    let network = extractor::load(&args.network, &rules, &Wanted::nothing(), args.quiet)?;
    let reader =
        Reader { extractor: network.as_ref(), rules: &rules, args: &args.network, quiet: args.quiet };
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
    let bytes = if args.output.extension().is_some_and(|suffix| suffix.eq_ignore_ascii_case("npz")) {
        // The format has one divisor, whatever the convention.
        npz_bytes(&stats.mean_cov(Ddof::Sample)?)?
    } else {
        stats.to_bytes(&reader.provenance())?
    };
    output.write(&bytes)?;
    if !args.quiet {
        words::say(&format!("{}: {} images", args.output.display(), stats.count()));
    }
    Ok(Exit::Done)
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
