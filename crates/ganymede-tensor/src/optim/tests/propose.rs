use candle_core::{DType, Device, Result, Tensor};

use crate::testing::{Order, Tol, assert_close, gradcheck};
use crate::{Graph, Init, Optimizer, OptimizerConfig, Params, Rng, grad, watch};

const CPU: Device = Device::Cpu;

fn sgd(momentum: f64, nesterov: bool, weight_decay: f64) -> OptimizerConfig {
    OptimizerConfig::Sgd { lr: 0.05, momentum, nesterov, weight_decay }
}

fn rmsprop(momentum: f64, centered: bool, weight_decay: f64) -> OptimizerConfig {
    OptimizerConfig::RmsProp { lr: 0.01, alpha: 0.9, eps: 1e-6, momentum, centered, weight_decay }
}

fn adam(beta1: f64, weight_decay: f64) -> OptimizerConfig {
    OptimizerConfig::Adam { lr: 0.01, beta1, beta2: 0.99, eps: 1e-6, weight_decay }
}

fn adamw(weight_decay: f64) -> OptimizerConfig {
    OptimizerConfig::AdamW { lr: 0.01, beta1: 0.9, beta2: 0.99, eps: 1e-6, weight_decay }
}

fn optimistic(weight_decay: f64) -> OptimizerConfig {
    OptimizerConfig::OptimisticAdam { lr: 0.01, beta1: 0.5, beta2: 0.99, eps: 1e-6, weight_decay }
}

fn every_rule() -> Vec<OptimizerConfig> {
    let all = |decay| {
        [
            adam(0.9, decay),
            adam(0.0, decay),
            adamw(decay),
            optimistic(decay),
            rmsprop(0.0, false, decay),
            rmsprop(0.0, true, decay),
            rmsprop(0.8, false, decay),
            rmsprop(0.8, true, decay),
            sgd(0.0, false, decay),
            sgd(0.9, false, decay),
            sgd(-0.3, false, decay),
            sgd(0.9, true, decay),
        ]
    };
    [all(0.0), all(0.1)].concat()
}

fn params() -> Params {
    let params = Params::new();
    let builder = params.builder(Rng::new(1), DType::F64, &CPU);
    let init = Init::Normal { mean: 0.0, std: 1.0 };
    builder.param("w", (2, 3), init).unwrap();
    builder.param("b", 2, init).unwrap();
    // Without a gradient, as an unused class's embedding.
    builder.param("unused", 2, init).unwrap();
    builder.param("empty", (0, 3), init).unwrap();
    params
}

fn grads(step: u64) -> Vec<Tensor> {
    let mut rng = Rng::new(100 + step);
    let mut normal = |shape: &[usize]| rng.normal(shape, DType::F64, &CPU).unwrap();
    let (w, b) = (normal(&[2, 3]), normal(&[2]));
    vec![w, b, Tensor::zeros(2, DType::F64, &CPU).unwrap(), Tensor::zeros((0, 3), DType::F64, &CPU).unwrap()]
}

#[test]
fn a_proposal_is_the_step_that_would_be_made() {
    let tol = Tol { rel: 1e-12, abs: 1e-12 };
    for config in every_rule() {
        for fused in [true, false] {
            let params = params();
            let mut optimizer = Optimizer::build(config, params.params(), fused).unwrap();
            let (mut values, mut moments) = (params.snapshot().unwrap(), optimizer.moments().unwrap());
            for step in 0..20 {
                (values, moments) = optimizer.propose(&values, &grads(step), &moments).unwrap();
                assert_eq!(optimizer.steps(), step, "a proposal changes nothing");
                optimizer.step(&grads(step)).unwrap();
                for (proposed, made) in values.iter().zip(params.snapshot().unwrap()) {
                    assert_close(proposed, &made, tol);
                }
                let held = optimizer.moments().unwrap();
                assert_eq!(held.steps(), moments.steps());
                for (proposed, made) in
                    moments.tensors().iter().flatten().zip(held.tensors().iter().flatten())
                {
                    assert_close(proposed, made, tol);
                }
            }
        }
    }
}

/// A loss whose gradients depend on all parameters but one, and on `scale` as on a hyper-parameter.
fn field(values: &[Tensor], scale: &Tensor) -> Result<Vec<Tensor>> {
    let t = values.iter().map(watch).collect::<Result<Vec<_>>>()?;
    let row = t[0].sum(1)?;
    let loss = ((row.mul(&t[1])?.sqr()?.sum_all()? + t[0].sqr()?.sum_all()?)? + t[1].sqr()?.sum_all()?)?;
    let loss = loss.broadcast_mul(scale)?.sum_all()?;
    let mut g = grad(&loss, &[&t[0], &t[1]], Graph::Create)?;
    g.extend([t[2].zeros_like()?, t[3].zeros_like()?]);
    Ok(g)
}

/// What three proposed steps lead to, as a number.
fn unrolled(optimizer: &Optimizer, start: &[Tensor], scale: &Tensor) -> Result<Tensor> {
    let (mut values, mut moments) = (start.to_vec(), optimizer.moments()?);
    for _ in 0..3 {
        (values, moments) = optimizer.propose(&values, &field(&values, scale)?, &moments)?;
    }
    let parts = values[..3].iter().map(|v| v.sqr()?.affine(1.0, 0.3)?.sqr()?.sum_all());
    parts.reduce(|a, b| a? + b?).expect("parameters")
}

#[test]
fn the_gradient_through_three_proposed_steps_is_that_of_finite_differences() {
    for config in every_rule() {
        let params = params();
        let optimizer = Optimizer::new(config, params.params()).unwrap();
        let start = params.snapshot().unwrap();
        let inputs = [start[..3].to_vec(), vec![Tensor::new(&[1.3f64], &CPU).unwrap()]].concat();
        let f = |t: &[Tensor]| {
            let start = [t[..3].to_vec(), vec![start[3].clone()]].concat();
            unrolled(&optimizer, &start, &t[3])
        };
        let checked = gradcheck(f, &inputs, Order::First);
        assert!(checked.is_ok(), "{config:?}: {checked:?}");
    }
}

#[test]
fn moments_are_taken_up_again() {
    for config in every_rule() {
        let params = params();
        let mut optimizer = Optimizer::new(config, params.params()).unwrap();
        optimizer.step(&grads(0)).unwrap();
        let (values, moments) = (params.snapshot().unwrap(), optimizer.moments().unwrap());
        optimizer.step(&grads(1)).unwrap();
        let once = params.snapshot().unwrap();
        optimizer.step(&grads(2)).unwrap();
        params.restore(&values).unwrap();
        optimizer.set_moments(&moments).unwrap();
        optimizer.step(&grads(1)).unwrap();
        for (a, b) in once.iter().zip(params.snapshot().unwrap()) {
            assert_close(a, &b, Tol { rel: 0.0, abs: 0.0 });
        }
        assert_eq!(optimizer.steps(), 2);
        let other = Optimizer::new(adam(0.5, 0.0), self::params().params()[..1].to_vec()).unwrap();
        assert!(optimizer.set_moments(&other.moments().unwrap()).is_err());
        assert!(optimizer.propose(&values[1..], &grads(0), &moments).is_err());
    }
}
