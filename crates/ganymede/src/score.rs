//! `ganymede score`

use anyhow::Result;
use ganymede_files::path_text;
use ganymede_models::{Network, Role};
use ganymede_tensor::Device;
use ganymede_train::{
    NetworkWeights, RunFolder, ScoreFile, ScoreSummary, ScoredImages, Scorer, Scores, TrainError, Trainer,
    figure,
};
use serde_json::json;

use crate::counter::Counter;
use crate::sample::checkpoint;
use crate::weights::args::ScoreArgs;
use crate::words::{self, Misuse};
use crate::{Exit, interrupt, machine, weights};

/// So many rows are shown one by one.
const FEW: usize = 20;
/// So many files that cannot be used are named.
const NAMED: usize = 5;

pub(crate) fn run(args: &ScoreArgs) -> Result<Exit> {
    machine::start_threads(args.machine.threads.unwrap_or(0))?;
    let device = args.machine.device.open().map_err(TrainError::from)?;
    let scorer = open(args, &device)?;
    let mut images = scorer.images(&args.images)?;
    let labels = scorer.labels(args.labels.as_deref(), images.count())?;
    let out = args.out.as_deref().map(ScoreFile::new).transpose()?;
    interrupt::ask_politely("stopping after these images; no scores are written");
    let mut scores = Scores::default();
    let mut counter = Counter::new(images.count(), "images");
    while let Some(batch) = images.next_batch(args.batch)? {
        if interrupt::requested() {
            return Ok(Exit::Interrupted);
        }
        if !batch.names.is_empty() {
            let judged = scorer.score(&batch, labels.as_deref())?;
            scores.push(batch.names, &judged)?;
        }
        counter.at(images.seen());
    }
    drop(counter);
    tell_skipped(&images);
    let summary = scores.summary().ok_or_else(|| {
        Misuse(format!("{}: none of its {} images can be used", args.images.display(), images.count()))
    })?;
    if let Some(out) = &out {
        out.write(&scores)?;
        words::say(&format!("wrote {} scores into {}", scores.len(), out.path().display()));
    }
    if args.json {
        let mut report = serde_json::to_value(&summary)?;
        report["skipped"] = json!(images.skipped().len());
        report["out"] = json!(out.as_ref().map(|out| path_text(out.path())));
        words::result(&report.to_string());
    } else {
        words::result(&table(&scores, &summary));
    }
    Ok(Exit::Done)
}

fn open(args: &ScoreArgs, device: &Device) -> Result<Scorer> {
    let role = Role::Discriminator;
    if let Some(path) = &args.weights {
        let found = match (&args.foreign.model, NetworkWeights::of_saved(path, device)?) {
            (None, Some(saved)) => saved,
            (None, None) => NetworkWeights::of_checkpoint(path, role, false, device).map_err(|error| {
                let hint = "if these are weights of another program, name the model: --model dcgan";
                Misuse(format!("{error}; {hint}"))
            })?,
            (Some(_), _) => {
                weights::find(path, &args.foreign, role, ScoredImages::side(&args.images), device)?
            }
        };
        if let Network::Discriminator(config) = &found.network
            && let several @ 2.. = config.traits().scores
        {
            let path = path.display();
            words::say(&format!(
                "note: {path}: it gives {several} numbers of an image, of which the mean is shown: scores of so many heads, or features \
                 where it was trained by a loss of features"
            ));
        }
        return Ok(Scorer::new(found, path, device)?);
    }
    let dir = args.run_dir.as_deref().unwrap_or(".".as_ref());
    let path = checkpoint(&RunFolder::open(dir)?, &args.checkpoint)?;
    let loss = Trainer::layers_of(dir)?.resolve()?.loss;
    if loss.of_features().is_some() {
        let shown = dir.display();
        let reason = format!(
            "{shown}: its loss, `{loss}`, compares features, and has its discriminator give features of an image and no score"
        );
        return Err(Misuse(reason).into());
    }
    Ok(Scorer::new(NetworkWeights::of_checkpoint(&path, role, false, device)?, &path, device)?)
}

fn tell_skipped(images: &ScoredImages) {
    let skipped = images.skipped();
    for file in skipped.iter().take(NAMED) {
        words::say(&format!("skipped: {}: {}", file.path.display(), file.reason));
    }
    if skipped.len() > NAMED {
        words::say(&format!("skipped: {} files more", skipped.len() - NAMED));
    }
}

fn table(scores: &Scores, summary: &ScoreSummary) -> String {
    let mut lines = Vec::new();
    if scores.len() <= FEW {
        lines.extend(scores.means().map(|(file, score)| format!("{:>12}  {file}", figure(score, 5))));
    }
    lines.push(format!(
        "{} images: mean {}, standard deviation {}",
        summary.images,
        figure(summary.mean, 5),
        figure(summary.std, 5)
    ));
    let quantiles = summary.quantiles.iter();
    let quantiles = quantiles.map(|(share, score)| format!("{:.0} %: {}", 100.0 * share, figure(*score, 5)));
    lines.push(format!("quantiles: {}", quantiles.collect::<Vec<_>>().join(", ")));
    lines.join("\n")
}
