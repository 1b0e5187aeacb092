#![allow(clippy::unwrap_used)]
use candle_core::{DType, Device};

use super::*;
use crate::testing::{Tol, assert_close};
use crate::{Init, Rng};

const CPU: Device = Device::Cpu;

/// A parameter of more than one piece, a small one, a running mean and a count.
fn model(seed: u64, dtype: DType) -> Params {
    let params = Params::new();
    let builder = params.builder(Rng::new(seed), dtype, &CPU);
    let init = Init::Normal { mean: 0.0, std: 1.0 };
    builder.param("w", (70, 1003), init).unwrap();
    builder.param("b", 3, init).unwrap();
    builder.buffer("mean", &Tensor::new(&[seed as f32, 2.], &CPU).unwrap()).unwrap();
    builder.buffer("count", &Tensor::new(seed as i64, &CPU).unwrap()).unwrap();
    params
}

fn values(params: &Params) -> Vec<Vec<f64>> {
    let value = |t: Tensor| t.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1().unwrap();
    let buffers = params.buffers();
    params.params().iter().map(|p| value(p.get())).chain(buffers.iter().map(|b| value(b.get()))).collect()
}

#[test]
fn equals_the_plain_loop() {
    let cases = [
        (DType::F64, Tol { rel: 1e-14, abs: 1e-15 }),
        (DType::F32, Tol { rel: 1e-6, abs: 1e-6 }),
        // By tensor operations.
        (DType::BF16, Tol { rel: 5e-2, abs: 2e-2 }),
    ];
    for (dtype, tol) in cases {
        let target = model(1, dtype);
        let mut reference = values(&target);
        for step in 0..4u64 {
            let source = model(2 + step, dtype);
            let decay = EmaConfig { decay: 0.75, warmup: true }.decay_at(step * 7);
            ema_update(&target, &source, decay).unwrap();
            let new = values(&source);
            for (i, (old, new)) in reference.iter_mut().zip(&new).enumerate() {
                for (old, new) in old.iter_mut().zip(new) {
                    *old = if i < 2 { decay * *old + (1.0 - decay) * new } else { *new };
                }
            }
        }
        for (found, expected) in values(&target).into_iter().zip(reference) {
            let n = found.len();
            let tensor = |v| Tensor::from_vec(v, n, &CPU).unwrap();
            assert_close(&tensor(found), &tensor(expected), tol);
        }
    }
}

#[test]
fn the_ends_are_exact() {
    for dtype in [DType::F64, DType::F32, DType::F16] {
        let (target, source) = (model(1, dtype), model(2, dtype));
        let (old, new) = (values(&target), values(&source));
        ema_update(&target, &source, 1.0).unwrap();
        assert!(values(&target)[..2] == old[..2] && values(&target)[2..] == new[2..]);
        ema_update(&target, &source, 0.0).unwrap();
        assert!(values(&target) == new);
        // What has converged stays where it is.
        ema_update(&target, &source, 0.999).unwrap();
        assert!(values(&target) == new && values(&source) == new);
    }
}

#[test]
fn nothing_is_shared_and_nothing_is_tracked() {
    let (target, source) = (model(1, DType::F32), model(2, DType::F32));
    ema_update(&target, &source, 0.0).unwrap();
    let before = values(&target);
    for p in source.params() {
        p.set(&p.get().zeros_like().unwrap()).unwrap();
    }
    let mean = &source.buffers()[0];
    mean.set(&mean.get().zeros_like().unwrap()).unwrap();
    assert!(values(&target) == before);
    assert!(target.params().iter().all(|p| p.get().is_variable()));
    assert!(target.buffers().iter().all(|b| !b.get().track_op()));
    let frozen = (target.freeze(), source.freeze());
    ema_update(&target, &source, 0.5).unwrap();
    drop(frozen);
    let halved: Vec<f64> = before[1].iter().map(|v| 0.5 * v).collect();
    assert!(values(&target)[1] == halved);
}

#[test]
fn warmup_follows_the_formula() {
    let ema = EmaConfig::default();
    assert_eq!((ema.decay, ema.warmup), (0.999, true));
    for (step, expected) in
        [(0, 0.1), (1, 2.0 / 11.0), (8, 0.5), (8980, 8981.0 / 8990.0), (9000, 0.999), (u64::MAX, 0.999)]
    {
        assert_eq!(ema.decay_at(step), expected, "{step}");
    }
    assert_eq!(EmaConfig { decay: 0.05, warmup: true }.decay_at(0), 0.05);
    assert_eq!(EmaConfig { decay: 0.9, warmup: false }.decay_at(0), 0.9);
    let typed: EmaConfig = serde_json::from_str(r#"{"decay": 0.5}"#).unwrap();
    assert_eq!(typed, EmaConfig { decay: 0.5, warmup: true });
    assert!(serde_json::from_str::<EmaConfig>(r#"{"halflife": 1}"#).is_err());
}

#[test]
fn unfit_calls_change_nothing() {
    let target = model(1, DType::F32);
    let before = values(&target);
    for decay in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
        let error = ema_update(&target, &model(2, DType::F32), decay).unwrap_err().to_string();
        assert!(error.contains("[0, 1]"), "{error}");
    }
    let other = |names: &[&str], dtype| {
        let params = Params::new();
        let builder = params.builder(Rng::new(3), dtype, &CPU);
        builder.param(names[0], (70, 1003), Init::Zeros).unwrap();
        builder.param(names[1], 3, Init::Zeros).unwrap();
        for name in &names[2..] {
            builder.buffer(name, &Tensor::new(&[1f32, 2.], &CPU).unwrap()).unwrap();
        }
        params
    };
    let cases = [
        (other(&["w", "b"], DType::F32), "2 parameters and 2 buffers here, 2 and 0 there"),
        (other(&["w", "c", "mean", "count"], DType::F32), "b [3] F32 here, c [3] F32 there"),
        (other(&["w", "b", "mean", "count"], DType::F64), "F64 there"),
        (other(&["w", "b", "mean", "count"], DType::F32), "count [] I64 here, count [2] F32 there"),
    ];
    for (source, message) in cases {
        let error = ema_update(&target, &source, 0.5).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
    assert!(ema_update(&target, &target.clone(), 0.5).is_err());
    assert!(values(&target) == before);
}
