#![allow(clippy::unwrap_used)]
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use candle_core::{DType, Device, Tensor};
use serde::Deserialize;

use super::*;
use crate::testing::{Tol, assert_close};
use crate::{Graph, Rng, grad, load_weights, watch};

#[derive(Deserialize)]
struct Case {
    call: String,
    filter: String,
    up: Option<[usize; 2]>,
    down: Option<[usize; 2]>,
    padding: [isize; 4],
    #[serde(default)]
    flip: bool,
    gain: Option<f64>,
}

#[derive(Deserialize)]
struct Spec {
    taps: Vec<f64>,
    size: Option<[usize; 2]>,
}

impl Spec {
    fn filter(&self) -> Filter {
        match self.size {
            Some(size) => Filter::full(&self.taps, size).unwrap(),
            None => Filter::separable(&self.taps).unwrap(),
        }
    }
}

impl Case {
    fn config(&self, filter: &Filter) -> UpFirDn {
        let factor = |factors: Option<[usize; 2]>| factors.unwrap()[0];
        let cfg = match self.call.as_str() {
            "filter2d" => UpFirDn::filtering(filter),
            "upsample2d" => UpFirDn::upsampling(filter, factor(self.up)),
            "downsample2d" => UpFirDn::downsampling(filter, factor(self.down)),
            _ => {
                let none = UpFirDn { padding: [0; 4], ..UpFirDn::filtering(filter) };
                UpFirDn { up: self.up.unwrap(), down: self.down.unwrap(), ..none }
            }
        };
        let gain = cfg.gain * self.gain.unwrap_or(1.0);
        UpFirDn { flip: self.flip, gain, ..cfg }.padded(self.padding)
    }
}

struct Fixture {
    tensors: BTreeMap<String, Tensor>,
    cases: BTreeMap<String, Case>,
    filters: BTreeMap<String, Spec>,
}

fn fixture() -> Fixture {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/upfirdn2d/upfirdn2d.safetensors");
    let bytes = fs::read(&path).unwrap();
    let (_, header) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
    let metadata = header.metadata().clone().unwrap();
    Fixture {
        tensors: load_weights(&path, None, &Device::Cpu).unwrap(),
        cases: serde_json::from_str(&metadata["cases"]).unwrap(),
        filters: serde_json::from_str(&metadata["filters"]).unwrap(),
    }
}

#[test]
fn values_and_gradients_of_both_orders_are_those_of_the_reference() {
    let fixture = fixture();
    assert_eq!(fixture.cases.len(), 52);
    for (name, case) in &fixture.cases {
        let cfg = case.config(&fixture.filters[&case.filter].filter());
        let x = watch(&fixture.tensors["x"]).unwrap();
        let y = upfirdn2d(&x, &cfg).unwrap();
        let cube = (y.sqr().unwrap() * &y).unwrap();
        let first = grad(&cube, &[&x], Graph::Create).unwrap().remove(0);
        let second = grad(&first.sqr().unwrap(), &[&x], Graph::Discard).unwrap().remove(0);
        for (what, found) in [("y", &y), ("first", &first), ("second", &second)] {
            println!("{name}/{what}");
            let expected = &fixture.tensors[&format!("{name}/{what}")];
            let largest = expected.abs().unwrap().max_all().unwrap().to_scalar::<f64>().unwrap();
            // Its taps are rounded to f32 there.
            let rounding = if case.filter == "sym6" { 1e-6 } else { 1e-12 };
            assert_close(found, expected, Tol { rel: rounding, abs: rounding * largest });
        }
    }
}

#[test]
fn calls_by_name_are_those_configurations() {
    let x = Rng::new(1).normal((2, 1, 6, 4), DType::F32, &Device::Cpu).unwrap();
    let filter = Filter::separable(&[1.0, 3.0, 3.0, 1.0]).unwrap();
    let double = upsample2d(&x, &filter, 2).unwrap();
    let half = downsample2d(&x, &filter, 2).unwrap();
    assert_eq!((double.dims(), half.dims()), (&[2, 1, 12, 8][..], &[2, 1, 3, 2][..]));
    assert_eq!(filter2d(&x, &filter).unwrap().dims(), x.dims());
    assert_close(&filter2d(&x, &Filter::identity()).unwrap(), &x, Tol::F64);
    let empty = Tensor::zeros((0, 3, 4, 4), DType::F32, &Device::Cpu).unwrap();
    assert_eq!(upsample2d(&empty, &filter, 2).unwrap().dims(), [0, 3, 8, 8]);
}

/// The kernel on images of more than one task, and of widths that leave something over.
#[test]
fn large_images_are_those_of_plain_operations() {
    let (four, twelve) = (vec![1.0, 3.0, 3.0, 1.0], (1..13).map(f64::from).collect::<Vec<_>>());
    let square = Filter::full(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [2, 3]).unwrap();
    for (n, c, h, w) in [(1, 2, 33, 67), (3, 5, 17, 9), (15, 10, 4, 4)] {
        let x = Rng::new(1).normal((n, c, h, w), DType::F64, &Device::Cpu).unwrap();
        for filter in [Filter::separable(&four).unwrap(), Filter::separable(&twelve).unwrap(), square.clone()]
        {
            let ups = [UpFirDn::upsampling(&filter, 2), UpFirDn::upsampling(&filter, 3)];
            let downs = [UpFirDn::downsampling(&filter, 2), UpFirDn::downsampling(&filter, 3)];
            for cfg in ups.into_iter().chain(downs).chain([UpFirDn::filtering(&filter)]) {
                let Ok((axes, taps)) = cfg.plan(&x) else { continue };
                let expected = composed::upfirdn2d(&x, axes, &taps).unwrap();
                assert_close(&upfirdn2d(&x, &cfg).unwrap(), &expected, Tol::F64);
                let single = upfirdn2d(&x.to_dtype(DType::F32).unwrap(), &cfg).unwrap();
                let tol = Tol { rel: 1e-5, abs: 5e-6 };
                assert_close(&single.to_dtype(DType::F64).unwrap(), &expected, tol);
            }
        }
    }
}

#[test]
fn what_cannot_be_is_refused() {
    let x = Tensor::zeros((1, 1, 4, 4), DType::F32, &Device::Cpu).unwrap();
    for taps in [&[][..], &[1.0, -1.0], &[f64::NAN], &[f64::INFINITY], &[1.0; 1025]] {
        assert!(Filter::separable(taps).is_err(), "{taps:?}");
    }
    assert!(Filter::full(&[1.0; 6], [2, 2]).is_err());
    assert!(Filter::full(&[1.0; 2], [usize::MAX, 2]).is_err());
    let filter = Filter::separable(&[1.0; 4]).unwrap();
    let good = UpFirDn::filtering(&filter);
    let bad = [
        UpFirDn { up: [0, 1], ..good.clone() },
        UpFirDn { down: [1, 0], ..good.clone() },
        UpFirDn { gain: f64::NAN, ..good.clone() },
        UpFirDn { padding: [-1, 0, 0, 0], ..good.clone() },
        UpFirDn { padding: [0, 0, 0, isize::MAX], ..good.clone() },
        good.clone().padded([isize::MIN, 0, 0, 0]),
        UpFirDn::upsampling(&filter, usize::MAX),
        UpFirDn::downsampling(&filter, usize::MAX),
    ];
    for cfg in bad {
        assert!(upfirdn2d(&x, &cfg).is_err(), "{cfg:?}");
    }
    assert!(upfirdn2d(&x.squeeze(0).unwrap(), &good).is_err());
    assert!(upfirdn2d(&x.to_dtype(DType::U32).unwrap(), &good).is_err());
    assert!(upfirdn2d(&x.narrow(2, 0, 0).unwrap(), &good).is_err());
}
