//! `rank --real R --fake A B C`

use std::path::{Path, PathBuf};

use anyhow::Result;
use ganymede_files::path_text;
use ganymede_tensor::Rng;
use serde_json::{Map, Value, json};

use crate::rank::Part;
use crate::{Comparison, Estimate, Jackknife, Measure, MetricError, Need, Pair, Ranking, SampleSet, rank};

use super::answer::{Exit, Json};
use super::args::RankArgs;
use super::choices::{Rules, Wanted};
use super::drawn::RunSamples;
use super::evaluate::common_provenance;
use super::measure::samples;
use super::progress::Progress;
use super::sets::{Asked, Means, Sets};
use super::source::Set;
use super::table::number;
use super::warnings;
use super::words::{self, Misuse};

/// What is compared where nobody says what.
const USUAL: &[&str] = &["fid"];

pub(crate) fn run(args: &RankArgs, runs: Option<&dyn RunSamples>, json: &Json) -> Result<Exit> {
    let wanted = Wanted::new(&args.common.metrics, USUAL)?;
    let rules = Rules::new(&args.network);
    let name =
        |path: &Path| path.file_name().map_or("images".into(), |name| name.to_string_lossy().into_owned());
    let mut asked = vec![Asked::real("real", &args.real)];
    asked.extend(args.fake.iter().map(|path| Asked::generated(name(path), path)));
    let means = Means { rules: &rules, args: &args.network, runs, quiet: args.common.quiet };
    let sets = Sets::open(asked, means)?.read(wanted.needs(Need::Spatial))?;
    let (real, fakes) = sets.split_first().expect("clap demands them");
    let mut odd: Vec<String> = Vec::new();
    for fake in fakes {
        // Sets that were made in different ways are refused, and what is odd about them is said once.
        common_provenance(real, fake, &rules)?;
        odd.extend(warnings::of(real, fake, &wanted));
    }
    for (at, warning) in odd.iter().enumerate() {
        if !odd[..at].contains(warning) {
            words::say(&format!("warning: {warning}"));
        }
    }
    let provenance = common_provenance(real, &fakes[0], &rules)?;
    let cut = alike(fakes, args.common.seed)?;
    let generated: Vec<SampleSet<'_>> = fakes
        .iter()
        .zip(&cut)
        .map(|(set, cut)| cut.as_ref().map_or_else(|| samples(set), Part::set))
        .collect();
    let of = Comparison {
        real: samples(real),
        generated: SampleSet::default(),
        unseen: None,
        extractor: &provenance.extractor,
        choices: &rules.choices,
        seed: args.common.seed,
        passes: None,
    };
    let jackknife = Jackknife::new(args.groups)?;
    let total = wanted.measures.len() * fakes.len() * (2 * args.groups + 1);
    let mut progress = Progress::new(args.common.quiet, "comparing", "measurements", total as u64);
    let (mut at, mut found, mut failed) = (0, Vec::new(), Vec::new());
    for measure in &wanted.measures {
        let mut done = || {
            at += 1;
            progress.at(at);
        };
        match rank(measure, &of, &generated, jackknife, &mut done) {
            Ok(rankings) => found.push((*measure, rankings)),
            Err(error) => {
                let is_failure = wanted.by_name || !matches!(error, MetricError::Unfit(_));
                failed.push((*measure, error.to_string(), is_failure));
            }
        }
    }
    drop(progress);
    Answer { args, found, failed }.tell(json)
}

/// As many samples of each set as the smallest has, drawn by `seed`; nothing where that is all of them.
fn alike(fakes: &[Set], seed: u64) -> Result<Vec<Option<Part<'_>>>> {
    let mut counts = Vec::new();
    for set in fakes {
        let rows = set.rows().map(|rows| rows.nrows()).ok_or_else(|| {
            let path = set.path.display();
            Misuse(format!("{path}: it has no features of single images; give the folder, or `stats --rows`"))
        })?;
        counts.push(rows);
    }
    let least = counts.iter().copied().min().unwrap_or(0);
    let cut = |(set, count): (&Set, &usize)| {
        if *count == least {
            return None;
        }
        words::say(&format!(
            "note: {}: {least} of {count} samples, as many as the smallest set has",
            set.path.display()
        ));
        let mut kept = Rng::stream(seed, "rank/cut").permutation(*count);
        kept.truncate(least);
        Some(Part::of(&samples(set), &kept))
    };
    Ok(fakes.iter().zip(&counts).map(cut).collect())
}

struct Answer<'a> {
    args: &'a RankArgs,
    found: Vec<(&'static Measure, Vec<Ranking>)>,
    failed: Vec<(&'static Measure, String, bool)>,
}

impl Answer<'_> {
    fn tell(&self, json: &Json) -> Result<Exit> {
        for (measure, reason, is_failure) in &self.failed {
            let how = if *is_failure { "error" } else { "not measured" };
            words::say(&format!("{how}: {}: {reason}", measure.name));
        }
        let is_failure = self.found.is_empty() || self.failed.iter().any(|(_, _, failure)| *failure);
        let exit = if is_failure { Exit::Failed } else { Exit::Done };
        let shown = match self.args.common.quiet || self.found.is_empty() {
            true => Ok(()),
            false => words::result(&self.text()),
        };
        json.write(|| self.object(exit))?;
        shown.map(|()| exit)
    }

    fn names(&self) -> Vec<String> {
        self.args.fake.iter().map(|path| path.display().to_string()).collect()
    }

    fn text(&self) -> String {
        let names = self.names();
        let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        let mut lines = Vec::new();
        for (measure, rankings) in &self.found {
            for ranking in rankings {
                let scale = ranking.kind.scale;
                let name = if measure.values.len() == 1 { "" } else { ranking.kind.name };
                let factor = if scale == 1.0 { String::new() } else { format!(" × {scale}") };
                let better = ranking.kind.better.words();
                lines.push(format!("{} {name}{factor} (better: {better})", measure.name).replace("  ", " "));
                for (name, estimate) in names.iter().zip(&ranking.generators) {
                    lines.push(format!("  {name:<width$}  {}", interval(estimate, scale)));
                }
                for pair in &ranking.pairs {
                    lines.push(format!("  {}", verdict(pair, &names, scale)));
                }
                lines.push(String::new());
            }
        }
        lines.push(format!(
            "Intervals hold the value with 95 % ({} groups left out in turn); differences are against the same real images.",
            self.args.groups
        ));
        lines.join("\n")
    }

    fn object(&self, exit: Exit) -> Value {
        let names: Vec<String> = self.args.fake.iter().map(|path| path_text(path)).collect();
        let of = |(measure, rankings): &(&'static Measure, Vec<Ranking>)| {
            let values: Map<String, Value> =
                rankings.iter().map(|r| (r.kind.name.to_owned(), json!(r))).collect();
            (measure.name.to_owned(), Value::Object(values))
        };
        let reasons = self.failed.iter().map(|(measure, reason, _)| (measure.name.to_owned(), json!(reason)));
        json!({
            "schema": 1,
            "outcome": if exit == Exit::Done { "done" } else { "failed" },
            "generators": names,
            "groups": self.args.groups,
            "ranking": self.found.iter().map(of).collect::<Map<_, _>>(),
            "not_measured": reasons.collect::<Map<_, _>>(),
            "exit_status": exit as u8,
        })
    }
}

fn interval(estimate: &Estimate, scale: f64) -> String {
    let [value, low, high] = [estimate.value, estimate.low, estimate.high].map(|x| number(scale * x));
    format!("{value:>10}  ({low} to {high})")
}

fn verdict(pair: &Pair, names: &[String], scale: f64) -> String {
    let difference = interval(&pair.difference, scale);
    let difference = difference.trim_start();
    match pair.better {
        Some(better) => {
            let worse = pair.first + pair.second - better;
            format!("{} is better than {}: they differ by {difference}", names[better], names[worse])
        }
        None => {
            format!("{} and {} cannot be told apart: {difference}", names[pair.first], names[pair.second])
        }
    }
}

/// What is read, as opposed to folders.
pub(crate) fn inputs(args: &RankArgs) -> Vec<&PathBuf> {
    std::iter::once(&args.real).chain(&args.fake).filter(|path| Path::new(path).is_file()).collect()
}
