//! The words of a configuration.

use ganymede_losses::{AdversarialLoss, LabelSmoothing, LazyPenalty, LossError, Penalty};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    loss: AdversarialLoss,
    #[serde(default)]
    label_smoothing: LabelSmoothing,
    #[serde(default)]
    penalties: Vec<Penalty>,
}

#[test]
fn a_whole_section() {
    let file: File = toml::from_str(
        r#"
        loss = "relativistic-paired"
        label_smoothing = { real = 0.9 }
        [[penalties]]
        r1 = { gamma = 2 }
        [[penalties]]
        wgan-gp = {}
        "#,
    )
    .unwrap();
    assert_eq!(file.loss, AdversarialLoss::RelativisticPaired);
    assert_eq!(file.label_smoothing, LabelSmoothing { real: 0.9 });
    assert_eq!(file.penalties, [Penalty::R1 { gamma: 2.0 }, Penalty::WganGp { lambda: 10.0, target: 1.0 }]);

    let file: File = toml::from_str("loss = 'hinge'").unwrap();
    assert_eq!(file.label_smoothing, LabelSmoothing::OFF);
    assert!(file.penalties.is_empty());
}

#[test]
fn fields_left_out_have_the_documented_defaults() {
    for &penalty in Penalty::DEFAULTS {
        let text = format!("[{}]", penalty.name());
        assert_eq!(toml::from_str::<Penalty>(&text).unwrap(), penalty);
        penalty.validate().unwrap();
        LazyPenalty::every_step(penalty).validate().unwrap();
    }
}

#[track_caller]
fn refused<T: for<'a> Deserialize<'a> + std::fmt::Debug>(text: &str, mentions: &str) {
    let message = toml::from_str::<T>(text).unwrap_err().to_string();
    assert!(message.contains(mentions), "{message}");
}

#[test]
fn unknown_words_are_refused() {
    refused::<Penalty>("r1 = { lambda = 10.0 }", "lambda");
    refused::<Penalty>("r1 = { gama = 10.0 }", "gama");
    refused::<Penalty>("r1 = { interval = 4 }", "interval");
    refused::<Penalty>("wgan-gp = { traget = 1.0 }", "traget");
    refused::<Penalty>("r3 = {}", "r3");
    refused::<Penalty>("kind = 'r1'", "kind");
    refused::<Penalty>("r1 = { gamma = 'ten' }", "invalid type");
    refused::<LabelSmoothing>("fake = 0.1", "fake");
    refused::<File>("loss = 'Hinge'", "hinge");
    refused::<File>("loss = 'wgan'", "wasserstein");
}

#[track_caller]
fn out_of_range(outcome: Result<(), LossError>, name: &str) {
    match outcome {
        Err(LossError::Parameter { parameter, .. }) => assert_eq!(parameter, name),
        other => panic!("{name}: {other:?}"),
    }
}

#[test]
fn settings_out_of_range_are_refused_by_name() {
    for bad in [-1.0, -1e-300, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        out_of_range(Penalty::WganGp { lambda: bad, target: 1.0 }.validate(), "wgan-gp lambda");
        out_of_range(Penalty::WganGp { lambda: 1.0, target: bad }.validate(), "wgan-gp target");
        out_of_range(Penalty::Dragan { lambda: bad, c: 0.5 }.validate(), "dragan lambda");
        out_of_range(Penalty::Dragan { lambda: 1.0, c: bad }.validate(), "dragan c");
        out_of_range(Penalty::R1 { gamma: bad }.validate(), "r1 gamma");
        out_of_range(Penalty::R2 { gamma: bad }.validate(), "r2 gamma");
        for epsilon in [bad, 0.0] {
            let (one, two) = (
                Penalty::FirstOrderR1 { gamma: 1.0, epsilon },
                Penalty::FirstOrderR2 { gamma: 1.0, epsilon },
            );
            out_of_range(one.validate(), "first-order-r1 epsilon");
            out_of_range(two.validate(), "first-order-r2 epsilon");
        }
        let penalty = Penalty::FirstOrderR1 { gamma: bad, epsilon: 1.0 };
        out_of_range(penalty.validate(), "first-order-r1 gamma");
        let penalty = Penalty::FirstOrderR2 { gamma: bad, epsilon: 1.0 };
        out_of_range(penalty.validate(), "first-order-r2 gamma");
        let lazy = LazyPenalty { penalty: Penalty::R1 { gamma: bad }, interval: 4 };
        out_of_range(lazy.validate(), "r1 gamma");
        out_of_range(LabelSmoothing { real: bad }.validate(), "label smoothing real");
    }
    for bad in [0.0, 1.0 + 1e-9, 2.0] {
        out_of_range(LabelSmoothing { real: bad }.validate(), "label smoothing real");
    }
    let lazy = LazyPenalty { penalty: Penalty::R1 { gamma: 1.0 }, interval: 0 };
    out_of_range(lazy.validate(), "penalty interval");
    Penalty::R1 { gamma: 0.0 }.validate().unwrap();
}
