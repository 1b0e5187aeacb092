#![allow(clippy::unwrap_used)]
use candle_core::{DType, Device, Tensor};

use crate::testing::{Tol, assert_close};
use crate::{Rng, gelu, layer_norm, self_attention};

fn normal(shape: &[usize], seed: u64) -> Tensor {
    Rng::new(seed).normal(shape, DType::F32, &Device::Cpu).unwrap()
}

#[test]
fn gelu_is_that_of_erf() {
    let x = Tensor::arange_step(-9f32, 9.0, 1e-3, &Device::Cpu).unwrap();
    let expected = x.to_dtype(DType::F64).unwrap().gelu_erf().unwrap();
    let found = gelu(&x).unwrap().to_dtype(DType::F64).unwrap();
    assert_close(&found, &expected, Tol { rel: 1e-6, abs: 3e-6 });
}

#[test]
fn rows_are_normalised() {
    let x = (normal(&[2, 5, 37], 0) * 3.0).unwrap().affine(1.0, 20.0).unwrap();
    let (gain, shift) = (normal(&[37], 1), normal(&[37], 2));
    let exact = |t: &Tensor| t.to_dtype(DType::F64).unwrap();
    let centred = exact(&x).broadcast_sub(&exact(&x).mean_keepdim(2).unwrap()).unwrap();
    let deviation = (centred.sqr().unwrap().mean_keepdim(2).unwrap() + 1e-6).unwrap().sqrt().unwrap();
    let scaled = centred.broadcast_div(&deviation).unwrap().broadcast_mul(&exact(&gain)).unwrap();
    let expected = scaled.broadcast_add(&exact(&shift)).unwrap();
    let found = layer_norm(&x, &gain, &shift, 1e-6).unwrap();
    assert_close(&exact(&found), &expected, Tol { rel: 1e-5, abs: 1e-5 });
}

#[test]
fn other_shapes_are_refused() {
    let x = normal(&[1, 2, 6], 0);
    let row = Tensor::ones(5, DType::F32, &Device::Cpu).unwrap();
    assert!(layer_norm(&x, &row, &row, 1e-6).is_err());
    assert!(self_attention(&x, 0).is_err() && self_attention(&x, 4).is_err());
}
