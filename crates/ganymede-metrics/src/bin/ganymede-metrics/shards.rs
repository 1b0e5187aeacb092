//! `stats` and `merge`: sets that are counted once, or in parts.

use anyhow::{Context, Result};
use ganymede_metrics::{Ddof, FeatureStats, ImageFolder, Provenance, save_npz};

use crate::args::{MergeArgs, StatsArgs};
use crate::choices::{Rules, Wanted};
use crate::source::Reader;
use crate::words::{self, Misuse};
use crate::{Exit, extractor, warnings};

pub(crate) fn stats(args: &StatsArgs) -> Result<Exit> {
    let rules = Rules::new(&args.network);
    let folder = ImageFolder::open(&args.dir)?;
    let none = Wanted { metrics: Vec::new(), by_name: false };
    let network = extractor::load(&args.network, &rules, &none, args.quiet)?;
    let reader =
        Reader { extractor: network.as_ref(), rules: &rules, args: &args.network, quiet: args.quiet };
    let set = reader.read("images", folder)?;
    for warning in set.images.iter().flat_map(|images| warnings::of_one("given", &images.report)) {
        words::say(&format!("warning: {warning}"));
    }
    let mut stats = FeatureStats::new(network.dim())?;
    if args.rows {
        stats = FeatureStats::keeping_rows(network.dim())?;
    }
    stats.push(&set.features.pool)?;
    if args.output.extension().is_some_and(|suffix| suffix.eq_ignore_ascii_case("npz")) {
        // The format has one divisor, whatever the convention.
        save_npz(&args.output, &stats.mean_cov(Ddof::Sample)?)?;
    } else {
        stats.save(&args.output, &reader.provenance())?;
    }
    if !args.quiet {
        words::say(&format!("{}: {} images", args.output.display(), stats.count()));
    }
    Ok(Exit::Done)
}

pub(crate) fn merge(args: &MergeArgs) -> Result<Exit> {
    let mut merged: Option<(FeatureStats, Provenance)> = None;
    for path in &args.inputs {
        let (stats, provenance) = FeatureStats::load(path)?;
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
    stats.save(&args.output, &provenance)?;
    words::say(&format!("{}: {} images", args.output.display(), stats.count()));
    Ok(Exit::Done)
}
