use super::{Shape, TiledGradient, Winograd};
use crate::batched_lanes;
use crate::config::ConvConfig;
use crate::conv::{self, Phase};
use crate::elem::Elem;
use crate::gather::Border;
use crate::geometry::Geometry;
use crate::implicit::WeightView;
use crate::target::Target;

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

/// Calls `each` with where every product of the definition has its image, weight and output.
fn definition(g: &Geometry, mut each: impl FnMut(usize, usize, usize)) {
    let inside = |out: usize, tap: usize, axis: usize, len: usize| {
        (out * g.cfg.stride[axis] + tap).checked_sub(g.cfg.padding[axis]).filter(|v| *v < len)
    };
    for at in 0..g.weight_len() {
        let (o, rest) = (at / g.depth(), at % g.depth());
        let (c, i, j) = (rest / (g.kh * g.kw), rest / g.kw % g.kh, rest % g.kw);
        let c = o / g.group_out() * g.group_in() + c;
        for n in 0..g.n {
            for pixel in 0..g.pixels() {
                let (y, x) = (pixel / g.ow, pixel % g.ow);
                if let (Some(row), Some(column)) = (inside(y, i, 0, g.h), inside(x, j, 1, g.w)) {
                    each(((n * g.c + c) * g.h + row) * g.w + column, at, (n * g.o + o) * g.pixels() + pixel);
                }
            }
        }
    }
}

/// The largest difference, as a part of the largest number expected.
fn worst<T: Elem>(got: &[T], expected: &[f64]) -> f64 {
    assert_eq!(got.len(), expected.len());
    let largest = expected.iter().fold(1e-30f64, |m, v| m.max(v.abs()));
    assert!(got.iter().all(|g| !g.wide().is_nan()), "a number that was not written");
    got.iter().zip(expected).fold(0.0f64, |m, (g, e)| m.max((g.wide() - e).abs())) / largest
}

fn narrow<T: Elem>(numbers: &[f64]) -> Vec<T> {
    numbers.iter().map(|v| T::narrow(*v)).collect()
}

/// The gradient through tiles of so many results.
fn tiled<T: Elem>(g: &Geometry, results: usize, x: &[f64], dy: &[f64]) -> Vec<T> {
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
        let mut expected = vec![0.0; g.weight_len()];
        definition(&g, |image, weight, out| expected[weight] += x[image] * dy[out]);
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

/// The source and the result of a product: channels, height and width, and the distance of a phase's pixels there.
struct Side {
    channels: usize,
    size: [usize; 2],
    step: usize,
}

impl Side {
    fn len(&self) -> usize {
        self.channels * self.size[0] * self.size[1]
    }
}

/// A product of one group through tiles of so many results, images side by side or not.
fn product<T: Elem>(
    phases: &[Phase],
    (results, abreast): (usize, bool),
    (source, x): (&Side, &[f64]),
    (strides, w): ([usize; 2], &[f64]),
    to: &Side,
) -> Vec<T> {
    let kernel = T::microkernel();
    let (x, w) = (narrow::<T>(x), narrow::<T>(w));
    let n = x.len() / source.len();
    let images = if abreast { kernel.lanes } else { 1 };
    let mut y = vec![T::narrow(f64::NAN); n * to.len()];
    for phase in phases {
        let gather = &phase.gather;
        let shape = Shape::of(gather, results).expect("a tile");
        let border = Border::around(gather.size, &[shape.whole_tiles(gather)], shape.phases());
        let (rows, channels, taps) = (to.channels, source.channels, &phase.taps[..]);
        let view = WeightView { data: &w, rows, channels, strides, taps };
        let target = Target {
            image: to.len(),
            channel: to.size[0] * to.size[1],
            line: to.size[1] * to.step,
            step: to.step,
            first: phase.first[0] * to.size[1] + phase.first[1],
        };
        let tiles = Winograd::new(kernel, shape, (gather, &border), &view, target, images);
        let padded = n.next_multiple_of(images) * channels * border.plane();
        let mut room = vec![T::narrow(f64::NAN); padded + tiles.slack()];
        let slices = x.chunks_exact(source.len());
        if abreast {
            batched_lanes::pad(&border, gather.size, &slices.collect::<Vec<_>>(), images, &mut room);
        } else {
            border.pad(gather.size, slices, channels, &mut room);
        }
        tiles.run(&room, n, 0..rows, &mut y);
    }
    y
}

#[test]
fn products_through_tiles_agree_with_the_definition() {
    for g in geometries().into_iter().filter(|g| g.cfg.groups == 1) {
        let (w, taps) = (noise(2, g.weight_len()), g.kh * g.kw);
        let image = Side { channels: g.c, size: [g.h, g.w], step: g.cfg.stride[0] };
        let output = Side { channels: g.o, size: [g.oh, g.ow], step: 1 };
        let forward = ([conv::forward_phase(&g)].into(), &image, [g.depth(), taps], &output);
        let backward = (conv::input_phases(&g), &output, [taps, g.depth()], &image);
        for (i, (phases, from, strides, to)) in [forward, backward].into_iter().enumerate() {
            let x = noise(1, g.n * from.len());
            let mut expected = vec![0.0; g.n * to.len()];
            definition(&g, |image, weight, out| {
                let [from, to] = if i == 0 { [image, out] } else { [out, image] };
                expected[to] += x[from] * w[weight];
            });
            for way in [(2, false), (2, true), (4, false), (4, true)] {
                let single: Vec<f32> = product(&phases, way, (from, &x), (strides, &w), to);
                let double: Vec<f64> = product(&phases, way, (from, &x), (strides, &w), to);
                let errors = [worst(&single, &expected), worst(&double, &expected)];
                assert!(errors[0] < 1e-5 && errors[1] < 1e-13, "{i} {g:?} {way:?}: {errors:?}");
            }
        }
    }
}
