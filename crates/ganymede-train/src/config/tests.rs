mod augment;
mod beside;

use ganymede_losses::{AdversarialLoss, Penalty};
use ganymede_tensor::OptimizerConfig;

use super::*;
use crate::presets::{preset_names, presets};

fn resolve(text: &str) -> Result<Run, ConfigError> {
    Layers::text(text, "test.toml", None).and_then(|layers| layers.resolve())
}

/// What `text` is refused with.
#[track_caller]
fn refused(text: &str) -> String {
    resolve(text).expect_err("this configuration should be refused").to_string()
}

#[track_caller]
fn check_refused(text: &str, wants: &[&str]) {
    let message = refused(text);
    for want in wants {
        assert!(message.contains(want), "{message:?} should say {want:?}");
    }
}

#[test]
fn every_file_of_a_preset_is_in_the_table() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/presets");
    let names = std::fs::read_dir(folder).unwrap().filter_map(|entry| {
        let path = entry.unwrap().path();
        let is_preset = path.extension().is_some_and(|extension| extension == "toml");
        is_preset.then(|| path.file_stem().unwrap().to_str().unwrap().to_owned())
    });
    let files: std::collections::BTreeSet<String> = names.collect();
    let known: std::collections::BTreeSet<String> = preset_names().into_iter().map(str::to_owned).collect();
    assert_eq!(files, known);
}

#[test]
fn every_preset_resolves_and_survives_the_way_through_run_toml() {
    assert!(presets().len() > 10);
    for preset in presets() {
        assert!(!preset.summary.is_empty() && preset.citation.contains("arXiv:"), "{preset:?}");
        let run = Layers::preset(preset.name).unwrap().resolve().unwrap();
        assert_eq!(run.warnings(), [], "{}", preset.name);
        let text = run.to_toml();
        let table = text.parse().unwrap();
        let mut layers = Layers::default();
        layers.lay(table);
        assert_eq!(layers.resolve().unwrap(), run, "{text}");
    }
}

#[test]
fn an_empty_file_is_a_whole_run() {
    let run = resolve("").unwrap();
    assert_eq!(run.data.name, "fashion-mnist-10k");
    assert_eq!(run.data.resolution, Some(32));
    assert_eq!(run.loss, AdversarialLoss::NonSaturating.into());
    assert_eq!(run.ema, Some(Average::Decay { decay: Course::Constant { value: 0.999 }, warmup: true }));
    let adam = OptimizerConfig::Adam { lr: 2e-4, beta1: 0.5, beta2: 0.999, eps: 1e-8, weight_decay: 0.0 };
    assert_eq!((run.optimizer_g, run.optimizer_d), (adam.into(), adam.into()));
}

#[test]
fn images_of_32_pixels_are_measured_by_the_built_in_network() {
    let eval = |text: &str| resolve(text).unwrap().eval;
    let usual = eval("[log]\nsample_every = 70").unwrap();
    assert_eq!((usual.every, usual.samples, usual.extractor.name), (70, 2000, "fashion-cnn"));
    let names =
        |eval: &EvalConfig| -> Vec<&str> { eval.metrics.iter().map(|measure| measure.name).collect() };
    assert_eq!(names(&usual), ["fid", "pr"]);
    // Nobody knows images of another size: pixels do.
    let pixels = eval("[data]\nresolution = 64").unwrap();
    assert_eq!((pixels.extractor.name, names(&pixels)), ("pixels", vec!["fwd", "ndb"]));
    let chosen = eval("[eval]\nextractor = \"pixels\"\nmetrics = [\"ndb\", \"ms-ssim\"]").unwrap();
    assert_eq!(names(&chosen), ["ndb", "ms-ssim"]);
    assert_eq!(eval("[data]\nname = \"ring\""), None);
    assert_eq!(eval("[eval]\nextractor = \"none\""), None);
    let chosen =
        eval("[data]\nresolution = 64\n[eval]\nextractor = \"inception2015\"\nmetrics = [\"kid\"]").unwrap();
    assert_eq!((chosen.extractor.name, names(&chosen)), ("inception2015", vec!["kid"]));
    // Names of earlier versions are understood.
    let old = eval("[eval]\nmetrics = [\"precision-recall\", \"pr\", \"density-coverage\"]").unwrap();
    assert_eq!(names(&old), ["pr", "density-coverage"]);
    check_refused(
        "[eval]\nmetrics = [\"ms-ssim\"]",
        &["eval.metrics: `ms-ssim` looks at pixels", "extractor"],
    );
    check_refused("[eval]\nmetrics = [\"sfid\"]", &["eval.metrics: `sfid` looks at more"]);
    check_refused("[eval]\nmetrics = [\"fidd\"]", &["eval.metrics", "did you mean `fid`"]);
    check_refused("[eval]\nmetrics = []", &["eval.metrics", "is empty"]);
    check_refused("[eval]\nsamples = 3", &["eval.samples", "10 or more"]);
    let standing = resolve("[eval]\nstanding_statistics = 16").unwrap();
    assert_eq!(standing.eval.as_ref().unwrap().standing_statistics, 16);
    assert_eq!(resolve(&standing.to_toml()).unwrap(), standing);
    // A run file of before this setting is the file that it was.
    assert!(!resolve("").unwrap().to_toml().contains("standing"));
    let without = "[eval]\nstanding_statistics = 16\n[generator]\nnorm = \"layer\"";
    check_refused(without, &["eval.standing_statistics", "no batch normalisation"]);
    check_refused(
        "[data]\nname = \"ring\"\n[eval]\nextractor = \"fashion-cnn\"",
        &["eval.extractor", "points"],
    );
}

#[test]
fn an_unknown_preset_offers_the_nearest() {
    let error = Layers::preset("quikstart").unwrap_err().to_string();
    assert!(error.contains("`quikstart`") && error.contains("did you mean `quickstart`"), "{error}");
    let error = Layers::preset("zzz").unwrap_err().to_string();
    assert!(preset_names().iter().all(|name| error.contains(name)), "{error}");
}

#[test]
fn unknown_keys_offer_the_nearest() {
    check_refused("[run]\nstpes = 10", &["run.stpes: no such key; did you mean `steps`?"]);
    check_refused("[optimizer.generator]\nlearning_rate = 1", &["optimizer.generator.learning_rate"]);
    check_refused("[generatr]\nwidth = 1", &["generatr: no such key; did you mean `generator`?"]);
    check_refused("[[penalty]]\nkind = 'r1'\ngama = 1", &["penalty.0.gama", "`gamma`"]);
    check_refused("[loss]\nkind = 'hing'", &["loss.kind: there is no `hing`; did you mean `hinge`?"]);
    check_refused("[generator]\nkind = 'dc-gan'", &["did you mean `dcgan`?"]);
    check_refused("[ema]\nzzz = 1", &["ema.zzz: no such key; known: enabled, decay, warmup, half_life_kimg"]);
}

#[test]
fn wrong_types_name_key_value_and_what_is_expected() {
    check_refused("[run]\nsteps = 'many'", &["run.steps: found \"many\", expected a whole number"]);
    check_refused("[run]\nsteps = -5", &["run.steps: found -5, expected a whole number, 0 or more"]);
    check_refused("[run]\nsteps = 1.5", &["run.steps: found 1.5, expected a whole number"]);
    check_refused("[data]\nflip = 1", &["data.flip: found 1, expected true or false"]);
    check_refused("[data]\nname = 3", &["data.name: found 3, expected a name in quotes"]);
    check_refused("[optimizer.generator]\nlr = 'x'", &["optimizer.generator.lr", "expected a number"]);
    check_refused("data = 3", &["data: found 3, expected a section of keys"]);
    check_refused("penalty = 3", &["penalty: found 3, expected a list"]);
    check_refused("schema = 2", &["schema: found 2, this version reads 1"]);
    check_refused("[run\nsteps = 3", &["test.toml is not valid TOML", "line 1"]);
}

#[test]
fn a_whole_number_is_a_number() {
    let run = resolve("[optimizer.generator]\nlr = 1").unwrap();
    assert_eq!(run.optimizer_g.start().lr(), 1.0);
}

#[test]
fn values_out_of_range_are_refused() {
    check_refused("[run]\nbatch = 0", &["run.batch: found 0, expected a whole number of 1 or more"]);
    check_refused("[run]\nbatch = 63\n[discriminator]\npack = 2", &["run.batch: 63", "packs of 2", "use 64"]);
    check_refused("[discriminator]\npack = 0", &["discriminator.pack: found 0"]);
    check_refused("[discriminator]\npack = 'two'", &["discriminator.pack"]);
    check_refused("[run]\nsteps = 3\nkimg = 1", &["run.kimg: `steps` is given too"]);
    check_refused("[run]\nseed = 9223372036854775807\nkimg = -1", &["run.kimg: found -1"]);
    check_refused("[run]\ndevice = 'gpu'", &["run.device: found \"gpu\"", "auto"]);
    check_refused("[data]\nresolution = 4", &["data.resolution: found 4, expected a whole number of 8"]);
    check_refused("[data]\nchannels = 2", &["data.channels: found 2"]);
    check_refused("[ema]\ndecay = 1", &["ema.decay: found 1"]);
    check_refused("[loss]\nkind = 'hinge'\nreal_label = 0.9", &["loss.real_label", "hinge"]);
    check_refused("[loss]\nreal_label = nan", &["loss.real_label: found NaN"]);
    check_refused("[[penalty]]\ngamma = 1", &["penalty.0.kind: is missing"]);
    check_refused("[[penalty]]\nkind = 'r1'\nlambda = 1", &["penalty.0.lambda: `r1` has no such"]);
    check_refused("[[penalty]]\nkind = 'r1'\ninterval = 0", &["penalty.0.interval"]);
    check_refused("[[penalty]]\nkind = 'r1'\ncheck_every = 10", &["penalty.0.check_every", "leave it out"]);
    check_refused("[[penalty]]\nkind = 'r1'\nshare = 'half'", &["penalty.0.share: found \"half\"", "0"]);
    check_refused("[[penalty]]\nkind = 'r1'\nshare = 0", &["penalty.0.share: found 0"]);
    check_refused(
        "[discriminator]\nnorm = 'batch'\n[[penalty]]\nkind = 'r1'\nshare = 0.5",
        &["penalty.0.share", "across the batch"],
    );
    check_refused(
        "[[penalty]]\nkind = 'first-order-r1'\ncheck_every = 1.5",
        &["penalty.0.check_every: found 1.5"],
    );
    check_refused("[optimizer.generator]\nkind = 'sgd'\nbeta1 = 0.5", &["`sgd` has no such setting"]);
    check_refused("[generator]\nspectral = true", &["generator.spectral"]);
    check_refused("[discriminator]\nz_dim = 3", &["discriminator.z_dim"]);
    check_refused("[schedule]\nto_step = 3", &["schedule.to_step: a `constant` schedule has no such"]);
    check_refused("[schedule]\nkind = 'linear'\nfrom_step = 9\nto_step = 3", &["schedule.to_step: found 3"]);
}

#[test]
fn networks_must_suit_the_data() {
    check_refused("[data]\nname = 'ring'\n[generator]\nkind = 'dcgan'", &["generator.kind", "`mlp`"]);
    check_refused("[discriminator]\nkind = 'mlp'", &["discriminator.kind", "`dcgan`"]);
    check_refused("[data]\nname = 'ring'\nresolution = 32", &["data.resolution: this data set has points"]);
}

#[test]
fn each_network_says_which_resolutions_it_takes() {
    let of = |side: usize, kind: &str| {
        format!("[data]\nresolution = {side}\n[generator]\nkind = '{kind}'\n[discriminator]\nkind = '{kind}'")
    };
    for kind in ["dcgan", "r3gan"] {
        let wants = ["data.resolution: found 48, and the generator", kind, "a power of two"];
        check_refused(&of(48, kind), &wants);
    }
    let wants = ["found 96, and the discriminator `sngan` takes", "32, 48, 64, 128"];
    check_refused(&of(96, "sngan"), &wants);
    // Of the classes, which biggan is told, nothing is known yet.
    for (side, kind) in [(48, "sngan"), (48, "sagan"), (48, "sndcgan"), (96, "sndcgan"), (64, "biggan")] {
        assert_eq!(resolve(&of(side, kind)).unwrap().data.resolution, Some(side));
    }
}

#[test]
fn all_problems_are_reported_at_once() {
    let message = refused(
        "[run]\nstpes = 1\nbatch = 'x'\n[loss]\nkind = 'hing'\n[optimizer]\nn_critic = 0\n[log]\nlog_every = 0",
    );
    for want in ["5 problems", "run.stpes", "run.batch", "loss.kind", "n_critic", "log.log_every"] {
        assert!(message.contains(want), "{message}");
    }
}

#[test]
fn set_takes_toml_or_bare_words_and_reaches_into_penalties() {
    let mut layers = Layers::preset("ring-r1").unwrap();
    let sets = ["run.seed=7", " optimizer.generator.lr = 1e-3 ", "loss.kind=hinge", "penalty.0.gamma=3"];
    layers.set(&sets).unwrap();
    let run = layers.resolve().unwrap();
    assert_eq!((run.seed, run.optimizer_g.start().lr()), (7, 1e-3));
    assert_eq!(run.loss, AdversarialLoss::Hinge.into());
    assert_eq!(run.penalties[0].penalty, Penalty::R1 { gamma: 3.0 }.into());

    let mut replaced = layers.clone();
    replaced.set(&["penalty=[{kind=\"r2\", gamma=1}]"]).unwrap();
    assert_eq!(replaced.resolve().unwrap().penalties[0].penalty, Penalty::R2 { gamma: 1.0 }.into());
    replaced.set(&["penalty=[]"]).unwrap();
    assert_eq!(replaced.resolve().unwrap().penalties, []);

    for (text, want) in [
        ("run.seed", "section.key=value"),
        ("run..seed=1", "empty"),
        ("penalty.1.gamma=2", "`ring-r1` has one penalty, penalty.0"),
        ("penalty.x.gamma=2", "penalty.N.key=value"),
    ] {
        let error = layers.clone().set(&[text]).unwrap_err().to_string();
        assert!(error.contains(text) && error.contains(want), "{error}");
    }
    let error = layers.clone().set(&["run=1", "run.seed=2"]).unwrap_err().to_string();
    assert!(error.contains("`run`"), "{error}");
}

#[test]
fn assignments_are_made_all_or_none_and_in_any_order() {
    let mut layers = Layers::preset("wgan-gp").unwrap();
    let before = layers.resolve().unwrap();
    for bad in ["penalty.9.lambda=1", "run..seed=1", "nonsense"] {
        let sets = ["penalty.0.lambda=3", "run.seed=9", bad];
        assert!(layers.set(&sets).is_err());
        assert_eq!(layers.resolve().unwrap(), before, "{bad}");
    }
    let penalty = Penalty::R1 { gamma: 4.0 };
    for sets in
        [["penalty=[{kind='r1'}]", "penalty.0.gamma=4"], ["penalty.0.gamma=4", "penalty=[{kind='r1'}]"]]
    {
        let mut layers = layers.clone();
        layers.set(&sets).unwrap();
        assert_eq!(layers.resolve().unwrap().penalties[0].penalty, penalty.into());
    }
    // Another kind forgets what was said of the old one.
    layers.set(&["penalty.0.kind=r1", "penalty.0.gamma=4"]).unwrap();
    assert_eq!(layers.resolve().unwrap().penalties[0].penalty, penalty.into());
}

#[test]
fn a_changed_kind_forgets_what_was_said_of_the_old_one() {
    let mut layers = Layers::preset("quickstart").unwrap();
    layers.set(&["optimizer.generator.lr=0.1", "optimizer.generator.kind=sgd"]).unwrap();
    let run = layers.resolve().unwrap();
    let sgd = OptimizerConfig::Sgd { lr: 0.1, momentum: 0.0, nesterov: false, weight_decay: 0.0 };
    assert_eq!(run.optimizer_g, sgd.into());
    // The other player keeps what the preset says.
    assert!(matches!(run.optimizer_d.start(), OptimizerConfig::Adam { beta1: 0.5, .. }));
}

#[test]
fn steps_and_kimg_say_the_same_thing_and_the_later_counts() {
    let mut layers = Layers::preset("wgan").unwrap();
    layers.set(&["run.kimg=1.6"]).unwrap();
    // 64 images a batch, 5 batches a step.
    assert_eq!(layers.resolve().unwrap().steps, 5);
    layers.set(&["run.steps=9"]).unwrap();
    assert_eq!(layers.resolve().unwrap().steps, 9);
}

#[test]
fn a_file_builds_on_its_preset_and_the_command_lines_preset_wins() {
    let text = "preset = 'wgan'\n[run]\nseed = 3";
    let run = Layers::text(text, "x", None).unwrap().resolve().unwrap();
    assert_eq!((run.preset.as_deref(), run.n_critic.most, run.seed), (Some("wgan"), 5, 3));
    let run = Layers::text(text, "x", Some("lsgan")).unwrap().resolve().unwrap();
    assert_eq!((run.preset.as_deref(), run.n_critic.most, run.seed), (Some("lsgan"), 1, 3));
}

#[test]
fn a_run_file_laid_over_its_own_preset_changes_nothing() {
    let mut layers = Layers::preset("quickstart").unwrap();
    layers.set(&["ema.enabled=false", "penalty=[]"]).unwrap();
    let run = layers.resolve().unwrap();
    assert_eq!(resolve(&run.to_toml()).unwrap(), run);
}

#[test]
fn a_resume_may_change_length_threads_and_device_only() {
    let resolve = |sets: &[&str]| {
        let mut layers = Layers::preset("ring-r1").unwrap();
        layers.set(&["run.steps=6000", "schedule.to_step=6000"]).unwrap();
        layers.set(sets).unwrap();
        layers.resolve().unwrap()
    };
    let begun = resolve(&[]);
    let change = |sets: &[&str]| begun.changes_on_resume(&resolve(sets));
    let free = change(&["run.steps=7000", "run.threads=3", "run.device=cpu"]).unwrap();
    let keys: Vec<&str> = free.iter().map(|change| change.key.as_str()).collect();
    assert_eq!(keys, ["run.device", "run.steps", "run.threads"]);
    assert_eq!((free[1].old.as_str(), free[1].new.as_str()), ("6000", "7000"));
    let error = change(&["run.seed=5", "generator.width=9"]).unwrap_err().to_string();
    assert!(error.contains("run.seed: was 0, now 5"), "{error}");
    assert!(error.contains("generator.width: was 128, now 9"), "{error}");
}

#[test]
fn the_old_schedule_is_a_course_of_a_factor() {
    let course = |text: &str| resolve(text).unwrap().schedule;
    assert_eq!(course(""), Course::Constant { value: 1.0 });
    let text = "[run]\nsteps = 50\n[schedule]\nkind = 'linear'\nfrom_step = 10";
    let ramp = Ramp { from: 1.0, to: 0.0, from_step: 10, to_step: Some(50) };
    assert_eq!(course(text), Course::Linear(ramp.clone()));
    let text = "[schedule]\nkind = 'cosine'\nfrom_step = 10\nto_step = 50\nfinal_factor = 0.1";
    assert_eq!(course(text), Course::Cosine(Ramp { to: 0.1, ..ramp }));
    let text = "[schedule]\nkind = 'piecewise'\npoints = [[0, 0.5], [10, 1.0]]";
    assert_eq!(course(text), Course::Piecewise { points: vec![(0, 0.5), (10, 1.0)] });
    assert_eq!(course("[schedule]\nkind = 'warm-up'\nsteps = 7"), Course::WarmUp { to: 1.0, steps: 7 });
    check_refused("[schedule]\nkind = 'lineal'", &["schedule.kind: there is no `lineal`", "`linear`"]);
}

/// A run in which every number that can have a course has one.
const ALL_SCHEDULED: &str = "
[run]
steps = 40
[optimizer.generator]
kind = 'adam'
lr = { kind = 'warm-up', to = 2e-4, steps = 10 }
beta1 = { kind = 'linear', from = 0.5, to = 0.0 }
[optimizer.discriminator]
kind = 'adam'
lr = { kind = 'exponential', from = 2e-4, to = 1e-5 }
beta2 = { kind = 'cosine', from = 0.9, to = 0.999, to_step = 30 }
[[penalty]]
kind = 'r1'
gamma = { kind = 'piecewise', points = [[0, 5.0], [20, 1.0]] }
interval = 2
[ema]
decay = { kind = 'linear', from = 0.9, to = 0.99 }
";

#[test]
fn every_scheduled_number_follows_its_course_and_survives_run_toml() {
    let run = resolve(ALL_SCHEDULED).unwrap();
    assert_eq!(resolve(&run.to_toml()).unwrap(), run, "{}", run.to_toml());
    let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} is not {b}");
    let adam = |rule: OptimizerConfig| match rule {
        OptimizerConfig::Adam { lr, beta1, beta2, .. } => [lr, beta1, beta2],
        other => panic!("{other:?}"),
    };
    let [lr, beta1, _] = adam(run.optimizer_g.at(0));
    near(lr, 2e-5);
    near(beta1, 0.5);
    let [lr, beta1, _] = adam(run.optimizer_g.at(20));
    near(lr, 2e-4);
    near(beta1, 0.25);
    let [lr, _, beta2] = adam(run.optimizer_d.at(40));
    near(lr, 1e-5);
    near(beta2, 0.999);
    assert_eq!(run.penalties[0].interval, 2);
    assert_eq!(run.penalties[0].penalty.at(10), Penalty::R1 { gamma: 3.0 });
    let Some(Average::Decay { decay, .. }) = &run.ema else { panic!("{:?}", run.ema) };
    near(decay.at(20), 0.945);
    // Courses without an end got that of the run, and keep it.
    assert!(run.to_toml().contains("to_step = 40"), "{}", run.to_toml());
}

#[test]
fn courses_that_cannot_be_are_refused_by_key() {
    let check = |number: &str, wants: &[&str]| {
        check_refused(&format!("[optimizer.generator]\nlr = {number}"), wants);
    };
    check("{ from = 1, to = 0 }", &["optimizer.generator.lr.kind: is missing: constant, linear"]);
    check("{ kind = 'lienar', from = 1, to = 0 }", &["lr.kind: there is no `lienar`", "`linear`"]);
    check("{ kind = 'linear', from = 1 }", &["optimizer.generator.lr", "`to`"]);
    check("{ kind = 'linear', from = 1, to = 0, too = 3 }", &["optimizer.generator.lr.too"]);
    check("{ kind = 'linear', from = -1, to = 0 }", &["optimizer.generator.lr: found -1 on its course"]);
    check("{ kind = 'linear', from = 1, to = 0, from_step = 9, to_step = 9 }", &["lr.to_step: found 9"]);
    check("{ kind = 'exponential', from = 1, to = 0 }", &["lr.from: an exponential course"]);
    check("{ kind = 'piecewise', points = [[5, 1.0], [5, 2.0]] }", &["lr.points: step 5 comes after step 5"]);
    check("{ kind = 'warm-up', to = 1, steps = 99999999999999 }", &["optimizer.generator.lr: found step"]);
    check_refused("[ema]\ndecay = { kind = 'linear', from = 0.5, to = 1 }", &["ema.decay: found 1 on its"]);
    check_refused("[ema]\ndecay = 'long'", &["ema.decay: found \"long\", expected a number, or the table"]);
}

#[test]
fn schemes_and_terms_are_chosen_by_name() {
    assert_eq!(resolve("").unwrap().scheme.kind().name, "alternating");
    let run = resolve("[scheme]\nkind = 'simultaneous'").unwrap();
    assert_eq!(run.scheme.kind().name, "simultaneous");
    assert_eq!(resolve(&run.to_toml()).unwrap(), run);
    check_refused("[scheme]\nkind = 'simultanous'", &["scheme.kind", "did you mean `simultaneous`?"]);
    check_refused("[scheme]\nrate = 1", &["scheme.rate: `alternating` has no such setting"]);
    let text = "[scheme]\nkind = 'simultaneous'\n[optimizer]\nn_critic = 2";
    check_refused(text, &["scheme.kind: players that move at once", "n_critic is 2"]);
    check_refused("[[term]]\nkind = 'nothing'", &["term.0.kind: there is no `nothing`"]);
    let run = resolve("[[term]]\nkind = 'orthogonal'\nplayer = 'discriminator'").unwrap();
    assert_eq!(resolve(&run.to_toml()).unwrap(), run);
    assert_eq!(run.terms[0].write()["weight"].as_float(), Some(1e-4));
    check_refused("[[term]]\nkind = 'orthogonal'\nplayer = 'both'", &["term.0.player", "generator"]);
    check_refused("[[term]]\nkind = 'orthogonal'\nweight = -1.0", &["term.0.weight: found -1"]);
    let run = resolve("[[term]]\nkind = 'drift'").unwrap();
    assert_eq!(resolve(&run.to_toml()).unwrap(), run);
    assert_eq!(run.terms[0].write()["weight"].as_float(), Some(1e-3));
    check_refused("[[term]]\nkind = 'drift'\nwieght = 1.0", &["term.0.wieght"]);
}

#[test]
fn latent_vectors_are_of_the_distribution_that_is_chosen() {
    let run = resolve("[generator]\nlatent = 'truncated-normal'").unwrap();
    assert_eq!(resolve(&run.to_toml()).unwrap(), run);
    assert!(run.to_toml().contains("latent_threshold = 2.0"));
    assert_eq!(resolve("[generator]\nlatent = 'normal'").unwrap(), resolve("").unwrap());
    check_refused("[generator]\nlatent = 'unifrom'", &["generator.latent", "uniform"]);
    check_refused("[generator]\nlatent_threshold = 2.0", &["generator.latent_threshold", "truncated-normal"]);
    let changed = run.changes_on_resume(&resolve("").unwrap()).unwrap_err().to_string();
    assert!(changed.contains("generator.latent"), "{changed}");
}

#[test]
fn momentum_may_be_negative_where_the_rule_allows_it() {
    let run = resolve("[optimizer.generator]\nkind = 'sgd'\nmomentum = -0.5").unwrap();
    assert!(matches!(run.optimizer_g.start(), OptimizerConfig::Sgd { momentum: -0.5, .. }));
    let text = "[optimizer.generator]\nkind = 'rmsprop'\nmomentum = -0.5";
    check_refused(text, &["optimizer.generator.momentum: found -0.5, expected a number in [0, 1)"]);
    let text = "[optimizer.generator]\nkind = 'sgd'\nnesterov = true";
    check_refused(text, &["optimizer.generator.momentum: found 0", "above 0 with nesterov"]);
}
