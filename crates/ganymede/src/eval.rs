//! `ganymede eval`

pub(crate) mod ppl;

use anyhow::Result;
use ganymede_files::{name_of_path, path_text};
use ganymede_metrics::find_extractor;
use ganymede_train::{
    EvalConfig, EvalOptions, Evaluation, Layers, Quality, Run, RunFolder, TrainError, Trainer, evaluate,
    figure,
};
use serde_json::{Value, json};

use crate::args::EvalArgs;
use crate::sample::checkpoints;
use crate::words::{self, Misuse};
use crate::{Exit, machine};

pub(crate) fn run(args: &EvalArgs) -> Result<Exit> {
    if let Some(space) = args.path_length.ppl {
        return ppl::run(args, space);
    }
    let run = configure(args)?;
    let config: &EvalConfig = run.eval.as_ref().ok_or_else(|| {
        Misuse(
            "this run measures nothing by itself: name a network, such as --extractor inception2015".into(),
        )
    })?;
    machine::start_threads(args.machine.threads.unwrap_or(run.threads))?;
    let device = args.machine.device.open().map_err(TrainError::from)?;
    let folder = RunFolder::open(&args.run_dir)?;
    let paths = checkpoints(&folder, &args.checkpoint)?;
    let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
    words::say(&format!("measuring {} samples of {} ...", config.samples, names.join(", ")));
    let options = EvalOptions {
        config,
        weights: args.weights.as_deref(),
        device: &device,
        folder: &folder,
        other_data: args.data.is_some(),
        refinement: args.refine.refinement()?,
    };
    let Evaluation { quality, data_hash, data_as_trained, .. } = evaluate(&run, &paths, options)?;
    if !data_as_trained {
        let data = &run.data.name;
        words::say(&format!("note: measured against {data}, which are not the data that it was trained on"));
    }
    for left in &quality.left_out {
        words::say(&format!("left out: {}: {}", left.measure, left.reason));
    }
    if args.json {
        let mut report = serde_json::to_value(&quality)?;
        report["data"] =
            json!({ "name": run.data.name, "content_hash": data_hash, "as_trained": data_as_trained });
        report["checkpoint"] = match &paths[..] {
            [one] => json!(path_text(one)),
            several => several.iter().map(|path| path_text(path)).collect(),
        };
        words::result(&report.to_string());
    } else {
        words::result(&table(&quality));
    }
    // What was named and could not be had is a failure, though all else is there.
    let lacking = !args.metrics.is_empty() && !quality.left_out.is_empty();
    Ok(if lacking { Exit::Failed } else { Exit::Done })
}

/// The run, with the flags laid over its section `[eval]`.
fn configure(args: &EvalArgs) -> Result<Run> {
    let mut layers = Trainer::layers_of(&args.run_dir)?;
    let quoted = |text: &str| Value::from(text).to_string();
    let mut metrics: Vec<String> = args.metrics.iter().map(|name| quoted(name)).collect();
    if let (Some(extractor), true) = (&args.extractor, metrics.is_empty()) {
        metrics = fitting_metrics(&layers, extractor)?;
    }
    let flags = [
        args.data.as_deref().map(|data| format!("data.name={}", quoted(&name_of_path(data)))),
        args.extractor.as_deref().map(|name| format!("eval.extractor={}", quoted(name))),
        args.num.map(|num| format!("eval.samples={num}")),
        args.standing_statistics.map(|passes| format!("eval.standing_statistics={passes}")),
        (!metrics.is_empty()).then(|| format!("eval.metrics=[{}]", metrics.join(","))),
    ];
    layers.set(&flags.into_iter().flatten().collect::<Vec<_>>())?;
    Ok(layers.resolve()?)
}

/// What to measure by this extractor, where the run's own measures are of pixels and it is a network, or the other way
/// round; else nothing.
pub(crate) fn fitting_metrics(layers: &Layers, extractor: &str) -> Result<Vec<String>> {
    let own = layers.resolve()?.eval.map(|eval| eval.extractor.is_network());
    let Ok(named) = find_extractor(extractor).map(|kind| kind.is_network()) else { return Ok(Vec::new()) };
    if own == Some(named) {
        return Ok(Vec::new());
    }
    Ok(EvalConfig::usual_metrics(!named).iter().map(|name| Value::from(*name).to_string()).collect())
}

fn table(quality: &Quality) -> String {
    let width = quality.values.iter().map(|value| value.name.len()).max().unwrap_or(0);
    let mut lines: Vec<String> = quality
        .values
        .iter()
        .map(|value| {
            let better = if value.lower_is_better { "lower" } else { "higher" };
            format!("{:width$}  {:>10}  {better} is better", value.name, figure(value.value, 4))
        })
        .collect();
    if let (Some(first), Some(real)) = (quality.values.first(), quality.between_reals) {
        lines.push(format!("{:width$}  {:>10}  the same, between real samples", first.name, figure(real, 4)));
    }
    for share in &quality.classes {
        let (generated, real) = (100.0 * share.generated, 100.0 * share.real);
        lines.push(format!("{:width$}  {generated:>9.1} %  of real samples {real:.1} %", share.class));
    }
    lines.join("\n")
}
