//! Two sets in, numbers out.

use std::path::PathBuf;

use crate::{
    Comparison, Estimate, Jackknife, Measure, MetricError, Need, Passes, Provenance, Rows, SampleSet, rank,
};
use anyhow::Result;
use ganymede_files::path_text;
use serde_json::{Map, Value, json};

use super::answer::{Exit, Json};
use super::args::{CommonArgs, EvaluateArgs, FeaturesArgs};
use super::choices::{Rules, USUAL, USUAL_OF_FEATURES, Wanted};
use super::drawn::RunSamples;
use super::measure::{Measured, samples, take};
use super::progress::Progress;
use super::report::Report;
use super::sets::{Asked, Means, Sets};
use super::source::{Set, Source};
use super::words::{self, Misuse};
use super::{classes, table, warnings};

/// Groups of samples that are left out in turn for an interval.
const GROUPS: usize = 10;

/// `--real` and `--fake`.
pub(crate) fn run(args: &EvaluateArgs, runs: Option<&dyn RunSamples>, json: &Json) -> Result<Exit> {
    // clap demands both.
    let (Some(real), Some(fake)) = (&args.real, &args.fake) else {
        return Err(Misuse("give --real and --fake".into()).into());
    };
    let wanted = Wanted::new(&args.common.metrics, USUAL)?;
    let report = args.report.as_deref().map(Report::new).transpose()?;
    let rules = Rules::new(&args.network);
    let mut asked = vec![Asked::real("real", real), Asked::generated("generated", fake)];
    asked.extend(args.unseen.as_deref().map(|path| Asked::real("unseen", path)));
    let means = Means { rules: &rules, args: &args.network, runs, quiet: args.common.quiet };
    let sets = Sets::open(asked, means)?;
    if report.is_some() && !(sets.has_images(0) && sets.has_images(1)) {
        return Err(Misuse("--report shows images: --real and --fake have to be folders".into()).into());
    }
    let sets = sets.read(wanted.needs(Need::Spatial))?;
    let [real, fake, unseen @ ..] = sets.as_slice() else { unreachable!("two at least were asked for") };
    let mut findings = measure([real, fake], unseen.first(), &rules, &wanted, &args.common)?;
    if let Some(report) = &report
        && let Err(error) = report.write(real, fake, args.common.seed, args.common.quiet)
    {
        findings.report_error = Some(words::told(&error));
    }
    findings.tell(&args.common, json)
}

/// `features REAL FAKE`.
pub(crate) fn features(args: &FeaturesArgs, json: &Json) -> Result<Exit> {
    let wanted = Wanted::new(&args.common.metrics, USUAL_OF_FEATURES)?;
    let real = Set::of_file(&args.real, Source::rows(&args.real)?)?;
    let fake = Set::of_file(&args.fake, Source::rows(&args.fake)?)?;
    let of_file = |path: &PathBuf| Set::of_file(path, Source::rows(path)?);
    let unseen = args.unseen.as_ref().map(of_file).transpose()?;
    measure([&real, &fake], unseen.as_ref(), &Rules::ours(), &wanted, &args.common)?.tell(&args.common, json)
}

/// What was found of two sets.
struct Findings<'a> {
    real: &'a Set,
    fake: &'a Set,
    provenance: Provenance,
    warnings: Vec<String>,
    done: Vec<Measured>,
    /// Measures that could not be taken, why, and whether that is a failure.
    failed: Vec<(&'static Measure, String, bool)>,
    report_error: Option<String>,
}

fn measure<'a>(
    [real, fake]: [&'a Set; 2],
    unseen: Option<&Set>,
    rules: &Rules,
    wanted: &Wanted,
    args: &CommonArgs,
) -> Result<Findings<'a>> {
    let provenance = common_provenance(real, fake, rules)?;
    let unseen = unseen.map(|set| unseen_rows(real, set)).transpose()?;
    let warnings = warnings::of(real, fake, wanted);
    warnings.iter().for_each(|warning| words::say(&format!("warning: {warning}")));
    let passes = Passes::new(&wanted.measures);
    let labels = classes::by_folder([real, fake]);
    let labels = |set: usize| labels.as_ref().map(|labels| labels[set].as_slice());
    let comparison = Comparison {
        real: SampleSet { labels: labels(0), ..samples(real) },
        generated: SampleSet { labels: labels(1), ..samples(fake) },
        unseen,
        extractor: &provenance.extractor,
        choices: &rules.choices,
        seed: args.seed,
        passes: Some(&passes),
    };
    let (mut done, mut failed) = (Vec::new(), Vec::new());
    let total = wanted.measures.len() as u64;
    let mut progress = args.intervals.then(|| Progress::new(args.quiet, "intervals", "measures", total));
    for measure in &wanted.measures {
        match take(measure, &comparison, [real, fake]) {
            Ok(mut measured) => {
                if let Some(progress) = &mut progress {
                    progress.at(done.len() as u64);
                    measured.intervals = intervals(measure, &comparison)?;
                }
                done.push(measured);
            }
            Err(error) => {
                let unfit = matches!(error.downcast_ref(), Some(MetricError::Unfit(_)));
                failed.push((*measure, words::told(&error), wanted.by_name || !unfit));
            }
        }
    }
    Ok(Findings { real, fake, provenance, warnings, done, failed, report_error: None })
}

/// The features of `--unseen`, which have to be like those of the real set.
fn unseen_rows<'a>(real: &Set, unseen: &'a Set) -> Result<Rows<'a>> {
    if let (Some(a), Some(b)) = (&real.provenance, &unseen.provenance) {
        same_features(["real", "unseen"], a, b)?;
    }
    let path = unseen.path.display();
    let rows = match (&unseen.wide, unseen.rows()) {
        (Some(wide), _) => Rows::from(wide),
        (None, Some(rows)) => Rows::from(rows),
        (None, None) => {
            let way = "give the folder, or count it with `stats --rows`";
            return Err(Misuse(format!("--unseen {path}: it has no features of each image: {way}")).into());
        }
    };
    match real.width() {
        Some(width) if width != rows.dim() => {
            let (path, real, dim) = (unseen.path.display(), real.path.display(), rows.dim());
            let words = format!("--unseen {path}: {dim} features an image, but {real} has {width}");
            Err(Misuse(words).into())
        }
        _ => Ok(rows),
    }
}

/// Where the values of a measure lie; nothing where it is not of single samples.
fn intervals(measure: &'static Measure, of: &Comparison<'_>) -> Result<Vec<Estimate>> {
    let jackknife = Jackknife::new(GROUPS)?;
    match rank(measure, of, &[of.generated], jackknife, &mut || ()) {
        Ok(rankings) => Ok(rankings.iter().map(|ranking| ranking.generators[0]).collect()),
        Err(MetricError::Unfit(_)) => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

impl Findings<'_> {
    /// Says what was found, to people and as JSON: neither is lost where the other cannot be written.
    fn tell(&self, args: &CommonArgs, json: &Json) -> Result<Exit> {
        for (measure, reason, is_failure) in &self.failed {
            let how = if *is_failure { "error" } else { "not measured" };
            words::say(&format!("{how}: {}: {reason}", measure.name));
        }
        if let Some(reason) = &self.report_error {
            words::say(&format!("error: --report: {reason}"));
        }
        if self.done.is_empty() {
            words::say("error: nothing could be measured");
        }
        let a_failure = self.failed.iter().any(|(_, _, failure)| *failure);
        let is_failure = a_failure || self.report_error.is_some() || self.done.is_empty();
        let exit = if is_failure { Exit::Failed } else { Exit::Done };
        let shown = if args.quiet { Ok(()) } else { words::result(&self.table(args.seed)) };
        json.write(|| self.object(args.seed, exit))?;
        shown.map(|()| exit)
    }

    fn table(&self, seed: u64) -> String {
        table::text(self.real, self.fake, &self.provenance, &self.done, seed)
    }

    fn object(&self, seed: u64, exit: Exit) -> Value {
        let mut object = json!({
            "schema": 1,
            "outcome": if exit == Exit::Done { "done" } else { "failed" },
            "results": results(&self.done, &self.provenance, seed),
            "real": summary(self.real),
            "fake": summary(self.fake),
            "warnings": self.warnings,
            "exit_status": exit as u8,
        });
        let reasons = self.failed.iter().map(|(m, reason, _)| (m.name.to_owned(), json!(reason)));
        object["not_measured"] = Value::Object(reasons.collect());
        if let Some(reason) = &self.report_error {
            object["report_error"] = json!(reason);
        }
        object
    }
}

/// Where numbers of both sets come from; an error where the two were not made alike.
pub(crate) fn common_provenance(real: &Set, fake: &Set, rules: &Rules) -> Result<Provenance> {
    let mut provenance = match (&real.provenance, &fake.provenance) {
        (Some(a), Some(b)) => {
            same_features(["real", "generated"], a, b)?;
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

fn same_features([one, other]: [&str; 2], real: &Provenance, fake: &Provenance) -> Result<()> {
    // Of the sets themselves only what their features depend on has to agree.
    let bare = |p: &Provenance| {
        let mut bare = Provenance::new(&p.extractor, &p.weights_sha256, p.convention);
        bare.resize = p.resize;
        bare
    };
    Provenance::comparable(&bare(real), &bare(fake)).map_err(|differences| {
        let all: Vec<String> = differences.iter().map(ToString::to_string).collect();
        Misuse(format!(
            "the two sets were not made alike ({one} against {other}): {}; count one of them again",
            all.join("; ")
        ))
        .into()
    })
}

fn results(done: &[Measured], common: &Provenance, seed: u64) -> Value {
    let ddof = common.convention.choices().ddof;
    let entry = |measured: &Measured| {
        let (name, provenance) = (measured.measure.name, measured.provenance(common, ddof, seed));
        let mut value = Map::from_iter([("name".into(), json!(measured.id(common, ddof, seed)))]);
        value.extend(measured.taken.json());
        if !measured.intervals.is_empty() {
            let names = measured.taken.values.iter().map(|reading| reading.kind.name.to_owned());
            let all = names.zip(&measured.intervals).map(|(name, found)| (name, json!(found)));
            value.insert("intervals".into(), Value::Object(all.collect()));
        }
        value.insert("provenance".into(), json!(provenance));
        (name.to_owned(), Value::Object(value))
    };
    Value::Object(done.iter().map(entry).collect::<Map<_, _>>())
}

fn summary(set: &Set) -> Value {
    let mut value = json!({ "path": path_text(&set.path), "kind": set.kind, "count": set.count });
    if let Some(drawn) = &set.drawn {
        value["drawn"] = json!(drawn);
    }
    if let Some(images) = &set.images {
        let report = &images.report;
        let sizes = report.sizes.iter().map(|((w, h), n)| (format!("{w}x{h}"), Value::from(*n)));
        value["sizes"] = Value::Object(sizes.collect());
        value["formats"] = json!(report.formats);
        value["grey"] = json!(report.grey);
        value["transparent"] = json!(report.transparent);
        value["left_out"] = json!(images.folder.left_out().len());
        value["duplicates"] = json!(report.duplicates.len());
        let skipped = report.skipped.iter();
        let skipped = skipped.map(|file| json!({ "path": path_text(&file.path), "reason": file.reason }));
        value["skipped"] = skipped.collect();
    }
    value
}
