//! What every model of the registry promises.

use std::collections::{BTreeMap, BTreeSet};

use ganymede_models::{
    Activation, DcganConfig, Discriminator, Generator, MlpConfig, Mode, ModelConfig, ModelName, NormKind,
};
use ganymede_tensor::testing::{Tol, assert_close, device};
use ganymede_tensor::{DType, Graph, Params, Result, Rng, Tensor, grad};

use crate::support::{randomise, snapshot};

const TRAIN: Mode = Mode::Train { update_stats: true };
const STILL: Mode = Mode::Train { update_stats: false };

/// Small configurations of every model. A new model must be listed here to compile.
fn configs() -> Vec<ModelConfig> {
    ModelName::ALL.iter().flat_map(|name| configs_of(*name)).collect()
}

fn configs_of(name: ModelName) -> Vec<ModelConfig> {
    match name {
        ModelName::Dcgan => {
            let small = DcganConfig { resolution: 16, channels: 2, z_dim: 6, width: 4, ..Default::default() };
            let of_norm = |&norm| DcganConfig { norm, ..small.clone() };
            let spectral = DcganConfig { spectral: true, ..small.clone() };
            let wgan_gp = DcganConfig { discriminator_norm: Some(NormKind::Layer), ..small.clone() };
            let large = DcganConfig { resolution: 64, max_multiplier: 2, ..small.clone() };
            let all = NormKind::ALL.iter().map(of_norm).chain([spectral, wgan_gp, large]);
            all.map(ModelConfig::Dcgan).collect()
        }
        ModelName::Mlp => {
            let small = MlpConfig { z_dim: 4, hidden: 8, layers: 2, ..Default::default() };
            let of = |&activation| MlpConfig { activation, ..small.clone() };
            let spectral = MlpConfig { spectral: true, ..small.clone() };
            Activation::ALL.iter().map(of).chain([spectral]).map(ModelConfig::Mlp).collect()
        }
    }
}

fn generator(config: &ModelConfig, seed: u64) -> Box<dyn Generator> {
    config.build_generator(Rng::stream(seed, "generator"), DType::F32, &device()).unwrap()
}

fn discriminator(config: &ModelConfig, seed: u64) -> Box<dyn Discriminator> {
    config.build_discriminator(Rng::stream(seed, "discriminator"), DType::F32, &device()).unwrap()
}

fn input(n: usize, shape: &[usize]) -> Tensor {
    let shape: Vec<usize> = std::iter::once(n).chain(shape.iter().copied()).collect();
    Rng::stream(5, "input").normal(shape, DType::F32, &device()).unwrap()
}

fn numbers(t: &Tensor) -> Vec<f32> {
    t.flatten_all().unwrap().to_vec1().unwrap()
}

/// One network of either role: its parameters, how to run it, how to build it again.
struct Network<'a> {
    params: &'a Params,
    twin: &'a Params,
    input_shape: Vec<usize>,
    forward: &'a dyn Fn(&Tensor, Mode) -> Result<Tensor>,
    forward_twin: &'a dyn Fn(&Tensor, Mode) -> Result<Tensor>,
}

/// What generators and discriminators have in common.
fn check(config: &ModelConfig, network: &Network) {
    println!("{config:?}");
    check_names(network.params);
    check_modes(network);
    check_round_trip(network);
    check_freezing(network);
    check_gradients_reach_everything(network);
}

fn check_names(params: &Params) {
    let names: Vec<String> = (params.params().iter().map(|p| p.name().to_string()))
        .chain(params.buffers().iter().map(|b| b.name().to_string()))
        .collect();
    let unique: BTreeSet<&String> = names.iter().collect();
    assert_eq!(names.len(), unique.len());
    assert!(names.iter().all(|name| name.starts_with("main.")), "{names:?}");
    assert!(params.state_dict().keys().eq(unique));
    assert!(params.num_elements() > 0);
}

fn check_modes(network: &Network) {
    let x = input(3, &network.input_shape);
    let fresh = snapshot(network.params);
    let eval = (network.forward)(&x, Mode::Eval).unwrap();
    assert_eq!(numbers(&eval), numbers(&(network.forward)(&x, Mode::Eval).unwrap()));
    (network.forward)(&x, STILL).unwrap();
    (network.forward)(&input(1, &network.input_shape), STILL).unwrap();
    assert_eq!(snapshot(network.params), fresh);

    // Spectral vectors that have converged move only when the weights do.
    randomise(network.params, 0.3);
    let still = snapshot(network.params);
    (network.forward)(&x, TRAIN).unwrap();
    let moved = snapshot(network.params);
    for param in network.params.params() {
        assert_eq!(moved[param.name()], still[param.name()], "{} is no statistic", param.name());
    }
    for buffer in network.params.buffers() {
        // A matrix of one row has the singular vector ±1 for good.
        if buffer.get().elem_count() > 1 || buffer.name().ends_with("tracked") {
            assert_ne!(moved[buffer.name()], still[buffer.name()], "{} stood still", buffer.name());
        }
    }
}

fn check_round_trip(network: &Network) {
    let state: BTreeMap<String, Tensor> = (network.params.state_dict())
        .into_iter()
        .map(|(name, tensor)| (name, tensor.copy().unwrap()))
        .collect();
    let x = input(2, &network.input_shape);
    let output = numbers(&(network.forward)(&x, Mode::Eval).unwrap());
    assert_ne!(output, numbers(&(network.forward_twin)(&x, Mode::Eval).unwrap()));
    network.twin.load_state_dict(&state).unwrap();
    assert_eq!(output, numbers(&(network.forward_twin)(&x, Mode::Eval).unwrap()));
    assert_eq!(snapshot(network.params), snapshot(network.twin));
}

fn check_freezing(network: &Network) {
    let x = input(2, &network.input_shape);
    assert!((network.forward)(&x, STILL).unwrap().track_op());
    let frozen = network.params.freeze();
    for mode in [Mode::Eval, STILL, TRAIN] {
        assert!(!(network.forward)(&x, mode).unwrap().track_op(), "{mode:?}");
    }
    drop(frozen);
    assert!((network.forward)(&x, STILL).unwrap().track_op());
}

fn check_gradients_reach_everything(network: &Network) {
    let x = input(4, &network.input_shape);
    let output = (network.forward)(&x, STILL).unwrap().sqr().unwrap();
    let params = network.params.params();
    let values: Vec<Tensor> = params.iter().map(|p| p.get()).collect();
    let gradients = grad(&output, &values.iter().collect::<Vec<_>>(), Graph::Discard).unwrap();
    for (param, gradient) in params.iter().zip(&gradients) {
        let gradient = numbers(gradient);
        assert!(gradient.iter().all(|g| g.is_finite()), "{}", param.name());
        assert!(gradient.iter().any(|g| *g != 0.0), "no gradient reaches {}", param.name());
    }
}

#[test]
fn generators() {
    for config in configs() {
        let (g, twin) = (generator(&config, 1), generator(&config, 2));
        let network = Network {
            params: g.params(),
            twin: twin.params(),
            input_shape: vec![g.z_dim()],
            forward: &|z, mode| g.forward(z, None, mode),
            forward_twin: &|z, mode| twin.forward(z, None, mode),
        };
        check(&config, &network);

        assert_eq!((g.z_dim(), g.output_shape()), (config.z_dim(), config.sample_shape()));
        for n in [1, 3] {
            let z = input(n, &[g.z_dim()]);
            let y = Rng::new(0).labels(n, 3, &device()).unwrap();
            let samples = g.forward(&z, Some(&y), Mode::Eval).unwrap();
            let shape: Vec<usize> = std::iter::once(n).chain(config.sample_shape()).collect();
            assert_eq!(samples.dims(), shape);
            if shape.len() == 4 {
                assert!(numbers(&samples).iter().all(|v| (-1.0..=1.0).contains(v)));
            }
        }
        let error = g.forward(&input(2, &[g.z_dim() + 1]), None, Mode::Eval).unwrap_err().to_string();
        assert!(error.contains("generator: z is [2,"), "{error}");
    }
}

#[test]
fn discriminators() {
    for config in configs() {
        let (d, twin) = (discriminator(&config, 1), discriminator(&config, 2));
        let network = Network {
            params: d.params(),
            twin: twin.params(),
            input_shape: config.sample_shape(),
            forward: &|x, mode| Ok(d.forward(x, None, mode)?.scores),
            forward_twin: &|x, mode| Ok(twin.forward(x, None, mode)?.scores),
        };
        check(&config, &network);

        for n in [1, 3] {
            let critique = d.forward(&input(n, &config.sample_shape()), None, Mode::Eval).unwrap();
            assert_eq!(critique.scores.dims(), [n]);
            assert!(critique.class_logits.is_none());
        }
        let mut shape = config.sample_shape();
        shape[0] += 1;
        let error = d.forward(&input(2, &shape), None, Mode::Eval).unwrap_err().to_string();
        assert!(error.contains("discriminator: x is [2,"), "{error}");
    }
}

#[test]
fn the_same_stream_gives_the_same_weights() {
    for config in configs() {
        assert_eq!(snapshot(generator(&config, 1).params()), snapshot(generator(&config, 1).params()));
        assert_ne!(snapshot(generator(&config, 1).params()), snapshot(generator(&config, 2).params()));
    }
}

/// Without batch norm in training, a sample's result does not depend on its companions.
#[test]
fn evaluation_treats_samples_apart() {
    for config in configs() {
        let g = generator(&config, 1);
        let z = input(3, &[g.z_dim()]);
        let all = g.forward(&z, None, Mode::Eval).unwrap();
        let one = g.forward(&z.narrow(0, 1, 1).unwrap(), None, Mode::Eval).unwrap();
        assert_close(&all.narrow(0, 1, 1).unwrap(), &one, Tol::F32);
    }
}
