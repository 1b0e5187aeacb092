//! Critics with several scores a sample: patches, or heads.

use ganymede_losses::{
    AdversarialLoss, LabelSmoothing, Penalty, PenaltyTerm, Samples, Scores, gradient_norm, input_gradient,
};
use ganymede_tensor::testing::{Order, Tol, assert_close, gradcheck};
use ganymede_tensor::{ConvConfig, DType, Graph, Result, Rng, Tensor, conv2d, grad, linear, watch};

use crate::support::{device, normal, values, vector};

const EXACT: Tol = Tol { rel: 1e-12, abs: 1e-12 };

/// Every loss of both players, smoothed where that exists.
fn all(real: &Tensor, fake: &Tensor) -> Vec<(String, Tensor)> {
    let scores = Scores { real, fake };
    let mut all = Vec::new();
    for &loss in AdversarialLoss::ALL {
        let smoothings = if loss.supports_label_smoothing() { vec![1.0, 0.9] } else { vec![1.0] };
        for real in smoothings {
            let value = loss.discriminator(scores, LabelSmoothing { real }).unwrap();
            all.push((format!("{loss} discriminator {real}"), value));
        }
        all.push((format!("{loss} generator"), loss.generator(scores).unwrap()));
    }
    all
}

#[test]
fn one_patch_is_one_score() {
    for dtype in [DType::F32, DType::F64] {
        for n in [1, 5] {
            let scores = |seed| normal(seed, &[n], 3.0).to_dtype(dtype).unwrap();
            let (real, fake) = (scores(1), scores(2));
            let plain = all(&real, &fake);
            let patches = all(&real.unsqueeze(1).unwrap(), &fake.unsqueeze(1).unwrap());
            for ((name, plain), (_, patches)) in plain.iter().zip(&patches) {
                assert_eq!((patches.dims(), patches.dtype()), ([n].as_slice(), dtype), "{name}");
                assert_eq!(values(plain), values(patches), "{name}");
            }
        }
    }
}

/// The means of the relativistic average are those of each patch over the batch.
#[test]
fn several_patches_are_the_mean_of_as_many_losses() {
    for (n, p) in [(1, 3), (4, 2), (5, 7)] {
        let (real, fake) = (normal(3, &[n, p], 3.0), normal(4, &[n, p], 3.0));
        let apart: Vec<_> = (0..p)
            .map(|i| {
                let patch = |t: &Tensor| t.narrow(1, i, 1).unwrap().squeeze(1).unwrap();
                all(&patch(&real), &patch(&fake))
            })
            .collect();
        for (index, (name, together)) in all(&real, &fake).into_iter().enumerate() {
            let sum =
                apart.iter().map(|patch| patch[index].1.clone()).reduce(|a, b| (a + b).unwrap()).unwrap();
            println!("{name}");
            assert_close(&together, &(sum / p as f64).unwrap(), EXACT);
        }
    }
}

#[test]
fn closed_forms() {
    use AdversarialLoss::*;
    let real = Tensor::new(&[[3.0, -2.0], [0.5, 1.0]], &device()).unwrap();
    let fake = Tensor::new(&[[1.0, -4.0], [-0.25, 0.0]], &device()).unwrap();
    let scores = Scores { real: &real, fake: &fake };
    let check = |loss: AdversarialLoss, d: [f64; 2], g: [f64; 2]| {
        assert_close(&loss.discriminator(scores, LabelSmoothing::OFF).unwrap(), &vector(&d), EXACT);
        assert_close(&loss.generator(scores).unwrap(), &vector(&g), EXACT);
    };
    // Means of (-2, -2) and (-0.75, -1); of (-1, 4) and (0.25, 0).
    check(Wasserstein, [-2.0, -0.875], [1.5, 0.125]);
    // Means of (2, 3) and (1.25, 1).
    check(Hinge, [2.5, 1.125], [1.5, 0.125]);
    // Means of (2 + 0.5, 4.5 + 8) and (0.125 + 0.03125, 0); of (0, 12.5) and (0.78125, 0.5).
    check(LeastSquares, [7.5, 0.078125], [6.25, 0.640625]);
    let sp = |x: f64| x.exp().ln_1p();
    let pair = |a: f64, b: f64| (sp(a) + sp(b)) / 2.0;
    check(RelativisticPaired, [pair(-2.0, -2.0), pair(-0.75, -1.0)], [pair(2.0, 2.0), pair(0.75, 1.0)]);
    // The average fake scores of the patches are 0.375 and -2, the real ones 1.75 and -0.5.
    let d = |r: [f64; 2], f: [f64; 2]| pair(0.375 - r[0], -2.0 - r[1]) + pair(f[0] - 1.75, f[1] + 0.5);
    let g = |r: [f64; 2], f: [f64; 2]| pair(1.75 - f[0], -0.5 - f[1]) + pair(r[0] - 0.375, r[1] + 2.0);
    let rows = [([3.0, -2.0], [1.0, -4.0]), ([0.5, 1.0], [-0.25, 0.0])];
    check(RelativisticAverage, rows.map(|(r, f)| d(r, f)), rows.map(|(r, f)| g(r, f)));
}

#[test]
fn losses_have_exact_gradients() {
    let saturated =
        |signs: [f64; 6]| (Tensor::new(&signs, &device()).unwrap() * 100.0).unwrap().reshape((3, 2));
    for (real, fake) in [
        (normal(5, &[3, 2], 2.0), normal(6, &[3, 2], 2.0)),
        (normal(7, &[1, 4], 2.0), normal(8, &[1, 4], 2.0)),
        (
            saturated([1.0, -1.0, 1.0, 0.0, -1.0, 0.2]).unwrap(),
            saturated([-1.0, 1.0, 1.0, -1.0, 0.0, 0.1]).unwrap(),
        ),
    ] {
        let inputs = [real, fake];
        for &loss in AdversarialLoss::ALL {
            for order in [Order::First, Order::Second] {
                let f = |x: &[Tensor]| -> Result<Tensor> {
                    let scores = Scores { real: &x[0], fake: &x[1] };
                    loss.discriminator(scores, LabelSmoothing::OFF)? + (loss.generator(scores)? * 0.7)?
                };
                gradcheck(f, &inputs, order).unwrap_or_else(|e| panic!("{loss} {order:?}: {e}"));
            }
        }
    }
}

/// Two layers on images `(N, 1, 4, 4)` with a map of scores: `(N, 9)`, of overlapping patches.
fn patch_critic(x: &Tensor, p: &[Tensor]) -> Result<Tensor> {
    let h = conv2d(x, &p[0], ConvConfig { padding: [1, 1], ..ConvConfig::default() })?.tanh()?;
    conv2d(&h, &p[1], ConvConfig::default())?.flatten_from(1)
}

fn patch_parameters() -> Vec<Tensor> {
    vec![normal(11, &[2, 1, 3, 3], 0.6), normal(12, &[1, 2, 2, 2], 0.8)]
}

#[test]
fn penalties_have_exact_gradients() {
    for n in [1, 2] {
        let (real, fake) = (normal(13, &[n, 1, 4, 4], 1.0), normal(14, &[n, 1, 4, 4], 0.7));
        let samples = Samples { real: &real, fake: &fake };
        for &penalty in Penalty::DEFAULTS {
            for order in [Order::First, Order::Second] {
                let f = |p: &[Tensor]| -> Result<Tensor> {
                    let critic = |x: &Tensor| patch_critic(x, p);
                    Ok(penalty.evaluate(&critic, samples, &mut Rng::new(7))?.value)
                };
                gradcheck(f, &patch_parameters(), order)
                    .unwrap_or_else(|e| panic!("{penalty:?} {order:?}: {e}"));
            }
        }
    }
}

/// A penalty on several scores is that on their mean.
#[test]
fn penalties_look_at_the_mean_score() {
    let parameters = patch_parameters();
    let patches = |x: &Tensor| patch_critic(x, &parameters);
    let mean = |x: &Tensor| patch_critic(x, &parameters)?.mean(1);
    let column = |x: &Tensor| mean(x)?.unsqueeze(1);
    let (real, fake) = (normal(15, &[3, 1, 4, 4], 1.0), normal(16, &[3, 1, 4, 4], 0.7));
    let samples = Samples { real: &real, fake: &fake };
    for &penalty in Penalty::DEFAULTS {
        let of = |term: PenaltyTerm| (term.value, term.grad_norm);
        let (value, norm) = of(penalty.evaluate(&mean, samples, &mut Rng::new(1)).unwrap());
        let (patch_value, patch_norm) = of(penalty.evaluate(&patches, samples, &mut Rng::new(1)).unwrap());
        let (column_value, _) = of(penalty.evaluate(&column, samples, &mut Rng::new(1)).unwrap());
        assert_eq!(patch_value.dims(), &[3]);
        assert_close(&patch_value, &value, EXACT);
        assert_close(&patch_norm, &norm, EXACT);
        assert_eq!(values(&column_value), values(&value));
    }
}

/// `D(x) = W x` with rows (3, 0) and (3, -8): the mean score has gradient (3, -4) everywhere.
#[test]
fn linear_heads_have_the_norm_of_their_mean() {
    let weight = watch(&Tensor::new(&[[3.0, 0.0], [3.0, -8.0]], &device()).unwrap()).unwrap();
    let critic = |x: &Tensor| linear(x, &weight, None);
    let x = normal(17, &[4, 2], 1.0);
    let gradient = input_gradient(&critic, &x, Graph::Discard).unwrap();
    assert_close(&gradient, &Tensor::new(&[[3.0, -4.0]; 4], &device()).unwrap(), EXACT);
    assert_close(&gradient_norm(&critic, &x).unwrap(), &vector(&[5.0; 4]), EXACT);

    let samples = Samples { real: &x, fake: &x };
    let term = Penalty::R1 { gamma: 10.0 }.evaluate(&critic, samples, &mut Rng::new(1)).unwrap();
    assert_close(&term.value, &vector(&[125.0; 4]), EXACT);
    // gamma times the mean row, half of it to each row, for each of four samples.
    let slope = grad(&term.value, &[&weight], Graph::Discard).unwrap().remove(0);
    assert_close(&slope, &Tensor::new(&[[60.0, -80.0]; 2], &device()).unwrap(), EXACT);
}
