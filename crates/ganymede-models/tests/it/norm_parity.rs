//! Normalisation against PyTorch, and what it does at the edges.

use ganymede_models::{Mode, Norm, NormConfig, NormKind};
use ganymede_tensor::{Device, Params, Rng, watch};

use crate::support::{DTYPES, Fixture, builder, normal, snapshot};

const TRAIN: Mode = Mode::Train { update_stats: true };

fn check(case: &str, kind: NormKind, channels: usize) {
    for dtype in DTYPES {
        let fixture = Fixture::open("norms", dtype);
        let params = Params::new();
        let builder = params.builder(Rng::new(0), dtype, &Device::Cpu);
        let norm = Norm::new(&NormConfig::new(kind, channels), &builder).unwrap();
        params.load_state_dict(&fixture.below(&format!("{case}/before"))).unwrap();
        for step in 0..2 {
            norm.forward(&fixture.get(&format!("{case}/input/{step}")), TRAIN).unwrap();
        }
        let x = watch(&fixture.get(&format!("{case}/input/2"))).unwrap();
        let output = norm.forward(&x, TRAIN).unwrap();
        fixture.assert(&format!("{case}/train"), &output);
        fixture.assert_gradients(case, &params, &x, &output);
        for (name, value) in params.state_dict() {
            fixture.assert(&format!("{case}/after/{name}"), &value);
        }
        fixture.assert(&format!("{case}/eval"), &norm.forward(&x, Mode::Eval).unwrap());
    }
}

#[test]
fn batch() {
    check("batch", NormKind::Batch, 3);
    check("batch_of_one", NormKind::Batch, 3);
    check("batch_points", NormKind::Batch, 6);
}

#[test]
fn instance() {
    check("instance", NormKind::Instance, 3);
}

#[test]
fn layer() {
    check("layer", NormKind::Layer, 3);
    check("layer_points", NormKind::Layer, 6);
}

#[test]
fn group() {
    check("group", NormKind::Group, 12);
}

#[test]
fn about_zero() {
    check("pixel", NormKind::Pixel, 3);
    check("pixel_points", NormKind::Pixel, 6);
    check("filter_response", NormKind::FilterResponse, 3);
}

#[test]
fn virtual_batch() {
    check("virtual", NormKind::Virtual, 3);
}

#[test]
fn only_a_training_step_moves_the_statistics() {
    let (params, b) = builder(1);
    let norm = Norm::new(&NormConfig::new(NormKind::Batch, 2), &b).unwrap();
    let x = normal(2, &[3, 2, 4, 4]);
    let fresh = snapshot(&params);
    for mode in [Mode::Eval, Mode::Train { update_stats: false }] {
        norm.forward(&x, mode).unwrap();
        assert_eq!(snapshot(&params), fresh, "{mode:?}");
    }
    // Frozen weights are another matter than statistics: these still move.
    let frozen = params.freeze();
    assert!(!norm.forward(&x, TRAIN).unwrap().track_op());
    drop(frozen);
    let moved = snapshot(&params);
    assert_eq!(moved["num_batches_tracked"], [1.0]);
    assert_ne!(moved["running_mean"], fresh["running_mean"]);
    assert_ne!(moved["running_var"], fresh["running_var"]);
}

#[test]
fn a_single_value_has_no_variance() {
    let cases = [(NormKind::Batch, 3), (NormKind::Instance, 3), (NormKind::Layer, 1)];
    for (kind, channels) in cases {
        let (params, b) = builder(1);
        let norm = Norm::new(&NormConfig::new(kind, channels), &b).unwrap();
        let fresh = snapshot(&params);
        for shape in [vec![1, channels, 1, 1], vec![1, channels]] {
            let error = norm.forward(&normal(1, &shape), TRAIN).unwrap_err().to_string();
            assert!(error.contains("variance"), "{kind:?}: {error}");
        }
        assert_eq!(snapshot(&params), fresh);
    }
    // Evaluation of batch norm takes no statistics.
    let (_, b) = builder(1);
    let norm = Norm::new(&NormConfig::new(NormKind::Batch, 3), &b).unwrap();
    norm.forward(&normal(1, &[1, 3]), Mode::Eval).unwrap();
}

#[test]
fn none_is_the_identity() {
    let (params, b) = builder(1);
    let norm = Norm::new(&NormConfig::new(NormKind::None, 3), &b).unwrap();
    let x = normal(1, &[1, 3, 1, 1]);
    let y = norm.forward(&x, TRAIN).unwrap();
    assert_eq!(
        x.flatten_all().unwrap().to_vec1::<f64>().unwrap(),
        y.flatten_all().unwrap().to_vec1::<f64>().unwrap()
    );
    assert!(params.state_dict().is_empty());
}

#[test]
fn other_channels_are_refused() {
    let (_, b) = builder(1);
    let norm = Norm::new(&NormConfig::new(NormKind::Layer, 3), &b).unwrap();
    for shape in [vec![2, 4, 4, 4], vec![2, 4], vec![3]] {
        let error = norm.forward(&normal(1, &shape), TRAIN).unwrap_err().to_string();
        assert!(error.contains("layer norm") && error.contains("(N, 3)"), "{error}");
    }
    assert!(Norm::new(&NormConfig::new(NormKind::Batch, 0), &b).is_err());
}
