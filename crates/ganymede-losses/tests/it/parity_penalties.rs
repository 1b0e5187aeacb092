//! Values, norms and gradients in every parameter of a critic, against PyTorch.

use std::collections::BTreeMap;

use ganymede_losses::{LossError, PenaltyTerm, Samples, dragan, wgan_gp, zero_centered};
use ganymede_tensor::testing::{Tol, assert_close};
use ganymede_tensor::{DType, Graph, Tensor, grad, watch};

use crate::support::{conv, fixture, mlp, values};

const NAMES: [&str; 6] = ["0.weight", "0.bias", "1.weight", "1.bias", "2.weight", "2.bias"];
const PENALTIES: [&str; 5] = ["wgan-gp", "wgan-gp-0", "dragan", "r1", "r2"];

struct Case<'a> {
    fixture: &'a BTreeMap<String, Tensor>,
    name: &'a str,
    dtype: DType,
}

impl Case<'_> {
    fn input(&self, what: &str) -> Tensor {
        self.fixture[&format!("{}/{what}", self.name)].to_dtype(self.dtype).unwrap()
    }

    fn penalty(&self, which: &str, parameters: &[Tensor]) -> Result<PenaltyTerm, LossError> {
        let network = if self.name == "images" { conv } else { mlp };
        let critic = |x: &Tensor| network(x, parameters);
        let (real, fake) = (self.input("real"), self.input("fake"));
        let samples = Samples { real: &real, fake: &fake };
        let (epsilon, u) = (self.input("epsilon"), self.input("u"));
        match which {
            "wgan-gp" => wgan_gp::penalty(&critic, samples, &epsilon, 10.0, 1.0),
            "wgan-gp-0" => wgan_gp::penalty(&critic, samples, &epsilon, 2.5, 0.0),
            "dragan" => dragan::penalty(&critic, &real, &u, 10.0, 0.5),
            "r1" => zero_centered::r1(&critic, &real, 10.0),
            "r2" => zero_centered::r2(&critic, &fake, 0.25),
            other => panic!("no penalty {other}"),
        }
    }
}

/// `rel` of the largest entry of what is expected: a sum of many f32 terms cancels.
fn scaled(rel: f64, expected: &Tensor) -> Tol {
    let largest = values(expected).into_iter().fold(0.0, |m: f64, v| m.max(v.abs()));
    Tol { rel, abs: rel * largest.max(1.0) }
}

fn check(dtype: DType, suffix: &str, rel: f64) {
    let fixture = fixture("penalties");
    for name in ["points", "points-1", "images"] {
        let case = Case { fixture: &fixture, name, dtype };
        for which in PENALTIES {
            let parameters: Vec<Tensor> =
                NAMES.iter().map(|p| watch(&case.input(&format!("param/{p}"))).unwrap()).collect();
            let term = case.penalty(which, &parameters).unwrap();
            let key = format!("{name}/{which}/{suffix}");
            let expect = |what: &str| &fixture[&format!("{key}/{what}")];
            println!("{key}");
            assert_close(&term.value, expect("value"), scaled(rel, expect("value")));
            assert_close(&term.grad_norm, expect("grad_norm"), scaled(rel, expect("grad_norm")));

            let weighted = term.value.mul(&case.input("weights")).unwrap();
            let inputs: Vec<&Tensor> = parameters.iter().collect();
            let grads = grad(&weighted, &inputs, Graph::Discard).unwrap();
            for (parameter, gradient) in NAMES.iter().zip(&grads) {
                let expected = expect(&format!("grad/{parameter}"));
                println!("{key} in {parameter}");
                assert_close(gradient, expected, scaled(rel, expected));
            }
        }
    }
}

#[test]
fn f64_matches_pytorch() {
    check(DType::F64, "f64", 1e-10);
}

#[test]
fn f32_matches_pytorch() {
    check(DType::F32, "f32", 1e-6);
}
