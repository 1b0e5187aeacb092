#![allow(clippy::unwrap_used)]
use candle_core::{DType, Device, Tensor};

use crate::ops::pool2d::composed::pool2d as composed;
use crate::ops::pool2d::windows;
use crate::testing::{Tol, assert_close};
use crate::{Pooling, Rng, WindowConfig, global_avg_pool2d, pool2d};

fn images(shape: [usize; 4]) -> Tensor {
    Rng::new(7).normal(&shape, DType::F64, &Device::Cpu).unwrap()
}

#[test]
fn kernels_equal_the_sum_over_taps() {
    let shapes = [[2, 3, 7, 9], [1, 2, 35, 35], [1, 1, 3, 3], [1, 2, 8, 5], [1, 1, 1, 1], [1, 1, 2, 40]];
    let cases = [(3, 1, 1), (3, 2, 0), (3, 2, 1), (2, 2, 0), (2, 1, 1), (1, 1, 0), (5, 3, 2)];
    for shape in shapes {
        for (k, s, p) in cases {
            let cfg = WindowConfig { kernel: [k, k], stride: [s, s], padding: [p, p] };
            let x = images(shape);
            let Ok(g) = windows(&x, cfg) else { continue };
            for pooling in [Pooling::Max, Pooling::MeanInside] {
                let expected = composed(&x, pooling, &g).unwrap();
                let exact = pool2d(&x, pooling, cfg).unwrap();
                assert_close(&exact, &expected, Tol::F64);
                let single = pool2d(&x.to_dtype(DType::F32).unwrap(), pooling, cfg).unwrap();
                assert_close(&single.to_dtype(DType::F64).unwrap(), &expected, Tol::F32);
            }
        }
    }
}

#[test]
fn axes_are_not_mixed_up() {
    let x = images([1, 2, 9, 6]);
    let cfg = WindowConfig { kernel: [3, 2], stride: [2, 1], padding: [1, 0] };
    let g = windows(&x, cfg).unwrap();
    assert_eq!((g.oh, g.ow), (5, 5));
    for pooling in [Pooling::Max, Pooling::MeanInside] {
        let expected = composed(&x, pooling, &g).unwrap();
        assert_close(&pool2d(&x, pooling, cfg).unwrap(), &expected, Tol::F64);
    }
}

#[test]
fn the_mean_leaves_out_what_is_outside() {
    let x = Tensor::ones((1, 1, 4, 4), DType::F32, &Device::Cpu).unwrap();
    let cfg = WindowConfig { kernel: [3, 3], stride: [1, 1], padding: [1, 1] };
    assert_close(&pool2d(&x, Pooling::MeanInside, cfg).unwrap(), &x, Tol::F32);
}

#[test]
fn a_nan_is_not_pooled_away() {
    let mut pixels = vec![1f32; 9];
    pixels[4] = f32::NAN;
    let x = Tensor::from_vec(pixels, (1, 1, 3, 3), &Device::Cpu).unwrap();
    let cfg = WindowConfig { kernel: [3, 3], stride: [1, 1], padding: [1, 1] };
    for pooling in [Pooling::Max, Pooling::MeanInside] {
        let y = pool2d(&x, pooling, cfg).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert!(y.iter().all(|v| v.is_nan()), "{pooling:?}: {y:?}");
    }
}

#[test]
fn means_of_planes() {
    let x = images([3, 5, 4, 7]);
    assert_close(&global_avg_pool2d(&x).unwrap(), &x.mean((2, 3)).unwrap(), Tol::F64);
    assert!(global_avg_pool2d(&images([1, 1, 1, 0])).is_err());
}

#[test]
fn impossible_windows_are_refused() {
    let x = images([1, 1, 4, 4]);
    for (k, s, p) in [(0, 1, 0), (3, 0, 0), (3, 1, 2), (5, 1, 0)] {
        let cfg = WindowConfig { kernel: [k, k], stride: [s, s], padding: [p, p] };
        assert!(pool2d(&x, Pooling::Max, cfg).is_err(), "{cfg:?}");
    }
}
