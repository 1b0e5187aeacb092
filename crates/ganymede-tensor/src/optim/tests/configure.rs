use candle_core::{DType, Device, Tensor};

use crate::{Init, Optimizer, OptimizerConfig, OptimizerError, Param, Params, Rng};

const CPU: Device = Device::Cpu;

fn adam(lr: f64, beta1: f64, beta2: f64, eps: f64, weight_decay: f64) -> OptimizerConfig {
    OptimizerConfig::Adam { lr, beta1, beta2, eps, weight_decay }
}

fn rmsprop(lr: f64, alpha: f64, momentum: f64, centered: bool) -> OptimizerConfig {
    OptimizerConfig::RmsProp { lr, alpha, eps: 1e-6, momentum, centered, weight_decay: 0.0 }
}

fn adamw(lr: f64, beta1: f64, weight_decay: f64) -> OptimizerConfig {
    OptimizerConfig::AdamW { lr, beta1, beta2: 0.99, eps: 1e-6, weight_decay }
}

fn optimistic(lr: f64, beta1: f64, weight_decay: f64) -> OptimizerConfig {
    OptimizerConfig::OptimisticAdam { lr, beta1, beta2: 0.99, eps: 1e-6, weight_decay }
}

fn sgd(lr: f64, momentum: f64, nesterov: bool, weight_decay: f64) -> OptimizerConfig {
    OptimizerConfig::Sgd { lr, momentum, nesterov, weight_decay }
}

fn params(dtype: DType) -> Vec<Param> {
    let params = Params::new();
    let builder = params.builder(Rng::new(1), dtype, &CPU);
    builder.param("w", (2, 3), Init::Normal { mean: 0.0, std: 1.0 }).unwrap();
    builder.param("b", 2, Init::Ones).unwrap();
    params.params()
}

fn grads(step: u64, dtype: DType) -> Vec<Tensor> {
    let mut rng = Rng::new(100 + step);
    vec![rng.normal((2, 3), dtype, &CPU).unwrap(), rng.normal(2, dtype, &CPU).unwrap()]
}

/// All numbers of parameters and moments; telling −0 from 0.
fn bits(optimizer: &Optimizer) -> Vec<u64> {
    let moments = optimizer.moments().unwrap().tensors().concat();
    let values = optimizer.params().iter().map(|p| p.get().copy().unwrap());
    let all = |t: Tensor| t.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1::<f64>().unwrap();
    values.chain(moments).flat_map(all).map(f64::to_bits).collect()
}

#[test]
fn the_next_steps_are_those_of_an_optimizer_with_that_config_and_these_moments() {
    for (from, to) in [
        (adam(0.01, 0.9, 0.99, 1e-6, 0.0), adam(0.02, 0.0, 0.9, 1e-3, 0.1)),
        (adam(0.01, 0.0, 0.9, 1e-8, 0.1), adam(0.0, 0.5, 0.999, 1e-8, 0.0)),
        (adamw(0.01, 0.5, 0.0), adamw(0.02, 0.0, 0.1)),
        (optimistic(0.01, 0.5, 0.0), optimistic(0.02, 0.0, 0.1)),
        (rmsprop(0.01, 0.9, 0.0, false), rmsprop(0.02, 0.5, 0.0, false)),
        (rmsprop(0.01, 0.9, 0.5, true), rmsprop(0.02, 0.99, 0.9, true)),
        (sgd(0.1, 0.0, false, 0.0), sgd(0.2, 0.0, false, 0.1)),
        (sgd(0.1, 0.9, false, 0.0), sgd(0.1, 0.5, true, 0.0)),
        (sgd(0.1, 0.5, true, 0.0), sgd(0.1, -0.3, false, 0.0)),
    ] {
        for dtype in [DType::F32, DType::F64] {
            for fused in [true, false] {
                let mut one = Optimizer::build(from, params(dtype), fused).unwrap();
                (0..3).for_each(|step| one.step(&grads(step, dtype)).unwrap());

                let mut two = Optimizer::build(to, params(dtype), fused).unwrap();
                for (theirs, ours) in two.params().iter().zip(one.params()) {
                    theirs.set(&ours.get().copy().unwrap()).unwrap();
                }
                two.set_moments(&one.moments().unwrap()).unwrap();

                let before = bits(&one);
                one.configure(to).unwrap();
                assert_eq!((one.config(), one.steps(), bits(&one)), (to, 3, before));
                for step in 3..6 {
                    one.step(&grads(step, dtype)).unwrap();
                    two.step(&grads(step, dtype)).unwrap();
                    assert_eq!(bits(&one), bits(&two), "{from:?} to {to:?}, {dtype:?}");
                }
            }
        }
    }
}

#[test]
fn other_kinds_other_moments_and_values_out_of_range_change_nothing() {
    let plain = adam(0.01, 0.9, 0.99, 1e-6, 0.0);
    for (from, to, message) in [
        (plain, OptimizerConfig::SGD, "adam: its moments are of no use to sgd"),
        (OptimizerConfig::SGD, OptimizerConfig::RMSPROP, "sgd: its moments are of no use to rmsprop"),
        (
            sgd(0.1, 0.0, false, 0.0),
            sgd(0.1, 0.9, false, 0.0),
            "sgd: with this momentum its moments are [momentum_buffer], those at hand []; make a new optimiser for \
             that, or leave momentum as it was",
        ),
        (sgd(0.1, 0.9, false, 0.0), sgd(0.1, 0.0, false, 0.0), "those at hand [momentum_buffer]"),
        (rmsprop(0.1, 0.9, 0.0, false), rmsprop(0.1, 0.9, 0.5, false), "[square_avg, momentum_buffer]"),
        (rmsprop(0.1, 0.9, 0.5, false), rmsprop(0.1, 0.9, 0.5, true), "rmsprop: with this centered"),
        (plain, adamw(0.01, 0.9, 0.0), "adam: its moments are of no use to adamw"),
        (plain, optimistic(0.01, 0.9, 0.0), "adam: its moments are of no use to optimistic-adam"),
        (plain, adam(0.01, 1.0, 0.99, 1e-6, 0.0), "adam: beta1 is 1"),
        (plain, adam(f64::NAN, 0.9, 0.99, 1e-6, 0.0), "adam: lr is NaN"),
    ] {
        let mut optimizer = Optimizer::new(from, params(DType::F32)).unwrap();
        optimizer.step(&grads(0, DType::F32)).unwrap();
        let before = bits(&optimizer);
        let error: OptimizerError = optimizer.configure(to).unwrap_err();
        assert!(error.to_string().contains(message), "{error}");
        assert_eq!((optimizer.config(), optimizer.steps(), bits(&optimizer)), (from, 1, before));
    }
}
