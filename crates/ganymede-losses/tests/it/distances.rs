//! Distances between features: PyTorch's numbers, gradients of both orders, closed forms, refusals.

use ganymede_losses::cramer::{self, CramerFeatures};
use ganymede_losses::mmd::{self, Estimator, Kernel};
use ganymede_losses::sinkhorn::sinkhorn;
use ganymede_losses::sliced_wasserstein::{directions, sliced_wasserstein};
use ganymede_losses::{Features, LossError};
use ganymede_tensor::testing::{Order, Tol, assert_close, gradcheck};
use ganymede_tensor::{DType, Result, Rng, Tensor};

use crate::parity::Parity;
use crate::support::{device, normal, values, vector};

const EXACT: Tol = Tol { rel: 1e-12, abs: 1e-12 };
const KERNELS: [(&str, Kernel<'static>); 2] =
    [("gaussian", Kernel::GAUSSIAN), ("rational-quadratic", Kernel::RATIONAL_QUADRATIC)];
const ESTIMATORS: [(&str, Estimator); 2] = [("biased", Estimator::Biased), ("unbiased", Estimator::Unbiased)];

fn of(x: &[Tensor]) -> Features<'_> {
    Features { real: &x[0], fake: &x[1] }
}

fn cramer_of(x: &[Tensor]) -> CramerFeatures<'_> {
    CramerFeatures { real: &x[0], fake: &x[1], other: &x[2] }
}

#[test]
fn values_and_gradients_match_pytorch() {
    let parity = Parity::open("distances");
    let mean = |value: std::result::Result<Tensor, LossError>| Ok(value?.mean_all()?);
    for (case, n) in [("small", 5), ("wide", 4), ("far", 4), ("one", 1)] {
        for (name, kernel) in KERNELS {
            for (which, estimator) in ESTIMATORS.into_iter().take(if n == 1 { 1 } else { 2 }) {
                let key = format!("{case}/mmd/{name}/{which}");
                parity.check(&format!("{key}/generator"), &["real", "fake"], |x| {
                    mean(mmd::generator(of(x), kernel, estimator))
                });
                for lambda in [-1.0, 1.0] {
                    parity.check(&format!("{key}/critic/{lambda}"), &["real", "fake"], |x| {
                        mean(mmd::critic(of(x), kernel, estimator, lambda))
                    });
                }
            }
        }
        let names = ["real", "fake", "other"];
        parity.check(&format!("{case}/cramer/generator"), &names, |x| mean(cramer::generator(cramer_of(x))));
        parity.check(&format!("{case}/cramer/critic"), &names, |x| mean(cramer::critic(cramer_of(x))));
        for (epsilon, iterations) in [("0.5", 30), ("5.0", 1), ("1000.0", 3)] {
            parity.check(&format!("{case}/sinkhorn/{epsilon}/{iterations}"), &["real", "fake"], |x| {
                mean(sinkhorn(of(x), epsilon.parse().unwrap(), iterations))
            });
        }
        let along = &parity.fixture[&format!("{case}/sliced/directions")];
        parity.check(&format!("{case}/sliced"), &["real", "fake"], |x| {
            mean(sliced_wasserstein(of(x), &along.to_dtype(x[0].dtype())?))
        });
    }
}

type Distance = Box<dyn Fn(&[Tensor]) -> Result<Tensor>>;

/// Every distance of the first two matrices, or of all three.
fn distances() -> Vec<(String, Distance)> {
    let mut all: Vec<(String, Distance)> = Vec::new();
    for (name, kernel) in KERNELS {
        for (which, estimator) in ESTIMATORS {
            let generator: Distance = Box::new(move |x| Ok(mmd::generator(of(x), kernel, estimator)?));
            all.push((format!("{name} {which}"), generator));
            let critic: Distance = Box::new(move |x| Ok(mmd::critic(of(x), kernel, estimator, 0.7)?));
            all.push((format!("{name} {which} critic"), critic));
        }
    }
    all.push(("cramer".into(), Box::new(|x| Ok(cramer::generator(cramer_of(x))?))));
    all.push(("cramer critic".into(), Box::new(|x| Ok(cramer::critic(cramer_of(x))?))));
    all.push(("sinkhorn".into(), Box::new(|x| Ok(sinkhorn(of(x), 0.8, 4)?))));
    all.push((
        "sliced".into(),
        Box::new(|x| {
            let along = directions(&mut Rng::new(3), 5, x[0].dim(1)?, x[0].dtype(), &device())?;
            Ok(sliced_wasserstein(of(x), &along)?)
        }),
    ));
    all
}

#[test]
fn gradients_of_both_orders_are_exact() {
    for (name, distance) in distances() {
        for order in [Order::First, Order::Second] {
            let inputs = [normal(1, &[4, 2], 1.0), normal(2, &[4, 2], 1.0), normal(3, &[4, 2], 1.0)];
            let bent =
                |x: &[Tensor]| -> Result<Tensor> { distance(&[x[0].sin()?, x[1].exp()?, x[2].tanh()?]) };
            gradcheck(bent, &inputs, order).unwrap_or_else(|e| panic!("{name} {order:?}: {e}"));
            // One tensor in every place, changed.
            let one = |x: &[Tensor]| -> Result<Tensor> {
                distance(&[x[0].clone(), (x[0].sqr()? + 0.3)?, x[0].sin()?])
            };
            gradcheck(one, &[normal(4, &[3, 2], 1.0)], order)
                .unwrap_or_else(|e| panic!("{name} {order:?}: {e}"));
        }
    }
}

#[test]
fn values_are_one_a_sample_and_finite_wherever_features_are() {
    for (name, distance) in distances() {
        for dtype in [DType::F32, DType::F64] {
            for scale in [0.0, 1.0, 1e4] {
                let make = |seed| normal(seed, &[4, 3], scale).to_dtype(dtype).unwrap();
                let value = distance(&[make(1), make(2), make(3)]).unwrap();
                assert_eq!((value.dims(), value.dtype()), ([4].as_slice(), dtype), "{name}");
                assert!(values(&value).iter().all(|v| v.is_finite()), "{name} {scale}");
            }
        }
    }
}

/// Two points at a distance of 2, by hand.
#[test]
fn closed_forms_of_the_discrepancy() {
    let x = Tensor::new(&[[0.0], [2.0]], &device()).unwrap();
    let y = Tensor::new(&[[1.0], [1.0]], &device()).unwrap();
    let features = Features { real: &x, fake: &y };
    let k = |squared: f64, sigma: f64| (-squared / (2.0 * sigma * sigma)).exp();
    let kernel = Kernel::Gaussian(&[1.0]);
    let unbiased = mmd::generator(features, kernel, Estimator::Unbiased).unwrap();
    let expected = k(4.0, 1.0) + 1.0 - 2.0 * k(1.0, 1.0);
    assert_close(&unbiased, &vector(&[expected; 2]), EXACT);
    let biased = mmd::generator(features, kernel, Estimator::Biased).unwrap();
    let expected = 0.5 * (1.0 + k(4.0, 1.0)) + 1.0 - 2.0 * k(1.0, 1.0);
    assert_close(&biased, &vector(&[expected; 2]), EXACT);
    let repulsive = mmd::critic(features, kernel, Estimator::Unbiased, 1.0).unwrap();
    assert_close(&repulsive, &vector(&[k(4.0, 1.0) - 1.0; 2]), EXACT);
    let heavy = Kernel::RationalQuadratic(&[1.0]);
    let value = mmd::generator(features, heavy, Estimator::Unbiased).unwrap();
    assert_close(&value, &vector(&[1.0 / 3.0 + 1.0 - 2.0 / 1.5; 2]), EXACT);
    // A critic of λ = −1 is the generator's opponent.
    let attractive = mmd::critic(features, heavy, Estimator::Biased, -1.0).unwrap();
    let generator = mmd::generator(features, heavy, Estimator::Biased).unwrap();
    assert_close(&attractive, &generator.neg().unwrap(), EXACT);
    // A batch against itself.
    let same = Features { real: &x, fake: &x };
    let none = mmd::generator(same, Kernel::GAUSSIAN, Estimator::Biased).unwrap();
    assert_close(&none, &vector(&[0.0; 2]), EXACT);
}

#[test]
fn closed_forms_of_the_energy_distance() {
    let row = |a: f64, b: f64| Tensor::new(&[[a, b]], &device()).unwrap();
    let (x, y, other) = (row(3.0, 4.0), row(0.0, 4.0), row(3.0, 0.0));
    let features = CramerFeatures { real: &x, fake: &y, other: &other };
    let tol = Tol { rel: 1e-9, abs: 1e-9 };
    assert_close(&cramer::generator(features).unwrap(), &vector(&[3.0 + 4.0 - 5.0]), tol);
    assert_close(&cramer::critic(features).unwrap(), &vector(&[(5.0 - 4.0) - (4.0 - 5.0)]), tol);
    assert_close(&cramer::score(&x, &other).unwrap(), &vector(&[4.0 - 5.0]), tol);
    // All features the same: no distance, and no gradient that is no number.
    let same = CramerFeatures { real: &x, fake: &x, other: &x };
    assert_close(&cramer::generator(same).unwrap(), &vector(&[0.0]), Tol { rel: 0.0, abs: 2e-6 });
}

/// A small ε finds the assignment, a large one the distance of the means; a batch has no distance to itself.
#[test]
fn closed_forms_of_transport() {
    let x = Tensor::new(&[[0.0], [1.0], [5.0]], &device()).unwrap();
    let y = Tensor::new(&[[5.5], [0.5], [2.0]], &device()).unwrap();
    let features = Features { real: &x, fake: &y };
    let mean = |value: Tensor| values(&value.mean_all().unwrap())[0];
    let assigned = (0.25 + 1.0 + 0.25) / 3.0;
    let found = mean(sinkhorn(features, 0.01, 200).unwrap());
    assert!((found - assigned).abs() < 1e-6, "{found} of {assigned}");
    let far = mean(sinkhorn(features, 1e7, 3).unwrap());
    assert!((far - (8.0f64 / 3.0 - 2.0).powi(2)).abs() < 1e-4, "{far}");
    let same = sinkhorn(Features { real: &x, fake: &x }, 0.1, 5).unwrap();
    assert_close(&same, &vector(&[0.0; 3]), EXACT);
    // One sample each: the cost itself.
    let one = Features { real: &x.narrow(0, 0, 1).unwrap(), fake: &y.narrow(0, 2, 1).unwrap() };
    assert_close(&sinkhorn(one, 0.3, 2).unwrap(), &vector(&[4.0]), EXACT);
    // Along one axis sorting is the assignment, whatever the order of the batch; values go with generated samples.
    let axis = Tensor::new(&[[1.0]], &device()).unwrap();
    let sliced = sliced_wasserstein(features, &axis).unwrap();
    assert_close(&sliced, &vector(&[0.25, 0.25, 1.0]), EXACT);
    // Equal projections are paired in the order of the batch.
    let flat = Tensor::new(&[[0.0], [0.0]], &device()).unwrap();
    let ties = sliced_wasserstein(Features { real: &flat, fake: &flat }, &axis).unwrap();
    assert_eq!(values(&ties), [0.0; 2]);
}

/// A shift by μ in K dimensions is |μ|²/K on average over directions.
#[test]
fn directions_are_unit_vectors_without_a_preference() {
    let along = directions(&mut Rng::new(5), 4000, 6, DType::F64, &device()).unwrap();
    let lengths = values(&along.sqr().unwrap().sum(1).unwrap());
    assert!(lengths.iter().all(|length| (length - 1.0).abs() < 1e-9));
    let x = normal(8, &[7, 6], 1.0);
    let shift = Tensor::new(&[3.0, 0.0, -1.0, 0.0, 2.0, 0.0], &device()).unwrap();
    let y = x.broadcast_add(&shift).unwrap();
    let value = sliced_wasserstein(Features { real: &x, fake: &y }, &along).unwrap();
    for found in values(&value) {
        assert!((found / (14.0 / 6.0) - 1.0).abs() < 0.05, "{found}");
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let zeros = |dims: &[usize]| Tensor::zeros(dims, DType::F64, &device()).unwrap();
    let (good, fewer, one) = (zeros(&[3, 2]), zeros(&[2, 2]), zeros(&[1, 2]));
    let axis = zeros(&[4, 2]);
    let says = |outcome: std::result::Result<Tensor, LossError>, what: &str| {
        let message = outcome.unwrap_err().to_string();
        assert!(message.contains(what), "{message}");
    };
    for bad in [&zeros(&[3]), &zeros(&[0, 2]), &zeros(&[3, 0]), &zeros(&[3, 2, 1])] {
        let features = Features { real: bad, fake: bad };
        says(mmd::generator(features, Kernel::GAUSSIAN, Estimator::Biased), "(N, K)");
        says(sinkhorn(features, 1.0, 1), "(N, K)");
        says(sliced_wasserstein(features, &axis), "(N, K)");
        says(cramer::generator(CramerFeatures { real: bad, fake: bad, other: bad }), "(N, K)");
        says(cramer::score(bad, bad), "(N, K)");
    }
    let features = Features { real: &good, fake: &fewer };
    says(mmd::critic(features, Kernel::GAUSSIAN, Estimator::Biased, 1.0), "features.fake");
    says(sinkhorn(features, 1.0, 1), "features.fake");
    says(sliced_wasserstein(features, &axis), "features.fake");
    says(cramer::critic(CramerFeatures { real: &good, fake: &good, other: &fewer }), "features.other");
    let features = Features { real: &good, fake: &good };
    says(sliced_wasserstein(features, &zeros(&[4, 3])), "directions");
    let alone = Features { real: &one, fake: &one };
    says(mmd::generator(alone, Kernel::GAUSSIAN, Estimator::Unbiased), "N >= 2");
    says(mmd::generator(features, Kernel::Gaussian(&[]), Estimator::Biased), "one or more");
    says(mmd::generator(features, Kernel::Gaussian(&[1.0, 0.0]), Estimator::Biased), "bandwidth");
    says(mmd::generator(features, Kernel::RationalQuadratic(&[-1.0]), Estimator::Biased), "exponent");
    says(mmd::critic(features, Kernel::GAUSSIAN, Estimator::Biased, f64::NAN), "lambda");
    says(sinkhorn(features, 0.0, 1), "epsilon");
    says(sinkhorn(features, f64::INFINITY, 1), "epsilon");
    says(sinkhorn(features, 1.0, 0), "iterations");
}
