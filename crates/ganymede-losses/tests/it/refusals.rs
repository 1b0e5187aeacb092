//! What is refused, and how the refusal reads.

use ganymede_losses::{
    AdversarialLoss, Critic, LabelSmoothing, LazyPenalty, LossError, Penalty, Samples, Scores, dragan,
    gradient_norm, wgan_gp,
};
use ganymede_tensor::{Rng, Tensor, linear};

use crate::support::{normal, vector};

#[track_caller]
fn wrong_shape<T: std::fmt::Debug>(outcome: Result<T, LossError>, name: &str) {
    match outcome {
        Err(LossError::Shape { what, .. }) => assert_eq!(what, name),
        other => panic!("{name}: {other:?}"),
    }
}

#[test]
fn smoothing_without_labels() {
    let (real, fake) = (normal(1, &[3], 1.0), normal(2, &[3], 1.0));
    let scores = Scores { real: &real, fake: &fake };
    for &loss in AdversarialLoss::ALL {
        let smoothing = LabelSmoothing { real: 0.9 };
        let outcome = loss.discriminator(scores, smoothing);
        assert_eq!(outcome.is_ok(), loss.check_smoothing(smoothing).is_ok());
        if loss.supports_label_smoothing() {
            outcome.unwrap();
            continue;
        }
        let error = outcome.unwrap_err();
        assert!(matches!(error, LossError::SmoothingUnsupported { .. }), "{error}");
        let message = error.to_string();
        assert!(message.contains(loss.name()) && message.contains("0.9"), "{message}");
        assert!(message.contains("least-squares"), "{message}");
    }
    for &loss in AdversarialLoss::ALL {
        let outcome = loss.discriminator(scores, LabelSmoothing { real: f64::NAN });
        assert!(matches!(outcome, Err(LossError::Parameter { .. })), "{loss}");
    }
}

#[test]
fn scores_of_another_shape() {
    let three = normal(1, &[3], 1.0);
    let column = normal(2, &[3, 1], 1.0);
    let (two_heads, four_heads) = (normal(2, &[3, 2], 1.0), normal(2, &[3, 4], 1.0));
    let map = normal(2, &[3, 2, 2], 1.0);
    let four = normal(3, &[4], 1.0);
    let none = vector(&[]);
    let no_heads = Tensor::zeros((3, 0), three.dtype(), three.device()).unwrap();
    let no_samples = Tensor::zeros((0, 2), three.dtype(), three.device()).unwrap();
    for &loss in AdversarialLoss::ALL {
        let d = |real, fake| loss.discriminator(Scores { real, fake }, LabelSmoothing::OFF);
        let g = |fake| loss.generator(Scores { real: &three, fake });
        // These two would broadcast to (3, 3).
        wrong_shape(d(&column, &three), "scores.fake");
        wrong_shape(d(&three, &column), "scores.fake");
        wrong_shape(d(&column, &two_heads), "scores.fake");
        wrong_shape(d(&two_heads, &four_heads), "scores.fake");
        wrong_shape(d(&three, &four), "scores.fake");
        for unusable in [&none, &no_heads, &no_samples, &map] {
            wrong_shape(d(unusable, unusable), "scores.real");
            wrong_shape(g(unusable), "scores.fake");
        }
    }
}

#[test]
fn critics_and_samples_of_another_shape() {
    let weight = normal(4, &[1, 2], 1.0);
    let flat = |x: &Tensor| linear(x, &weight, None)?.squeeze(1);
    let map = |x: &Tensor| linear(x, &weight, None)?.unsqueeze(2);
    let no_heads = |x: &Tensor| linear(x, &weight, None)?.narrow(1, 0, 0);
    let fewer = |x: &Tensor| linear(x, &weight, None)?.narrow(0, 0, 2);
    let (three, four) = (normal(5, &[3, 2], 1.0), normal(6, &[4, 2], 1.0));
    let scalars = normal(7, &[3], 1.0);
    let none = Tensor::zeros((0, 2), three.dtype(), three.device()).unwrap();
    for &penalty in Penalty::DEFAULTS {
        let samples = Samples { real: &three, fake: &three };
        let critics: [&Critic<'_>; 3] = [&map, &no_heads, &fewer];
        for critic in critics {
            wrong_shape(penalty.evaluate(critic, samples, &mut Rng::new(1)), "critic(samples)");
        }
        let samples = Samples { real: &scalars, fake: &scalars };
        wrong_shape(penalty.evaluate(&flat, samples, &mut Rng::new(1)), "samples");
    }
    wrong_shape(gradient_norm(&flat, &none), "samples");

    let samples = Samples { real: &three, fake: &four };
    let penalty = Penalty::WganGp { lambda: 10.0, target: 1.0 };
    wrong_shape(penalty.evaluate(&flat, samples, &mut Rng::new(1)), "samples.fake");
    let samples = Samples { real: &three, fake: &three };
    wrong_shape(wgan_gp::interpolate(samples, &vector(&[0.5; 2])), "epsilon");
    wrong_shape(dragan::perturb(&three, &four, 0.5), "u");
}

#[test]
fn settings_that_make_no_sense_are_refused_at_evaluation_too() {
    let weight = normal(4, &[1, 2], 1.0);
    let critic = |x: &Tensor| linear(x, &weight, None)?.squeeze(1);
    let x = normal(5, &[3, 2], 1.0);
    let samples = Samples { real: &x, fake: &x };
    let penalty = Penalty::R1 { gamma: f64::NAN };
    let outcome = penalty.evaluate(&critic, samples, &mut Rng::new(1));
    assert!(matches!(outcome, Err(LossError::Parameter { .. })));
    let lazy = LazyPenalty { penalty: Penalty::R1 { gamma: 1.0 }, interval: 0 };
    let outcome = lazy.evaluate(0, &critic, samples, None, &mut Rng::new(1));
    assert!(matches!(outcome, Err(LossError::Parameter { .. })));
}

/// A critic's own failure comes back as it was, and ours survives a trip through a tensor result.
#[test]
fn errors_travel() {
    let x = normal(5, &[3, 2], 1.0);
    let failing = |_: &Tensor| -> ganymede_tensor::Result<Tensor> {
        Err(ganymede_tensor::Error::Msg("the critic is on holiday".into()))
    };
    let error = gradient_norm(&failing, &x).unwrap_err();
    assert!(matches!(error, LossError::Tensor(_)));
    assert!(error.to_string().contains("the critic is on holiday"), "{error}");
    let tensor_error = ganymede_tensor::Error::from(error);
    assert!(tensor_error.to_string().contains("the critic is on holiday"));

    let map = x.unsqueeze(2).unwrap();
    let error = AdversarialLoss::Hinge.generator(Scores { real: &map, fake: &map }).unwrap_err();
    let message = error.to_string();
    assert!(message.contains("[3, 2, 1]") && message.contains("(N,)"), "{message}");
    assert!(ganymede_tensor::Error::from(error).to_string().contains(&message));
}
