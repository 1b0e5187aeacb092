//! What holds for every loss with every penalty: one table, one check.

use ganymede_losses::{AdversarialLoss, LabelSmoothing, LazyPenalty, Penalty, Samples, Scores};
use ganymede_tensor::testing::{Order, gradcheck};
use ganymede_tensor::{DType, Graph, Result, Rng, Tensor, grad, watch};

use crate::support::{normal, smooth, smooth_parameters, values};

/// Every kind with its defaults, and some settings away from them.
fn penalties() -> Vec<Penalty> {
    let mut all = Penalty::DEFAULTS.to_vec();
    all.extend([
        Penalty::WganGp { lambda: 0.5, target: 0.0 },
        Penalty::Dragan { lambda: 2.0, c: 1.5 },
        Penalty::R1 { gamma: 0.1 },
        Penalty::R2 { gamma: 0.0 },
        Penalty::FirstOrderR1 { gamma: 0.5, epsilon: 0.5 },
        Penalty::FirstOrderR2 { gamma: 0.0, epsilon: 0.1 },
    ]);
    all
}

/// The critic's whole loss, unreduced.
fn critic_loss(
    loss: AdversarialLoss,
    penalty: Penalty,
    parameters: &[Tensor],
    samples: Samples<'_>,
) -> Result<Tensor> {
    let critic = |x: &Tensor| smooth(x, parameters);
    let scores = Scores { real: &critic(samples.real)?, fake: &critic(samples.fake)? };
    let adversarial = loss.discriminator(scores, LabelSmoothing::OFF)?;
    let penalty = penalty.evaluate(&critic, samples, &mut Rng::new(3))?;
    adversarial + penalty.value
}

#[test]
fn every_loss_with_every_penalty_has_exact_gradients() {
    let (real, fake) = (normal(81, &[3, 2], 1.0), normal(82, &[3, 2], 0.6));
    let samples = Samples { real: &real, fake: &fake };
    for &loss in AdversarialLoss::ALL {
        for penalty in penalties() {
            for order in [Order::First, Order::Second] {
                let f = |p: &[Tensor]| critic_loss(loss, penalty, p, samples);
                gradcheck(f, &smooth_parameters(), order)
                    .unwrap_or_else(|e| panic!("{loss} with {penalty:?}, {order:?}: {e}"));
            }
        }
    }
}

#[test]
fn every_loss_with_every_penalty_keeps_shape_and_dtype_and_moves_the_critic() {
    for dtype in [DType::F32, DType::F64] {
        for n in [1, 5] {
            let real = normal(83, &[n, 2], 1.0).to_dtype(dtype).unwrap();
            let fake = normal(84, &[n, 2], 0.6).to_dtype(dtype).unwrap();
            let samples = Samples { real: &real, fake: &fake };
            let parameters: Vec<Tensor> =
                smooth_parameters().iter().map(|p| watch(&p.to_dtype(dtype).unwrap()).unwrap()).collect();
            let inputs: Vec<&Tensor> = parameters.iter().collect();
            for &loss in AdversarialLoss::ALL {
                for penalty in penalties() {
                    let total = critic_loss(loss, penalty, &parameters, samples).unwrap();
                    assert_eq!((total.dims(), total.dtype()), ([n].as_slice(), dtype));
                    assert!(values(&total).iter().all(|v| v.is_finite()));
                    for gradient in grad(&total, &inputs, Graph::Discard).unwrap() {
                        assert!(values(&gradient).iter().all(|v| v.is_finite()));
                        assert!(values(&gradient).iter().any(|v| v.abs() > 0.0));
                    }
                }
            }
        }
    }
}

#[test]
fn names_are_unique_and_are_those_of_serde() {
    #[derive(serde::Deserialize)]
    struct File {
        loss: AdversarialLoss,
    }
    for &loss in AdversarialLoss::ALL {
        let file: File = toml::from_str(&format!("loss = '{}'", loss.name())).unwrap();
        assert_eq!(file.loss, loss);
        assert_eq!(loss.to_string(), loss.name());
    }
    let mut names: Vec<_> = AdversarialLoss::ALL.iter().map(|l| l.name()).collect();
    names.extend(Penalty::DEFAULTS.iter().map(|p| p.name()));
    assert_eq!(names[AdversarialLoss::ALL.len()..], *Penalty::NAMES);
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
}

/// `needs_real_for_generator` says the truth: the generator's loss changes with the real scores, or
/// does not even look at them.
#[test]
fn generators_read_real_scores_only_where_they_say_so() {
    let fake = normal(85, &[4], 1.0);
    let one = normal(86, &[4], 1.0);
    let other = normal(87, &[4], 1.0);
    let unusable = normal(88, &[3, 1], 1.0);
    for &loss in AdversarialLoss::ALL {
        let value = |real: &Tensor| loss.generator(Scores { real, fake: &fake });
        let with = |real: &Tensor| values(&value(real).unwrap());
        if loss.needs_real_for_generator() {
            assert_ne!(with(&one), with(&other), "{loss}");
            assert!(value(&unusable).is_err(), "{loss}");
        } else {
            assert_eq!(with(&one), with(&unusable), "{loss}");
        }
    }
}

#[test]
fn penalties_look_at_the_samples_that_they_say() {
    let (real, fake) = (normal(89, &[3, 2], 1.0), normal(90, &[3, 2], 1.0));
    let (other_real, other_fake) = (normal(91, &[3, 2], 1.0), normal(92, &[3, 2], 1.0));
    let parameters = smooth_parameters();
    let critic = |x: &Tensor| smooth(x, &parameters);
    for &penalty in Penalty::DEFAULTS {
        let value = |real, fake| {
            let samples = Samples { real, fake };
            values(&penalty.evaluate(&critic, samples, &mut Rng::new(1)).unwrap().value)
        };
        let base = value(&real, &fake);
        let second = matches!(penalty, Penalty::R2 { .. } | Penalty::FirstOrderR2 { .. });
        let reads_real = !second;
        let reads_fake = second || matches!(penalty, Penalty::WganGp { .. });
        assert_eq!(base != value(&other_real, &fake), reads_real, "{penalty:?}");
        assert_eq!(base != value(&real, &other_fake), reads_fake, "{penalty:?}");
        assert_eq!(penalty.looks_at_fake(), reads_fake && !reads_real, "{penalty:?}");
    }
}

#[test]
fn the_same_seed_draws_the_same_penalty() {
    let (real, fake) = (normal(93, &[3, 2], 1.0), normal(94, &[3, 2], 1.0));
    let parameters = smooth_parameters();
    let critic = |x: &Tensor| smooth(x, &parameters);
    for &penalty in Penalty::DEFAULTS {
        let value = |rng: &mut Rng| {
            let samples = Samples { real: &real, fake: &fake };
            values(&penalty.evaluate(&critic, samples, rng).unwrap().value)
        };
        let (mut a, mut b) = (Rng::new(1), Rng::new(1));
        assert_eq!(value(&mut a), value(&mut b));
        assert_eq!(a.state(), b.state());
        let draws = !matches!(penalty, Penalty::R1 { .. } | Penalty::R2 { .. });
        assert_eq!(a.state() != Rng::new(1).state(), draws, "{penalty:?}");
        assert_eq!(value(&mut a) != value(&mut Rng::new(1)), draws, "{penalty:?}");
    }
}

#[test]
fn lazy_penalties_are_due_every_interval_and_weigh_as_much() {
    let (real, fake) = (normal(95, &[3, 2], 1.0), normal(96, &[3, 2], 1.0));
    let parameters = smooth_parameters();
    let critic = |x: &Tensor| smooth(x, &parameters);
    let samples = Samples { real: &real, fake: &fake };
    for &penalty in Penalty::DEFAULTS {
        let plain = penalty.evaluate(&critic, samples, &mut Rng::new(2)).unwrap();
        for interval in [1, 4, 16] {
            let lazy = LazyPenalty { penalty, interval };
            for step in 0..33 {
                let mut rng = Rng::new(2);
                let term = lazy.evaluate(step, &critic, samples, None, &mut rng).unwrap();
                assert_eq!(term.is_some(), step % interval == 0);
                assert_eq!(lazy.is_due(step), step % interval == 0);
                let Some(term) = term else {
                    assert_eq!(rng.state(), Rng::new(2).state(), "no draw on a step without");
                    continue;
                };
                let expected: Vec<f64> = values(&plain.value).iter().map(|v| v * interval as f64).collect();
                assert_eq!(values(&term.value), expected);
                assert_eq!(values(&term.grad_norm), values(&plain.grad_norm));
            }
        }
        assert_eq!(LazyPenalty::every_step(penalty), LazyPenalty { penalty, interval: 1 });
    }
}

#[test]
fn public_types_are_send_and_sync() {
    fn check<T: Send + Sync>() {}
    check::<AdversarialLoss>();
    check::<LabelSmoothing>();
    check::<LazyPenalty>();
    check::<Penalty>();
    check::<Samples<'_>>();
    check::<Scores<'_>>();
    check::<ganymede_losses::LossError>();
    check::<ganymede_losses::PenaltyTerm>();
}
