//! Tools around an adversarial term: PyTorch's numbers, closed forms, the course of states, refusals.

use ganymede_losses::adversarial_term::ensemble::{self, LayerFeatures};
use ganymede_losses::adversarial_term::{
    AdaptiveWeight, Balancer, Onset, OnsetState, WarmUp, adaptive_weight,
};
use ganymede_losses::{AdversarialLoss, LabelSmoothing, LossError, Scores, with_gradient};
use ganymede_tensor::testing::{Order, Tol, assert_close, gradcheck};
use ganymede_tensor::{DType, Graph, Result, Tensor, grad, watch};

use crate::parity::Parity;
use crate::support::{device, normal, values, vector};

#[test]
fn either_side_begins_when_it_is_told_to() {
    let warm_up = WarmUp { d_start: 3, g_start: 5, ramp: 3 };
    warm_up.validate().unwrap();
    let trained: Vec<bool> = (0..6).map(|step| warm_up.discriminator(step)).collect();
    assert_eq!(trained, [false, false, false, true, true, true]);
    let heard: Vec<f64> = (3..11).map(|step| warm_up.generator(step)).collect();
    assert_eq!(heard, [0.0, 0.0, 0.25, 0.5, 0.75, 1.0, 1.0, 1.0]);
    let sudden = WarmUp { d_start: 0, g_start: 0, ramp: 0 };
    assert_eq!((sudden.generator(0), sudden.generator(u64::MAX)), (1.0, 1.0));
    let longest = WarmUp { d_start: 0, g_start: 0, ramp: u64::MAX };
    assert!(longest.generator(0) > 0.0 && longest.generator(0) < 1e-9);
    let message = WarmUp { d_start: 6, ..warm_up }.validate().unwrap_err().to_string();
    assert!(message.contains("g_start"), "{message}");
    let read: WarmUp = toml::from_str("d_start = 3\ng_start = 5\nramp = 3").unwrap();
    assert_eq!(read, warm_up);
}

#[test]
fn a_condition_starts_the_term_once_and_for_all() {
    let onset = Onset { threshold: 1.0, decay: 0.5, steps: 2 };
    let mut state = OnsetState::default();
    // Averages 4, 2, 1, then a loss that is no number, 0.75, 0.5: the row begins anew after it.
    let losses = [4.0, 0.0, 0.0, f64::NAN, 0.5, 0.25, 100.0];
    let started: Vec<bool> = losses
        .iter()
        .map(|&loss| {
            state = onset.observe(state, loss);
            state.started
        })
        .collect();
    assert_eq!(started, [false, false, false, false, false, true, true]);
    assert_eq!((state.average, state.low), (Some(50.25), 0));
    let text = toml::to_string(&state).unwrap();
    assert_eq!(toml::from_str::<OnsetState>(&text).unwrap(), state);
    // Without an average a single low loss may be enough.
    let at_once = Onset { threshold: 1.0, decay: 0.0, steps: 1 };
    assert!(at_once.observe(OnsetState::default(), 1.0).started);
    for (bad, says) in [
        (Onset { threshold: -1.0, ..onset }, "threshold"),
        (Onset { threshold: f64::NAN, ..onset }, "threshold"),
        (Onset { decay: 1.0, ..onset }, "decay"),
        (Onset { decay: -0.1, ..onset }, "decay"),
        (Onset { steps: 0, ..onset }, "steps"),
    ] {
        assert!(bad.validate().unwrap_err().to_string().contains(says));
    }
    onset.validate().unwrap();
}

#[test]
fn the_adaptive_weight_is_pytorchs() {
    let parity = Parity::open("adversarial_term");
    for case in ["usual", "faint", "strong"] {
        for dtype in [DType::F64, DType::F32] {
            let entry =
                |what: &str| parity.fixture[&format!("adaptive/{case}/{what}")].to_dtype(dtype).unwrap();
            let (rec, adv) =
                (watch(&entry("reconstruction")).unwrap(), watch(&entry("adversarial")).unwrap());
            let weight = adaptive_weight(&rec, &adv, AdaptiveWeight::default()).unwrap();
            assert_eq!((weight.dims(), weight.dtype()), ([0; 0].as_slice(), dtype));
            let rel = if dtype == DType::F32 { 1e-5 } else { 1e-7 };
            assert_close(&weight, &entry("weight"), Tol { rel, abs: 0.0 });
            // A constant of whatever it is multiplied to.
            let product = (weight * rec.sum_all().unwrap()).unwrap();
            let slope = grad(&product, &[&adv], Graph::Discard).unwrap().remove(0);
            assert!(values(&slope).iter().all(|&v| v == 0.0));
        }
    }
    let (rec, adv) = (vector(&[3.0, 4.0]), vector(&[0.0, 0.0]));
    let of = |constants| values(&adaptive_weight(&rec, &adv, constants).unwrap())[0];
    assert_eq!(of(AdaptiveWeight::default()), 1e4);
    assert_eq!(of(AdaptiveWeight { epsilon: 0.5, ceiling: 1e4 }), 10.0);
    let zero = adaptive_weight(&adv, &adv, AdaptiveWeight::default()).unwrap();
    assert_eq!(values(&zero), [0.0]);
}

/// Both losses then move the layer by gradients of one length.
#[test]
fn the_adaptive_weight_balances_two_losses() {
    let layer = watch(&normal(1, &[3, 2], 1.0)).unwrap();
    let (rec, adv) = (layer.sqr().unwrap(), (layer.exp().unwrap() * 1e-2).unwrap());
    let of = |loss: &Tensor| grad(loss, &[&layer], Graph::Discard).unwrap().remove(0);
    let (rec, adv) = (of(&rec), of(&adv));
    let constants = AdaptiveWeight { epsilon: 1e-12, ceiling: 1e9 };
    let weight = values(&adaptive_weight(&rec, &adv, constants).unwrap())[0];
    let length = |t: &Tensor| values(t).iter().map(|v| v * v).sum::<f64>().sqrt();
    assert!((weight * length(&adv) / length(&rec) - 1.0).abs() < 1e-9);
}

#[test]
fn the_balancer_is_encodecs() {
    let parity = Parity::open("adversarial_term");
    let balancer = Balancer { weights: vec![4.0, 1.0, 0.5], total: 2.0, decay: 0.9 };
    let mut state = None;
    for step in 0..4 {
        let gradients: Vec<Tensor> =
            (0..3).map(|i| parity.fixture[&format!("balancer/{step}/gradient{i}")].clone()).collect();
        let balanced = balancer.balance(&gradients, state.as_ref()).unwrap();
        parity.close(&balanced.gradient, &format!("balancer/{step}/balanced"), 1e-10);
        state = Some(balanced.state);
    }
}

/// In the first step each gradient has its share of the total, whatever its scale; and the sum goes on to what is behind.
#[test]
fn shares_of_the_gradient() {
    let balancer = Balancer::new(vec![3.0, 1.0]);
    for dtype in [DType::F32, DType::F64] {
        let input = watch(&normal(2, &[1, 4], 1.0).to_dtype(dtype).unwrap()).unwrap();
        let output = watch(&(&input * 2.0).unwrap()).unwrap();
        let losses = [(output.sum_all().unwrap() * 1e6).unwrap(), output.sqr().unwrap().sum_all().unwrap()];
        let gradients: Vec<Tensor> =
            losses.iter().map(|loss| grad(loss, &[&output], Graph::Discard).unwrap().remove(0)).collect();
        let balanced = balancer.balance(&gradients, None).unwrap();
        let norms: Vec<f64> = gradients
            .iter()
            .zip(values(&balanced.scales))
            .map(|(g, scale)| scale * values(g).iter().map(|v| v * v).sum::<f64>().sqrt())
            .collect();
        assert_close(&vector(&norms), &vector(&[0.75, 0.25]), Tol { rel: 1e-5, abs: 0.0 });
        let reached = with_gradient(&output, &balanced.gradient).unwrap();
        let slope = grad(&reached, &[&input], Graph::Discard).unwrap().remove(0);
        assert_close(&slope, &(&balanced.gradient * 2.0).unwrap(), Tol { rel: 1e-6, abs: 1e-7 });
    }
    // A loss without any gradient harms none.
    let zero = Tensor::zeros((2, 3), DType::F64, &device()).unwrap();
    let other = normal(3, &[2, 3], 1.0);
    let balanced = balancer.balance(&[zero, other], None).unwrap();
    assert!(values(&balanced.gradient).iter().all(|v| v.is_finite()));
}

fn pairs(x: &[Tensor]) -> [Scores<'_>; 2] {
    [Scores { real: &x[0], fake: &x[1] }, Scores { real: &x[2], fake: &x[3] }]
}

fn layers(x: &[Tensor]) -> ([Tensor; 3], [Tensor; 3]) {
    ([x[0].clone(), x[2].clone(), x[4].clone()], [x[1].clone(), x[3].clone(), x[5].clone()])
}

#[test]
fn several_discriminators_match_pytorch() {
    let parity = Parity::open("adversarial_term");
    let names = ["r0", "f0", "r1", "f1", "r2", "f2"];
    for case in ["batch", "one", "saturated"] {
        parity.check(&format!("discriminator/{case}"), &names[..4], |x| {
            ensemble::discriminator(AdversarialLoss::LeastSquares, &pairs(x), LabelSmoothing::OFF)
        });
        parity.check(&format!("generator/{case}"), &names[..4], |x| {
            ensemble::generator(AdversarialLoss::LeastSquares, &pairs(x))
        });
        parity.check(&format!("matching/{case}"), &names, |x| {
            let (real, fake) = layers(x);
            // Two discriminators, the first of which has two layers.
            let (one, two) = ((&real[..2], &fake[..2]), (&real[2..], &fake[2..]));
            ensemble::feature_matching(&[one, two].map(|(real, fake)| LayerFeatures { real, fake }))
        });
    }
}

#[test]
fn gradients_of_both_orders_are_exact() {
    let inputs: Vec<Tensor> = (4..8).map(|seed| normal(seed, &[3, 2], 1.0)).collect();
    for order in [Order::First, Order::Second] {
        for &loss in AdversarialLoss::ALL.iter().filter(|&&loss| loss != AdversarialLoss::Hinge) {
            let d = |x: &[Tensor]| -> Result<Tensor> {
                Ok(ensemble::discriminator(loss, &pairs(x), LabelSmoothing::OFF)?)
            };
            gradcheck(d, &inputs, order).unwrap_or_else(|e| panic!("{loss} {order:?}: {e}"));
            let g = |x: &[Tensor]| -> Result<Tensor> { Ok(ensemble::generator(loss, &pairs(x))?) };
            gradcheck(g, &inputs, order).unwrap_or_else(|e| panic!("{loss} {order:?}: {e}"));
        }
        let matching = |x: &[Tensor]| -> Result<Tensor> {
            // Real features are constants, and not among what is moved.
            let (real, fake) = ([normal(8, &[3, 2], 1.0)], [(x[0].exp()? + 9.0)?]);
            Ok(ensemble::feature_matching(&[LayerFeatures { real: &real, fake: &fake }])?)
        };
        gradcheck(matching, &inputs[..1], order).unwrap();
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let says = |outcome: std::result::Result<Tensor, LossError>, what: &str| {
        let message = outcome.unwrap_err().to_string();
        assert!(message.contains(what), "{message}");
    };
    let (three, four) = (normal(1, &[3, 2], 1.0), normal(2, &[4, 2], 1.0));
    let hinge = AdversarialLoss::Hinge;
    says(ensemble::generator(hinge, &[]), "one or more");
    says(ensemble::discriminator(hinge, &[], LabelSmoothing::OFF), "one or more");
    let apart = [Scores { real: &three, fake: &three }, Scores { real: &four, fake: &four }];
    says(ensemble::generator(hinge, &apart), "counterpart");
    says(ensemble::feature_matching(&[]), "one or more");
    let (one, two) = ([three.clone()], [three.clone(), three.clone()]);
    says(ensemble::feature_matching(&[LayerFeatures { real: &[], fake: &[] }]), "features.real");
    says(ensemble::feature_matching(&[LayerFeatures { real: &one, fake: &two }]), "features.fake");
    let other = [four.clone()];
    says(ensemble::feature_matching(&[LayerFeatures { real: &one, fake: &other }]), "counterpart");
    let usual = AdaptiveWeight::default();
    says(adaptive_weight(&three, &four, usual), "adversarial");
    let none = vector(&[]);
    says(adaptive_weight(&none, &none, usual), "one element");
    says(adaptive_weight(&three, &three, AdaptiveWeight { epsilon: 0.0, ..usual }), "epsilon");
    says(adaptive_weight(&three, &three, AdaptiveWeight { ceiling: -1.0, ..usual }), "ceiling");
    let balance = |balancer: &Balancer, gradients: &[Tensor]| {
        balancer.balance(gradients, None).map(|balanced| balanced.gradient)
    };
    let balancer = Balancer::new(vec![1.0, 1.0]);
    says(balance(&balancer, &one), "one for each of 2 weights");
    says(balance(&balancer, &[three.clone(), four]), "gradients");
    says(balance(&balancer, &[vector(&[1.0]), vector(&[1.0])]), "(N, ..)");
    for (bad, what) in [
        (Balancer::new(vec![]), "sum of weights"),
        (Balancer::new(vec![0.0, 0.0]), "sum of weights"),
        (Balancer::new(vec![-1.0, 2.0]), "balancer weight"),
        (Balancer { total: 0.0, ..balancer.clone() }, "total"),
        (Balancer { decay: 1.0, ..balancer.clone() }, "decay"),
    ] {
        says(balance(&bad, &two), what);
    }
    let state = balancer.balance(&two, None).unwrap().state;
    let third = Balancer::new(vec![1.0; 3]);
    let outcome = third.balance(&[three.clone(), three.clone(), three], Some(&state));
    assert!(outcome.unwrap_err().to_string().contains("state.sums"));
}
