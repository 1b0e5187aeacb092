//! Spectral regularisation: PyTorch's decomposition, closed forms, refusals.

use ganymede_losses::spectral::compensate;
use ganymede_tensor::testing::{Tol, assert_close};
use ganymede_tensor::{DType, Tensor};

use crate::parity::Parity;
use crate::support::{device, normal, values, vector};

#[test]
fn lifted_weights_are_pytorchs() {
    let parity = Parity::open("spectral");
    for case in ["wide", "tall", "square", "row"] {
        for (dtype, rel) in [(DType::F64, 1e-7), (DType::F32, 1e-5)] {
            let mut spectrum = None;
            for step in 0..3 {
                println!("{case} {step} {dtype:?}");
                let weight = parity.fixture[&format!("{case}/{step}/weight")].to_dtype(dtype).unwrap();
                let found = compensate(&weight, spectrum.as_ref()).unwrap();
                assert_eq!((found.weight.dims(), found.weight.dtype()), (weight.dims(), dtype));
                parity.close(&found.weight, &format!("{case}/{step}/lifted"), rel);
                parity.close(&found.spectrum, &format!("{case}/{step}/spectrum"), rel);
                spectrum = Some(found.spectrum);
            }
        }
    }
}

#[test]
fn closed_forms() {
    let tol = Tol { rel: 1e-12, abs: 1e-12 };
    let healthy = Tensor::new(&[[2.0, 0.0], [0.0, -1.0]], &device()).unwrap();
    let start = compensate(&healthy, None).unwrap();
    assert_close(&start.weight, &healthy, tol);
    assert_close(&start.spectrum, &vector(&[1.0, 0.5]), tol);
    // The second has fallen to a thousandth of the first, which has grown.
    let fallen = Tensor::new(&[[0.004, 0.0], [0.0, 4.0]], &device()).unwrap();
    let lifted = compensate(&fallen, Some(&start.spectrum)).unwrap();
    assert_close(&lifted.weight, &Tensor::new(&[[2.0, 0.0], [0.0, 4.0]], &device()).unwrap(), tol);
    // What is higher than ever is remembered, and left alone.
    let even = Tensor::new(&[[3.0, 0.0], [0.0, 3.0]], &device()).unwrap();
    let found = compensate(&even, Some(&lifted.spectrum)).unwrap();
    assert_close(&found.weight, &even, tol);
    assert_close(&found.spectrum, &vector(&[1.0, 1.0]), tol);
    // Directions that are not there cannot be lifted.
    for flat in [Tensor::zeros((2, 2), DType::F64, &device()).unwrap(), (&even * 1e-200).unwrap()] {
        let found = compensate(&flat, Some(&start.spectrum)).unwrap();
        assert!(values(&found.weight).iter().all(|v| v.is_finite() && v.abs() < 1e-100));
    }
}

/// A large weight of low rank: what is left of it is as it was, and nothing is invented beyond f64's zero.
#[test]
fn a_weight_of_low_rank_stays_finite() {
    let weight = normal(1, &[24, 3], 1.0).matmul(&normal(2, &[3, 40], 1.0)).unwrap();
    let start = compensate(&weight, None).unwrap();
    assert_close(&start.weight, &weight, Tol { rel: 1e-9, abs: 1e-9 });
    let spectrum = values(&start.spectrum);
    assert!(spectrum[2] > 0.1 && spectrum[3] < 1e-7, "{spectrum:?}");
    assert!(spectrum.windows(2).all(|pair| pair[0] >= pair[1]));
}

#[test]
fn what_does_not_fit_is_refused() {
    let weight = normal(3, &[2, 3], 1.0);
    let says = |weight: &Tensor, spectrum: Option<&Tensor>, what: &str| {
        let message = compensate(weight, spectrum).unwrap_err().to_string();
        assert!(message.contains(what), "{message}");
    };
    says(&vector(&[1.0]), None, "(O, ..)");
    says(&Tensor::zeros((2, 0), DType::F64, &device()).unwrap(), None, "(O, ..)");
    says(&weight, Some(&vector(&[1.0; 3])), "spectrum");
    for bad in [f64::NAN, f64::INFINITY] {
        says(&(&weight * bad).unwrap(), None, "finite");
    }
}
