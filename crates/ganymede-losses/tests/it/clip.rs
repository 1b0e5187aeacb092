//! Weight clipping.

use ganymede_losses::{LossError, clip_weights};
use ganymede_tensor::{DType, Init, Params, Rng, Tensor};

use crate::support::{device, values};

fn params(dtype: DType) -> Params {
    let params = Params::new();
    let builder = params.builder(Rng::new(1), dtype, &device());
    builder.param("weight", (4, 5), Init::Normal { mean: 0.0, std: 1.0 }).unwrap();
    builder.param("bias", 3, Init::Const(-0.005)).unwrap();
    let running = Tensor::new(&[7.0f64, -7.0], &device()).unwrap().to_dtype(dtype).unwrap();
    builder.buffer("running_mean", &running).unwrap();
    params
}

#[test]
fn every_parameter_is_clamped_in_place() {
    for dtype in [DType::F32, DType::F64] {
        let params = params(dtype);
        let kept = params.params();
        let before: Vec<Vec<f64>> = kept.iter().map(|p| values(&p.get())).collect();
        clip_weights(&params, 0.01).unwrap();
        // Handles taken before see the change: no new parameter was made.
        for (param, before) in kept.iter().zip(&before) {
            let limit = values(&Tensor::new(0.01f64, &device()).unwrap().to_dtype(dtype).unwrap())[0];
            let expected: Vec<f64> = before.iter().map(|v| v.clamp(-limit, limit)).collect();
            assert_eq!(values(&param.get()), expected);
            assert_eq!(param.get().dtype(), dtype);
        }
        assert!(before[0].iter().any(|v| v.abs() > 0.01), "nothing was out of range");
        assert_eq!(values(&params.buffers()[0].get()), [7.0, -7.0]);

        let once: Vec<Vec<f64>> = kept.iter().map(|p| values(&p.get())).collect();
        clip_weights(&params, 0.01).unwrap();
        let twice: Vec<Vec<f64>> = kept.iter().map(|p| values(&p.get())).collect();
        assert_eq!(once, twice);
    }
}

#[test]
fn what_is_not_a_number_stays_visible() {
    let params = params(DType::F32);
    let bias = &params.params()[1];
    bias.set(&Tensor::new(&[f32::NAN, f32::INFINITY, 0.5], &device()).unwrap()).unwrap();
    clip_weights(&params, 0.25).unwrap();
    let clipped = values(&bias.get());
    assert!(clipped[0].is_nan());
    assert_eq!(clipped[1..], [0.25, 0.25]);
}

#[test]
fn a_senseless_limit_is_refused_and_changes_nothing() {
    let params = params(DType::F64);
    let before = values(&params.params()[0].get());
    for c in [0.0, -0.01, f64::NAN, f64::INFINITY] {
        let error = clip_weights(&params, c).unwrap_err();
        assert!(matches!(error, LossError::Parameter { parameter: "weight clip c", .. }), "{error}");
    }
    assert_eq!(values(&params.params()[0].get()), before);
}
