//! Values and gradients of every loss against PyTorch, logits of ±100 and batch 1 among them.

use std::collections::BTreeMap;

use ganymede_losses::{AdversarialLoss, LabelSmoothing, Scores};
use ganymede_tensor::testing::{Tol, assert_close};
use ganymede_tensor::{DType, Graph, Tensor, grad, watch};

use crate::support::fixture;

const CASES: [&str; 5] = ["grid", "random", "batch-1", "saturated-1", "wrong-1"];
/// Roles as the fixture names them, with the real target.
const ROLES: [(&str, f64); 3] = [("discriminator", 1.0), ("discriminator-0.9", 0.9), ("generator", 1.0)];

fn compute(loss: AdversarialLoss, role: (&str, f64), scores: Scores<'_>) -> Tensor {
    if role.0 == "generator" {
        loss.generator(scores).unwrap()
    } else {
        loss.discriminator(scores, LabelSmoothing { real: role.1 }).unwrap()
    }
}

fn check(fixture: &BTreeMap<String, Tensor>, dtype: DType, name: &str, tol: Tol) -> usize {
    let mut compared = 0;
    for case in CASES {
        let input = |what: &str| fixture[&format!("{case}/{what}")].to_dtype(dtype).unwrap();
        let weights = input("weights");
        for &loss in AdversarialLoss::ALL {
            for role in ROLES {
                let key = format!("{case}/{loss}/{}/{name}", role.0);
                let Some(expected) = fixture.get(&format!("{key}/value")) else {
                    assert!(role.1 != 1.0 && !loss.supports_label_smoothing(), "{key} is missing");
                    continue;
                };
                let (real, fake) = (watch(&input("real")).unwrap(), watch(&input("fake")).unwrap());
                let value = compute(loss, role, Scores { real: &real, fake: &fake });
                println!("{key}");
                assert_close(&value, expected, tol);

                let weighted = value.mul(&weights).unwrap();
                let grads = grad(&weighted, &[&real, &fake], Graph::Discard).unwrap();
                assert_close(&grads[0], &fixture[&format!("{key}/grad_real")], tol);
                assert_close(&grads[1], &fixture[&format!("{key}/grad_fake")], tol);
                compared += 1;
            }
        }
    }
    compared
}

#[test]
fn f64_matches_pytorch() {
    let tol = Tol { rel: 1e-6, abs: 1e-12 };
    // 7 discriminators, 7 generators, 3 smoothed discriminators, in 5 cases.
    assert_eq!(check(&fixture("losses"), DType::F64, "f64", tol), 17 * 5);
}

#[test]
fn f32_matches_pytorch() {
    let tol = Tol { rel: 1e-6, abs: 1e-6 };
    assert_eq!(check(&fixture("losses"), DType::F32, "f32", tol), 17 * 5);
}
