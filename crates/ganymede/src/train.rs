//! `ganymede train`

use std::path::{Path, PathBuf};

use anyhow::Result;
use ganymede_files::{name_of_path, path_text, shell_quoted};
use ganymede_train::{
    ConfigError, DEFAULT_PRESET, Finished, Layers, Outcome, Run, StopReason, Summary, Trainer,
};

use crate::args::TrainArgs;
use crate::progress::Terminal;
use crate::report::{self, Live, Serving};
use crate::words::Misuse;
use crate::{Exit, interrupt, machine, words};

pub(crate) fn run(args: &TrainArgs) -> Result<Exit> {
    let run = configure(args)?;
    if args.strict {
        refuse_traps(&run)?;
    }
    if let Some(dir) = &args.resume
        && let Some(finished) = Trainer::finished(dir, &run)?
    {
        return Ok(nothing_left(args, dir, finished));
    }
    refuse_beyond_memory(&run)?;
    let live = args.live.as_ref().map(Live::bind).transpose()?;
    machine::start_threads(run.threads)?;
    let mut trainer = match (&args.resume, &args.out) {
        (Some(dir), _) => Trainer::resume(dir, &run)?,
        (None, Some(out)) => Trainer::new(&run, out)?,
        (None, None) => Trainer::numbered(&run, Path::new("runs"), run.preset.as_deref().unwrap_or("run"))?,
    };
    interrupt::ask_politely("finishing this step and writing a checkpoint");
    if !args.quiet {
        introduce(&trainer, args.resume.is_some());
    }
    let folder = trainer.folder().root().to_owned();
    let serving = live.map(|live| serve(live, &folder, args.quiet)).transpose()?;
    let mut terminal = Terminal::new(args.quiet, trainer.step(), run.steps);
    let result = trainer.run(&mut terminal);
    terminal.close();
    let folder = folder.as_path();
    if let Some(serving) = serving {
        serving.finish();
    }
    let summary = result.inspect_err(|_| {
        if trainer.folder().last_checkpoint().exists() {
            let folder = shell_quoted(folder);
            words::say(&format!("the last checkpoint is whole: ganymede train --resume {folder}"));
        }
    })?;
    let page = if args.no_report { None } else { write_report(folder) };
    if !args.quiet {
        conclude(&summary, folder, page.as_deref());
    } else if let Outcome::Diverged { .. } = summary.outcome {
        words::say(&format!("error: {}", summary.verdict));
    }
    if args.json {
        words::result(&report(serde_json::to_value(&summary).unwrap_or_default(), folder));
    }
    Ok(match summary.outcome {
        Outcome::Diverged { .. } => Exit::Diverged,
        Outcome::Stopped { reason: StopReason::Requested } => Exit::Interrupted,
        Outcome::Completed | Outcome::Stopped { .. } => Exit::Done,
    })
}

/// Preset, file, flags and `--set`, in this order, the later winning.
pub(crate) fn configure(args: &TrainArgs) -> Result<Run> {
    let mut layers = match (&args.resume, &args.config, args.preset.as_deref()) {
        (Some(dir), _, _) => Trainer::layers_of(dir)?,
        (None, Some(file), preset) => Layers::file(file, preset).map_err(|error| instead(preset, error))?,
        (None, None, preset) => {
            Layers::preset(preset.unwrap_or(DEFAULT_PRESET)).map_err(|error| instead(preset, error))?
        }
    };
    let text = |value: &str| toml::Value::String(value.to_owned()).to_string();
    let flags = [
        args.data.as_deref().map(|data| format!("data.name={}", text(&name_of_path(data)))),
        args.steps.map(|steps| format!("run.steps={steps}")),
        args.kimg.map(|kimg| format!("run.kimg={}", toml::Value::Float(kimg))),
        args.seed.map(|seed| format!("run.seed={seed}")),
        args.device.map(|device| format!("run.device={}", text(&device.to_string()))),
        args.threads.map(|threads| format!("run.threads={threads}")),
    ];
    let flags: Vec<String> = flags.into_iter().flatten().collect();
    layers.set(&flags)?;
    layers.set(&args.sets)?;
    Ok(layers.resolve()?)
}

/// `--strict`: what would be a warning is an error.
fn refuse_traps(run: &Run) -> Result<()> {
    let warnings = run.warnings();
    if warnings.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = warnings.iter().map(|warning| format!("\n  {warning}")).collect();
    let rules: Vec<&str> = warnings.iter().map(|warning| warning.rule).collect();
    let names = format!("run.silence={rules:?}");
    Err(Misuse(format!(
        "--strict: this is known to train badly; --set '{names}' lets it through:{}",
        lines.concat()
    ))
    .into())
}

/// A step that does not fit is not tried: the system would end the program, or another one, without a word.
fn refuse_beyond_memory(run: &Run) -> Result<()> {
    let Some((total, _)) = machine::Machine::look().memory_bytes else { return Ok(()) };
    let needed = run.least_step_bytes();
    if needed <= total || !run.device.open().is_ok_and(|device| device.is_cpu()) {
        return Ok(());
    }
    let reason = format!(
        "run.batch: a step of {} samples takes {} of memory or more, and this machine has {}; lower run.batch, the \
         networks' width, or data.resolution",
        run.batch,
        words::bytes(needed),
        words::bytes(total)
    );
    Err(Misuse(reason).into())
}

/// What to say where something was given for a preset that is none, but a path: which option takes it.
fn instead(typed: Option<&str>, error: ConfigError) -> anyhow::Error {
    let (Some(typed), ConfigError::UnknownPreset { .. }) = (typed, &error) else { return error.into() };
    let path = Path::new(typed);
    let looks_like_one =
        typed.contains(['/', '\\']) || typed.starts_with(['.', '~']) || path.extension().is_some();
    if !(path.exists() || looks_like_one) {
        return error.into();
    }
    let (what, option) = if path.join("run.toml").is_file() {
        ("the folder of a run, to go on with", "--resume")
    } else if path.extension().is_some_and(|extension| extension == "toml") {
        ("a configuration", "--config")
    } else {
        ("images to train on", "--data")
    };
    let word = shell_quoted(path);
    let reason =
        format!("there is no preset `{typed}`; if it is meant as {what}: ganymede train {option} {word}");
    Misuse(reason).into()
}

/// All steps were made before: nothing is measured or written again.
fn nothing_left(args: &TrainArgs, dir: &Path, finished: Finished) -> Exit {
    if !args.quiet {
        let (step, folder) = (finished.step, shell_quoted(dir));
        words::say(&format!("nothing left to do: all {step} steps are made"));
        words::say(&format!("  go further  ganymede train --resume {folder} --steps {}", 2 * step));
    }
    if args.json {
        words::result(&report(finished.summary, dir));
    }
    Exit::Done
}

fn introduce(trainer: &Trainer, resumed: bool) {
    let run = trainer.config();
    let name = run.preset.as_deref().unwrap_or("run");
    let about = run.about.summary.as_deref().unwrap_or("settings of your own");
    words::say(&format!("{name}: {about}"));
    let (g, d) = trainer.sizes();
    words::say(&format!(
        "data {}, generator {} weights, discriminator {}; {} on {} threads; writing {}",
        run.data.name,
        words::count(g),
        words::count(d),
        trainer.device_name(),
        rayon::current_num_threads(),
        trainer.folder().root().display(),
    ));
    if resumed {
        words::say(&format!("going on from step {}", trainer.step()));
    }
    for change in trainer.changes() {
        words::say(&format!("changed: {} was {}, now {}", change.key, change.old, change.new));
    }
    for warning in trainer.warnings() {
        words::say(&format!("warning: {warning}"));
    }
    let skipped = trainer.skipped_files();
    for file in skipped.iter().take(5) {
        words::say(&format!("skipped: {}: {}", file.path.display(), file.reason));
    }
    if skipped.len() > 5 {
        words::say(&format!(
            "skipped: {} more files; --set data.strict=true refuses instead",
            skipped.len() - 5
        ));
    }
}

fn serve(live: Live, folder: &Path, quiet: bool) -> Result<Serving> {
    let url = live.url();
    let serving = live.serve(folder)?;
    if !quiet {
        words::say(&format!("look on at {url}"));
    }
    Ok(serving)
}

/// The page of the run. A run that went well does not fail for want of it.
fn write_report(folder: &Path) -> Option<PathBuf> {
    let written = report::write_into(folder);
    written.inspect_err(|error| words::say(&format!("warning: the report is not written: {error}"))).ok()
}

fn conclude(summary: &Summary, folder: &Path, page: Option<&Path>) {
    let at = |file: &str| folder.join(file).display().to_string();
    words::say(&format!(
        "\n{}\n{} of {} steps, {} images in {} ({:.0} images/s, {:.1} % of a step's time waiting for data)",
        summary.verdict,
        summary.step,
        summary.steps,
        summary.images,
        words::duration(summary.seconds),
        summary.images_per_second,
        100.0 * summary.data_wait,
    ));
    if let Some(picture) = &summary.files.picture {
        words::say(&format!("  look at   {}", at(picture)));
    }
    match page {
        Some(page) => words::say(&format!("  report    {}", page.display())),
        None => words::say(&format!("  curves    {}", at(&summary.files.curves))),
    }
    words::say(&format!("  numbers   {}", folder.join("summary.json").display()));
    if summary.files.last.is_some() {
        let folder = shell_quoted(folder);
        words::say(&format!("  more      ganymede sample {folder} --num 100"));
        if let Outcome::Stopped { .. } = summary.outcome {
            words::say(&format!("  go on     ganymede train --resume {folder}"));
        }
    }
}

/// The summary with the folder, so that a script need not have chosen it.
fn report(mut summary: serde_json::Value, folder: &Path) -> String {
    summary["folder"] = path_text(folder).into();
    summary.to_string()
}
