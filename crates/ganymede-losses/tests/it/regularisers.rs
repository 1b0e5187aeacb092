//! Regularisers of scores, of samples and of gradients: PyTorch's numbers, gradients of both orders, closed forms, refusals.

use ganymede_losses::gradient_normalised::gradient_normalised;
use ganymede_losses::logit_centring::logit_centring;
use ganymede_losses::{
    AdversarialGradientNormaliser, AdversarialLoss, LossError, Scores, consistency, top_k, with_gradient,
};
use ganymede_tensor::testing::{Order, Tol, assert_close, gradcheck};
use ganymede_tensor::{DType, Graph, Result, Tensor, grad, linear, watch};

use crate::parity::Parity;
use crate::support::{device, normal, smooth, smooth_parameters, values, vector};

const EXACT: Tol = Tol { rel: 1e-12, abs: 1e-12 };
const SCORES: [(&str, usize); 4] = [("scores", 6), ("patches", 3), ("batch-1", 1), ("saturated", 5)];

fn kept_losses(scores: &Tensor, k: usize) -> std::result::Result<Tensor, LossError> {
    let loss = AdversarialLoss::Hinge.generator(Scores { real: scores, fake: scores })?;
    Ok(loss.mul(&top_k::weights(scores, k)?)?)
}

#[test]
fn values_and_gradients_match_pytorch() {
    let parity = Parity::open("regularisers");
    for (case, n) in SCORES {
        parity.check(&format!("logit-centring/{case}"), &["real", "fake"], |x| {
            logit_centring(Scores { real: &x[0], fake: &x[1] })
        });
        parity.check(&format!("consistency-d/{case}"), &["real", "fake"], |x| {
            consistency::discriminator(&x[0], &x[1])
        });
        for k in [1, n.div_ceil(2), n] {
            parity.check(&format!("top-k/{case}/{k}"), &["real"], |x| kept_losses(&x[0], k));
        }
    }
    for case in ["images", "points", "one"] {
        parity.check(&format!("consistency-g/{case}"), &["real", "fake"], |x| {
            consistency::generator(&x[0], &x[1])
        });
    }
    for case in ["points", "one"] {
        parity.check(&format!("gradient-normalised/{case}"), &["x", "w0", "b0", "w1"], |t| {
            let critic =
                |x: &Tensor| linear(&linear(x, &t[1], Some(&t[2]))?.tanh()?, &t[3], None)?.squeeze(1);
            gradient_normalised(&critic, &t[0])
        });
    }
}

#[test]
fn gradients_of_both_orders_are_exact() {
    for shape in [&[3][..], &[1], &[2, 3]] {
        let inputs = [normal(1, shape, 1.0), normal(2, shape, 1.0)];
        for order in [Order::First, Order::Second] {
            let centring = |x: &[Tensor]| -> Result<Tensor> {
                Ok(logit_centring(Scores { real: &x[0].sin()?, fake: &x[1].exp()? })?)
            };
            gradcheck(centring, &inputs, order).unwrap();
            let d = |x: &[Tensor]| -> Result<Tensor> {
                Ok(consistency::discriminator(&x[0].sin()?, &x[1].exp()?)?)
            };
            gradcheck(d, &inputs, order).unwrap();
        }
    }
    for shape in [&[3, 2][..], &[1, 2, 3]] {
        let inputs = [normal(3, shape, 1.0), normal(4, shape, 1.0)];
        for order in [Order::First, Order::Second] {
            let g =
                |x: &[Tensor]| -> Result<Tensor> { Ok(consistency::generator(&x[0].sin()?, &x[1].exp()?)?) };
            gradcheck(g, &inputs, order).unwrap();
        }
    }
}

/// In the critic's parameters, in the samples, and in a tensor that both are made of.
#[test]
fn a_normalised_critic_has_exact_gradients_of_both_orders() {
    for n in [1, 4] {
        let mut inputs = smooth_parameters();
        inputs.push(normal(5, &[n, 2], 0.7));
        for order in [Order::First, Order::Second] {
            let of_all = |p: &[Tensor]| -> Result<Tensor> {
                Ok(gradient_normalised(&|x: &Tensor| smooth(x, &p[..3]), &p[3].tanh()?)?)
            };
            gradcheck(of_all, &inputs, order).unwrap();
            let of_one = |p: &[Tensor]| -> Result<Tensor> {
                let critic = |x: &Tensor| linear(&x.tanh()?, &p[0].sin()?, None)?.squeeze(1);
                Ok(gradient_normalised(&critic, &p[0].sqr()?)?)
            };
            gradcheck(of_one, &[normal(6, &[1, 3], 1.0)], order).unwrap();
        }
    }
}

/// `D(x) = w x`: D̂ is `w x / (|w| + |w x|)`, whose slope in x along w is 1 at 0, whatever the scale of w.
#[test]
fn a_normalised_linear_critic() {
    for scale in [1e-3, 1.0, 1e3] {
        let weight = (Tensor::new(&[[3.0, -4.0]], &device()).unwrap() * scale).unwrap();
        let critic = |x: &Tensor| linear(x, &weight, None)?.squeeze(1);
        let x = Tensor::new(&[[0.0, 0.0], [1.0, 0.0], [-300.0, 400.0]], &device()).unwrap();
        let x = watch(&x).unwrap();
        let value = gradient_normalised(&critic, &x).unwrap();
        assert_close(&value, &vector(&[0.0, 3.0 / 8.0, -2500.0 / 2505.0]), Tol { rel: 1e-6, abs: 1e-9 });
        let slope = grad(&value, &[&x], Graph::Discard).unwrap().remove(0);
        let first = slope.narrow(0, 0, 1).unwrap();
        assert_close(&first, &Tensor::new(&[[0.6, -0.8]], &device()).unwrap(), Tol { rel: 1e-6, abs: 1e-6 });
    }
    // A critic that is flat at 0 is 0, with gradients that are numbers.
    let weight = watch(&Tensor::zeros((1, 2), DType::F64, &device()).unwrap()).unwrap();
    let critic = |x: &Tensor| linear(x, &weight, None)?.squeeze(1);
    let value = gradient_normalised(&critic, &normal(7, &[2, 2], 1.0)).unwrap();
    assert_eq!(values(&value), [0.0; 2]);
    let slope = grad(&value, &[&weight], Graph::Discard).unwrap().remove(0);
    assert!(values(&slope).iter().all(|v| v.is_finite()));
}

#[test]
fn weights_of_the_best_samples() {
    let scores = vector(&[0.5, 3.0, -1.0, 3.0, 2.0]);
    let kept = |k| values(&top_k::weights(&scores, k).unwrap());
    assert_eq!(kept(5), [1.0; 5]);
    // Of two that are equal the first.
    assert_eq!(kept(1), [0.0, 5.0, 0.0, 0.0, 0.0]);
    assert_eq!(kept(2), [0.0, 2.5, 0.0, 2.5, 0.0]);
    assert_eq!(kept(3), [0.0, 5.0 / 3.0, 0.0, 5.0 / 3.0, 5.0 / 3.0]);
    // The mean over a sample's patches counts.
    let patches = Tensor::new(&[[9.0f32, -9.0], [1.0, 1.0], [2.0, -1.0]], &device()).unwrap();
    assert_eq!(values(&top_k::weights(&patches, 1).unwrap()), [0.0, 3.0, 0.0]);
    for k in [0, 6] {
        let message = top_k::weights(&scores, k).unwrap_err().to_string();
        assert!(message.contains("1 to the size of the batch"), "{message}");
    }
}

#[test]
fn the_schedule_of_k() {
    let ks: Vec<usize> =
        [0, 1, 2, 10, 68, 69, 1000].iter().map(|&epoch| top_k::k_at(64, epoch, 0.99, 0.5).unwrap()).collect();
    assert_eq!(ks, [64, 63, 62, 57, 32, 32, 32]);
    assert_eq!(top_k::k_at(64, 1000, 1.0, 0.5).unwrap(), 64);
    assert_eq!(top_k::k_at(64, 1000, 0.5, 0.0).unwrap(), 1);
    assert_eq!(top_k::k_at(1, 5, 0.5, 0.5).unwrap(), 1);
    for (gamma, nu, says) in [(0.0, 0.5, "gamma"), (1.1, 0.5, "gamma"), (f64::NAN, 0.5, "gamma")] {
        assert!(top_k::k_at(8, 0, gamma, nu).unwrap_err().to_string().contains(says));
    }
    for nu in [-0.1, 1.1, f64::NAN] {
        assert!(top_k::k_at(8, 0, 0.9, nu).unwrap_err().to_string().contains("nu"));
    }
}

#[test]
fn closed_forms() {
    let (real, fake) = (vector(&[2.0, -1.0, 100.0]), vector(&[-2.0, -3.0, 100.0]));
    let value = logit_centring(Scores { real: &real, fake: &fake }).unwrap();
    assert_close(&value, &vector(&[0.0, 16.0, 4e4]), EXACT);
    assert_close(&consistency::discriminator(&real, &fake).unwrap(), &vector(&[16.0, 4.0, 0.0]), EXACT);
    // One tensor used twice.
    assert_close(&consistency::discriminator(&real, &real).unwrap(), &vector(&[0.0; 3]), EXACT);
    let twice = logit_centring(Scores { real: &real, fake: &real }).unwrap();
    assert_close(&twice, &vector(&[16.0, 4.0, 4e4]), EXACT);
    let x = Tensor::new(&[[[0.0, 1.0], [2.0, 3.0]]], &device()).unwrap();
    let y = Tensor::new(&[[[0.0, 3.0], [2.0, 1.0]]], &device()).unwrap();
    assert_close(&consistency::generator(&x, &y).unwrap(), &vector(&[-2.0]), EXACT);
}

/// After the first gradients a steady one comes out with `n Σ g²` of 1, whatever its scale; and the state is AFM's.
#[test]
fn adversarial_gradients_get_a_steady_size() {
    let parity = Parity::open("regularisers");
    let normaliser = AdversarialGradientNormaliser::default();
    let mut average = Tensor::new(0.0f64, &device()).unwrap();
    for i in 0..3 {
        let gradient = &parity.fixture[&format!("normaliser/{i}/gradient")];
        let found = normaliser.normalise(gradient, &average).unwrap();
        parity.close(&found.gradient, &format!("normaliser/{i}/scaled"), 1e-10);
        parity.close(&found.average, &format!("normaliser/{i}/average"), 1e-10);
        average = found.average;
    }
    for scale in [1e-3, 1.0, 1e4] {
        let gradient = normal(9, &[4, 5], scale);
        let mut average = Tensor::new(0.0f64, &device()).unwrap();
        let mut size = 0.0;
        for _ in 0..300 {
            let found = normaliser.normalise(&gradient, &average).unwrap();
            average = found.average;
            size = 20.0 * values(&found.gradient).iter().map(|v| v * v).sum::<f64>();
        }
        assert!((size - 1.0).abs() < 1e-5, "{size} at {scale}");
    }
    let none = normaliser.normalise(&vector(&[0.0; 3]), &Tensor::new(0.0f64, &device()).unwrap()).unwrap();
    assert_eq!(values(&none.gradient), [0.0; 3]);
}

/// The scaled gradient reaches what made the samples, through the product that stands for it.
#[test]
fn a_changed_gradient_goes_on() {
    let z = watch(&normal(10, &[3, 2], 1.0)).unwrap();
    let samples = watch(&(&z * 2.0).unwrap()).unwrap();
    let loss = samples.sqr().unwrap().mean_all().unwrap();
    let slope = grad(&loss, &[&samples], Graph::Discard).unwrap().remove(0);
    let direct = grad(&loss, &[&z], Graph::Discard).unwrap().remove(0);
    let tripled = with_gradient(&samples, &(slope * 3.0).unwrap()).unwrap();
    let found = grad(&tripled, &[&z], Graph::Discard).unwrap().remove(0);
    assert_close(&found, &(direct * 3.0).unwrap(), EXACT);
}

#[test]
fn what_does_not_fit_is_refused() {
    let zeros = |dims: &[usize]| Tensor::zeros(dims, DType::F64, &device()).unwrap();
    let message = |outcome: std::result::Result<Tensor, LossError>| outcome.unwrap_err().to_string();
    let (three, four, none) = (zeros(&[3]), zeros(&[4]), zeros(&[0]));
    assert!(
        message(logit_centring(Scores { real: &three, fake: &four })).contains("scores.fake has shape [4]")
    );
    assert!(message(consistency::discriminator(&three, &four)).contains("changed has shape [4]"));
    assert!(message(consistency::discriminator(&none, &none)).contains("(N,) or (N, P)"));
    assert!(message(consistency::generator(&three, &three)).contains("(N, ..)"));
    assert!(message(consistency::generator(&zeros(&[2, 3]), &zeros(&[2, 1]))).contains("counterpart"));
    assert!(message(top_k::weights(&none, 1)).contains("(N,) or (N, P)"));
    assert!(message(gradient_normalised(&|x: &Tensor| x.sum(1), &three)).contains("(N, ..)"));
    assert!(message(gradient_normalised(&|x: &Tensor| x.sum_all(), &zeros(&[3, 2]))).contains("critic"));
    assert!(message(with_gradient(&three, &four)).contains("gradient has shape [4]"));
    let scalar = Tensor::new(0.0f64, &device()).unwrap();
    let normaliser = AdversarialGradientNormaliser::default();
    assert!(normaliser.normalise(&three, &three).unwrap_err().to_string().contains("a scalar"));
    assert!(normaliser.normalise(&none, &scalar).unwrap_err().to_string().contains("one element"));
    for decay in [-0.1, 1.0, f64::NAN] {
        let outcome = AdversarialGradientNormaliser { decay }.normalise(&three, &scalar);
        assert!(outcome.unwrap_err().to_string().contains("decay"));
    }
}
