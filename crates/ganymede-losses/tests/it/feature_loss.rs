//! The closed set of losses between features: that each is what its module gives, and the witness in closed form and against
//! PyTorch.

use ganymede_losses::cramer::{self, CramerFeatures};
use ganymede_losses::mmd::{self, Estimator, Kernel};
use ganymede_losses::sinkhorn::sinkhorn;
use ganymede_losses::sliced_wasserstein::{directions, sliced_wasserstein};
use ganymede_losses::{FeatureLoss, Features, KernelKind, LossError, Samples, wgan_gp};
use ganymede_tensor::testing::{Order, Tol, assert_close, gradcheck};
use ganymede_tensor::{DType, Result, Rng, Tensor};

use crate::parity::Parity;
use crate::support::{device, normal, values, vector};

const EXACT: Tol = Tol { rel: 1e-12, abs: 1e-12 };

fn mmd_of(kernel: KernelKind, estimator: Estimator, repulsive: bool) -> FeatureLoss {
    FeatureLoss::Mmd { kernel, scales: kernel.usual_scales().to_vec(), estimator, repulsive }
}

/// One of each name, in their order.
fn losses() -> Vec<FeatureLoss> {
    let of = |repulsive| mmd_of(KernelKind::RationalQuadratic, Estimator::Unbiased, repulsive);
    let (sinkhorn, sliced) = (
        FeatureLoss::Sinkhorn { epsilon: 0.7, iterations: 6 },
        FeatureLoss::SlicedWasserstein { directions: 5 },
    );
    vec![of(false), of(true), FeatureLoss::Cramer, sinkhorn, sliced]
}

#[test]
fn each_is_what_its_module_gives() {
    let names: Vec<String> = losses().iter().map(ToString::to_string).collect();
    assert_eq!(names, FeatureLoss::NAMES);
    let (x, y) = (normal(1, &[4, 3], 1.0), normal(2, &[4, 3], 1.5));
    let features = Features { real: &x, fake: &y };
    let on = 1 + Rng::new(3).below(3);
    let other = Tensor::cat(&[&y.narrow(0, on, 4 - on).unwrap(), &y.narrow(0, 0, on).unwrap()], 0).unwrap();
    let three = CramerFeatures { real: &x, fake: &y, other: &other };
    let (kernel, which) = (Kernel::RATIONAL_QUADRATIC, Estimator::Unbiased);
    let along = directions(&mut Rng::new(3), 5, 3, DType::F64, &device()).unwrap();
    let plan = sinkhorn(features, 0.7, 6).unwrap();
    let lines = sliced_wasserstein(features, &along).unwrap();
    let squared = mmd::generator(features, kernel, which).unwrap();
    let wanted = [
        (squared.clone(), mmd::critic(features, kernel, which, -1.0).unwrap()),
        (squared, mmd::critic(features, kernel, which, 1.0).unwrap()),
        (cramer::generator(three).unwrap(), cramer::critic(three).unwrap()),
        (plan.clone(), plan.neg().unwrap()),
        (lines.clone(), lines.neg().unwrap()),
    ];
    for (loss, (generator, critic)) in losses().into_iter().zip(wanted) {
        loss.validate().unwrap();
        assert_close(&loss.generator(features, &mut Rng::new(3)).unwrap(), &generator, EXACT);
        assert_close(&loss.critic(features, &mut Rng::new(3)).unwrap(), &critic, EXACT);
    }
    assert_eq!(KernelKind::Gaussian.of(KernelKind::Gaussian.usual_scales()), Kernel::GAUSSIAN);
}

/// The mean of the witness over real samples less that over generated ones is the discrepancy itself.
#[test]
fn closed_forms_of_the_witness() {
    let (x, y) = (normal(4, &[6, 3], 1.0), normal(5, &[6, 3], 1.2));
    let features = Features { real: &x, fake: &y };
    for &kernel in KernelKind::ALL {
        let loss = mmd_of(kernel, Estimator::Biased, false);
        let mean = |at: &Tensor| {
            values(&loss.witness(at, features, &mut Rng::new(0)).unwrap().unwrap().mean_all().unwrap())[0]
        };
        let squared = values(&loss.generator(features, &mut Rng::new(0)).unwrap().mean_all().unwrap())[0];
        assert!((mean(&x) - mean(&y) - squared).abs() < 1e-12, "{kernel:?}");
    }
    // One real sample at 0, one generated at 2, looked at from 1 and from 3.
    let row = |a: f64, b: f64| Tensor::new(&[[a], [b]], &device()).unwrap();
    let (real, fake) = (row(0.0, 0.0), row(2.0, 2.0));
    let features = Features { real: &real, fake: &fake };
    let loss = FeatureLoss::Mmd {
        kernel: KernelKind::RationalQuadratic,
        scales: vec![1.0],
        estimator: Estimator::Unbiased,
        repulsive: true,
    };
    let witness = loss.witness(&row(1.0, 3.0), features, &mut Rng::new(0)).unwrap().unwrap();
    assert_close(&witness, &vector(&[0.0, 1.0 / 5.5 - 1.0 / 1.5]), EXACT);
    // ‖h − y'‖ − ‖h‖, with the other generated sample.
    let features = Features { real: &real, fake: &row(2.0, 5.0) };
    let witness = FeatureLoss::Cramer.witness(&row(1.0, 3.0), features, &mut Rng::new(0)).unwrap().unwrap();
    assert_close(&witness, &vector(&[4.0 - 1.0, 1.0 - 3.0]), Tol { rel: 1e-9, abs: 1e-9 });
    assert!(
        losses()[3..].iter().all(|loss| loss.witness(&real, features, &mut Rng::new(0)).unwrap().is_none())
    );
    assert!(losses().iter().map(FeatureLoss::has_witness).eq([true, true, true, false, false]));
}

#[test]
fn penalties_of_the_witness_match_pytorch() {
    let parity = Parity::open("feature_losses");
    for (name, loss) in [
        ("gaussian", mmd_of(KernelKind::Gaussian, Estimator::Unbiased, false)),
        ("rational-quadratic", mmd_of(KernelKind::RationalQuadratic, Estimator::Unbiased, false)),
        ("cramer", FeatureLoss::Cramer),
    ] {
        parity.check(name, &["v", "w"], |weights| {
            let given = |key: &str| parity.fixture[&format!("{name}/{key}")].to_dtype(weights[0].dtype());
            let (real, fake, epsilon) = (given("real")?, given("fake")?, given("epsilon")?);
            let h = |x: &Tensor| x.matmul(&weights[0])?.tanh()?.matmul(&weights[1]);
            let (x, y) = (h(&real)?, h(&fake)?);
            let critic = |at: &Tensor| -> Result<Tensor> {
                let features = Features { real: &x, fake: &y };
                Ok(loss.witness(&h(at)?, features, &mut Rng::new(0))?.unwrap())
            };
            let samples = Samples { real: &real, fake: &fake };
            Ok(wgan_gp::penalty(&critic, samples, &epsilon, 3.0, 1.0)?.value.mean_all()?)
        });
    }
}

#[test]
fn gradients_of_both_orders_are_exact() {
    for loss in losses() {
        for order in [Order::First, Order::Second] {
            let inputs = [normal(6, &[3, 2], 1.0), normal(7, &[3, 2], 1.0), normal(8, &[3, 2], 1.0)];
            for critic in [false, true] {
                let value = |x: &[Tensor]| -> Result<Tensor> {
                    let features = Features { real: &x[0].sin()?, fake: &x[1].exp()? };
                    let mut rng = Rng::new(9);
                    Ok(if critic {
                        loss.critic(features, &mut rng)?
                    } else {
                        loss.generator(features, &mut rng)?
                    })
                };
                gradcheck(value, &inputs[..2], order).unwrap_or_else(|e| panic!("{loss} {order:?}: {e}"));
            }
            if loss.has_witness() {
                let value = |x: &[Tensor]| -> Result<Tensor> {
                    let features = Features { real: &x[0].sin()?, fake: &x[1].exp()? };
                    Ok(loss.witness(&x[2].tanh()?, features, &mut Rng::new(9))?.unwrap())
                };
                gradcheck(value, &inputs, order).unwrap_or_else(|e| panic!("{loss} witness {order:?}: {e}"));
            }
        }
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let zeros = |dims: &[usize]| Tensor::zeros(dims, DType::F64, &device()).unwrap();
    let says = |outcome: std::result::Result<(), LossError>, what: &str| {
        let message = outcome.unwrap_err().to_string();
        assert!(message.contains(what), "{message}");
    };
    let (one, three, long) = (zeros(&[1, 2]), zeros(&[3, 2]), zeros(&[3, 4]));
    for loss in losses() {
        let alone = Features { real: &one, fake: &one };
        let outcome = loss.critic(alone, &mut Rng::new(0)).map(drop);
        match loss.least_batch() {
            1 => outcome.unwrap(),
            _ => says(outcome, "N >= 2"),
        }
        let features = Features { real: &three, fake: &three };
        if loss.has_witness() {
            says(loss.witness(&long, features, &mut Rng::new(0)).map(drop), "expected");
        }
        says(
            loss.generator(Features { real: &three, fake: &long }, &mut Rng::new(0)).map(drop),
            "features.fake",
        );
    }
    let mmd = |scales| FeatureLoss::Mmd {
        kernel: KernelKind::Gaussian,
        scales,
        estimator: Estimator::Biased,
        repulsive: false,
    };
    says(mmd(Vec::new()).validate(), "one or more");
    says(mmd(vec![1.0, -1.0]).validate(), "bandwidth");
    says(FeatureLoss::Sinkhorn { epsilon: 0.0, iterations: 1 }.validate(), "epsilon");
    says(FeatureLoss::Sinkhorn { epsilon: 1.0, iterations: 0 }.validate(), "iterations");
    says(FeatureLoss::SlicedWasserstein { directions: 0 }.validate(), "directions");
    assert_eq!(mmd(vec![1.0]).least_batch(), 1);
}
