#![allow(clippy::unwrap_used)]
use std::path::Path;

use candle_core::{DType, Device, Tensor};

use super::*;
use crate::testing::{Tol, assert_close};
use crate::{Graph, Rng, affine_grid, grad, load_weights, watch};

const CPU: Device = Device::Cpu;

#[test]
fn values_and_gradients_of_both_orders_are_those_of_pytorch() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/grid_sample/grid_sample.safetensors");
    let fixture = load_weights(&path, None, &CPU).unwrap();
    assert_close(&affine_grid(&fixture["theta"], [3, 5]).unwrap(), &fixture["affine"], Tol::F64);
    let names: Vec<&str> = fixture.keys().filter_map(|key| key.strip_suffix("/grid")).collect();
    assert_eq!(names.len(), 9);
    for name in names {
        let value = |key: &str| &fixture[&format!("{name}/{key}")];
        println!("{name}");
        let (x, grid) = (watch(value("x")).unwrap(), value("grid"));
        let y = grid_sample(&x, grid).unwrap();
        let cube = (y.sqr().unwrap() * &y).unwrap();
        let first = grad(&cube, &[&x], Graph::Create).unwrap().remove(0);
        let second = grad(&first.sqr().unwrap(), &[&x], Graph::Discard).unwrap().remove(0);
        assert_close(&y, value("y"), Tol::F64);
        assert_close(&first, value("first"), Tol::F64);
        assert_close(&second, value("second"), Tol::F64);
    }
}

/// More images than threads, and fewer: tasks are cut differently.
#[test]
fn images_are_read_one_by_one() {
    let normal = |seed: u64, shape: (usize, usize, usize, usize)| {
        Rng::new(seed).normal(shape, DType::F32, &CPU).unwrap()
    };
    let n = rayon::current_num_threads() + 1;
    let (x, grid) = (watch(&normal(1, (n, 3, 5, 4))).unwrap(), normal(2, (n, 7, 2, 2)));
    let whole = grid_sample(&x, &grid).unwrap();
    let gradient = grad(&whole.sqr().unwrap(), &[&x], Graph::Discard).unwrap().remove(0);
    for i in 0..n {
        let one = watch(&x.narrow(0, i, 1).unwrap().detach()).unwrap();
        let y = grid_sample(&one, &grid.narrow(0, i, 1).unwrap()).unwrap();
        let exact = Tol { rel: 0.0, abs: 0.0 };
        assert_close(&y, &whole.narrow(0, i, 1).unwrap(), exact);
        let alone = grad(&y.sqr().unwrap(), &[&one], Graph::Discard).unwrap().remove(0);
        assert_close(&alone, &gradient.narrow(0, i, 1).unwrap(), exact);
    }
}

#[test]
fn the_grid_that_changes_nothing() {
    let x = Rng::new(3).normal((2, 3, 5, 4), DType::F64, &CPU).unwrap();
    let theta = Tensor::new(&[[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]], &CPU).unwrap().repeat((2, 1, 1)).unwrap();
    assert_close(&grid_sample(&x, &affine_grid(&theta, [5, 4]).unwrap()).unwrap(), &x, Tol::F64);
}

#[test]
fn what_is_no_place_shows() {
    let x = Tensor::ones((1, 1, 2, 2), DType::F64, &CPU).unwrap();
    for bad in [f64::NAN, f64::INFINITY] {
        let grid = Tensor::new(&[[[[bad, 0.0], [0.0, bad], [0.0, 0.0]]]], &CPU).unwrap();
        for y in [grid_sample(&x, &grid).unwrap(), composed::grid_sample(&x, &grid).unwrap()] {
            let y = y.flatten_all().unwrap().to_vec1::<f64>().unwrap();
            assert!(y[0].is_nan() && y[1].is_nan() && y[2] == 1.0, "{y:?}");
        }
    }
}

#[test]
fn what_cannot_be_is_refused() {
    let zeros = |shape: &[usize]| Tensor::zeros(shape, DType::F64, &CPU).unwrap();
    let (x, grid) = (zeros(&[2, 1, 3, 3]), zeros(&[2, 4, 4, 2]));
    assert!(grid_sample(&x, &grid).is_ok());
    assert!(grid_sample(&x, &watch(&grid).unwrap()).is_err());
    assert!(grid_sample(&x, &grid.to_dtype(DType::F32).unwrap()).is_err());
    for bad in [&[1, 4, 4, 2][..], &[2, 4, 4, 3], &[2, 0, 4, 2], &[2, 4, 2]] {
        assert!(grid_sample(&x, &zeros(bad)).is_err(), "{bad:?}");
    }
    assert!(grid_sample(&zeros(&[2, 1, 0, 3]), &grid).is_err());
    for (theta, size) in [(&[2, 3][..], [2, 2]), (&[1, 2, 2], [2, 2]), (&[1, 2, 3], [0, 2])] {
        assert!(affine_grid(&zeros(theta), size).is_err(), "{theta:?}");
    }
}
