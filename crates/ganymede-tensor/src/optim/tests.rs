#![allow(clippy::unwrap_used)]
mod configure;
mod propose;

use std::fs;
use std::path::Path;

use candle_core::Shape;
use half::{bf16, f16};

use super::*;
use crate::testing::{Tol, assert_close};
use crate::{Checkpoint, Init, Params, Rng, load_weights};

const CPU: Device = Device::Cpu;
const TIGHT: Tol = Tol { rel: 1e-12, abs: 1e-13 };

struct Fixture {
    tensors: BTreeMap<String, Tensor>,
    cases: Vec<(String, OptimizerConfig)>,
    steps: usize,
}

fn fixture() -> Fixture {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/optim/optim.safetensors");
    let tensors = load_weights(&path, None, &CPU).unwrap();
    let bytes = fs::read(path).unwrap();
    let (_, header) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
    let metadata = header.metadata().clone().unwrap();
    let cases: BTreeMap<String, OptimizerConfig> = serde_json::from_str(&metadata["cases"]).unwrap();
    Fixture { tensors, cases: cases.into_iter().collect(), steps: metadata["steps"].parse().unwrap() }
}

impl Fixture {
    fn params(&self, dtype: DType) -> Vec<Param> {
        let params = Params::new();
        let builder = params.builder(Rng::new(0), dtype, &CPU);
        for i in 0..2 {
            let start = self.tensors[&format!("start.{i}")].to_dtype(dtype).unwrap();
            builder.param(&format!("p{i}"), start.shape().clone(), Init::Zeros).unwrap().set(&start).unwrap();
        }
        params.params()
    }

    fn grads(&self, step: usize, dtype: DType) -> Vec<Tensor> {
        (0..2).map(|i| self.tensors[&format!("grad.{step}.{i}")].to_dtype(dtype).unwrap()).collect()
    }
}

fn values(params: &[Param]) -> Vec<Vec<f64>> {
    let value = |p: &Param| p.get().to_dtype(DType::F64)?.flatten_all()?.to_vec1();
    params.iter().map(|p| value(p).unwrap()).collect()
}

/// Comparable also where there are NaN, and telling −0 from 0.
fn bits(params: &[Param]) -> Vec<Vec<u64>> {
    values(params).into_iter().map(|v| v.into_iter().map(f64::to_bits).collect()).collect()
}

fn large(dtype: DType) -> (Vec<Param>, Vec<Tensor>) {
    let params = Params::new();
    let init = Init::Normal { mean: 0.0, std: 1.0 };
    let builder = params.builder(Rng::new(1), dtype, &CPU);
    for (name, shape) in [
        ("w", Shape::from((123, 1001))),
        ("b", Shape::from(7)),
        ("s", Shape::from(())),
        ("e", Shape::from((0, 3))),
    ] {
        builder.param(name, shape, init).unwrap();
    }
    let mut rng = Rng::new(2);
    let grads =
        params.params().iter().map(|p| rng.normal(p.var().shape().clone(), dtype, &CPU).unwrap()).collect();
    (params.params(), grads)
}

#[test]
fn parity_with_pytorch_over_twenty_steps() {
    let fixture = fixture();
    assert_eq!((fixture.cases.len(), fixture.steps), (16, 20));
    for (name, config) in &fixture.cases {
        for (label, dtype, tol) in [("f32", DType::F32, Tol::F32), ("f64", DType::F64, TIGHT)] {
            for fused in [true, false] {
                let params = fixture.params(dtype);
                let mut optimizer = Optimizer::build(*config, params.clone(), fused).unwrap();
                for step in 0..fixture.steps {
                    optimizer.step(&fixture.grads(step, dtype)).unwrap();
                    if step == 0 {
                        for (i, p) in params.iter().enumerate() {
                            assert_close(
                                &p.get(),
                                &fixture.tensors[&format!("{name}.{label}.{i}.first")],
                                tol,
                            );
                        }
                    }
                }
                let state = optimizer.state_dict().unwrap();
                for (i, p) in params.iter().enumerate() {
                    let key = format!("{name}.{label}.{i}");
                    assert_close(&p.get(), &fixture.tensors[&key], tol);
                    for slot in config.slots() {
                        assert_close(
                            &state[&format!("p{i}.{slot}")],
                            &fixture.tensors[&format!("{key}.{slot}")],
                            tol,
                        );
                    }
                }
                // Every moment that PyTorch keeps is there, and no other.
                let theirs = fixture.tensors.keys().filter(|k| k.starts_with(&format!("{name}.{label}.")));
                assert_eq!(theirs.count(), 2 * (2 + config.slots().len()), "{name}");
            }
        }
    }
}

#[test]
fn resume_gives_identical_bits() {
    let fixture = fixture();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("optimizer.safetensors");
    for (name, config) in &fixture.cases {
        for dtype in [DType::F32, DType::F64, DType::BF16] {
            for fused in [true, false] {
                let straight = fixture.params(dtype);
                let mut optimizer = Optimizer::build(*config, straight.clone(), fused).unwrap();
                let mut resumed = None;
                for step in 0..12 {
                    if step == 7 {
                        let tensors = optimizer.state_dict().unwrap();
                        Checkpoint { tensors, ..Default::default() }.save(&file).unwrap();
                        let params = fixture.params(dtype);
                        for (to, from) in params.iter().zip(&straight) {
                            to.set(&from.get().copy().unwrap()).unwrap();
                        }
                        let mut other = Optimizer::build(*config, params, fused).unwrap();
                        other.load_state_dict(&Checkpoint::load(&file, &CPU).unwrap().tensors).unwrap();
                        assert_eq!(other.steps(), 7);
                        resumed = Some(other);
                    }
                    optimizer.step(&fixture.grads(step, dtype)).unwrap();
                    if let Some(other) = &mut resumed {
                        other.step(&fixture.grads(step, dtype)).unwrap();
                        assert_eq!(bits(other.params()), bits(&straight), "{name} {dtype:?} step {step}");
                    }
                }
            }
        }
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let fixture = fixture();
    for (_, config) in &fixture.cases {
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let (params, grads) = large(DType::F32);
            let mut optimizer = Optimizer::new(*config, params.clone()).unwrap();
            pool.install(|| (0..3).for_each(|_| optimizer.step(&grads).unwrap()));
            bits(&params)
        };
        assert!(run(1) == run(3));
    }
}

#[test]
fn fused_pieces_join_up() {
    for (name, config) in &fixture().cases {
        let ((fused, grads), (plain, _)) = (large(DType::F64), large(DType::F64));
        let mut one = Optimizer::build(*config, fused.clone(), true).unwrap();
        let mut two = Optimizer::build(*config, plain.clone(), false).unwrap();
        for _ in 0..3 {
            one.step(&grads).unwrap();
            two.step(&grads).unwrap();
        }
        for (a, b) in fused.iter().zip(&plain) {
            assert_close(&a.get(), &b.get(), Tol { rel: 1e-11, abs: 1e-12 });
        }
        assert!(
            matches!(two.moments[0], Slots::Tensors(_)) && !matches!(one.moments[0], Slots::Tensors(_)),
            "{name}"
        );
    }
}

#[test]
fn half_precision_parameters_take_the_tensor_way() {
    for dtype in [DType::F16, DType::BF16] {
        let params = Params::new();
        let w = params.builder(Rng::new(0), dtype, &CPU).param("w", 2, Init::Ones).unwrap();
        let mut optimizer = Optimizer::new(OptimizerConfig::SGD.with_lr(0.5), params.params()).unwrap();
        optimizer.step(&[w.get().ones_like().unwrap()]).unwrap();
        let found = w.get();
        let half = if dtype == DType::F16 {
            found.to_vec1::<f16>().unwrap()[1].to_f64()
        } else {
            found.to_vec1::<bf16>().unwrap()[1].to_f64()
        };
        assert_eq!(half, 0.5);
    }
}

#[test]
fn strided_gradients_are_understood() {
    for fused in [true, false] {
        let params = Params::new();
        let w = params.builder(Rng::new(0), DType::F32, &CPU).param("w", (2, 3), Init::Zeros).unwrap();
        let mut optimizer =
            Optimizer::build(OptimizerConfig::SGD.with_lr(1.0), params.params(), fused).unwrap();
        let grad = Tensor::new(&[[1f32, 2.], [3., 4.], [5., 6.]], &CPU).unwrap().t().unwrap();
        optimizer.step(&[grad]).unwrap();
        assert_eq!(w.get().to_vec2::<f32>().unwrap(), [[-1., -3., -5.], [-2., -4., -6.]]);
    }
}

#[test]
fn no_graph_is_kept() {
    for (name, config) in &fixture().cases {
        for fused in [true, false] {
            let params = fixture().params(DType::F64);
            let mut optimizer = Optimizer::build(*config, params.clone(), fused).unwrap();
            for _ in 0..2 {
                // As a gradient that was made with its graph.
                let grads: Vec<_> = params.iter().map(|p| p.get().sqr().unwrap()).collect();
                assert!(grads.iter().all(Tensor::track_op));
                optimizer.step(&grads).unwrap();
            }
            let state = optimizer.state_dict().unwrap();
            assert!(state.values().all(|t| !t.track_op()), "{name}");
            assert!(params.iter().all(|p| p.get().is_variable()));
        }
    }
}

#[test]
fn a_gradient_that_is_not_a_number_stays_visible() {
    for (name, config) in &fixture().cases {
        for fused in [true, false] {
            let fixture = fixture();
            let params = fixture.params(DType::F32);
            let mut optimizer = Optimizer::build(*config, params.clone(), fused).unwrap();
            let mut grads = fixture.grads(0, DType::F32);
            grads[1] = Tensor::new(&[f32::NAN, 1., 1., 1., 1.], &CPU).unwrap();
            optimizer.step(&grads).unwrap();
            optimizer.step(&fixture.grads(1, DType::F32)).unwrap();
            let found = &values(&params)[1];
            assert!(found[0].is_nan() && found[1..].iter().all(|v| v.is_finite()), "{name} {found:?}");
        }
    }
}

#[test]
fn the_learning_rate_can_change() {
    let fixture = fixture();
    let params = fixture.params(DType::F64);
    let before = bits(&params);
    let config = OptimizerConfig::ADAM.with_lr(1e-3);
    let mut optimizer = Optimizer::new(config, params.clone()).unwrap();
    assert_eq!(optimizer.lr(), 1e-3);
    optimizer.set_lr(0.0);
    optimizer.step(&fixture.grads(5, DType::F64)).unwrap();
    assert_eq!((bits(&params), optimizer.lr(), optimizer.steps()), (before.clone(), 0.0, 1));
    optimizer.set_lr(0.5);
    optimizer.step(&fixture.grads(6, DType::F64)).unwrap();
    assert!(bits(&params) != before);
    assert_eq!(optimizer.config().lr(), 0.5);
}

#[test]
fn unfit_gradients_change_nothing() {
    let fixture = fixture();
    let params = fixture.params(DType::F32);
    let before = bits(&params);
    let mut optimizer = Optimizer::new(OptimizerConfig::ADAM, params.clone()).unwrap();
    let good = fixture.grads(0, DType::F32);
    let cases = [
        (vec![good[0].clone()], "1 gradients for 2 parameters"),
        (vec![good[0].clone(), good[0].clone()], "gradient of `p1`: expected [5] F32"),
        (vec![good[0].clone(), good[1].to_dtype(DType::F64).unwrap()], "got [5] F64"),
    ];
    for (grads, message) in cases {
        let error = optimizer.step(&grads).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
    assert_eq!((bits(&params), optimizer.steps()), (before, 0));
}

#[test]
fn unfit_states_change_nothing() {
    let fixture = fixture();
    let adam = |params| Optimizer::new(OptimizerConfig::ADAM, params).unwrap();
    let mut optimizer = adam(fixture.params(DType::F32));
    optimizer.step(&fixture.grads(0, DType::F32)).unwrap();
    let good = optimizer.state_dict().unwrap();
    let changed = |key: &str, value: Option<Tensor>| {
        let mut state = good.clone();
        match value {
            Some(value) => state.insert(key.to_string(), value),
            None => state.remove(key),
        };
        state
    };
    let wide = adam(fixture.params(DType::F64)).state_dict().unwrap();
    let rmsprop =
        Optimizer::new(OptimizerConfig::RMSPROP, fixture.params(DType::F32)).unwrap().state_dict().unwrap();
    let five = Tensor::zeros(5, DType::F32, &CPU).unwrap();
    let cases = [
        (changed("step", None), "`step` is missing"),
        (changed("step", Some(Tensor::new(-1i64, &CPU).unwrap())), "`step` is not a count"),
        (changed("step", Some(five.clone())), "`step` is not a count"),
        (changed("p1.exp_avg_sq", None), "`p1.exp_avg_sq` is missing"),
        (changed("p0.exp_avg", Some(five.clone())), "`p0.exp_avg` is [5] F32, the parameter [3, 4] F32"),
        (changed("p2.exp_avg", Some(five)), "`p2.exp_avg` is of another"),
        (wide, "F64, the parameter [3, 4] F32"),
        (rmsprop, "`p0.exp_avg` is missing"),
    ];
    for (state, message) in cases {
        let error = optimizer.load_state_dict(&state).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
    assert_eq!(optimizer.steps(), 1);
    let kept = optimizer.state_dict().unwrap();
    assert_close(&kept["p0.exp_avg"], &good["p0.exp_avg"], Tol { rel: 0.0, abs: 0.0 });
}

#[test]
fn unfit_parameters_are_refused() {
    let params = fixture().params(DType::F32);
    let twice = vec![params[0].clone(), params[1].clone(), params[0].clone()];
    let error = Optimizer::new(OptimizerConfig::ADAM, twice).unwrap_err().to_string();
    assert!(error.contains("`p0` is given to the optimiser twice"), "{error}");
    let integers = Params::new();
    integers.builder(Rng::new(0), DType::I64, &CPU).param("n", 2, Init::Zeros).unwrap();
    let error = Optimizer::new(OptimizerConfig::ADAM, integers.params()).unwrap_err().to_string();
    assert!(error.contains("`n` is I64"), "{error}");
    assert!(Optimizer::new(OptimizerConfig::ADAM, Vec::new()).unwrap().step(&[]).is_ok());
}

#[test]
fn hyper_parameters_are_checked() {
    let adam =
        |lr, beta1, beta2, eps, weight_decay| OptimizerConfig::Adam { lr, beta1, beta2, eps, weight_decay };
    let rmsprop = |alpha, momentum| OptimizerConfig::RmsProp {
        lr: 1.,
        alpha,
        eps: 0.,
        momentum,
        centered: true,
        weight_decay: 0.,
    };
    let sgd = |momentum, nesterov| OptimizerConfig::Sgd { lr: 1., momentum, nesterov, weight_decay: 0. };
    for config in [
        OptimizerConfig::default(),
        OptimizerConfig::RMSPROP,
        OptimizerConfig::SGD,
        sgd(-0.5, false),
        adam(0., 0., 0., 0., 0.),
    ] {
        config.validate().unwrap();
    }
    for (config, message) in [
        (adam(-1., 0., 0., 0., 0.), "adam: lr is -1, it must be at least 0"),
        (adam(f64::NAN, 0., 0., 0., 0.), "lr is NaN"),
        (adam(f64::INFINITY, 0., 0., 0., 0.), "lr is inf"),
        (adam(1., 1., 0., 0., 0.), "beta1 is 1, it must be in [0, 1)"),
        (adam(1., 0., -0.1, 0., 0.), "beta2 is -0.1"),
        (adam(1., 0., 0., -1., 0.), "eps is -1"),
        (adam(1., 0., 0., 0., -1.), "weight_decay is -1"),
        (rmsprop(1.5, 0.), "rmsprop: alpha is 1.5"),
        (rmsprop(0.9, -0.5), "rmsprop: momentum is -0.5"),
        (sgd(1., false), "sgd: momentum is 1, it must be in (-1, 1)"),
        (sgd(0., true), "above 0 with nesterov"),
        (sgd(-0.5, true), "above 0 with nesterov"),
    ] {
        let error = config.validate().unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
        let wrapped = Optimizer::new(config, Vec::new()).unwrap_err().to_string();
        assert!(wrapped.contains(message), "{wrapped}");
    }
}

#[test]
fn configurations_as_typed() {
    let parse = |text: &str| serde_json::from_str::<OptimizerConfig>(text);
    for (text, config) in [
        (r#"{"adam": {}}"#, OptimizerConfig::ADAM),
        (r#"{"rmsprop": {}}"#, OptimizerConfig::RMSPROP),
        (r#"{"sgd": {}}"#, OptimizerConfig::SGD),
        (r#"{"sgd": {"lr": 2}}"#, OptimizerConfig::SGD.with_lr(2.0)),
    ] {
        assert_eq!(parse(text).unwrap(), config);
        let written = serde_json::to_string(&config).unwrap();
        assert!(written.starts_with(&format!(r#"{{"{}":{{"lr":"#, config.name())), "{written}");
        assert_eq!(parse(&written).unwrap(), config);
    }
    for (text, message) in [
        (r#"{"adam": {"beta": 0.5}}"#, "unknown field `beta`, expected one of `lr`, `beta1`"),
        (r#"{"sgd": {"alpha": 0.5}}"#, "unknown field `alpha`"),
        (
            r#"{"adagrad": {}}"#,
            "unknown variant `adagrad`, expected one of `adam`, `adamw`, `optimistic-adam`",
        ),
        (r#"{"kind": "adam"}"#, "unknown variant `kind`"),
        (r#"{"adam": {"lr": "fast"}}"#, "invalid type"),
    ] {
        let error = parse(text).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
}

/// The values that adversarial training begins with, and the names in the order of the variants.
#[test]
fn defaults_and_names() {
    let (lr, beta1, beta2, eps) = (2e-4, 0.5, 0.999, 1e-8);
    let all = [
        OptimizerConfig::Adam { lr, beta1, beta2, eps, weight_decay: 0.0 },
        OptimizerConfig::AdamW { lr, beta1, beta2, eps, weight_decay: 0.01 },
        OptimizerConfig::OptimisticAdam { lr, beta1, beta2, eps, weight_decay: 0.0 },
        OptimizerConfig::RmsProp {
            lr: 5e-5,
            alpha: 0.99,
            eps: 1e-8,
            momentum: 0.0,
            centered: false,
            weight_decay: 0.0,
        },
        OptimizerConfig::Sgd { lr: 1e-2, momentum: 0.0, nesterov: false, weight_decay: 0.0 },
    ];
    assert_eq!(
        [all[0], all[3], all[4]],
        [OptimizerConfig::ADAM, OptimizerConfig::RMSPROP, OptimizerConfig::SGD]
    );
    for config in all {
        let bare = format!(r#"{{"{}": {{}}}}"#, config.name());
        assert_eq!(serde_json::from_str::<OptimizerConfig>(&bare).unwrap(), config);
    }
    assert_eq!(all[0], OptimizerConfig::default());
    assert_eq!(all.map(|config| config.name()), OptimizerConfig::NAMES);
}
