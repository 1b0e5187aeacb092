//! Layers and critics that are 1-Lipschitz by construction: the constant certified layer by layer, and attacked.

use ganymede_models::{
    AolConv2d, Discriminator, Io, LipschitzCritic, LipschitzCriticConfig, LipschitzMlp, LipschitzMlpConfig,
    Mode, OrthonormalConv2d, OrthonormalLinear, max_min,
};
use ganymede_tensor::{ConvConfig, DType, Device, Graph, Rng, Tensor, conv2d, grad, watch};

use crate::support::{builder, check_all, normal, randomise, score};

/// The eigenvalues of GᵀG lie in [0, λ]: λ is at most its largest absolute row sum, and the root of that of its eighth
/// power a bound that is hardly larger.
fn bound(matrix: &Tensor) -> f64 {
    let mut gram = matrix.matmul(&matrix.t().unwrap()).unwrap();
    for _ in 0..3 {
        gram = gram.matmul(&gram).unwrap();
    }
    let sums = gram.abs().unwrap().sum(1).unwrap().max(0).unwrap().to_scalar::<f64>().unwrap();
    sums.powf(1.0 / 16.0)
}

/// The largest singular value of a linear map on images of a shape, by power iteration.
fn stretch(map: &dyn Fn(&Tensor) -> Tensor, shape: &[usize]) -> f64 {
    let mut x = normal(11, shape);
    let mut norm = 0.0;
    for _ in 0..200 {
        let watched = watch(&x).unwrap();
        let y = map(&watched);
        let half = (y.sqr().unwrap().sum_all().unwrap() * 0.5).unwrap();
        let back = grad(&half, &[&watched], Graph::Discard).unwrap().remove(0);
        let length = |t: &Tensor| t.sqr().unwrap().sum_all().unwrap().to_scalar::<f64>().unwrap().sqrt();
        norm = length(&y) / length(&x);
        x = (&back / length(&back)).unwrap();
    }
    norm
}

#[test]
fn no_weights_stretch_a_linear_layer() {
    for (inputs, outputs) in [(5, 3), (3, 5), (4, 4), (6, 1), (1, 6), (40, 24)] {
        for std in [1e-3, 0.3, 1.0, 100.0] {
            let (params, b) = builder(1);
            let layer = OrthonormalLinear::new(inputs, outputs, &b).unwrap();
            randomise(&params, std);
            let bound = bound(&layer.matrix().unwrap());
            assert!(bound < 1.15, "{inputs} to {outputs} at {std}: {bound}");
            let x = |x: &Tensor| x.matmul(&layer.matrix().unwrap().t().unwrap()).unwrap();
            let found = stretch(&x, &[1, inputs]);
            assert!(found < 1.0 + 1e-9, "{inputs} to {outputs} at {std}: {found}");
            assert!(found > 0.9, "{inputs} to {outputs} at {std}: {found} is far from orthonormal");
        }
    }
}

#[test]
fn no_weights_stretch_a_convolution() {
    for std in [1e-3, 0.3, 100.0] {
        let (params, b) = builder(2);
        let conv = AolConv2d::new(3, 3, &b).unwrap();
        randomise(&params, std);
        let config = ConvConfig { padding: [1; 2], ..ConvConfig::default() };
        let map = |x: &Tensor| conv2d(x, &conv.kernel().unwrap(), config).unwrap();
        let found = stretch(&map, &[1, 3, 7, 6]);
        assert!((0.2..1.0 + 1e-9).contains(&found), "AOL at {std}: {found}");

        let (params, b) = builder(3);
        let conv = OrthonormalConv2d::new(3, 8, 2, &b).unwrap();
        randomise(&params, std);
        let found = stretch(&|x| conv2d_of(&conv, x), &[1, 3, 6, 8]);
        assert!((0.9..1.0 + 1e-9).contains(&found), "orthonormal at {std}: {found}");
    }
}

fn conv2d_of(conv: &OrthonormalConv2d, x: &Tensor) -> Tensor {
    let zero = x.zeros_like().unwrap();
    conv.forward(x).unwrap().sub(&conv.forward(&zero).unwrap()).unwrap()
}

/// Pairs of inputs that climb towards the largest slope: none beyond 1, and the search gets somewhere.
fn attack(d: &dyn Discriminator, shape: &[usize]) -> f64 {
    let shape: Vec<usize> = std::iter::once(8).chain(shape.iter().copied()).collect();
    let mut a = normal(21, &shape);
    let mut b = (&a + (normal(22, &shape) * 0.3).unwrap()).unwrap();
    let mut largest = 0.0f64;
    for _ in 0..60 {
        let (x, y) = (watch(&a).unwrap(), watch(&b).unwrap());
        let rise = (score(d, &x, Mode::Eval).unwrap() - score(d, &y, Mode::Eval).unwrap()).unwrap();
        let apart = (&x - &y).unwrap().sqr().unwrap().flatten_from(1).unwrap().sum(1).unwrap();
        let slope = rise.abs().unwrap().div(&apart.sqrt().unwrap()).unwrap();
        let found = slope.max(0).unwrap().to_scalar::<f64>().unwrap();
        largest = largest.max(found);
        let steps = grad(&slope, &[&x, &y], Graph::Discard).unwrap();
        a = (&a + (&steps[0] * 0.3).unwrap()).unwrap();
        b = (&b + (&steps[1] * 0.3).unwrap()).unwrap();
    }
    largest
}

#[test]
fn no_pair_of_inputs_is_found_with_a_larger_slope() {
    for std in [0.1, 1.0, 30.0] {
        let config = LipschitzMlpConfig { width: 12, layers: 3 };
        let d = LipschitzMlp::new(&config, &Io::new([2]), Rng::new(0), DType::F64, &Device::Cpu).unwrap();
        randomise(d.params(), std);
        let found = attack(&d, &[2]);
        assert!(found < 1.0 + 1e-9 && found > 0.1, "points at {std}: {found}");

        let config = LipschitzCriticConfig { width: 4, max_multiplier: 2, hidden: 8 };
        let io = Io::new([1, 16, 16]);
        let d = LipschitzCritic::new(&config, &io, Rng::new(0), DType::F64, &Device::Cpu).unwrap();
        if std < 1.0 {
            // Near its first weights the critic is nearly isometric along a path.
            assert!(attack(&d, &io.sample) > 0.5);
        }
        randomise(d.params(), std);
        let found = attack(&d, &io.sample);
        assert!(found < 1.0 + 1e-9 && found > 0.0, "images at {std}: {found}");
    }
}

#[test]
fn derivatives_of_both_orders() {
    let (params, b) = builder(4);
    let layer = OrthonormalLinear::new(3, 2, &b).unwrap();
    randomise(&params, 0.7);
    check_all(&params, &normal(5, &[2, 3]), &|x| layer.forward(x)?.tanh());
    let (params, b) = builder(6);
    let conv = AolConv2d::new(2, 3, &b).unwrap();
    randomise(&params, 0.3);
    check_all(&params, &normal(7, &[1, 2, 3, 3]), &|x| conv.forward(x)?.tanh());
    let (params, b) = builder(8);
    let conv = OrthonormalConv2d::new(1, 3, 2, &b).unwrap();
    randomise(&params, 0.5);
    check_all(&params, &normal(9, &[2, 1, 4, 2]), &|x| conv.forward(x)?.tanh());
}

#[test]
fn max_min_sorts_pairs_of_channels() {
    let x = Tensor::new(&[[1f32, 3.0, 2.0, -1.0]], &Device::Cpu).unwrap();
    assert_eq!(max_min(&x).unwrap().to_vec2::<f32>().unwrap(), [[3.0, 1.0, 2.0, -1.0]]);
    assert!(max_min(&x.narrow(1, 0, 3).unwrap()).is_err());
    let maps = normal(10, &[2, 4, 3, 1]);
    check_all(&ganymede_tensor::Params::new(), &maps, &|x| max_min(x)?.tanh());
}
