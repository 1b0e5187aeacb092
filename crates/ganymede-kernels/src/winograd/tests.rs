use super::{Shape, TiledGradient};
use crate::config::ConvConfig;
use crate::elem::Elem;
use crate::geometry::Geometry;

/// Numbers between −1 and 1 that look like noise.
fn noise(seed: u64, len: usize) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        // Few bits, so that f32 holds them exactly.
        (state >> 40) as f64 / f64::from(1 << 23) - 1.0
    };
    (0..len).map(|_| next()).collect()
}

/// `n` images of `c` channels and `[h, w]` pixels, `o` outputs, kernels of `taps · stride` numbers a side.
fn geometry(
    [n, c, o]: [usize; 3],
    [h, w]: [usize; 2],
    [taps, stride]: [usize; 2],
    padding: [usize; 2],
    groups: usize,
) -> Geometry {
    let k = taps * stride;
    let out = |len: usize, axis: usize| (len + 2 * padding[axis] - k) / stride + 1;
    let cfg = ConvConfig { stride: [stride; 2], padding, dilation: [1; 2], groups };
    Geometry { n, c, h, w, o, kh: k, kw: k, oh: out(h, 0), ow: out(w, 1), cfg }
}

/// Odd sizes, sizes that are no multiples of a tile, padding from 0 to more than a tap, one image and many, groups, one
/// channel, more rows than a panel and more columns than a task.
fn geometries() -> Vec<Geometry> {
    vec![
        geometry([1, 1, 1], [3, 3], [3, 1], [0, 0], 1),
        geometry([2, 3, 5], [7, 9], [3, 1], [1, 1], 1),
        geometry([3, 17, 9], [8, 8], [3, 1], [1, 1], 1),
        geometry([1, 50, 70], [13, 6], [3, 1], [0, 2], 1),
        geometry([40, 8, 20], [4, 4], [3, 1], [1, 1], 1),
        geometry([2, 6, 10], [5, 12], [3, 1], [1, 0], 2),
        geometry([1, 1, 1], [4, 4], [2, 2], [0, 0], 1),
        geometry([2, 3, 9], [8, 10], [2, 2], [1, 1], 1),
        geometry([3, 20, 17], [9, 11], [2, 2], [2, 1], 1),
        geometry([37, 33, 5], [8, 8], [2, 2], [1, 1], 1),
        geometry([2, 9, 6], [7, 6], [2, 2], [1, 1], 3),
        geometry([2, 4, 3], [6, 5], [2, 1], [1, 0], 1),
    ]
}

/// The gradient in the weight by its definition.
fn weight_gradient(g: &Geometry, x: &[f64], dy: &[f64]) -> Vec<f64> {
    let inside = |out: usize, tap: usize, axis: usize, len: usize| {
        (out * g.cfg.stride[axis] + tap).checked_sub(g.cfg.padding[axis]).filter(|v| *v < len)
    };
    let mut dw = vec![0.0; g.weight_len()];
    for (at, dw) in dw.iter_mut().enumerate() {
        let (o, rest) = (at / g.depth(), at % g.depth());
        let (c, i, j) = (rest / (g.kh * g.kw), rest / g.kw % g.kh, rest % g.kw);
        let c = o / g.group_out() * g.group_in() + c;
        for (n, y, x_out) in
            (0..g.n).flat_map(|n| (0..g.oh).flat_map(move |y| (0..g.ow).map(move |x| (n, y, x))))
        {
            if let (Some(row), Some(column)) = (inside(y, i, 0, g.h), inside(x_out, j, 1, g.w)) {
                *dw += x[((n * g.c + c) * g.h + row) * g.w + column]
                    * dy[((n * g.o + o) * g.oh + y) * g.ow + x_out];
            }
        }
    }
    dw
}

/// The largest difference, as a part of the largest number expected.
fn worst<T: Elem>(got: &[T], expected: &[f64]) -> f64 {
    assert_eq!(got.len(), expected.len());
    let largest = expected.iter().fold(1e-30f64, |m, v| m.max(v.abs()));
    got.iter().zip(expected).fold(0.0f64, |m, (g, e)| m.max((g.wide() - e).abs())) / largest
}

/// The gradient through tiles of so many results.
fn tiled<T: Elem>(g: &Geometry, results: usize, x: &[f64], dy: &[f64]) -> Vec<T> {
    let narrow = |v: &[f64]| v.iter().map(|v| T::narrow(*v)).collect::<Vec<T>>();
    let shape = Shape::of(&g.gather(), results).expect("a tile");
    // Every number is written, whatever was there.
    let mut dw = vec![T::narrow(f64::NAN); g.weight_len()];
    for (group, dw) in dw.chunks_exact_mut(g.group_out() * g.depth()).enumerate() {
        TiledGradient::new(g, shape.tile, group).run(&narrow(x), &narrow(dy), dw);
    }
    dw
}

#[test]
fn weight_gradients_through_tiles_agree_with_the_definition() {
    for g in geometries() {
        let (x, dy) = (noise(1, g.n * g.image_len()), noise(2, g.n * g.output_len()));
        let expected = weight_gradient(&g, &x, &dy);
        for results in [2, 4] {
            let (single, double) = (tiled::<f32>(&g, results, &x, &dy), tiled::<f64>(&g, results, &x, &dy));
            assert!(worst(&single, &expected) < 1e-5, "{g:?} {results}: {}", worst(&single, &expected));
            assert!(worst(&double, &expected) < 1e-13, "{g:?} {results}: {}", worst(&double, &expected));
        }
    }
}

#[test]
fn weight_gradients_through_tiles_are_the_same_bits_on_any_number_of_threads() {
    for g in geometries() {
        let (x, dy) = (noise(1, g.n * g.image_len()), noise(2, g.n * g.output_len()));
        for results in [2, 4] {
            let bits = |threads: usize| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
                let dw: Vec<f32> = pool.install(|| tiled(&g, results, &x, &dy));
                dw.into_iter().map(f32::to_bits).collect::<Vec<_>>()
            };
            let alone = bits(1);
            assert_eq!(alone, bits(2));
            assert_eq!(alone, bits(3));
        }
    }
}
