//! R1 and R2 by a difference: what they estimate, and how well.

use ganymede_losses::{Penalty, Samples, first_order, zero_centered};
use ganymede_tensor::testing::{Tol, assert_close};
use ganymede_tensor::{DType, Graph, Result, Rng, Tensor, grad, linear, watch};

use crate::support::{device, normal, smooth, smooth_parameters, values, vector};

const EXACT: Tol = Tol { rel: 1e-9, abs: 1e-9 };

/// `D(x) = w x + b`: the slope is `w·n` whatever the step.
#[test]
fn a_linear_critic_has_the_slope_along_the_direction() {
    let weight = watch(&Tensor::new(&[[3.0, -4.0]], &device()).unwrap()).unwrap();
    let critic = |x: &Tensor| -> Result<Tensor> { linear(x, &weight, None)?.squeeze(1)? + 0.7 };
    let n = Tensor::new(&[[1.0, 0.0], [0.0, 1.0], [1.0, -1.0]], &device()).unwrap();
    let x = normal(1, &[3, 2], 1.0);
    for epsilon in [1e-3, 0.01, 2.0] {
        for term in [
            first_order::r1(&critic, &x, &n, 10.0, epsilon).unwrap(),
            first_order::r2(&critic, &x, &n, 10.0, epsilon).unwrap(),
        ] {
            assert_close(&term.value, &vector(&[45.0, 80.0, 245.0]), EXACT);
            assert_close(&term.grad_norm, &vector(&[3.0, 4.0, 7.0]), EXACT);
            // gamma (w·n) n, summed
            let slope = grad(&term.value, &[&weight], Graph::Discard).unwrap().remove(0);
            assert_close(&slope, &Tensor::new(&[[100.0, -110.0]], &device()).unwrap(), EXACT);
        }
    }
}

/// The mean over directions is R1 itself, and one direction deviates by √2 of it.
#[test]
fn the_mean_over_directions_is_the_squared_norm() {
    let weight = Tensor::new(&[[3.0, -4.0]], &device()).unwrap();
    let critic = |x: &Tensor| linear(x, &weight, None)?.squeeze(1);
    let count = 40_000;
    let x = normal(2, &[count, 2], 1.0);
    let samples = Samples { real: &x, fake: &x };
    for penalty in [
        Penalty::FirstOrderR1 { gamma: 10.0, epsilon: 0.01 },
        Penalty::FirstOrderR2 { gamma: 10.0, epsilon: 0.01 },
    ] {
        let term = penalty.evaluate(&critic, samples, &mut Rng::new(3)).unwrap();
        let found = values(&term.value);
        let mean = found.iter().sum::<f64>() / count as f64;
        let deviation = (found.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / count as f64).sqrt();
        let truth = 10.0 / 2.0 * 25.0;
        // Four deviations of the mean; the deviation itself is known to a few percent only.
        let error = 4.0 * 2.0_f64.sqrt() / (count as f64).sqrt();
        assert!((mean / truth - 1.0).abs() < error, "{mean} of {truth}");
        assert!((deviation / truth / 2.0_f64.sqrt() - 1.0).abs() < 0.1, "{deviation} of {truth}");
        let norm = values(&term.grad_norm).iter().sum::<f64>() / count as f64;
        let expected = 5.0 * (2.0 / std::f64::consts::PI).sqrt();
        assert!((norm / expected - 1.0).abs() < 0.02, "{norm} of {expected}");
    }
}

/// Along each axis in turn, with a small step, a curved critic's slopes add up to R1, gradients included.
#[test]
fn slopes_along_all_axes_make_up_the_penalty() {
    let parameters: Vec<Tensor> = smooth_parameters().iter().map(|p| watch(p).unwrap()).collect();
    let inputs: Vec<&Tensor> = parameters.iter().collect();
    let critic = |x: &Tensor| smooth(x, &parameters);
    let x = normal(3, &[4, 2], 1.0);
    let axis = |values: [f64; 2]| Tensor::new(&[values; 4], &device()).unwrap();
    let along = |n: &Tensor| first_order::r1(&critic, &x, n, 3.0, 1e-5).unwrap().value;
    let sum = (along(&axis([1.0, 0.0])) + along(&axis([0.0, 1.0]))).unwrap();
    let exact = zero_centered::r1(&critic, &x, 3.0).unwrap().value;
    let tol = Tol { rel: 1e-3, abs: 1e-4 };
    assert_close(&sum, &exact, tol);
    let ours = grad(&sum, &inputs, Graph::Discard).unwrap();
    for (ours, exact) in ours.iter().zip(grad(&exact, &inputs, Graph::Discard).unwrap()) {
        assert_close(ours, &exact, tol);
    }
}

/// What f32 loses at the default step: far less than the estimate varies, even of scores of 100.
#[test]
fn single_precision_is_enough_for_the_default_step() {
    let parameters = smooth_parameters();
    let value = |dtype: DType, shift: f64| {
        let cast: Vec<Tensor> = parameters.iter().map(|p| p.to_dtype(dtype).unwrap()).collect();
        let critic = |x: &Tensor| -> Result<Tensor> { smooth(x, &cast)? + shift };
        let (x, n) = (normal(4, &[8, 2], 1.0), normal(5, &[8, 2], 1.0));
        let (x, n) = (x.to_dtype(dtype).unwrap(), n.to_dtype(dtype).unwrap());
        first_order::r1(&critic, &x, &n, 1.0, 0.01).unwrap().grad_norm.to_dtype(DType::F64).unwrap()
    };
    assert_close(&value(DType::F32, 0.0), &value(DType::F64, 0.0), Tol { rel: 1e-3, abs: 1e-4 });
    assert_close(&value(DType::F32, 100.0), &value(DType::F64, 100.0), Tol { rel: 1e-2, abs: 2e-3 });
}

/// Scores that are known spare a pass of the critic, and change nothing: value, norm and gradient.
#[test]
fn known_scores_change_nothing() {
    let parameters: Vec<Tensor> = smooth_parameters().iter().map(|p| watch(p).unwrap()).collect();
    let asked = std::cell::Cell::new(0);
    let critic = |x: &Tensor| -> Result<Tensor> {
        asked.set(asked.get() + 1);
        smooth(x, &parameters)
    };
    let (real, fake) = (normal(1, &[4, 2], 1.0), normal(2, &[4, 2], 1.0));
    let inputs: Vec<&Tensor> = parameters.iter().collect();
    for (penalty, at) in [
        (Penalty::FirstOrderR1 { gamma: 2.0, epsilon: 0.1 }, &real),
        (Penalty::FirstOrderR2 { gamma: 2.0, epsilon: 0.1 }, &fake),
    ] {
        assert!(penalty.is_difference());
        let samples = Samples { real: &real, fake: &fake };
        let of = |known: Option<&Tensor>| {
            let term = penalty.evaluate_knowing(&critic, samples, known, &mut Rng::new(3)).unwrap();
            let gradients = grad(&term.value, &inputs, Graph::Discard).unwrap();
            (
                values(&term.value),
                values(&term.grad_norm),
                gradients.iter().flat_map(values).collect::<Vec<_>>(),
            )
        };
        let known = critic(at).unwrap();
        asked.set(0);
        let (told, passes) = (of(Some(&known)), asked.replace(0));
        assert_eq!((told, passes), (of(None), 1));
        assert_eq!(asked.get(), 2);
        let other = known.narrow(0, 0, 3).unwrap();
        assert!(penalty.evaluate_knowing(&critic, samples, Some(&other), &mut Rng::new(3)).is_err());
    }
}
