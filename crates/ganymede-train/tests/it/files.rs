//! What a run leaves behind.

use std::fs;

use ganymede_train::{
    ClassShare, EvalOptions, Layers, LogEntry, Metric, MetricEntry, Outcome, RunFolder, Trainer, evaluate,
};

use crate::common::{CLOTHES, RING, run};

/// A start that was killed while it wrote `run.toml` leaves half of it, which the next start takes away.
#[test]
fn a_start_sweeps_up_after_one_that_was_killed() {
    let dir = tempfile::tempdir().unwrap();
    let half = dir.path().join(".run.toml.a1b2c3.tmp");
    fs::write(&half, "sch").unwrap();
    Trainer::new(&run(RING, &["run.steps=1"]), dir.path()).unwrap();
    assert!(dir.path().join("run.toml").is_file() && !half.exists());
}

#[test]
fn a_run_folder_is_complete() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("run");
    let run = run(RING, &[]);
    let mut trainer = Trainer::new(&run, &out).unwrap();
    let summary = trainer.run(&mut ()).unwrap();
    assert_eq!(summary.outcome, Outcome::Completed);

    // run.toml resolves to the run that was made.
    let again = Layers::file(&out.join("run.toml"), None).unwrap().resolve().unwrap();
    assert_eq!(&again, trainer.config());

    let log = fs::read_to_string(out.join("log.jsonl")).unwrap();
    let entries: Vec<LogEntry> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        entries.iter().map(|e| e.step).collect::<Vec<_>>(),
        (1..=13).map(|i| 3 * i).collect::<Vec<_>>()
    );
    let last = entries.last().unwrap();
    assert_eq!(last.images, 39 * 2 * 16);
    assert!(last.get("penalty").is_some() && last.get("penalty_norm").is_some());
    // Relativistic scores have no border.
    assert_eq!(last.get("accuracy_real"), None);
    let factor = last.get("lr_factor").unwrap();
    assert!((factor - (1.0 - 33.0 / 95.0)).abs() < 1e-12, "{factor}");

    let metrics = fs::read_to_string(out.join("metrics.jsonl")).unwrap();
    let metrics: Vec<MetricEntry> = metrics.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(metrics.iter().map(|m| m.step).collect::<Vec<_>>(), [10, 20, 30, 40]);
    assert!(matches!(metrics[0].metric, Metric::ModeCoverage { modes: 8, samples: 2500, .. }));

    for file in [
        "curves.png",
        "summary.json",
        "timing.jsonl",
        "samples/real.png",
        "samples/step-000000.png",
        "samples/step-000040.png",
        "checkpoints/last.safetensors",
        "checkpoints/best.safetensors",
        "checkpoints/step-000020.safetensors",
        "checkpoints/step-000040.safetensors",
    ] {
        assert!(out.join(file).metadata().unwrap().len() > 0, "{file}");
    }
    let summary: serde_json::Value =
        serde_json::from_slice(&fs::read(out.join("summary.json")).unwrap()).unwrap();
    for pointer in [
        "/schema",
        "/outcome",
        "/verdict",
        "/step",
        "/steps",
        "/images",
        "/seconds",
        "/images_per_second",
        "/data_wait",
        "/last/loss_d",
        "/last/loss_g",
        "/last/grad_norm_d",
        "/last/grad_norm_g",
        "/metric/modes_covered",
        "/best/step",
        "/best/rule",
        "/run/seed",
        "/run/threads",
        "/run/device",
        "/run/data/content_hash",
        "/run/generator_parameters",
        "/files/picture",
        "/files/last",
        "/versions/ganymede",
    ] {
        assert!(summary.pointer(pointer).is_some_and(|value| !value.is_null()), "{pointer}");
    }
    // The last step is no multiple of log_every: it is measured for the summary, not logged.
    assert_eq!(summary["last"]["step"], 40);
}

#[test]
fn pictures_of_images_are_grids_and_channels_are_written_down() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("run");
    let run = run(CLOTHES, &["run.steps=5", "eval.extractor=none"]);
    let summary = Trainer::new(&run, &out).unwrap().run(&mut ()).unwrap();
    let picture = image::open(out.join("samples/step-000005.png")).unwrap();
    // Three by three, each 8 pixels enlarged eightfold, with gaps of 2.
    assert_eq!((picture.width(), picture.height()), (3 * 66 + 2, 3 * 66 + 2));
    let Some(Metric::SlicedWasserstein { distance, between_reals, .. }) = summary.metric else {
        panic!("images are measured by their distance: {:?}", summary.metric)
    };
    assert!(distance > between_reals && between_reals > 0.0, "{distance} {between_reals}");
    assert!(summary.last.unwrap().get("accuracy_real").is_some());
    let written = Layers::file(&out.join("run.toml"), None).unwrap().resolve().unwrap();
    assert_eq!(written.data.channels, Some(1));
}

#[test]
fn images_are_measured_by_the_features_of_a_network() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("run");
    let eval = "\n[eval]\nextractor = \"fashion-cnn\"\nevery = 2\nsamples = 60\nmetrics = [\"fid\", \"is\", \"kid\", \
                \"precision-recall\", \"density-coverage\"]\n";
    let run = run(&(CLOTHES.to_owned() + eval), &["run.steps=5"]);
    let summary = Trainer::new(&run, &out).unwrap().run(&mut ()).unwrap();
    let lines = fs::read_to_string(out.join("metrics.jsonl")).unwrap();
    let entries: Vec<MetricEntry> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(entries.iter().map(|entry| entry.step).collect::<Vec<_>>(), [2, 4]);
    let Some(Metric::Quality(last)) = summary.metric else { panic!("{:?}", summary.metric) };
    let names: Vec<&str> = last.values.iter().map(|value| value.name.as_str()).collect();
    let full = |measure: &str| format!("{measure}-fashion-cnn-clean-60");
    let wanted = ["fid", "is", "kid", "precision", "recall", "density", "coverage"].map(full);
    assert_eq!(names, wanted);
    // Five steps of a tiny network: far from clothes, and farther than clothes are from one another.
    let between = last.between_reals.unwrap();
    assert!(last.value("fid").unwrap() > between && between > 0.0, "{last:?}");
    assert!((1.0..=10.0).contains(&last.value("is").unwrap()), "{last:?}");
    for side in [|share: &ClassShare| share.generated, |share: &ClassShare| share.real] {
        assert!((last.classes.iter().map(side).sum::<f64>() - 1.0).abs() < 1e-12, "{last:?}");
    }
    assert_eq!(last.classes.len(), 10);
    let best = summary.best.unwrap();
    assert_eq!(best.rule, "lowest fid-fashion-cnn-clean-60");
    // The best checkpoint scores again what the run logged.
    let device = ganymede_tensor::Device::Cpu;
    let folder = RunFolder::open(&out).unwrap();
    let options = EvalOptions {
        config: run.eval.as_ref().unwrap(),
        weights: None,
        device: &device,
        folder: &folder,
        other_data: false,
        refinement: None,
    };
    let again = evaluate(&run, &[out.join("checkpoints/best.safetensors")], options).unwrap();
    assert!(again.data_as_trained);
    assert_eq!(Metric::Quality(again.quality), best.best.metric);
}

#[test]
fn folders_are_numbered_and_never_reused() {
    let dir = tempfile::tempdir().unwrap();
    let base = dir.path().join("runs");
    let run = run(RING, &[]);
    let begin = || Trainer::numbered(&run, &base, "wgan").unwrap().folder().root().to_owned();
    assert_eq!((begin(), begin()), (base.join("wgan-1"), base.join("wgan-2")));
    assert_eq!(begin(), base.join("wgan-3"));
    let error = Trainer::new(&run, &base.join("wgan-1")).err().unwrap();
    assert!(error.is_usage() && error.to_string().contains("not empty"), "{error}");
}

#[test]
fn a_time_limit_stops_with_a_checkpoint() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("run");
    let run = run(RING, &["run.steps=1000000", "limits.minutes=1e-9"]);
    let summary = Trainer::new(&run, &out).unwrap().run(&mut ()).unwrap();
    assert!(matches!(summary.outcome, Outcome::Stopped { reason: ganymede_train::StopReason::TimeLimit }));
    assert!(Trainer::resume(&out, &run).is_ok());
}
