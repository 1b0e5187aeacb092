//! From a file as typed to a complete run: every default filled in, every value checked, all problems
//! reported.

use ganymede_datasets::{Crop, Split};
use ganymede_losses::gman::Aggregate;
use ganymede_models::{ConditionShape, SampleKind};
use ganymede_tensor::{DeviceChoice, OptimizerConfig, OptimizerError};
use toml::Table;

use super::bounds::{self, MOST_STEPS};
use super::check::Check;
use super::error::ConfigError;
use super::file::{RUN_SCHEMA, RunFile};
use super::growth::GrowthConfig;
use super::lint::lint_rules;
use super::nearest::hint;
use super::scheduled::Scheduled;
use super::{
    DataConfig, InitConfig, LogConfig, Run, augment, auto, average, eval, growth, loss, monitor, moves,
    network, pairs, penalty, schedule, section, term,
};
use crate::trainer::terms::TermConfig;

pub(super) const CROPS: [(&str, Crop); 3] =
    [("centre", Crop::Centre), ("pad", Crop::Pad), ("stretch", Crop::Stretch)];
pub(super) const SPLITS: [(&str, Split); 3] =
    [("train", Split::Train), ("test", Split::Test), ("all", Split::All)];

/// Long enough for a first look, when neither `steps` nor `kimg` is given.
const DEFAULT_STEPS: u64 = 10_000;

impl RunFile {
    /// Checks everything and fills in what was left out.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`] with every problem found.
    pub fn resolve(&self) -> Result<Run, ConfigError> {
        let mut check = Check::default();
        let file = &auto::filled(self, &mut check);
        if let Some(schema) = file.schema.filter(|schema| *schema != RUN_SCHEMA) {
            check.add("schema", format!("found {schema}, this version reads {RUN_SCHEMA}"));
        }
        let data = data(file, &mut check);
        let (loss, smoothing) = loss::resolve(&file.loss, &mut check);
        let batch = check.size("run.batch", file.run.batch, 64);
        let n_critic = moves::n_critic(&file.optimizer, file.run.steps.unwrap_or(DEFAULT_STEPS), &mut check);
        let samples = if data.is_toy() { SampleKind::Points } else { SampleKind::Images };
        let generator = network::generator(&file.generator, samples, &mut check);
        let discriminator = network::discriminator(&file.discriminator, samples, &mut check);
        let io = data.presumed_io();
        let stages = growth::stages(generator.stages(&io), discriminator.stages(&io), &io, &mut check);
        let growth = growth::resolve(&file.growth, stages, (batch, n_critic.most), &mut check);
        let steps = steps(file, growth.as_ref(), batch as u64 * n_critic.most, &mut check);
        let log = log(file, &mut check);
        let run = Run {
            preset: file.preset.clone(),
            about: file.about.clone(),
            seed: check.count("run.seed", file.run.seed, 0),
            steps,
            batch,
            device: device(file, &mut check),
            threads: check.size("run.threads", file.run.threads, 0),
            silence: silence(file, &mut check),
            generator,
            discriminator,
            init: InitConfig {
                generator: file.init.generator.clone(),
                discriminator: file.init.discriminator.clone(),
                freeze: check.size("init.freeze", file.init.freeze, 0),
            },
            augment: augment::resolve(&file.augment, steps, &mut check),
            loss,
            top_k: section::number("loss.top_k", file.loss.top_k.as_ref(), 1.0, steps, &mut check),
            aggregate: moves::aggregate(&file.loss, &mut check),
            smoothing,
            penalties: penalty::resolve(file, steps, &mut check),
            terms: terms(file, steps, &mut check),
            scheme: moves::scheme(&file.scheme, &mut check),
            n_critic,
            accumulate: check.size("optimizer.accumulate", file.optimizer.accumulate, 1),
            weight_clip: off_at_zero(&mut check, "optimizer.weight_clip", file.optimizer.weight_clip),
            clip_norm_g: off_at_zero(&mut check, "optimizer.clip_norm_g", file.optimizer.clip_norm_g),
            clip_norm_d: off_at_zero(&mut check, "optimizer.clip_norm_d", file.optimizer.clip_norm_d),
            lookahead: moves::lookahead(&file.optimizer, &mut check),
            optimizer_g: optimizer(&file.optimizer.generator, "optimizer.generator", steps, &mut check),
            optimizer_d: optimizer(
                &file.optimizer.discriminator,
                "optimizer.discriminator",
                steps,
                &mut check,
            ),
            schedule: schedule::resolve(&file.schedule, steps, &mut check),
            growth,
            ema: average::resolve(&file.ema, steps, &mut check),
            eval: eval::resolve(&file.eval, data.resolution, log.sample_every, &mut check),
            monitor: monitor::resolve(&file.monitor, steps, data.is_toy(), &mut check),
            log,
            data,
            minutes: off_at_zero(&mut check, "limits.minutes", file.limits.minutes),
        };
        let why = "how many images a step shows is not known, for optimizer.n_critic varies: give run.steps";
        check.refuse("run.kimg", file.run.kimg.is_some() && !run.n_critic.is_fixed(), why);
        let has_gap = run.monitor.is_some_and(|monitor| monitor.duality_gap > 0);
        let why = "the gap is that of a loss of scores and of networks that do not grow; leave it out";
        let has_value = run.loss.of_scores().is_some() && run.growth.is_none();
        check.refuse("monitor.duality_gap", has_gap && !has_value, why);
        if check.problems.is_empty() {
            bounds::products(&run, &mut check);
            players(&run, &mut check);
        }
        match check.problems {
            problems if problems.is_empty() => Ok(run),
            problems => Err(ConfigError::Invalid { problems }),
        }
    }
}

fn steps(file: &RunFile, growth: Option<&GrowthConfig>, images_per_step: u64, check: &mut Check) -> u64 {
    match (file.run.steps, file.run.kimg) {
        (Some(_), Some(_)) => {
            check.add("run.kimg", "`steps` is given too: give one of the two");
            DEFAULT_STEPS
        }
        (None, Some(kimg)) => {
            let kimg = check.number("run.kimg", Some(kimg), 1.0);
            let images = kimg * 1000.0;
            let steps = match growth {
                None => ((images / images_per_step as f64).ceil() as u64).max(1),
                Some(growth) => growth.plan.steps_for(images),
            };
            if steps > MOST_STEPS {
                let reason =
                    format!("{kimg} thousand images take {steps} steps, at most {MOST_STEPS} are possible");
                check.add("run.kimg", reason);
            }
            steps
        }
        (steps, None) => check.count("run.steps", steps, DEFAULT_STEPS),
    }
}

fn silence(file: &RunFile, check: &mut Check) -> Vec<String> {
    let (names, rules) = (file.run.silence.clone().unwrap_or_default(), lint_rules());
    for name in names.iter().filter(|name| !rules.contains(&name.as_str())) {
        check.add("run.silence", format!("there is no warning `{name}`{}", hint(name, &rules)));
    }
    names
}

fn device(file: &RunFile, check: &mut Check) -> DeviceChoice {
    let typed = file.run.device.as_deref().unwrap_or("auto");
    typed.parse().unwrap_or_else(|error| {
        check.add("run.device", format!("found \"{typed}\": {error}"));
        DeviceChoice::Auto
    })
}

fn data(file: &RunFile, check: &mut Check) -> DataConfig {
    let data = &file.data;
    let name = data.name.clone().unwrap_or_else(|| "fashion-mnist-10k".to_owned());
    if name.is_empty() {
        check.add("data.name", "is empty; give a data set's name or a folder of images");
    }
    let toy = network::is_toy(&name);
    if toy {
        let why = "this data set has points of the plane, not images; leave it out";
        check.refuse("data.resolution", data.resolution.is_some(), why);
        check.refuse("data.channels", data.channels.is_some(), why);
        check.refuse("data.crop", data.crop.is_some(), why);
        check.refuse("data.split", data.split.is_some(), why);
        check.refuse("data.flip", data.flip == Some(true), why);
    }
    if let Some(channels) = data.channels.filter(|c| ![1, 3].contains(c)) {
        check.add("data.channels", format!("found {channels}, expected 1 (grey) or 3 (colours)"));
    }
    let resolution = check.size("data.resolution", data.resolution, auto::USUAL_SIDE);
    let why = "only images can have such a condition; leave it out";
    check.refuse("data.vectors", toy && data.vectors.is_some(), why);
    check.refuse("data.pairs", toy && data.pairs.is_some(), why);
    DataConfig {
        name,
        resolution: (!toy).then_some(resolution),
        channels: data.channels,
        crop: check.choose("data.crop", data.crop.as_deref(), Crop::Centre, &CROPS),
        split: check.choose("data.split", data.split.as_deref(), Split::Train, &SPLITS),
        subset: data.subset.map(|n| check.size("data.subset", Some(n), 1)),
        flip: data.flip.unwrap_or(false),
        strict: data.strict.unwrap_or(false),
        vectors: data.vectors.clone(),
        pairs: pairs::resolve(data, resolution, check),
        augment: augment::parts(data.augment.as_deref().unwrap_or_default(), toy, check),
    }
}

fn optimizer(table: &Table, section: &str, steps: u64, check: &mut Check) -> Scheduled<OptimizerConfig> {
    let names = (OptimizerConfig::NAMES, Some("adam"));
    let before = check.problems.len();
    let scheduled = section::scheduled::<OptimizerConfig>(section, table, names, steps, check);
    let scheduled = scheduled.unwrap_or_else(|| OptimizerConfig::default().into());
    // What its own crate knows, where nothing is wrong with a number by itself.
    if check.problems.len() == before
        && let Err(OptimizerError::HyperParameter { name, value, range, .. }) = scheduled.start().validate()
    {
        check.add(&format!("{section}.{name}"), format!("found {value}, expected a number {range}"));
    }
    scheduled
}

fn terms(file: &RunFile, steps: u64, check: &mut Check) -> Vec<TermConfig> {
    let entries = file.term.iter().flatten().enumerate();
    entries.filter_map(|(index, entry)| term::read(&format!("term.{index}"), entry, steps, check)).collect()
}

/// What keeps a network from images of such a side, in its own words. Problems of a setting are left to whoever builds it
/// for the data: how many classes there are is not known before these are open.
fn resolution(run: &Run, check: &mut Check) {
    let Some(side) = run.data.resolution else { return };
    let io = run.data.presumed_io();
    let (g, d) = (&run.generator, &run.discriminator);
    let players = [
        ("generator", g.kind().name, g.fits(&io), g.write()),
        ("discriminator", d.kind().name, d.fits(&io), d.write()),
    ];
    for (section, kind, problems, settings) in players {
        for problem in problems.iter().filter(|problem| !settings.contains_key(problem.field)) {
            let takes = &problem.message;
            check.add("data.resolution", format!("found {side}, and the {section} `{kind}` takes {takes}"));
        }
    }
}

/// What one part of the game asks of another.
fn players(run: &Run, check: &mut Check) {
    resolution(run, check);
    let io = run.data.presumed_io();
    if let Some(reason) = run.scheme.spec().refuses(run) {
        check.add("scheme.kind", reason);
    }
    if !run.n_critic.is_fixed() && run.growth.is_some() {
        let reason = "networks grow by the images that are shown, and how many a step shows is not known: give a number";
        check.add("optimizer.n_critic", reason);
    }
    let pack = run.discriminator.traits().pack;
    let of_stages =
        run.growth.iter().flat_map(|growth| growth.batch.iter().map(|batch| ("growth.batch", *batch)));
    for (key, batch) in std::iter::once(("run.batch", run.batch)).chain(of_stages) {
        let least = pack * run.accumulate;
        if !batch.is_multiple_of(least) {
            let next = batch.next_multiple_of(least);
            let why = match run.accumulate {
                1 => format!("packs of {pack} (discriminator.pack)"),
                parts => format!("{parts} equal parts (optimizer.accumulate) of packs of {pack}"),
            };
            check.add(key, format!("{batch} samples do not make {why}: use {next}"));
        }
    }
    moves::accumulation(run, check);
    penalty::check(run, check);
    loss::check(run, check);
    if run.growth.is_some() && matches!(io.condition, ConditionShape::Images(_)) {
        let reason = "images that are conditions do not grow with the networks: use \"none\"";
        check.add("growth.kind", reason);
    }
    augment::check(run, check);
    if run.aggregate != Aggregate::Mean && run.discriminator.traits().members == 1 {
        check.add(
            "loss.members",
            "there is one discriminator: give it discriminator.members, or leave this out",
        );
    }
    let stands = run.eval.as_ref().is_some_and(|eval| eval.standing_statistics > 0);
    if stands && !run.generator.traits().mixes_batch {
        let reason = "the generator has no batch normalisation that would use them: use 0";
        check.add("eval.standing_statistics", reason);
    }
    for (index, term) in run.terms.iter().enumerate() {
        if let Some(reason) = term.spec().refuses(run) {
            check.add(&format!("term.{index}.kind"), reason);
        }
    }
}

fn off_at_zero(check: &mut Check, key: &str, value: Option<f64>) -> Option<f64> {
    Some(check.number(key, value, 0.0)).filter(|x| *x > 0.0)
}

fn log(file: &RunFile, check: &mut Check) -> LogConfig {
    let log = &file.log;
    LogConfig {
        log_every: check.count("log.log_every", log.log_every, 20),
        sample_every: check.count("log.sample_every", log.sample_every, 500),
        checkpoint_every: check.count("log.checkpoint_every", log.checkpoint_every, 500),
        keep_every: check.count("log.keep_every", log.keep_every, 0),
        samples: check.size("log.samples", log.samples, 64),
        tensorboard: log.tensorboard.unwrap_or(true),
    }
}
