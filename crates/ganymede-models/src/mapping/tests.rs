use ganymede_tensor::testing::{Order, Tol, assert_close, gradcheck};
use ganymede_tensor::{DType, Device, Rng, Tensor};

use super::*;

fn normal(seed: u64, shape: &[usize]) -> Tensor {
    Rng::new(seed).normal(shape, DType::F64, &Device::Cpu).unwrap()
}

#[test]
fn one_vector_is_told_to_all_layers() {
    let w = normal(1, &[2, 3]);
    let ws = broadcast_ws(&w, 4).unwrap();
    assert_eq!(ws.dims(), [2, 4, 3]);
    for layer in 0..4 {
        let own = ws.narrow(1, layer, 1).unwrap().squeeze(1).unwrap();
        assert_close(&own, &w, Tol { rel: 0.0, abs: 0.0 });
    }
    assert!(broadcast_ws(&normal(1, &[3]), 4).is_err());
}

#[test]
fn mixed_vectors_are_those_of_either_side() {
    let (first, second) = (normal(1, &[2, 4, 3]), normal(2, &[2, 4, 3]));
    for from in 1..4 {
        let mixed = mix_ws(&first, &second, from).unwrap();
        for layer in 0..4 {
            let of = |ws: &Tensor| ws.narrow(1, layer, 1).unwrap();
            let expected = if layer < from { &first } else { &second };
            assert_close(&of(&mixed), &of(expected), Tol { rel: 0.0, abs: 0.0 });
        }
    }
    for from in [0, 4, usize::MAX] {
        let error = mix_ws(&first, &second, from).unwrap_err().to_string();
        assert!(error.contains("1 to 3"), "{error}");
    }
    assert!(mix_ws(&first, &normal(2, &[2, 4, 2]), 1).is_err());
}

#[test]
fn truncation_goes_to_the_centre_in_the_first_layers() {
    let (ws, centre) = (normal(1, &[2, 4, 3]), normal(2, &[3]));
    let all = centre.reshape((1, 1, 3)).unwrap().broadcast_as((2, 4, 3)).unwrap().contiguous().unwrap();
    let pulled = |psi: f64| (((&ws - &all).unwrap() * psi).unwrap() + &all).unwrap();
    for (psi, cutoff, layers) in [
        (0.7, None, 4),
        (0.7, Some(2), 2),
        (0.0, Some(9), 4),
        (-1.0, Some(1), 1),
        (0.5, Some(0), 0),
        (1.0, Some(2), 2),
    ] {
        let got = truncate(&ws, &centre, psi, cutoff).unwrap();
        let part = |ws: &Tensor, at: usize, n: usize| ws.narrow(1, at, n).unwrap();
        assert_eq!(got.dims(), ws.dims());
        if layers > 0 {
            assert_close(&part(&got, 0, layers), &part(&pulled(psi), 0, layers), Tol::F64);
        }
        if layers < 4 {
            let rest = 4 - layers;
            assert_close(&part(&got, layers, rest), &part(&ws, layers, rest), Tol { rel: 0.0, abs: 0.0 });
        }
    }
    for (centre, psi) in [(normal(2, &[4]), 0.7), (centre, f64::NAN)] {
        assert!(truncate(&ws, &centre, psi, None).is_err());
    }
}

#[test]
fn all_of_it_can_be_differentiated() {
    let (w, second, centre) = (normal(1, &[2, 3]), normal(2, &[2, 4, 3]), normal(3, &[3]));
    for order in [Order::First, Order::Second] {
        let f = |x: &[Tensor]| {
            let ws = mix_ws(&broadcast_ws(&x[0].sqr()?, 4)?, &x[1].sqr()?, 2)?;
            truncate(&ws, &x[2], 0.6, Some(3))?.sqr()
        };
        gradcheck(f, &[w.clone(), second.clone(), centre.clone()], order).unwrap();
    }
}
