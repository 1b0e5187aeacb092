//! Two sets in, numbers out.

use std::path::Path;

use anyhow::Result;
use ganymede_metrics::{Ddof, Provenance};
use serde_json::{Map, Value, json};

use crate::args::{CommonArgs, EvaluateArgs, FeaturesArgs};
use crate::choices::{Metric, Rules, Wanted};
use crate::measure::{Bench, Measured, NotPossible};
use crate::source::{Reader, Set, Source};
use crate::words::{self, Misuse};
use crate::{Exit, extractor, report, table, warnings};

/// `--real` and `--fake`.
pub(crate) fn run(args: &EvaluateArgs) -> Result<Exit> {
    // clap demands both.
    let (Some(real), Some(fake)) = (&args.real, &args.fake) else {
        return Err(Misuse("give --real and --fake".into()).into());
    };
    let (rules, wanted) = (Rules::new(&args.network), Wanted::new(&args.common.metrics));
    let sources = (Source::open(real)?, Source::open(fake)?);
    let folders = [&sources.0, &sources.1].iter().filter(|s| matches!(s, Source::Folder(_))).count();
    let network = match folders {
        0 => None,
        _ => Some(extractor::load(&args.network, &rules, &wanted, args.common.quiet)?),
    };
    let read = |what: &str, path: &Path, source: Source| match (source, &network) {
        (Source::Folder(folder), Some(network)) => {
            let (rules, args_network, quiet) = (&rules, &args.network, args.common.quiet);
            Reader { extractor: network.as_ref(), rules, args: args_network, quiet }.read(what, folder)
        }
        (source, _) => Set::of_file(path, source),
    };
    let (real, fake) = (read("real", real, sources.0)?, read("generated", fake, sources.1)?);
    let exit = measure_and_tell(&real, &fake, &rules, &wanted, &args.common)?;
    if let Some(path) = &args.report {
        report::write(&real, &fake, path, args.common.quiet)?;
    }
    Ok(exit)
}

/// `features REAL FAKE`.
pub(crate) fn features(args: &FeaturesArgs) -> Result<Exit> {
    let wanted = if args.common.metrics.is_empty() {
        Wanted { metrics: vec![Metric::Fid, Metric::Kid, Metric::Prdc, Metric::Mind], by_name: false }
    } else {
        Wanted::new(&args.common.metrics)
    };
    let real = Set::of_file(&args.real, Source::rows(&args.real)?)?;
    let fake = Set::of_file(&args.fake, Source::rows(&args.fake)?)?;
    measure_and_tell(&real, &fake, &Rules::ours(), &wanted, &args.common)
}

fn measure_and_tell(
    real: &Set,
    fake: &Set,
    rules: &Rules,
    wanted: &Wanted,
    args: &CommonArgs,
) -> Result<Exit> {
    let provenance = common_provenance(real, fake, rules)?;
    let warnings = warnings::of(real, fake, wanted);
    warnings.iter().for_each(|warning| words::say(&format!("warning: {warning}")));
    let bench = Bench { real, fake, rules, seed: args.seed, extractor: &provenance.extractor };
    let (mut done, mut failed) = (Vec::new(), Vec::new());
    for metric in &wanted.metrics {
        match bench.take(*metric) {
            Ok(measured) => done.push(measured),
            Err(error) => failed.push((*metric, error)),
        }
    }
    let skipped = |error: &anyhow::Error| error.is::<NotPossible>() && !wanted.by_name;
    for (metric, error) in &failed {
        let how = if skipped(error) { "not measured" } else { "error" };
        words::say(&format!("{how}: {}: {error:#}", metric.name()));
    }
    if !args.quiet {
        table::print(real, fake, &provenance, &done, args.seed);
    }
    let exit = if failed.iter().all(|(_, error)| skipped(error)) { Exit::Done } else { Exit::Failed };
    if let Some(to) = &args.json {
        let mut object = json!({
            "schema": 1,
            "outcome": if exit == Exit::Done { "done" } else { "failed" },
            "results": results(&done, &provenance, args.seed),
            "real": summary(real),
            "fake": summary(fake),
            "warnings": warnings,
            "exit_status": exit as u8,
        });
        let reasons = failed.iter().map(|(m, e)| (m.name().to_owned(), Value::from(format!("{e:#}"))));
        object["not_measured"] = Value::Object(reasons.collect());
        words::write_json(to, &object)?;
    }
    Ok(exit)
}

/// Where numbers of both sets come from; an error where the two were not made alike.
fn common_provenance(real: &Set, fake: &Set, rules: &Rules) -> Result<Provenance> {
    let mut provenance = match (&real.provenance, &fake.provenance) {
        (Some(a), Some(b)) => {
            same_features(a, b)?;
            b.clone()
        }
        (Some(one), None) | (None, Some(one)) => one.clone(),
        (None, None) => Provenance::new("features", "", rules.convention),
    };
    if let (None, None) = (&real.provenance, &fake.provenance)
        && real.foreign.is_some()
    {
        provenance.extractor = "unknown".into();
    }
    provenance.convention = rules.convention;
    (provenance.real, provenance.fake) = (real.count, fake.count);
    Ok(provenance)
}

fn same_features(real: &Provenance, fake: &Provenance) -> Result<()> {
    // Of the sets themselves only what their features depend on has to agree.
    let bare = |p: &Provenance| {
        let mut bare = Provenance::new(&p.extractor, &p.weights_sha256, p.convention);
        bare.resize = p.resize;
        bare
    };
    Provenance::comparable(&bare(real), &bare(fake)).map_err(|differences| {
        let all: Vec<String> = differences.iter().map(ToString::to_string).collect();
        Misuse(format!(
            "the two sets were not made alike (real against generated): {}; count one of them again",
            all.join("; ")
        ))
        .into()
    })
}

/// The provenance of one measure: divisor and seed only where they matter.
pub(crate) fn provenance_of(metric: Metric, common: &Provenance, ddof: Ddof, seed: u64) -> Provenance {
    let mut provenance = common.clone();
    provenance.ddof = metric.has_covariance().then_some(ddof);
    provenance.seed = metric.is_random().then_some(seed);
    if metric.of_pixels() {
        provenance.extractor = "pixels".into();
        provenance.weights_sha256 = String::new();
        provenance.resize = None;
    }
    provenance
}

fn results(done: &[Measured], common: &Provenance, seed: u64) -> Value {
    let ddof = common.convention.choices().ddof;
    let entry = |measured: &Measured| {
        let provenance = provenance_of(measured.metric, common, ddof, seed);
        let mut value = json!({ "name": provenance.id(measured.metric.name()) });
        if let (Value::Object(all), Value::Object(own)) = (&mut value, measured.json.clone()) {
            all.extend(own);
            all.insert("provenance".into(), json!(provenance));
        }
        (measured.metric.name().to_owned(), value)
    };
    Value::Object(done.iter().map(entry).collect::<Map<_, _>>())
}

fn summary(set: &Set) -> Value {
    let mut value = json!({ "path": set.path, "kind": set.kind, "count": set.count });
    if let Some(images) = &set.images {
        let report = &images.report;
        let sizes = report.sizes.iter().map(|((w, h), n)| (format!("{w}x{h}"), Value::from(*n)));
        value["sizes"] = Value::Object(sizes.collect());
        value["formats"] = json!(report.formats);
        value["grey"] = json!(report.grey);
        value["transparent"] = json!(report.transparent);
        value["duplicates"] = json!(report.duplicates.len());
        value["skipped"] = json!(report.skipped);
    }
    value
}
