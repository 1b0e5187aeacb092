//! Gradients of both orders of every penalty in the critic's parameters, against finite
//! differences in f64. The first order here is already a gradient of a gradient.

use ganymede_losses::{Critic, Penalty, Samples, wgan_gp};
use ganymede_tensor::testing::{Order, gradcheck};
use ganymede_tensor::{DType, Graph, Result, Rng, Tensor, Var, grad, linear, watch};

use crate::support::{
    conv, device, mlp, normal, residual, residual_parameters, smooth, smooth_parameters, values, vector,
};

const ORDERS: [Order; 2] = [Order::First, Order::Second];

type Network = fn(&Tensor, &[Tensor]) -> Result<Tensor>;

/// Every kind, with a step that is not small to finite differences: they lose what a score's difference loses.
fn penalties() -> impl Iterator<Item = Penalty> {
    Penalty::DEFAULTS.iter().map(|&penalty| match penalty {
        Penalty::FirstOrderR1 { gamma, .. } => Penalty::FirstOrderR1 { gamma, epsilon: 0.2 },
        Penalty::FirstOrderR2 { gamma, .. } => Penalty::FirstOrderR2 { gamma, epsilon: 0.2 },
        other => other,
    })
}

fn check(network: Network, parameters: &[Tensor], real: &Tensor, fake: &Tensor, orders: &[Order]) {
    for penalty in penalties() {
        for &order in orders {
            let f = |p: &[Tensor]| -> Result<Tensor> {
                let critic = |x: &Tensor| network(x, p);
                // The same draw at every shifted parameter.
                let rng = &mut Rng::new(7);
                Ok(penalty.evaluate(&critic, Samples { real, fake }, rng)?.value)
            };
            gradcheck(f, parameters, order).unwrap_or_else(|e| panic!("{} {order:?}: {e}", penalty.name()));
        }
    }
}

#[test]
fn points() {
    let (real, fake) = (normal(31, &[4, 2], 1.0), normal(32, &[4, 2], 0.7));
    check(smooth, &smooth_parameters(), &real, &fake, &ORDERS);
}

#[test]
fn batch_of_one() {
    let (real, fake) = (normal(33, &[1, 2], 1.0), normal(34, &[1, 2], 0.7));
    check(smooth, &smooth_parameters(), &real, &fake, &ORDERS);
}

#[test]
fn real_and_fake_are_the_same_tensor() {
    let x = normal(35, &[3, 2], 1.0);
    check(smooth, &smooth_parameters(), &x, &x, &ORDERS);
}

#[test]
fn upsampling_residual_block() {
    let (real, fake) = (normal(36, &[2, 1, 2, 2], 1.0), normal(37, &[2, 1, 2, 2], 0.7));
    check(residual, &residual_parameters(), &real, &fake, &ORDERS);
}

/// A critic whose scores are about ±100 and whose softplus is saturated: nothing may be NaN.
#[test]
fn saturated_scores() {
    let saturated: Network = |x, p| {
        let scores = (linear(x, &p[0], None)?.squeeze(1)? * 100.0)?;
        (ganymede_tensor::softplus(&scores)? * 0.1)? + (scores.tanh()? * 3.0)?
    };
    let real = Tensor::new(&[[1.0, 0.2], [-1.0, 0.1], [0.011, 0.004]], &device()).unwrap();
    let fake = Tensor::new(&[[0.9, -0.4], [-1.2, 0.3], [0.009, -0.003]], &device()).unwrap();
    // Between real and fake sample of one sign, so that every interpolated score is saturated too.
    check(saturated, &[Tensor::new(&[[1.0, 0.3]], &device()).unwrap()], &real, &fake, &ORDERS);
}

/// The two critics of the parity fixtures, with kinks: first order only, away from the kinks.
#[test]
fn leaky_critics() {
    let p = [
        normal(41, &[4, 2], 1.0),
        normal(42, &[4], 0.3),
        normal(43, &[4, 4], 0.7),
        normal(44, &[4], 0.3),
        normal(45, &[1, 4], 0.7),
        normal(46, &[1], 0.3),
    ];
    let (real, fake) = (normal(47, &[3, 2], 1.0), normal(48, &[3, 2], 0.7));
    check(mlp, &p, &real, &fake, &[Order::First]);

    let p = [
        normal(51, &[2, 2, 3, 3], 0.5),
        normal(52, &[2], 0.3),
        normal(53, &[2, 2, 4, 4], 0.4),
        normal(54, &[2], 0.3),
        normal(55, &[1, 18], 0.5),
        normal(56, &[1], 0.3),
    ];
    let (real, fake) = (normal(57, &[2, 2, 6, 6], 1.0), normal(58, &[2, 2, 6, 6], 0.7));
    check(conv, &p, &real, &fake, &[Order::First]);
}

/// The trap this crate stands on: a backward that detaches its gradients gives a penalty whose own
/// gradient is zero, or wrong, in some layers, with no error. Here a plain first-order gradient is
/// taken on this thread before, which is when candle decides for good what the thread does.
#[test]
fn a_penalty_alone_moves_every_layer() {
    let (real, fake) = (normal(61, &[3, 2, 6, 6], 1.0), normal(62, &[3, 2, 6, 6], 0.7));
    for dtype in [DType::F32, DType::F64] {
        let parameters: Vec<Tensor> = [
            normal(63, &[4, 2, 3, 3], 0.4),
            normal(64, &[4], 0.3),
            normal(65, &[4, 4, 4, 4], 0.3),
            normal(66, &[4], 0.3),
            normal(67, &[1, 36], 0.5),
            normal(68, &[1], 0.3),
        ]
        .iter()
        .map(|p| watch(&p.to_dtype(dtype).unwrap()).unwrap())
        .collect();
        let inputs: Vec<&Tensor> = parameters.iter().collect();
        let (real, fake) = (real.to_dtype(dtype).unwrap(), fake.to_dtype(dtype).unwrap());
        let critic = |x: &Tensor| conv(x, &parameters);
        grad(&critic(&real).unwrap(), &inputs, Graph::Discard).unwrap();

        for &penalty in Penalty::DEFAULTS {
            let samples = Samples { real: &real, fake: &fake };
            let term = penalty.evaluate(&critic, samples, &mut Rng::new(5)).unwrap();
            let grads = grad(&term.value, &inputs, Graph::Discard).unwrap();
            for (index, gradient) in grads.iter().enumerate() {
                let largest = values(gradient).into_iter().fold(0.0, |m: f64, v| m.max(v.abs()));
                assert!(largest.is_finite());
                // The last bias shifts all scores and no gradient; a leaky ReLU's bias (3) has a
                // gradient almost nowhere, but for a difference across its kink. All other layers must move.
                let differences =
                    matches!(penalty, Penalty::FirstOrderR1 { .. } | Penalty::FirstOrderR2 { .. });
                if differences && index == 3 {
                    continue;
                }
                if ![3, 5].contains(&index) {
                    assert!(largest > 1e-3, "{} in parameter {index}: {largest:e}", penalty.name());
                } else {
                    assert!(largest < 1e-12, "{} in parameter {index}: {largest:e}", penalty.name());
                }
            }
        }
    }
}

/// Samples are detached: a penalty never trains the generator.
#[test]
fn no_gradient_reaches_the_generator() {
    let generator = Var::from_tensor(&normal(71, &[2, 2], 1.0)).unwrap();
    let fake = linear(&normal(72, &[3, 2], 1.0), &generator, None).unwrap();
    let parameters: Vec<Tensor> = smooth_parameters().iter().map(|p| watch(p).unwrap()).collect();
    for &penalty in Penalty::DEFAULTS {
        let critic: &Critic<'_> = &|x| smooth(x, &parameters);
        let samples = Samples { real: &fake, fake: &fake };
        let term = penalty.evaluate(critic, samples, &mut Rng::new(5)).unwrap();
        let grads = grad(&term.value, &[generator.as_tensor()], Graph::Discard).unwrap();
        assert_eq!(values(&grads[0]), [0.0; 4], "{}", penalty.name());
    }
}

/// A constant critic: the norm is `sqrt(1e-12)`, and its gradient is 0, not NaN.
#[test]
fn a_flat_critic_gives_no_nan() {
    let real = normal(73, &[2, 2], 1.0);
    let weight = watch(&Tensor::zeros((1, 2), DType::F64, &device()).unwrap()).unwrap();
    let critic = |x: &Tensor| linear(x, &weight, None)?.squeeze(1);
    let samples = Samples { real: &real, fake: &real };
    let term = wgan_gp::penalty(&critic, samples, &vector(&[0.2, 0.8]), 10.0, 1.0).unwrap();
    assert!(values(&term.value).iter().all(|v| (v - 10.0).abs() < 1e-4));
    assert!(values(&term.grad_norm).iter().all(|v| (v - 1e-6).abs() < 1e-12));
    let grads = grad(&term.value, &[&weight], Graph::Discard).unwrap();
    assert_eq!(values(&grads[0]), [0.0; 2]);
}
