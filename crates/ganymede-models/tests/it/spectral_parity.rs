//! Spectral normalisation against `torch.nn.utils.spectral_norm` over 20 updates.

use ganymede_models::{
    Conv2d, Conv2dConfig, ConvTranspose2d, ConvTranspose2dConfig, LayerConfig, Linear, Mode, SpectralConfig,
    SpectralNorm,
};
use ganymede_tensor::testing::{Tol, assert_close};
use ganymede_tensor::{Builder, ConvConfig, DType, Device, Graph, Init, Params, Result, Rng, Tensor, grad};

use crate::support::{DTYPES, Fixture, builder, normal, snapshot};

type Forward = Box<dyn Fn(&Tensor, Mode) -> Result<Tensor>>;

const STEPS: usize = 20;
const LR: f64 = 0.05;
const TRAIN: Mode = Mode::Train { update_stats: true };

fn check(case: &str, build: impl Fn(&Builder) -> Forward) {
    for dtype in DTYPES {
        let fixture = Fixture::open("spectral", dtype);
        let params = Params::new();
        let forward = build(&params.builder(Rng::new(0), dtype, &Device::Cpu));
        params.load_state_dict(&fixture.below(&format!("{case}/before"))).unwrap();
        let x = fixture.get(&format!("{case}/input"));
        let cotangent = fixture.get(&format!("{case}/cotangent"));
        for step in 0..STEPS {
            let output = forward(&x, TRAIN).unwrap();
            fixture.assert(&format!("{case}/train/{step}"), &output);
            let all = params.params();
            let values: Vec<Tensor> = all.iter().map(|p| p.get()).collect();
            let loss = output.mul(&cotangent).unwrap();
            let gradients = grad(&loss, &values.iter().collect::<Vec<_>>(), Graph::Discard).unwrap();
            for (param, gradient) in all.iter().zip(&gradients) {
                let step = (gradient * LR).unwrap();
                param.set(&param.var().as_detached_tensor().sub(&step).unwrap()).unwrap();
            }
        }
        for (name, value) in params.state_dict() {
            fixture.assert(&format!("{case}/after/{name}"), &value);
        }
        fixture.assert(&format!("{case}/eval"), &forward(&x, Mode::Eval).unwrap());
    }
}

fn spectral(iterations: usize) -> LayerConfig {
    let spectral = SpectralConfig { iterations, ..Default::default() };
    LayerConfig { spectral: Some(spectral), ..Default::default() }
}

#[test]
fn linear() {
    check("linear", |b| {
        let layer = Linear::new(5, 4, &spectral(1), b).unwrap();
        Box::new(move |x, mode| layer.forward(x, mode))
    });
}

#[test]
fn grouped_convolution() {
    check("conv", |b| {
        let conv = ConvConfig { groups: 2, ..Default::default() };
        let config = Conv2dConfig { conv, ..Conv2dConfig::new(4, 6, 3) };
        let config = config.with_stride(2, 1).with_layer(spectral(1));
        let layer = Conv2d::new(&config, b).unwrap();
        Box::new(move |x, mode| layer.forward(x, mode))
    });
}

#[test]
fn three_iterations() {
    check("conv3", |b| {
        let config = Conv2dConfig { kernel: [2, 3], ..Conv2dConfig::new(3, 4, 1) };
        let layer = Conv2d::new(&config.with_layer(spectral(3)), b).unwrap();
        Box::new(move |x, mode| layer.forward(x, mode))
    });
}

#[test]
fn transposed_convolution() {
    check("transposed", |b| {
        let config = ConvTranspose2dConfig::new(4, 3, 4).with_stride(2, 1).with_layer(spectral(1));
        let layer = ConvTranspose2d::new(&config, b).unwrap();
        Box::new(move |x, mode| layer.forward(x, mode))
    });
}

#[test]
fn only_a_training_step_moves_the_vectors() {
    let (params, b) = builder(1);
    let layer = Linear::new(6, 4, &spectral(1), &b).unwrap();
    let x = normal(2, &[3, 6]);
    let fresh = snapshot(&params);
    for mode in [Mode::Eval, Mode::Train { update_stats: false }] {
        layer.forward(&x, mode).unwrap();
        assert_eq!(snapshot(&params), fresh, "{mode:?}");
    }
    layer.forward(&x, TRAIN).unwrap();
    let moved = snapshot(&params);
    assert_ne!(moved["weight_u"], fresh["weight_u"]);
    assert_ne!(moved["weight_v"], fresh["weight_v"]);
    assert_eq!(moved["weight_orig"], fresh["weight_orig"]);
}

#[test]
fn finds_the_largest_singular_value() {
    let (params, b) = builder(3);
    let init = Init::Orthogonal { gain: 2.5 };
    let layer = SpectralNorm::new(&b, &[4, 6], 0, init, SpectralConfig::default()).unwrap();
    // All singular values are 2.5, so any pair of vectors that has iterated once finds it, even in
    // a fresh layer.
    let expected = Tensor::new(2.5f64, &Device::Cpu).unwrap();
    assert_close(&layer.sigma().unwrap(), &expected, Tol::F64);
    assert_eq!(params.buffers().len(), 2);

    // diag(3, 1, …): 20 more iterations leave an error of (1/3)^40 and less.
    let mut rows = vec![0.0f64; 24];
    (rows[0], rows[7]) = (1.0, 3.0);
    let matrix = Tensor::from_vec(rows, (4, 6), &Device::Cpu).unwrap();
    params.params()[0].set(&matrix).unwrap();
    for _ in 0..40 {
        layer.weight(TRAIN).unwrap();
    }
    let expected = Tensor::new(3.0f64, &Device::Cpu).unwrap();
    assert_close(&layer.sigma().unwrap(), &expected, Tol::F64);
    assert_close(&layer.weight(Mode::Eval).unwrap(), &(matrix / 3.0).unwrap(), Tol::F64);
}

#[test]
fn no_iterations_and_no_matrix_are_refused() {
    let (_, b) = builder(4);
    let none = SpectralConfig { iterations: 0, ..Default::default() };
    let error = SpectralNorm::new(&b, &[4, 6], 0, Init::Ones, none).unwrap_err().to_string();
    assert!(error.contains("iterations = 0"), "{error}");
    let default = SpectralConfig::default();
    assert!(SpectralNorm::new(&b, &[4], 0, Init::Ones, default).is_err());
    assert!(SpectralNorm::new(&b, &[4, 6], 2, Init::Ones, default).is_err());
    assert_eq!(default, SpectralConfig { iterations: 1, eps: 1e-12 });
    assert_eq!(b.dtype(), DType::F64);
}
