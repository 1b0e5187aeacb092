use candle_core::{DType, Device};
use proptest::prelude::*;

use super::*;
use crate::Rng;
use crate::testing::{Order, Tol, assert_close, gradcheck};

fn normal(seed: u64, shape: impl Into<candle_core::Shape>, dtype: DType) -> Result<Tensor> {
    Rng::new(seed).normal(shape, dtype, &Device::Cpu)
}

fn values(x: &Tensor) -> Result<Vec<f64>> {
    x.to_dtype(DType::F64)?.flatten_all()?.to_vec1()
}

/// The definition, one multiplication at a time, in f64.
fn reference(x: &Tensor, w: &Tensor, cfg: ConvConfig) -> Result<Tensor> {
    let g = conv_geometry(x, w, cfg)?;
    let per_group = w.dim(1)?;
    let (x, w) = (values(x)?, values(w)?);
    let mut y = Vec::with_capacity(g.n * g.o * g.oh * g.ow);
    for n in 0..g.n {
        for o in 0..g.o {
            let first = o / (g.o / cfg.groups) * per_group;
            for i in 0..g.oh {
                for j in 0..g.ow {
                    let mut sum = 0.0;
                    for c in 0..per_group {
                        for a in 0..g.kh {
                            for b in 0..g.kw {
                                let row = i * cfg.stride[0] + a * cfg.dilation[0];
                                let col = j * cfg.stride[1] + b * cfg.dilation[1];
                                let inside =
                                    |v: usize, p: usize, len: usize| v.checked_sub(p).filter(|v| *v < len);
                                if let (Some(row), Some(col)) =
                                    (inside(row, cfg.padding[0], g.h), inside(col, cfg.padding[1], g.w))
                                {
                                    sum += x[((n * g.c + first + c) * g.h + row) * g.w + col]
                                        * w[((o * per_group + c) * g.kh + a) * g.kw + b];
                                }
                            }
                        }
                    }
                    y.push(sum);
                }
            }
        }
    }
    Tensor::from_vec(y, (g.n, g.o, g.oh, g.ow), &Device::Cpu)
}

fn odd(groups: usize) -> ConvConfig {
    ConvConfig { stride: [2, 1], padding: [1, 2], dilation: [1, 2], groups }
}

#[test]
fn gradients_of_both_orders_with_batch_one_and_odd_shapes() -> Result<()> {
    let f64s = |seed, shape: (usize, usize, usize, usize)| normal(seed, shape, DType::F64);
    let cases = [
        (ConvConfig::default(), (1, 2, 4, 3), (3, 2, 2, 3)),
        (ConvConfig::default(), (2, 3, 2, 2), (2, 3, 1, 1)),
        (odd(1), (2, 2, 5, 6), (3, 2, 3, 2)),
        (odd(2), (1, 4, 5, 4), (2, 2, 3, 2)),
        (ConvConfig { stride: [2, 2], padding: [1, 1], ..Default::default() }, (2, 1, 4, 4), (2, 1, 4, 4)),
    ];
    for (cfg, x, w) in cases {
        let inputs = [f64s(1, x)?, f64s(2, w)?];
        for order in [Order::First, Order::Second] {
            gradcheck(|t| conv2d(&t[0], &t[1], cfg), &inputs, order)?;
            // Cubed, so that the second order is not that of a bilinear map alone; x used twice.
            gradcheck(
                |t| {
                    let y = conv2d(&t[0], &t[1], cfg)?;
                    (&y * &y)?.mul(&y)?.sum_all()? + t[0].sqr()?.sum_all()?
                },
                &inputs,
                order,
            )?;
        }
    }
    Ok(())
}

#[test]
fn transposed_gradients_of_both_orders() -> Result<()> {
    let inputs = [normal(1, (2, 4, 3, 2), DType::F64)?, normal(2, (4, 2, 3, 2), DType::F64)?];
    for groups in [1, 2] {
        let cfg = ConvConfig { stride: [2, 2], padding: [1, 0], dilation: [1, 1], groups };
        for order in [Order::First, Order::Second] {
            gradcheck(|t| conv_transpose2d(&t[0], &t[1], cfg, [1, 0])?.sqr(), &inputs, order)?;
        }
    }
    Ok(())
}

#[test]
fn bad_shapes_are_named() -> Result<()> {
    let x = normal(0, (1, 3, 4, 4), DType::F32)?;
    let w = |shape: (usize, usize, usize, usize)| normal(0, shape, DType::F32);
    let message = |w: &Tensor, cfg| conv2d(&x, w, cfg).expect_err("a bad shape").to_string();
    assert!(message(&w((2, 2, 3, 3))?, ConvConfig::default()).contains("[2, 2, 3, 3]"));
    assert!(message(&w((2, 3, 5, 5))?, ConvConfig::default()).contains("larger"));
    let zero = ConvConfig { stride: [0, 1], ..Default::default() };
    assert!(message(&w((2, 3, 3, 3))?, zero).contains("at least 1"));
    assert!(conv2d(&x, &w((2, 3, 3, 3))?.to_dtype(DType::F64)?, ConvConfig::default()).is_err());
    assert!(conv_transpose2d(&x, &w((3, 2, 2, 2))?, ConvConfig::default(), [1, 1]).is_err());
    Ok(())
}

#[test]
fn candle_s_operations_agree_with_the_kernels() -> Result<()> {
    let (x, w) = (normal(1, (2, 4, 7, 6), DType::F64)?, normal(2, (6, 2, 3, 2), DType::F64)?);
    let cfg = ConvConfig { stride: [2, 1], padding: [1, 2], dilation: [1, 1], groups: 2 };
    assert_close(&conv2d(&x, &w, cfg)?, &composed::conv2d(&x, &w, cfg)?, Tol::F64);
    let cfg = ConvConfig { stride: [2, 2], padding: [1, 1], dilation: [1, 1], groups: 2 };
    let w = normal(3, (4, 3, 4, 4), DType::F64)?;
    let (a, b) = (conv_transpose2d(&x, &w, cfg, [1, 1])?, composed::conv_transpose2d(&x, &w, cfg, [1, 1])?);
    assert_close(&a, &b, Tol::F64);
    Ok(())
}

#[test]
fn the_same_call_gives_the_same_bits() -> Result<()> {
    let (x, w) = (normal(1, (9, 8, 12, 12), DType::F32)?, normal(2, (16, 8, 3, 3), DType::F32)?);
    let bits = || -> Result<Vec<f32>> {
        let (x, w) = (crate::watch(&x)?, crate::watch(&w)?);
        let y = conv2d(&x, &w, ConvConfig::default())?.sqr()?.sum_all()?;
        let g = crate::grad(&y, &[&x, &w], crate::Graph::Discard)?;
        Tensor::cat(&[g[0].flatten_all()?, g[1].flatten_all()?], 0)?.to_vec1()
    };
    let first = bits()?;
    for _ in 0..5 {
        assert!(first.iter().zip(bits()?).all(|(a, b)| a.to_bits() == b.to_bits()));
    }
    Ok(())
}

/// The largest |a − b| over the largest |b|.
fn worst(a: &Tensor, b: &Tensor) -> Result<f64> {
    let max = |t: Tensor| t.abs()?.flatten_all()?.max(0)?.to_scalar::<f64>();
    let difference = max((a.to_dtype(DType::F64)? - b)?)?;
    Ok(difference / max(b.clone())?.max(1e-30))
}

type Case = (ConvConfig, (usize, usize, usize, usize), (usize, usize, usize, usize));

prop_compose! {
    fn case()(
        n in prop_oneof![1usize..6, 7usize..10], groups in 1usize..4, ci in 1usize..5, co in 1usize..5,
        h in 1usize..=40, w in 1usize..=40, kh in 1usize..=7, kw in 1usize..=7,
        sh in 1usize..4, sw in 1usize..4, ph in 0usize..5, pw in 0usize..5,
        dh in 1usize..4, dw in 1usize..4, seed in 0u64..1000,
    ) -> ((usize, usize, usize, usize), (usize, usize, usize, usize), ConvConfig, u64) {
        let cfg = ConvConfig { stride: [sh, sw], padding: [ph, pw], dilation: [dh, dw], groups };
        ((n, ci * groups, h, w), (co * groups, ci, kh, kw), cfg, seed)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..Default::default() })]

    /// f32 against the definition in f64; dx and dw against the f64 kernels, which the definition
    /// and finite differences have checked.
    #[test]
    fn any_shape_agrees_with_the_definition((x, w, cfg, seed) in case()) {
        let fits = |axis: usize, len: usize, k: usize| {
            len + 2 * cfg.padding[axis] > cfg.dilation[axis] * (k - 1)
        };
        // Such draws are counted as none.
        prop_assume!(fits(0, x.2, w.2) && fits(1, x.3, w.3));
        let run = || -> Result<()> {
            let (x, w) = (normal(seed, x, DType::F32)?, normal(seed + 1, w, DType::F32)?);
            let exact = reference(&x, &w, cfg)?;
            let dy = normal(seed + 2, exact.shape(), DType::F32)?;
            let all = |dtype: DType| -> Result<Vec<Tensor>> {
                let (x, w) = (crate::watch(&x.to_dtype(dtype)?)?, crate::watch(&w.to_dtype(dtype)?)?);
                let y = conv2d(&x, &w, cfg)?;
                let mut all = crate::grad(&(&y * dy.to_dtype(dtype)?)?, &[&x, &w], crate::Graph::Discard)?;
                all.push(y.detach());
                Ok(all)
            };
            let (single, double) = (in_pool(1, || all(DType::F32))?, in_pool(1, || all(DType::F64))?);
            assert!(worst(&double[2], &exact)? < 1e-12);
            for (a, b) in single.iter().zip(&double) {
                assert!(worst(a, b)? < 1e-5, "{:?} {:?} {cfg:?}: {}", x.dims(), w.dims(), worst(a, b)?);
            }
            Ok(())
        };
        run().map_err(|e| TestCaseError::fail(e.to_string()))?;
    }
}

#[test]
fn every_way_agrees_with_the_definition() -> Result<()> {
    // Channels enough that tiles are chosen: 3 taps at stride 1, 4 taps at stride 2, and both gradients
    // in the image; odd sizes, so that tiles reach beyond the grid, and padding that is larger than a tap.
    let cfg =
        |stride, padding| ConvConfig { stride: [stride; 2], padding: [padding; 2], ..Default::default() };
    let cases = [
        (cfg(1, 1), (3, 48, 13, 11), (56, 48, 3, 3)),
        (cfg(1, 2), (2, 40, 16, 17), (48, 40, 3, 3)),
        (cfg(1, 0), (9, 64, 6, 6), (40, 64, 3, 3)),
        (cfg(2, 1), (4, 40, 16, 14), (64, 40, 4, 4)),
        (cfg(2, 2), (5, 32, 9, 11), (70, 32, 4, 4)),
        (cfg(1, 1), (4, 64, 12, 12), (64, 64, 2, 2)),
        // Tiles of four results a side, in all three products.
        (cfg(1, 1), (2, 64, 28, 36), (64, 64, 3, 3)),
        // Products of matrices as they lie: each image by a kernel of 1×1, all images by one that covers them.
        (cfg(1, 0), (3, 20, 9, 8), (17, 20, 1, 1)),
        (cfg(1, 0), (5, 24, 4, 3), (10, 24, 4, 3)),
        (cfg(3, 0), (1, 33, 4, 4), (1, 33, 4, 4)),
        (cfg(1, 0), (6, 9, 1, 1), (5, 9, 1, 1)),
        // Few channels: the lines of the kernel become channels.
        (cfg(2, 1), (3, 3, 13, 10), (20, 3, 4, 4)),
        // Few of them and long lines: dot products; whole registers and less, tiles that reach too far.
        (cfg(2, 1), (3, 3, 13, 40), (21, 3, 4, 4)),
        (cfg(1, 3), (9, 1, 20, 17), (3, 1, 7, 7)),
        (ConvConfig { stride: [1, 2], groups: 2, ..Default::default() }, (2, 6, 5, 70), (10, 3, 2, 3)),
        // Lines that have no border between them in the source, and a gap in the result.
        (ConvConfig { stride: [3, 1], ..Default::default() }, (1, 1, 4, 5), (1, 1, 3, 1)),
        (cfg(1, 3), (2, 1, 6, 7), (9, 1, 7, 7)),
    ];
    for (cfg, x, w) in cases.into_iter().chain(small_images()) {
        let (x, w) = (normal(1, x, DType::F32)?, normal(2, w, DType::F32)?);
        let exact = reference(&x, &w, cfg)?;
        let y = conv2d(&x, &w, cfg)?;
        assert!(worst(&y, &exact)? < 1e-5, "{:?} {:?} {cfg:?}", x.dims(), w.dims());
        let f64s = |t: &Tensor| t.to_dtype(DType::F64);
        assert!(worst(&conv2d(&f64s(&x)?, &f64s(&w)?, cfg)?, &exact)? < 1e-12);
        // ⟨conv(x, w), dy⟩ = ⟨x, dx⟩ = ⟨w, dw⟩, the defining property of both gradients.
        let dy = normal(3, exact.shape(), DType::F64)?;
        let dot = |a: &Tensor, b: &Tensor| (f64s(a)? * f64s(b)?)?.sum_all()?.to_scalar::<f64>();
        let expected = dot(&exact, &dy)?;
        let (vx, vw) = (crate::watch(&f64s(&x)?)?, crate::watch(&f64s(&w)?)?);
        let g = crate::grad(&(conv2d(&vx, &vw, cfg)? * &dy)?, &[&vx, &vw], crate::Graph::Discard)?;
        assert!((dot(&x, &g[0])? / expected - 1.0).abs() < 1e-9);
        assert!((dot(&w, &g[1])? / expected - 1.0).abs() < 1e-9);
        let single = || -> Result<Vec<Tensor>> {
            let (vx, vw) = (crate::watch(&x)?, crate::watch(&w)?);
            let y = conv2d(&vx, &vw, cfg)?;
            let product = (&y * dy.to_dtype(DType::F32)?)?;
            let mut all = crate::grad(&product, &[&vx, &vw], crate::Graph::Discard)?;
            all.push(y.detach());
            Ok(all)
        };
        // The number of threads decides how a product is split and read, never its bits.
        let (alone, three) = (in_pool(1, single)?, in_pool(3, single)?);
        for ((a, b), c) in alone.iter().zip(g.iter().chain([&exact])).zip(&three) {
            assert!(worst(a, b)? < 1e-5, "{:?} {:?} {cfg:?}", x.dims(), w.dims());
            let bits = |t: &Tensor| -> Result<Vec<u32>> {
                Ok(t.flatten_all()?.to_vec1::<f32>()?.into_iter().map(f32::to_bits).collect())
            };
            assert!(bits(a)? == bits(c)?, "{:?} {:?} {cfg:?}", x.dims(), w.dims());
        }
    }
    Ok(())
}

/// Batches of images so small that they come side by side in registers, where there are enough of them:
/// whole registers of images and less, strides that leave gaps, lines of less than four pixels and more.
fn small_images() -> Vec<Case> {
    let cfg = |stride: [usize; 2], padding: [usize; 2], groups| ConvConfig {
        stride,
        padding,
        groups,
        ..Default::default()
    };
    vec![
        (cfg([2, 2], [1, 1], 1), (16, 20, 8, 8), (40, 20, 4, 4)),
        (cfg([2, 2], [1, 1], 1), (15, 17, 7, 8), (23, 17, 4, 4)),
        (cfg([1, 1], [2, 2], 1), (31, 6, 5, 3), (20, 6, 5, 5)),
        (cfg([3, 3], [1, 1], 1), (24, 12, 9, 16), (20, 12, 5, 6)),
        (cfg([1, 2], [0, 1], 2), (14, 6, 7, 12), (34, 3, 2, 3)),
        (cfg([1, 1], [1, 1], 1), (64, 3, 2, 2), (19, 3, 3, 3)),
        // As tiles: whole ones and such as reach beyond the grid, a few images too few.
        (cfg([2, 2], [1, 1], 1), (16, 64, 8, 8), (128, 64, 4, 4)),
        (cfg([2, 2], [1, 1], 1), (24, 64, 14, 10), (96, 64, 4, 4)),
        (cfg([1, 1], [1, 1], 1), (30, 64, 5, 7), (72, 64, 3, 3)),
        (cfg([1, 1], [1, 1], 2), (16, 80, 13, 4), (80, 40, 3, 3)),
    ]
}

/// Runs `f` on a pool of so many threads.
fn in_pool<R: Send>(threads: usize, f: impl Fn() -> Result<R> + Send) -> Result<R> {
    let pool =
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().map_err(candle_core::Error::wrap)?;
    pool.install(f)
}
