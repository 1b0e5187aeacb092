#![allow(clippy::unwrap_used)]
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use candle_core::{DType, Device};
use serde::Deserialize;

use super::*;
use crate::ops::conv_resample::grouped;
use crate::testing::{Tol, assert_close};
use crate::{Filter, Graph, Rng, grad, load_weights, watch};

#[derive(Deserialize)]
struct Case {
    up: Option<usize>,
    down: Option<usize>,
    demodulate: Option<bool>,
}

fn filter() -> Filter {
    Filter::separable(&[1.0, 3.0, 3.0, 1.0]).unwrap()
}

fn fixture() -> (BTreeMap<String, Tensor>, BTreeMap<String, Case>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/modulated_conv/modulated_conv.safetensors");
    let bytes = fs::read(&path).unwrap();
    let (_, header) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
    let cases = serde_json::from_str(&header.metadata().as_ref().unwrap()["cases"]).unwrap();
    (load_weights(&path, None, &Device::Cpu).unwrap(), cases)
}

fn run(t: &[Tensor], demodulate: Option<bool>, resample: ConvResample) -> Result<Tensor> {
    match demodulate {
        Some(demodulate) => modulated_conv2d(&t[0], &t[1], &t[2], demodulate, resample),
        None => conv2d_resample(&t[0], &t[1], resample),
    }
}

#[test]
fn values_and_gradients_of_both_orders_are_those_of_the_reference() {
    let (tensors, cases) = fixture();
    assert_eq!(cases.len(), 14);
    let filter = filter();
    for (name, case) in cases {
        let resample = match (case.up, case.down) {
            (Some(_), _) => ConvResample::Up(&filter),
            (_, Some(_)) => ConvResample::Down(&filter),
            _ => ConvResample::Same,
        };
        let names = if case.demodulate.is_some() { &["x", "w", "s"][..] } else { &["x", "w"] };
        let value = |key: String| &tensors[&format!("{name}/{key}")];
        let args: Vec<Tensor> = names.iter().map(|key| watch(value(key.to_string())).unwrap()).collect();
        let args: Vec<&Tensor> = args.iter().collect();
        let owned: Vec<Tensor> = args.iter().map(|t| (*t).clone()).collect();
        let y = run(&owned, case.demodulate, resample).unwrap();
        println!("{name}");
        let tol = Tol { rel: 1e-9, abs: 1e-10 };
        assert_close(&y, value("y".into()), tol);
        let first = grad(&(y.sqr().unwrap() * &y).unwrap(), &args, Graph::Create).unwrap();
        let squares = first.iter().map(|g| g.sqr()?.sum_all()).reduce(|a, b| a? + b?).unwrap().unwrap();
        let second = grad(&squares, &args, Graph::Discard).unwrap();
        for (i, key) in names.iter().enumerate() {
            assert_close(&first[i], value(format!("first/{key}")), Tol { abs: 1e-9, ..tol });
            let largest = second[i].abs().unwrap().max_all().unwrap().to_scalar::<f64>().unwrap();
            assert_close(&second[i], value(format!("second/{key}")), Tol { abs: 1e-11 * largest, ..tol });
        }
    }
}

/// The definition: weights of each sample, and one convolution with as many groups.
fn by_groups(t: &[Tensor], demodulate: bool, resample: ConvResample) -> Result<Tensor> {
    let [x, w, styles] = t else { bail!("three arguments") };
    let ((n, i, h, width), (o, _, k, _)) = (x.dims4()?, w.dims4()?);
    let mut weights = w.unsqueeze(0)?.broadcast_mul(&styles.reshape((n, 1, i, 1, 1))?)?;
    if demodulate {
        let norms = (weights.sqr()?.flatten_from(2)?.sum(2)? + EPSILON)?.sqrt()?;
        weights = weights.broadcast_div(&norms.reshape((n, o, 1, 1, 1))?)?;
    }
    let y = grouped(&x.reshape((1, n * i, h, width))?, &weights.reshape((n * o, i, k, k))?, resample, n)?;
    let (_, _, oh, ow) = y.dims4()?;
    y.reshape((n, o, oh, ow))
}

#[test]
fn scaled_images_are_weights_of_each_sample() {
    let filter = filter();
    let normal = |seed, shape: &[usize]| Rng::new(seed).normal(shape, DType::F32, &Device::Cpu).unwrap();
    let t = [normal(1, &[3, 5, 8, 6]), normal(2, &[7, 5, 3, 3]), normal(3, &[3, 5])];
    for resample in [ConvResample::Same, ConvResample::Up(&filter), ConvResample::Down(&filter)] {
        for demodulate in [true, false] {
            let scaled = modulated_conv2d(&t[0], &t[1], &t[2], demodulate, resample).unwrap();
            let expected = by_groups(&t, demodulate, resample).unwrap();
            assert_close(&scaled, &expected, Tol { rel: 1e-4, abs: 1e-5 });
        }
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let zeros = |shape: &[usize]| Tensor::zeros(shape, DType::F32, &Device::Cpu).unwrap();
    let call = |x: &[usize], w: &[usize], s: &[usize]| {
        modulated_conv2d(&zeros(x), &zeros(w), &zeros(s), true, ConvResample::Same)
    };
    assert!(call(&[2, 3, 4, 4], &[5, 3, 3, 3], &[2, 3]).is_ok());
    assert!(call(&[2, 3, 4, 4], &[5, 3, 3, 3], &[1, 3]).is_err());
    assert!(call(&[2, 3, 4, 4], &[5, 4, 3, 3], &[2, 3]).is_err());
    assert!(call(&[2, 3, 4, 4], &[5, 3, 2, 2], &[2, 3]).is_err());
    assert!(call(&[2, 3, 4, 4], &[5, 3, 3, 1], &[2, 3]).is_err());
    let (x, w) = (zeros(&[1, 3, 1, 1]), zeros(&[5, 3, 3, 3]));
    assert!(conv2d_resample(&x, &w, ConvResample::Down(&filter())).is_err());
}
