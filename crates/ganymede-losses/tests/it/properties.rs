//! What holds for all scores.

use ganymede_losses::{AdversarialLoss, LabelSmoothing, Penalty, Samples, Scores, wgan_gp};
use ganymede_tensor::testing::{Tol, assert_close};
use ganymede_tensor::{DType, Graph, Tensor, grad, watch};
use proptest::prelude::*;

use crate::support::{values, vector};

/// Rounding of sums of scores up to 1e4.
const LOOSE: Tol = Tol { rel: 1e-9, abs: 1e-9 };

/// Pairs of scores, mild and saturated ones.
fn pairs() -> impl Strategy<Value = Vec<(f64, f64)>> {
    let score = || prop_oneof![4 => -5.0..5.0f64, 1 => -150.0..150.0f64, 1 => -1e4..1e4f64];
    prop::collection::vec((score(), score()), 1..6)
}

fn split(pairs: &[(f64, f64)]) -> (Tensor, Tensor) {
    let (real, fake): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    (vector(&real), vector(&fake))
}

fn both(loss: AdversarialLoss, real: &Tensor, fake: &Tensor) -> [Tensor; 2] {
    let scores = Scores { real, fake };
    [loss.discriminator(scores, LabelSmoothing::OFF).unwrap(), loss.generator(scores).unwrap()]
}

fn relativistic(loss: AdversarialLoss) -> bool {
    loss.needs_real_for_generator()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn everything_is_finite(pairs in pairs(), smoothing in 0.05..1.0f64) {
        for dtype in [DType::F32, DType::F64] {
            let (real, fake) = split(&pairs);
            let real = watch(&real.to_dtype(dtype).unwrap()).unwrap();
            let fake = watch(&fake.to_dtype(dtype).unwrap()).unwrap();
            for &loss in AdversarialLoss::ALL {
                let mut terms = both(loss, &real, &fake).to_vec();
                if loss.supports_label_smoothing() {
                    let scores = Scores { real: &real, fake: &fake };
                    let smoothing = LabelSmoothing { real: smoothing };
                    terms.push(loss.discriminator(scores, smoothing).unwrap());
                }
                for term in terms {
                    prop_assert_eq!(term.dims(), real.dims());
                    prop_assert!(values(&term).iter().all(|v| v.is_finite()));
                    for gradient in grad(&term, &[&real, &fake], Graph::Discard).unwrap() {
                        prop_assert!(values(&gradient).iter().all(|v| v.is_finite()));
                    }
                }
            }
        }
    }

    /// A better score of a real sample, or a worse one of a fake, never costs the discriminator;
    /// a better score of a fake never costs the generator. (Least squares overshoots its targets.)
    #[test]
    fn losses_are_monotone(pairs in pairs()) {
        let (real, fake) = split(&pairs);
        let (real, fake) = (watch(&real).unwrap(), watch(&fake).unwrap());
        for &loss in AdversarialLoss::ALL.iter().filter(|&&l| l != AdversarialLoss::LeastSquares) {
            let [discriminator, generator] = both(loss, &real, &fake);
            let d = grad(&discriminator, &[&real, &fake], Graph::Discard).unwrap();
            prop_assert!(values(&d[0]).iter().all(|&v| v <= 0.0), "{} {:?}", loss, values(&d[0]));
            prop_assert!(values(&d[1]).iter().all(|&v| v >= 0.0), "{} {:?}", loss, values(&d[1]));
            let g = grad(&generator, &[&fake], Graph::Discard).unwrap();
            prop_assert!(values(&g[0]).iter().all(|&v| v <= 0.0), "{} {:?}", loss, values(&g[0]));
        }
    }

    /// Only differences of scores count for the relativistic losses and the Wasserstein critic.
    #[test]
    fn shifting_all_scores_changes_nothing(pairs in pairs(), shift in -20.0..20.0f64) {
        let (real, fake) = split(&pairs);
        let (real_up, fake_up) = ((&real + shift).unwrap(), (&fake + shift).unwrap());
        for &loss in AdversarialLoss::ALL {
            let [d, g] = both(loss, &real, &fake);
            let [d_up, g_up] = both(loss, &real_up, &fake_up);
            if relativistic(loss) || loss == AdversarialLoss::Wasserstein {
                assert_close(&d, &d_up, LOOSE);
            }
            if relativistic(loss) {
                assert_close(&g, &g_up, LOOSE);
            }
        }
    }

    /// The relativistic generator is the discriminator with the sides exchanged.
    #[test]
    fn relativistic_sides_can_be_exchanged(pairs in pairs()) {
        let (real, fake) = split(&pairs);
        for &loss in AdversarialLoss::ALL.iter().filter(|&&l| relativistic(l)) {
            let [_, generator] = both(loss, &real, &fake);
            let [exchanged, _] = both(loss, &fake, &real);
            prop_assert_eq!(values(&generator), values(&exchanged));
        }
    }

    /// Zero sum: what the minimax generator minimises is the fake part of the discriminator's loss,
    /// with the other sign.
    #[test]
    fn minimax_is_a_zero_sum_game(pairs in pairs()) {
        let (real, fake) = split(&pairs);
        let [discriminator, generator] = both(AdversarialLoss::Minimax, &real, &fake);
        let real_part = ganymede_tensor::softplus(&real.neg().unwrap()).unwrap();
        assert_close(&(discriminator + generator).unwrap(), &real_part, LOOSE);
    }

    /// On a batch of one the averages are the scores themselves.
    #[test]
    fn alone_the_average_is_twice_the_pair(real in -200.0..200.0f64, fake in -200.0..200.0f64) {
        let (real, fake) = (vector(&[real]), vector(&[fake]));
        let average = both(AdversarialLoss::RelativisticAverage, &real, &fake);
        let paired = both(AdversarialLoss::RelativisticPaired, &real, &fake);
        for (average, paired) in average.iter().zip(&paired) {
            assert_close(average, &(paired * 2.0).unwrap(), LOOSE);
        }
    }

    /// Sample i of the result belongs to sample i of the batch.
    #[test]
    fn reversing_the_batch_reverses_the_values(pairs in pairs()) {
        let reversed: Vec<(f64, f64)> = pairs.iter().rev().copied().collect();
        let ((real, fake), (real_back, fake_back)) = (split(&pairs), split(&reversed));
        for &loss in AdversarialLoss::ALL {
            let forward = both(loss, &real, &fake);
            let backward = both(loss, &real_back, &fake_back);
            for (forward, backward) in forward.iter().zip(&backward) {
                let mut expected = values(backward);
                expected.reverse();
                assert_close(forward, &vector(&expected), LOOSE);
            }
        }
    }

    /// A soft target is a mixture of the two hard ones.
    #[test]
    fn smoothing_mixes_the_labels(pairs in pairs(), t in 0.05..1.0f64) {
        let (real, fake) = split(&pairs);
        let discriminator = |real: &Tensor, t: f64| {
            let smoothing = LabelSmoothing { real: t };
            AdversarialLoss::NonSaturating.discriminator(Scores { real, fake: &fake }, smoothing).unwrap()
        };
        let hard = (discriminator(&real, 1.0) * t).unwrap();
        // A real sample with target 0 costs what one of the opposite score costs with target 1.
        let flipped = (discriminator(&real.neg().unwrap(), 1.0) * (1.0 - t)).unwrap();
        assert_close(&discriminator(&real, t), &(hard + flipped).unwrap(), LOOSE);
    }

    /// Interpolated samples lie between the two, and at their ends for 0 and 1.
    #[test]
    fn interpolation_stays_between(pairs in pairs(), epsilon in 0.0..=1.0f64) {
        let (real, fake) = split(&pairs);
        let (real, fake) = (real.unsqueeze(1).unwrap(), fake.unsqueeze(1).unwrap());
        let epsilon = vector(&vec![epsilon; pairs.len()]);
        let between = wgan_gp::interpolate(Samples { real: &real, fake: &fake }, &epsilon).unwrap();
        for (value, (real, fake)) in values(&between).into_iter().zip(pairs) {
            let slack = 1e-12 * (1.0 + real.abs() + fake.abs());
            prop_assert!(value >= real.min(fake) - slack && value <= real.max(fake) + slack);
        }
    }

    /// What is written to a configuration is read back the same.
    #[test]
    fn settings_survive_a_file(kind in 0..6usize, a in 0.0..1e3f64, b in 1e-9..10.0f64) {
        let penalty = [
            Penalty::WganGp { lambda: a, target: b },
            Penalty::Dragan { lambda: a, c: b },
            Penalty::R1 { gamma: a },
            Penalty::R2 { gamma: a },
            Penalty::FirstOrderR1 { gamma: a, epsilon: b },
            Penalty::FirstOrderR2 { gamma: a, epsilon: b },
        ][kind];
        penalty.validate().unwrap();
        let text = toml::to_string(&penalty).unwrap();
        prop_assert_eq!(toml::from_str::<Penalty>(&text).unwrap(), penalty);
    }
}
