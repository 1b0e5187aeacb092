//! Numbers that can be worked out by hand.

use std::f64::consts::LN_2;

use ganymede_losses::{
    AdversarialLoss, LabelSmoothing, Penalty, Samples, Scores, dragan, gradient_norm, input_gradient,
    wgan_gp, zero_centered,
};
use ganymede_tensor::testing::{Tol, assert_close};
use ganymede_tensor::{DType, Graph, Result, Rng, Tensor, grad, linear, watch};

use crate::support::{device, normal, values, vector};

const EXACT: Tol = Tol { rel: 1e-12, abs: 1e-12 };

fn discriminator(loss: AdversarialLoss, real: &[f64], fake: &[f64]) -> Tensor {
    let scores = Scores { real: &vector(real), fake: &vector(fake) };
    loss.discriminator(scores, LabelSmoothing::OFF).unwrap()
}

fn generator(loss: AdversarialLoss, real: &[f64], fake: &[f64]) -> Tensor {
    loss.generator(Scores { real: &vector(real), fake: &vector(fake) }).unwrap()
}

/// A critic that has no idea scores 0 everywhere.
#[test]
fn scores_of_zero() {
    use AdversarialLoss::*;
    let table = [
        (Minimax, 2.0 * LN_2, -LN_2),
        (NonSaturating, 2.0 * LN_2, LN_2),
        (LeastSquares, 0.5, 0.5),
        (Wasserstein, 0.0, 0.0),
        (Hinge, 2.0, 0.0),
        (RelativisticAverage, 2.0 * LN_2, 2.0 * LN_2),
        (RelativisticPaired, LN_2, LN_2),
    ];
    assert_eq!(table.len(), AdversarialLoss::ALL.len());
    for (loss, d, g) in table {
        assert_close(&discriminator(loss, &[0.0], &[0.0]), &vector(&[d]), EXACT);
        assert_close(&generator(loss, &[0.0], &[0.0]), &vector(&[g]), EXACT);
    }
}

/// The linear losses, and the flat and steep side of the hinge.
#[test]
fn linear_pieces() {
    use AdversarialLoss::*;
    let (real, fake) = ([3.0, -2.0, 0.5], [1.0, -4.0, -0.25]);
    let check = |value: Tensor, expected: [f64; 3]| assert_close(&value, &vector(&expected), EXACT);
    check(discriminator(Wasserstein, &real, &fake), [-2.0, -2.0, -0.75]);
    check(generator(Wasserstein, &real, &fake), [-1.0, 4.0, 0.25]);
    check(discriminator(Hinge, &real, &fake), [2.0, 3.0, 1.25]);
    check(generator(Hinge, &real, &fake), [-1.0, 4.0, 0.25]);
    check(discriminator(LeastSquares, &real, &fake), [2.5, 12.5, 0.15625]);
    check(generator(LeastSquares, &real, &fake), [0.0, 12.5, 0.78125]);
}

/// Far from 0 each softplus is 0 or its argument: values are exact and nothing overflows, in both
/// precisions.
#[test]
fn saturated_values() {
    use AdversarialLoss::*;
    for dtype in [DType::F32, DType::F64] {
        for big in [100.0, 1e4] {
            let cast = |v: &[f64]| vector(v).to_dtype(dtype).unwrap();
            let (real, fake) = (cast(&[big, -big]), cast(&[-big, big]));
            let scores = Scores { real: &real, fake: &fake };
            let check = |loss: AdversarialLoss, d: [f64; 2], g: [f64; 2]| {
                let value = loss.discriminator(scores, LabelSmoothing::OFF).unwrap();
                assert_close(&value, &cast(&d), EXACT);
                assert_close(&loss.generator(scores).unwrap(), &cast(&g), EXACT);
            };
            // Right, then wrong, about both samples.
            check(Minimax, [0.0, 2.0 * big], [0.0, -big]);
            check(NonSaturating, [0.0, 2.0 * big], [big, 0.0]);
            check(RelativisticPaired, [0.0, 2.0 * big], [2.0 * big, 0.0]);
            // Both means are 0.
            check(RelativisticAverage, [0.0, 2.0 * big], [2.0 * big, 0.0]);
        }
    }
}

/// Where one score is given to a real and a fake sample alike, the discriminator is at its best at
/// `sigmoid(x) = t / 2`; where only real samples are, at `t`: `D* = t p_r / (p_r + p_f)`.
#[test]
fn the_optimum_under_label_smoothing_is_the_target() {
    for t in [0.6, 0.9] {
        let smoothing = LabelSmoothing { real: t };
        let slope = |loss: AdversarialLoss, both: f64, only_real: f64| {
            let far_below = vector(&[-100.0]);
            for (x, fake_is_real) in [(both, true), (only_real, false)] {
                let x = watch(&vector(&[x])).unwrap();
                let fake = if fake_is_real { &x } else { &far_below };
                let scores = Scores { real: &x, fake };
                let value = loss.discriminator(scores, smoothing).unwrap();
                let slope = grad(&value, &[&x], Graph::Discard).unwrap().remove(0);
                assert_close(&slope, &vector(&[0.0]), EXACT);
            }
        };
        let logit = |p: f64| (p / (1.0 - p)).ln();
        slope(AdversarialLoss::Minimax, logit(t / 2.0), logit(t));
        slope(AdversarialLoss::NonSaturating, logit(t / 2.0), logit(t));
        slope(AdversarialLoss::LeastSquares, t / 2.0, t);
    }
}

/// The minimum under smoothing is the entropy of the label, not 0.
#[test]
fn the_smoothed_minimum_is_the_entropy_of_the_label() {
    let t: f64 = 0.9;
    let entropy = -t * t.ln() - (1.0 - t) * (1.0 - t).ln();
    let scores = Scores { real: &vector(&[(t / (1.0 - t)).ln()]), fake: &vector(&[-100.0]) };
    let value = AdversarialLoss::Minimax.discriminator(scores, LabelSmoothing { real: t }).unwrap();
    assert_close(&value, &vector(&[entropy]), EXACT);
}

/// `D(x) = w x + b`: the gradient is w everywhere.
#[test]
fn a_linear_critic_has_the_norm_of_its_weight() {
    let weight = watch(&Tensor::new(&[[3.0, -4.0]], &device()).unwrap()).unwrap();
    let bias = watch(&vector(&[0.7])).unwrap();
    let critic = |x: &Tensor| linear(x, &weight, Some(&bias))?.squeeze(1);
    let (real, fake) = (normal(1, &[3, 2], 1.0), normal(2, &[3, 2], 1.0));
    let samples = Samples { real: &real, fake: &fake };
    assert_close(&gradient_norm(&critic, &real).unwrap(), &vector(&[5.0; 3]), EXACT);

    let table = [
        // (5 - target)^2 lambda, with gradient 2 lambda (5 - target) w / 5 a sample
        (Penalty::WganGp { lambda: 10.0, target: 1.0 }, 160.0, 16.0),
        (Penalty::WganGp { lambda: 2.0, target: 5.0 }, 0.0, 0.0),
        (Penalty::Dragan { lambda: 0.5, c: 0.5 }, 8.0, 0.8),
        // gamma / 2 * 25, with gradient gamma w a sample
        (Penalty::R1 { gamma: 10.0 }, 125.0, 10.0),
        (Penalty::R2 { gamma: 0.2 }, 2.5, 0.2),
    ];
    for (penalty, value, slope) in table {
        let term = penalty.evaluate(&critic, samples, &mut Rng::new(1)).unwrap();
        assert_close(&term.value, &vector(&[value; 3]), EXACT);
        assert_close(&term.grad_norm, &vector(&[5.0; 3]), EXACT);
        let grads = grad(&term.value, &[&weight, &bias], Graph::Discard).unwrap();
        let expected = (weight.detach() * (3.0 * slope)).unwrap();
        assert_close(&grads[0], &expected, EXACT);
        assert_close(&grads[1], &vector(&[0.0]), EXACT);
    }
}

/// `D(x) = a ||x||^2 / 2`: the gradient is a x, on images as well as on points.
#[test]
fn a_quadratic_critic_has_the_norm_of_its_sample() {
    for dims in [[4, 3].as_slice(), &[4, 2, 3, 5]] {
        let a = watch(&vector(&[1.7])).unwrap();
        let critic =
            |x: &Tensor| -> Result<Tensor> { (x.sqr()?.flatten_from(1)?.sum(1)? * 0.5)?.broadcast_mul(&a) };
        let (real, fake) = (normal(3, dims, 1.0), normal(4, dims, 0.5));
        let squares = |x: &Tensor| x.sqr().unwrap().flatten_from(1).unwrap().sum(1).unwrap();

        let gradient = input_gradient(&critic, &real, Graph::Discard).unwrap();
        assert_close(&gradient, &(&real * 1.7).unwrap(), EXACT);
        for (term, at) in [
            (zero_centered::r1(&critic, &real, 10.0).unwrap(), &real),
            (zero_centered::r2(&critic, &fake, 10.0).unwrap(), &fake),
        ] {
            assert_close(&term.value, &(squares(at) * (5.0 * 1.7 * 1.7)).unwrap(), EXACT);
            let slope = grad(&term.value, &[&a], Graph::Discard).unwrap().remove(0);
            let sum = values(&squares(at)).iter().sum::<f64>();
            assert_close(&slope, &vector(&[10.0 * 1.7 * sum]), EXACT);
        }

        let epsilon = vector(&[0.0, 1.0, 0.25, 0.5]);
        let samples = Samples { real: &real, fake: &fake };
        let term = wgan_gp::penalty(&critic, samples, &epsilon, 10.0, 1.0).unwrap();
        let between = wgan_gp::interpolate(samples, &epsilon).unwrap();
        let norm = (squares(&between).sqrt().unwrap() * 1.7).unwrap();
        let expected = ((&norm - 1.0).unwrap().sqr().unwrap() * 10.0).unwrap();
        assert_close(&term.grad_norm, &norm, Tol { rel: 1e-9, abs: 1e-9 });
        assert_close(&term.value, &expected, Tol { rel: 1e-9, abs: 1e-9 });
    }
}

/// epsilon is the share of the real sample, and one number serves a whole sample.
#[test]
fn interpolation() {
    let real = Tensor::ones((3, 1, 2, 2), DType::F64, &device()).unwrap();
    let fake = (&real * -3.0).unwrap();
    let samples = Samples { real: &real, fake: &fake };
    let between = wgan_gp::interpolate(samples, &vector(&[1.0, 0.0, 0.25])).unwrap();
    let expected = [[1.0; 4], [-3.0; 4], [-2.0; 4]].concat();
    assert_eq!(values(&between), expected);
    assert_eq!(between.dims(), real.dims());
}

/// The deviation is the population's, over the whole batch: that of (1, 3, 5, 7) is sqrt(5).
#[test]
fn perturbation() {
    let real = Tensor::new(&[[1.0, 3.0], [5.0, 7.0]], &device()).unwrap();
    let u = Tensor::new(&[[0.0, 0.5], [0.25, 1.0]], &device()).unwrap();
    let perturbed = dragan::perturb(&real, &u, 0.5).unwrap();
    let s = 0.5 * 5.0f64.sqrt();
    let expected = [[1.0, 3.0 + 0.5 * s], [5.0 + 0.25 * s, 7.0 + s]];
    assert_close(&perturbed, &Tensor::new(&expected, &device()).unwrap(), EXACT);
    // A batch without deviation is left alone.
    let constant = Tensor::ones((2, 2), DType::F64, &device()).unwrap();
    assert_eq!(values(&dragan::perturb(&constant, &u, 0.5).unwrap()), [1.0; 4]);
}

/// The norm for logs carries no graph, wherever it comes from.
#[test]
fn norms_are_detached() {
    let weight = watch(&Tensor::new(&[[3.0, -4.0]], &device()).unwrap()).unwrap();
    let critic = |x: &Tensor| linear(x, &weight, None)?.squeeze(1);
    let real = normal(5, &[2, 2], 1.0);
    let samples = Samples { real: &real, fake: &real };
    let mut norms = vec![gradient_norm(&critic, &real).unwrap()];
    for &penalty in Penalty::DEFAULTS {
        norms.push(penalty.evaluate(&critic, samples, &mut Rng::new(1)).unwrap().grad_norm);
    }
    for norm in norms {
        // Times the weight, so that there is a graph: the norm must be a constant in it, and its
        // share of the gradient 0.
        let product = (norm.sum_all().unwrap() * weight.sum_all().unwrap()).unwrap();
        let slope = grad(&product, &[&weight], Graph::Discard).unwrap().remove(0);
        let sum = values(&norm).iter().sum::<f64>();
        assert_close(&slope, &Tensor::new(&[[sum, sum]], &device()).unwrap(), EXACT);
    }
}
