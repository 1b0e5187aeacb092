//! The doctor beside a run: what it writes, what it must not touch, and where it goes on.

use std::fs;
use std::path::Path;

use ganymede_train::monitor::{Alert, AlertState, Severity};
use ganymede_train::{Event, LogEntry, Observer, Outcome, Progress, Run, StopReason, Summary, Trainer};

use crate::common::{CLOTHES, RING, run};

fn made(run: &Run, out: &Path) -> Summary {
    Trainer::new(run, out).unwrap().run(&mut ()).unwrap()
}

fn bytes(out: &Path, file: &str) -> Vec<u8> {
    fs::read(out.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn alerts(out: &Path) -> Vec<Alert> {
    let text = fs::read_to_string(out.join("alerts.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_short_run_that_is_well_has_an_empty_file_of_alerts() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("run");
    let summary = made(&run(RING, &["monitor.every=10"]), &out);
    assert_eq!(bytes(&out, "alerts.jsonl"), b"");
    assert!(summary.alerts.is_empty());
    let lines = fs::read_to_string(out.join("monitor.jsonl")).unwrap();
    let entries: Vec<LogEntry> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(entries.iter().map(|entry| entry.step).collect::<Vec<_>>(), [10, 20, 30, 40]);
    for name in [
        "update_g",
        "update_d",
        "diversity",
        "reach",
        "distance",
        "centre_0",
        "centre_1",
        "modes_reached",
        "near_modes",
        "grad_least_g",
        "grad_greatest_d",
        "grad_first_last_g",
        "grad_ratio",
    ] {
        assert!(entries.iter().all(|entry| entry.get(name).is_some_and(f64::is_finite)), "{name}: {lines}");
    }
    // What is only seen now and then is not there yet.
    assert!(entries.iter().all(|entry| entry.get("slope").is_none()), "{lines}");
    assert!(entries.iter().all(|entry| (0.0..=1.0).contains(&entry.get("auc").unwrap())), "{lines}");
    assert!(entries.iter().all(|entry| entry.get("update_g").unwrap() > 0.0), "{lines}");
}

/// Images: batches are normalised together, and some samples are never trained on.
#[test]
fn a_run_is_the_same_whether_it_is_watched_or_not() {
    for (text, sets) in [(RING, &[][..]), (CLOTHES, &["data.subset=60"][..])] {
        let dir = tempfile::tempdir().unwrap();
        let [on, off] = ["on", "off"].map(|name| dir.path().join(name));
        made(&run(text, &[&["monitor.every=1", "monitor.duality_gap=2"], sets].concat()), &on);
        made(&run(text, &[&["monitor.enabled=false"], sets].concat()), &off);
        for file in
            ["log.jsonl", "metrics.jsonl", "checkpoints/last.safetensors", "checkpoints/best.safetensors"]
        {
            assert!(bytes(&on, file) == bytes(&off, file), "{file}");
        }
        assert!(!off.join("monitor.jsonl").exists());
        assert_eq!(bytes(&off, "alerts.jsonl"), b"");
        let lines = fs::read_to_string(on.join("monitor.jsonl")).unwrap();
        let thorough: LogEntry = serde_json::from_str(lines.lines().nth(9).unwrap()).unwrap();
        for name in ["slope", "secant", "cosine_g", "cosine_d", "duality_gap"] {
            assert!(thorough.get(name).is_some_and(f64::is_finite), "{name}: {thorough:?}");
        }
        for name in ["sigma_0_g@", "sigma_2_d@", "grad_least_g@"] {
            let is_there = thorough.values.iter().any(|(known, x)| known.starts_with(name) && *x > 0.0);
            assert!(is_there, "{name}: {thorough:?}");
        }
        assert!(
            thorough.get("cosine_d").is_some_and(|cosine| (-1.0..=1.0).contains(&cosine)),
            "{thorough:?}"
        );
        if text == CLOTHES {
            let lines = fs::read_to_string(on.join("monitor.jsonl")).unwrap();
            let last: LogEntry = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
            for name in ["dependence_g", "dependence_d", "score_train", "score_unseen", "score_made"] {
                assert!(last.get(name).is_some_and(f64::is_finite), "{name}: {lines}");
            }
        }
    }
}

/// A generator that does not move, whose samples are all alike: two symptoms at the least.
const ILL: [&str; 6] = [
    "monitor.every=2",
    "monitor.duality_gap=1",
    "optimizer.generator.lr=1e-9",
    "optimizer.generator.kind=adam",
    "run.steps=60",
    "log.checkpoint_every=9",
];

/// Ends a run at a step, as a person or as a kill would.
struct StopAt(u64, bool);

impl Observer for StopAt {
    fn stepped(&mut self, progress: &Progress<'_>) {
        self.1 |= progress.step == self.0;
    }

    fn stop_requested(&mut self) -> bool {
        self.1
    }
}

#[test]
fn what_goes_wrong_is_raised_told_and_written_and_a_resume_goes_on_with_it() {
    #[derive(Default)]
    struct Heard(Vec<Alert>);
    impl Observer for Heard {
        fn happened(&mut self, event: &Event<'_>) {
            if let Event::Alerted(alert) = event {
                self.0.push((*alert).clone());
            }
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let whole = dir.path().join("whole");
    let ill = run(RING, &ILL);
    let mut heard = Heard::default();
    let summary = Trainer::new(&ill, &whole).unwrap().run(&mut heard).unwrap();
    let written = alerts(&whole);
    assert_eq!(heard.0, written);
    let raised = summary.alerts.iter().find(|alert| alert.symptom == "dead-generator").unwrap();
    assert!(raised.severity == Severity::Severe && raised.state == AlertState::Raised, "{raised:?}");
    assert_eq!(raised.remedies[0].set, ["optimizer.generator.lr=2e-4"]);
    assert!(summary.alerts.is_sorted_by(|a, b| a.severity >= b.severity), "{:?}", summary.alerts);
    assert!(
        summary.verdict.contains("dead-generator") && !summary.verdict.contains("in balance"),
        "{}",
        summary.verdict
    );

    // Killed between two checkpoints: what was written after the last one is written again.
    for at in [13, 22, 31, 44] {
        let out = dir.path().join(format!("killed-{at}"));
        let begun = Trainer::new(&ill, &out).unwrap().run(&mut StopAt(at, false)).unwrap();
        assert_eq!(begun.outcome, Outcome::Stopped { reason: StopReason::Requested });
        let ahead = [bytes(&whole, "alerts.jsonl"), bytes(&whole, "monitor.jsonl")];
        fs::write(out.join("alerts.jsonl"), &ahead[0]).unwrap();
        fs::write(out.join("monitor.jsonl"), &ahead[1][..ahead[1].len() - 7]).unwrap();
        let resumed = Trainer::resume(&out, &ill).unwrap().run(&mut ()).unwrap();
        for file in ["alerts.jsonl", "monitor.jsonl", "log.jsonl", "checkpoints/last.safetensors"] {
            assert!(bytes(&out, file) == bytes(&whole, file), "{file} after {at}");
        }
        assert_eq!(resumed.alerts, summary.alerts);
    }
}

#[test]
fn a_value_that_is_none_is_traced_to_where_it_came_from() {
    let dir = tempfile::tempdir().unwrap();
    let check = |name: &str, sets: &[&str]| {
        let out = dir.path().join(name);
        let summary = made(&run(RING, sets), &out);
        let Outcome::Diverged { origin: Some(origin), step, .. } = &summary.outcome else {
            panic!("{:?}", summary.outcome)
        };
        assert!(origin.step <= *step && summary.verdict.contains(&origin.words), "{}", summary.verdict);
        let last = alerts(&out).pop().unwrap();
        assert!(last.symptom == "divergence" && last.words.contains(&origin.words), "{last:?}");
        assert_eq!(summary.alerts[0], last);
        origin.clone()
    };
    // The generator is flung away by its first update.
    let origin = check("flung", &["optimizer.generator.lr=1e30", "optimizer.generator.kind=adam"]);
    assert_eq!((origin.step, origin.player), (2, "discriminator"), "{origin:?}");
    assert_eq!(origin.part, "samples");
    assert!(origin.parameter.as_deref().unwrap().starts_with("generator."), "{origin:?}");
    // The discriminator by its own: spectral normalisation holds its scores, so that the weights themselves overflow.
    let sets = [
        "optimizer.discriminator.lr=1e30",
        "optimizer.discriminator.kind=sgd",
        "discriminator.spectral=false",
    ];
    let origin = check("critic", &sets);
    assert!(origin.words.contains("discriminator"), "{origin:?}");
    assert!(origin.parameter.as_deref().unwrap().starts_with("discriminator."), "{origin:?}");
}
