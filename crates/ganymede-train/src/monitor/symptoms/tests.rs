//! Each rule on histories on both sides of its thresholds, and on what it must not mistake for the symptom.

use std::f64::consts::TAU;

use super::super::{AlertState, Series, Severity, Sight, View, diagnose};
use super::SYMPTOMS;
use crate::config::{Layers, Run};
use crate::monitor::remedy::{applied, remedies};

type Line<'a> = (&'a str, &'a dyn Fn(f64) -> f64);

/// Series of functions of t in [0, 1): a point each of `n` looks.
fn history(n: u64, lines: &[Line<'_>]) -> Series {
    let mut series = Series::default();
    for i in 0..n {
        for (name, line) in lines {
            series.push(name, 50 * (i + 1), line(i as f64 / n as f64));
        }
    }
    series
}

/// What the rule says at the end, and what a doctor who looks all the while has raised then.
#[track_caller]
fn sees(symptom: &str, series: &Series, wanted: Option<Severity>) {
    let rule = SYMPTOMS.iter().find(|known| known.name == symptom).unwrap();
    let last =
        series.names().filter_map(|name| series.get(name).last()).map(|(step, _)| *step).max().unwrap();
    let severity = match (rule.rule)(&View::new(series, last)) {
        Sight::Ill(finding) => {
            assert!(finding.evidence.window.1 <= last && !finding.words.is_empty(), "{finding:?}");
            Some(finding.severity)
        }
        Sight::Well => None,
        Sight::CannotSee => panic!("{symptom} cannot see"),
    };
    assert_eq!(severity, wanted, "{symptom}");
    let raised = diagnose(series).raised;
    let raised = raised.iter().find(|alert| alert.symptom == symptom).map(|alert| alert.severity);
    assert_eq!(raised, wanted, "raised of {symptom}");
}

const FAR: Line<'static> = ("distance", &|_| 8.0);
const NEAR: Line<'static> = ("distance", &|_| 1.2);
use Severity::{Note, Severe, Warning};

#[test]
fn rules_without_their_series_cannot_see() {
    let series = history(40, &[("something", &|t| t)]);
    for symptom in SYMPTOMS {
        assert_eq!((symptom.rule)(&View::new(&series, 2000)), Sight::CannotSee, "{}", symptom.name);
        // What a rule says that it needs is enough for it.
        for needs in symptom.needs {
            let lines: Vec<Line<'_>> =
                needs.iter().map(|name| (*name, &(|_| 0.9) as &dyn Fn(f64) -> f64)).collect();
            let series = history(80, &lines);
            let sight = (symptom.rule)(&View::new(&series, 4000));
            assert_ne!(sight, Sight::CannotSee, "{} with {needs:?}", symptom.name);
        }
    }
    assert_eq!(diagnose(&series).unseen.len(), SYMPTOMS.len());
}

#[test]
fn modes_that_are_lost() {
    let check =
        |share: f64, wanted| sees("mode-collapse", &history(20, &[("modes_reached", &|_| share)]), wanted);
    check(1.0, None);
    check(7.0 / 8.0, Some(Note));
    check(6.0 / 8.0, Some(Warning));
    check(4.0 / 8.0, Some(Severe));
    // A generator that has only begun is not collapsed.
    let early = history(5, &[("modes_reached", &|_| 0.125)]);
    let rule = super::mode_collapse::MODE_COLLAPSE.rule;
    assert_eq!(rule(&View::new(&early, 250)), Sight::CannotSee);
    let spreading = history(40, &[("modes_reached", &|t| (4.0 * t).min(1.0))]);
    sees("mode-collapse", &spreading, None);
}

#[test]
fn samples_that_are_alike() {
    let check = |line: &dyn Fn(f64) -> f64, wanted| {
        sees("mode-collapse", &history(40, &[("diversity", line)]), wanted);
    };
    check(&|_| 0.9, None);
    check(&|_| 0.61, None);
    check(&|_| 0.55, Some(Warning));
    check(&|_| 0.2, Some(Severe));
    // More than the data is another matter.
    check(&|_| 3.0, None);
    let fallen = history(40, &[("diversity", &|t| if t < 0.85 { 1.0 } else { 0.5 })]);
    let alert = diagnose(&fallen).raised.remove(0);
    assert_eq!((alert.severity, alert.evidence.form.as_deref()), (Severe, Some("sudden")));
    let classes = |missing: f64| history(10, &[("classes_missing", &move |_| missing)]);
    sees("mode-collapse", &classes(0.0), None);
    sees("mode-collapse", &classes(0.1), Some(Note));
    sees("mode-collapse", &classes(0.6), Some(Severe));
}

#[test]
fn a_discriminator_that_is_always_right() {
    let check = |right: f64, distance: Line<'_>, wanted| {
        let lines: [Line<'_>; 3] = [("accuracy_real", &|_| right), ("accuracy_fake", &|_| right), distance];
        sees("discriminator-too-strong", &history(40, &lines), wanted);
    };
    check(0.9, FAR, None);
    check(0.985, FAR, Some(Warning));
    check(1.0, FAR, Some(Severe));
    // Samples that are good are no sign of it, unless a discriminator tells them all the same without fail.
    check(0.985, NEAR, None);
    check(0.985, ("distance", &|t| 2.9 - 0.9 * t), Some(Note));
    check(1.0, NEAR, Some(Warning));
    let improving: Line<'_> = ("distance", &|t| 2.8 * (-12.0 * t).exp() + 2.05);
    check(0.97, improving, None);
    // Scores without a border are compared.
    let ahead = |auc: f64, distance: Line<'_>, wanted| {
        sees("discriminator-too-strong", &history(40, &[("auc", &|_| auc), distance]), wanted);
    };
    ahead(0.95, FAR, None);
    ahead(0.98, FAR, Some(Warning));
    ahead(1.0, FAR, Some(Severe));
    ahead(0.98, NEAR, None);
    ahead(1.0, NEAR, Some(Warning));
    // Another program's run, of which no distance is known.
    let plain = history(40, &[("accuracy_real", &|_| 1.0), ("accuracy_fake", &|_| 1.0)]);
    sees("discriminator-too-strong", &plain, Some(Warning));
}

#[test]
fn a_discriminator_that_cannot_tell() {
    let check = |auc: f64, distance: Line<'_>, wanted| {
        sees("discriminator-too-weak", &history(40, &[("auc", &|_| auc), distance]), wanted);
    };
    check(0.5, FAR, Some(Severe));
    check(0.3, FAR, Some(Severe));
    check(0.5, ("distance", &|_| 2.5), Some(Note));
    check(0.5, ("distance", &|t| 20.0 * (-2.0 * t).exp() + 4.0), Some(Severe));
    check(0.7, FAR, Some(Severe));
    check(0.8, FAR, None);
    // At rest it cannot tell, and should not.
    check(0.5, NEAR, None);
    let lines: [Line<'_>; 3] = [("accuracy_real", &|_| 0.55), ("accuracy_fake", &|_| 0.5), FAR];
    sees("discriminator-too-weak", &history(40, &lines), Some(Severe));
    let right: [Line<'_>; 3] = [("accuracy_real", &|_| 0.8), ("accuracy_fake", &|_| 0.6), FAR];
    sees("discriminator-too-weak", &history(40, &right), None);
}

/// Samples that are whole, of which so many lie near a mode, and a discriminator that tells so often.
fn blurred(looks: u64, near: &dyn Fn(f64) -> f64, auc: f64) -> Series {
    let lines: [Line<'_>; 4] =
        [("near_modes", near), ("modes_reached", &|_| 1.0), ("auc", &|_| auc), ("distance", &|_| 2.5)];
    history(looks, &lines)
}

#[test]
fn blur_that_the_discriminator_sees() {
    let check = |looks: u64, near: &dyn Fn(f64) -> f64, auc: f64, wanted| {
        let series = blurred(looks, near, auc);
        sees("discriminator-too-strong", &series, wanted);
        if let Some(severity) = wanted {
            let alert = diagnose(&series)
                .raised
                .into_iter()
                .find(|alert| alert.symptom == "discriminator-too-strong");
            let alert = alert.unwrap();
            assert_eq!((alert.severity, alert.evidence.form.as_deref()), (severity, Some("blurred")));
        }
    };
    check(30, &|_| 0.1, 0.9, Some(Warning));
    check(60, &|_| 0.1, 0.9, Some(Severe));
    check(60, &|_| 0.33, 0.9, Some(Severe));
    // It has only begun, or has become sharp.
    check(23, &|_| 0.1, 0.9, None);
    check(60, &|_| 0.37, 0.9, None);
    check(60, &|t| t, 0.9, None);
    // What is missing is another matter.
    let mut missing = blurred(60, &|_| 0.1, 0.9);
    (1..=60).for_each(|look| missing.push("modes_reached", 50 * look, 0.5));
    sees("discriminator-too-strong", &missing, None);
}

#[test]
fn blur_that_the_discriminator_does_not_see() {
    let check = |looks: u64, near: &dyn Fn(f64) -> f64, auc: f64, wanted| {
        sees("discriminator-too-weak", &blurred(looks, near, auc), wanted);
    };
    check(30, &|_| 0.1, 0.78, Some(Warning));
    check(60, &|_| 0.1, 0.78, Some(Severe));
    check(60, &|_| 0.1, 0.82, None);
    // Samples that become sharper, soon enough or not.
    check(36, &|t| 0.3 * t.powi(2), 0.78, None);
    check(60, &|t| 0.2 * t.powi(2), 0.78, Some(Severe));
    check(60, &|t| 0.4 * t.powi(3), 0.78, None);
    // Uneven, yet good one by one.
    let even: [Line<'_>; 3] = [("auc", &|_| 0.7), FAR, ("near_modes", &|_| 0.8)];
    sees("discriminator-too-weak", &history(40, &even), Some(Warning));
}

#[test]
fn layers_are_named_where_gradients_vanish_or_explode() {
    let deep = |first_last: f64| {
        let lines: [Line<'_>; 3] = [("grad_norm_g", &|_| 1.0), ("grad_first_last_g", &|_| first_last), FAR];
        history(40, &lines)
    };
    sees("vanishing-gradient", &deep(1e-3), None);
    sees("vanishing-gradient", &deep(1e-5), Some(Warning));
    let good: [Line<'_>; 3] = [("grad_norm_g", &|_| 1.0), ("grad_first_last_g", &|_| 1e-5), NEAR];
    sees("vanishing-gradient", &history(40, &good), None);
    let told = |symptom: &str, norm: f64, extreme: &str| {
        let name = format!("{extreme}@main.4.weight");
        let lines: [Line<'_>; 4] =
            [("grad_norm_g", &|_| norm), (extreme, &|_| 0.5 * norm), (&name, &|_| 0.5 * norm), FAR];
        let mut series = history(40, &lines);
        // The extreme was in another layer before.
        series.push(&format!("{extreme}@main.0.weight"), 3, norm);
        let alert = diagnose(&series).raised.into_iter().find(|alert| alert.symptom == symptom).unwrap();
        assert!(alert.words.contains("`main.4.weight`"), "{}", alert.words);
        assert_eq!(alert.evidence.values[extreme], 0.5 * norm);
    };
    told("vanishing-gradient", 1e-8, "grad_least_g");
    told("exploding-gradient", 1e6, "grad_greatest_g");
}

#[test]
fn spectra_that_collapse() {
    let check =
        |share: f64, wanted| sees("mode-collapse", &history(10, &[("collapsed_d", &|_| share)]), wanted);
    check(0.0, None);
    check(0.4, None);
    check(0.5, Some(Warning));
    check(1.0, Some(Warning));
}

#[test]
fn gradients_that_vanish() {
    let check = |line: &dyn Fn(f64) -> f64, distance: Line<'_>, wanted| {
        sees("vanishing-gradient", &history(40, &[("grad_norm_g", line), distance]), wanted);
    };
    check(&|_| 1e-7, FAR, Some(Severe));
    check(&|_| 5e-5, FAR, Some(Warning));
    check(&|_| 2e-4, FAR, None);
    check(&|t| 10f64.powf(1.0 - 5.0 * t), FAR, Some(Severe));
    check(&|t| 10f64.powf(1.0 - 2.0 * t), FAR, None);
    // At rest there is none.
    check(&|t| 10f64.powf(1.0 - 5.0 * t), NEAR, None);
    check(&|_| 1e-7, NEAR, None);
    sees("vanishing-gradient", &history(40, &[("grad_norm_g", &|_| 1e-8)]), Some(Warning));
}

#[test]
fn steps_that_are_long_beside_the_weights() {
    let check = |update: &dyn Fn(f64) -> f64, distance: Line<'_>, wanted| {
        sees(
            "rates-too-high",
            &history(40, &[("update_g", &|_| 1e-3), ("update_d", update), distance]),
            wanted,
        );
    };
    check(&|_| 0.01, FAR, None);
    check(&|_| 0.05, FAR, Some(Warning));
    check(&|_| 0.05, NEAR, Some(Warning));
    check(&|_| 0.3, FAR, Some(Severe));
    check(&|_| 0.3, NEAR, Some(Warning));
    // Weights are small where training begins.
    check(&|t| 0.2 * (-20.0 * t).exp(), FAR, None);
}

#[test]
fn gradients_that_explode() {
    let check = |line: &dyn Fn(f64) -> f64, wanted| {
        sees("exploding-gradient", &history(60, &[("grad_norm_d", line)]), wanted);
    };
    check(&|_| 5.0, None);
    check(&|_| 2e4, Some(Severe));
    check(&|t| 10f64.powf(4.0 * t), Some(Warning));
    check(&|t| 0.1 + t, None);
    // One spike is none.
    check(&|t| if (0.9..0.92).contains(&t) { 1e6 } else { 1.0 }, None);
    // Small ones may grow, as they do where training begins.
    check(&|t| 1e-3 * 10f64.powf(4.0 * t), None);
}

#[test]
fn swings_that_do_not_die_down() {
    let noise = |t: f64| {
        let x = (t * 12_345.678).sin() * 43_758.547;
        x - x.floor() - 0.5
    };
    let check = |line: &dyn Fn(f64) -> f64, wanted| {
        sees("oscillation", &history(64, &[("centre_0", line)]), wanted);
    };
    check(&|t| 0.5 * (TAU * 12.0 * t).sin(), Some(Warning));
    check(&|t| 0.05 * (TAU * 12.0 * t).sin(), None);
    check(&|t| 2.0 * (-6.0 * t).exp() * (TAU * 12.0 * t).sin(), None);
    // Noise, drift and a single turn are no swings.
    check(&|t| noise(t), None);
    check(&|t| 3.0 * t, None);
    check(&|t| (TAU * t).sin(), None);
    let wide: [Line<'_>; 2] = [("centre_0", &|t| (TAU * 12.0 * t).sin()), FAR];
    sees("oscillation", &history(64, &wide), Some(Severe));
    let losses = history(128, &[("loss_g", &|t| 1.0 + 0.5 * (TAU * 12.0 * t).sin())]);
    sees("oscillation", &losses, Some(Note));
    sees("oscillation", &history(128, &[("loss_g", &|t| 1.0 + noise(t))]), None);
}

#[test]
fn samples_known_by_heart() {
    let check = |unseen: f64, wanted| {
        let lines: [Line<'_>; 3] =
            [("score_train", &|_| 2.0), ("score_unseen", &|_| unseen), ("score_made", &|_| -2.0)];
        sees("discriminator-overfitting", &history(20, &lines), wanted);
    };
    check(1.9, None);
    check(0.0, Some(Warning));
    check(-1.5, Some(Severe));
    // It scores what it never saw higher: nothing is known by heart.
    check(3.0, None);
    let logged: [Line<'_>; 3] =
        [("score_real", &|_| 2.0), ("score_held_out", &|_| -1.9), ("score_fake", &|_| -2.0)];
    sees("discriminator-overfitting", &history(20, &logged), Some(Severe));
    let good: [Line<'_>; 4] = [logged[0], logged[1], logged[2], NEAR];
    sees("discriminator-overfitting", &history(20, &good), Some(Warning));
    // Where it cannot tell what it trains on from generated samples, neither.
    let equal: [Line<'_>; 3] =
        [("score_train", &|_| 0.0), ("score_unseen", &|_| -1.0), ("score_made", &|_| 0.1)];
    sees("discriminator-overfitting", &history(20, &equal), None);
}

#[test]
fn companions_that_matter() {
    let check = |name: &str, dependence: f64, wanted| {
        sees("batch-norm-leakage", &history(20, &[(name, &|_| dependence)]), wanted);
    };
    check("dependence_g", 0.2, None);
    check("dependence_g", 0.5, Some(Warning));
    check("dependence_d", 1.0, Some(Severe));
}

#[test]
fn a_generator_that_stands_still() {
    let check = |lines: &[Line<'_>], wanted| sees("dead-generator", &history(40, lines), wanted);
    check(&[("update_g", &|_| 1e-7), FAR], Some(Severe));
    check(&[("update_g", &|_| 1e-3), FAR], None);
    check(&[("grad_norm_g", &|_| 0.0), FAR], Some(Severe));
    check(&[("grad_norm_g", &|_| 1e-3), FAR], None);
    // Where the schedule ends it is meant to, and where it has arrived it may.
    check(&[("update_g", &|t| 1e-3 * (1.0 - t)), ("lr_factor", &|t| 1.0 - t), FAR], None);
    check(&[("update_g", &|_| 1e-7), ("lr_factor", &|_| 1e-4), FAR], None);
    check(&[("update_g", &|_| 1e-7), NEAR], None);
}

#[test]
fn values_that_leave_every_bound() {
    let check = |lines: &[Line<'_>], wanted| sees("divergence", &history(80, lines), wanted);
    check(&[("loss_d", &|_| 1.3)], None);
    check(&[("loss_d", &|t| if t < 0.9 { 1.3 } else { f64::NAN })], Some(Severe));
    check(&[("score_fake", &|t| -(10f64.powf(7.0 * t)))], Some(Severe));
    // Large from the start on, and small that grows.
    check(&[("loss_d", &|_| 1e5)], None);
    check(&[("loss_d", &|t| 0.01 + 20.0 * t)], None);
    check(&[("reach", &|_| 5.0)], Some(Severe));
    check(&[("reach", &|_| 1.1)], None);
    check(&[("reach", &|_| 0.01)], None);
}

#[test]
fn what_goes_away_is_cleared() {
    let series = history(60, &[("diversity", &|t| if t < 0.5 { 0.1 } else { 1.0 })]);
    let alerts = diagnose(&series).alerts;
    let states: Vec<AlertState> = alerts.iter().map(|alert| alert.state).collect();
    assert_eq!(states, [AlertState::Raised, AlertState::Cleared]);
    assert!(diagnose(&series).raised.is_empty());
    let text = serde_json::to_string(&alerts[0]).unwrap();
    assert_eq!(serde_json::from_str::<super::super::Alert>(&text).unwrap(), alerts[0]);
    for word in ["\"state\":\"raised\"", "\"severity\":\"severe\"", "\"window\":[", "arXiv"] {
        assert!(text.contains(word), "{text}");
    }
}

fn runs() -> Vec<Run> {
    let sets: &[&[&str]] = &[
        &["data.name=ring"],
        &[
            "data.name=grid",
            "loss.kind=minimax",
            "optimizer.n_critic=20",
            "generator.z_dim=1",
            "generator.width=1",
        ],
        &["loss.kind=wasserstein", "optimizer.weight_clip=0.01", "optimizer.generator.kind=rmsprop"],
        &["loss.kind=hinge", "discriminator.norm=batch", "run.batch=2", "optimizer.discriminator.kind=sgd"],
        &["optimizer.generator.lr=1e-7", "penalty=[{kind=\"r1\",gamma=1.0}]", "ema.enabled=false"],
        &["optimizer.generator.lr=0.5", "optimizer.discriminator.lr=0.5", "loss.kind=relativistic-paired"],
    ];
    let run = |sets: &&[&str]| {
        let mut layers = Layers::text("", "test", None).unwrap();
        layers.set(sets).unwrap();
        layers.resolve().unwrap()
    };
    let presets =
        crate::presets().into_iter().map(|preset| Layers::preset(preset.name).unwrap().resolve().unwrap());
    sets.iter().map(run).chain(presets).collect()
}

/// Every remedy is a change of the run that its configuration takes, for each preset and for runs meant to fail; and no cure is
/// for nothing.
#[test]
fn remedies_are_settings_that_a_run_takes() {
    let runs = runs();
    for symptom in SYMPTOMS {
        for run in &runs {
            let offered = remedies(symptom, Some(run));
            for remedy in &offered {
                let next = applied(run, &remedy.set).expect("it was tried");
                assert_ne!(next, *run, "{}: {:?}", symptom.name, remedy.set);
            }
        }
        for cure in symptom.cures {
            let helps = |run: &Run| (cure.sets)(run).is_some_and(|set| applied(run, &set).is_some());
            assert!(runs.iter().any(helps), "{}: no run takes `{}`", symptom.name, cure.words);
        }
        assert!(
            runs.iter().filter(|run| !remedies(symptom, Some(run)).is_empty()).count() > 2,
            "{}",
            symptom.name
        );
        // Of another program's run words are all there is.
        assert!(remedies(symptom, None).iter().all(|remedy| remedy.set.is_empty()));
    }
}

#[test]
fn names_are_told_apart() {
    let mut names: Vec<&str> = SYMPTOMS.iter().map(|symptom| symptom.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 11);
    assert!(SYMPTOMS.iter().all(|symptom| symptom.paper.contains("arXiv")));
}
