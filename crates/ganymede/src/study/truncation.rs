//! `ganymede study truncation`: what truncation does to the samples of a run.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use ganymede_files::path_text;
use ganymede_train::{
    EvalConfig, EvalOptions, ResultFolder, RunFolder, Sampler, TrainError, Trainer, Truncation,
    TruncationForm, TruncationPoint, draw_truncation, evaluate_truncated, figure,
};
use serde_json::{Value, json};

use crate::args::MachineArgs;
use crate::sample::checkpoint;
use crate::words::{self, Misuse};
use crate::{Exit, interrupt, machine, numbers};

/// Version of the file's format.
const SCHEMA: u32 = 1;
/// For the forms that pull towards a middle.
const PSI: [f64; 8] = [0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0];
/// For single numbers that are drawn again.
const THRESHOLDS: [f64; 4] = [0.5, 1.0, 1.5, 2.0];
/// Settings that are measured one after the other.
const MOST_SETTINGS: usize = 200;

#[derive(Debug, clap::Args)]
pub(crate) struct TruncationArgs {
    /// The folder of a run on images
    pub(crate) run_dir: PathBuf,
    /// Which checkpoint of the run: last, best, or a step that was kept
    #[arg(long, value_name = "WHICH", default_value = "last")]
    pub(crate) checkpoint: String,
    /// w, norm, resample, norm-literal [default: those of the first three that the generator has]
    #[arg(long, value_name = "FORM,..", value_delimiter = ',')]
    pub(crate) forms: Vec<TruncationForm>,
    /// Thresholds of w, norm and norm-literal [default: 0.3,0.4,..,1]
    #[arg(long, value_name = "PSI,..", value_delimiter = ',', allow_negative_numbers = true)]
    pub(crate) psi: Vec<f64>,
    /// Thresholds of resample [default: 0.5,1,1.5,2]
    #[arg(long, value_name = "PSI,..", value_delimiter = ',', allow_negative_numbers = true)]
    pub(crate) thresholds: Vec<f64>,
    /// Truncate w in the first N layers only
    #[arg(long, value_name = "N", value_parser = numbers::layers)]
    pub(crate) cutoff: Option<usize>,
    /// fashion-cnn (built in), inception2015, dinov2-s, -b, -l or -g (each also with registers, such as dinov2-l-reg),
    /// clip-vit-b32, clip-vit-l14-336 or vgg16 [default: as the run]
    #[arg(long, value_name = "NAME")]
    pub(crate) extractor: Option<String>,
    /// The extractor's weights, where they are not in the cache folder ($GANYMEDE_CACHE)
    #[arg(long, value_name = "FILE")]
    pub(crate) weights: Option<PathBuf>,
    /// Generated samples, and real ones where there are as many, 10 to 200,000 [default: as the run]
    #[arg(long, value_name = "N", value_parser = numbers::measured)]
    pub(crate) num: Option<usize>,
    /// Folder for truncation.json, .md and .png, which must be empty or new [default: RUN_DIR/truncation-N]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) machine: MachineArgs,
}

pub(crate) const EXAMPLES: &str = "\
Examples:
  ganymede study truncation runs/quickstart-1
  ganymede study truncation runs/stylegan2-1 --forms w --psi 0.5,0.7,1 --num 10000

All settings are measured with the same latent vectors, as far as they leave them, and the same
real samples: differences are the truncation's. Precision rises as it tightens, and recall falls.";

pub(crate) fn run(args: &TruncationArgs) -> Result<Exit> {
    let run = configure(args)?;
    // Pixels alone have no precision worth the name.
    let of_network = run.eval.clone().filter(|eval: &EvalConfig| eval.extractor.is_network());
    let config = of_network.ok_or_else(|| {
        Misuse("no network measures this run by itself: name one, such as --extractor inception2015".into())
    })?;
    machine::start_threads(args.machine.threads.unwrap_or(run.threads))?;
    let device = args.machine.device.open().map_err(TrainError::from)?;
    let run_folder = RunFolder::open(&args.run_dir)?;
    let path = checkpoint(&run_folder, &args.checkpoint)?;
    let settings = settings(args, &Sampler::from_checkpoint(&path, &device)?)?;
    let folder = ResultFolder::make(args.out.as_deref(), &args.run_dir, "truncation")?;
    let options = EvalOptions {
        config: &config,
        weights: args.weights.as_deref(),
        device: &device,
        folder: &run_folder,
        other_data: false,
        refinement: None,
    };
    let all = settings.len() + 1;
    words::say(&format!("measuring {all} × {} samples of {} ...", config.samples, path.display()));
    interrupt::ask_politely("stopping: what was measured is written down");
    let mut done = 0;
    let mut tell = |point: &TruncationPoint| {
        done += 1;
        words::say(&format!("{done} of {all}  {}", line(point)));
    };
    let stop = &mut interrupt::requested;
    let points = evaluate_truncated((&run, &path), options, &settings, &mut tell, stop)?;
    if points.is_empty() {
        return Ok(Exit::Interrupted);
    }
    write(folder.dir(), &path, &points)?;
    words::result(&table(&points));
    words::say(&format!(
        "wrote truncation.json, truncation.md and truncation.png into {}",
        folder.dir().display()
    ));
    Ok(if points.len() < all { Exit::Interrupted } else { Exit::Done })
}

/// The run, with what is asked for in the place of its section `[eval]`.
fn configure(args: &TruncationArgs) -> Result<ganymede_train::Run> {
    let mut layers = Trainer::layers_of(&args.run_dir)?;
    let sets = [
        args.extractor.as_deref().map(|name| format!("eval.extractor={}", Value::from(name))),
        args.num.map(|num| format!("eval.samples={num}")),
        // Of these two all forms are drawn.
        Some("eval.metrics=[\"fid\",\"pr\"]".to_owned()),
    ];
    layers.set(&sets.into_iter().flatten().collect::<Vec<_>>())?;
    Ok(layers.resolve()?)
}

/// All that is to be measured, form by form.
fn settings(args: &TruncationArgs, sampler: &Sampler) -> Result<Vec<Truncation>> {
    let usual = [TruncationForm::W, TruncationForm::Norm, TruncationForm::Resample];
    let forms: Vec<TruncationForm> = match args.forms.is_empty() {
        false => args.forms.clone(),
        true => {
            let has = |form: &TruncationForm| {
                form.with(1.0, None).is_ok_and(|truncation| sampler.check_truncation(truncation).is_ok())
            };
            usual.into_iter().filter(has).collect()
        }
    };
    if forms.is_empty() {
        let form = usual[2].with(1.0, None)?;
        // It says why.
        sampler.check_truncation(form)?;
    }
    let mut settings = Vec::new();
    for form in forms {
        let given = if form == TruncationForm::Resample { &args.thresholds } else { &args.psi };
        let usual: &[f64] = if form == TruncationForm::Resample { &THRESHOLDS } else { &PSI };
        let cutoff = args.cutoff.filter(|_| form == TruncationForm::W);
        for psi in if given.is_empty() { usual } else { given } {
            let truncation = form.with(*psi, cutoff)?;
            sampler.check_truncation(truncation)?;
            settings.push(truncation);
        }
    }
    if settings.len() > MOST_SETTINGS {
        let reason = format!("{} settings: give at most {MOST_SETTINGS} at a time", settings.len());
        return Err(Misuse(reason).into());
    }
    Ok(settings)
}

fn setting(point: &TruncationPoint) -> [String; 2] {
    match point.truncation {
        None => ["none".to_owned(), String::new()],
        Some(Truncation::W { psi, cutoff: Some(cutoff) }) => [format!("w, {cutoff} layers"), psi.to_string()],
        Some(truncation) => [truncation.form().to_string(), truncation.psi().to_string()],
    }
}

/// A setting in a line.
fn line(point: &TruncationPoint) -> String {
    let [form, psi] = setting(point);
    let values = point.quality.values.iter();
    let values: Vec<String> =
        values.map(|value| format!("{} {}", value.measure, figure(value.value, 4))).collect();
    format!("{}: {}", format!("{form} {psi}").trim_end(), values.join("  "))
}

/// As Markdown, a row each.
fn table(points: &[TruncationPoint]) -> String {
    let Some(first) = points.first() else { return String::new() };
    let names: Vec<&str> = first.quality.values.iter().map(|value| value.name.as_str()).collect();
    let mut lines = vec![
        format!("| form | threshold | {} |", names.join(" | ")),
        format!("|---|---:|{}", "---:|".repeat(names.len())),
    ];
    for point in points {
        let [form, psi] = setting(point);
        let values: Vec<String> = point.quality.values.iter().map(|value| figure(value.value, 4)).collect();
        lines.push(format!("| {form} | {psi} | {} |", values.join(" | ")));
    }
    lines.join("\n")
}

fn write(dir: &Path, checkpoint: &Path, points: &[TruncationPoint]) -> Result<()> {
    let report = json!({ "schema": SCHEMA, "checkpoint": path_text(checkpoint), "points": points });
    let put = |name: &str, text: String| {
        let path = dir.join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    };
    put("truncation.json", serde_json::to_string_pretty(&report)? + "\n")?;
    put("truncation.md", table(points) + "\n")?;
    Ok(draw_truncation(points, &dir.join("truncation.png"))?)
}
