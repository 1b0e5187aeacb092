use super::*;

/// Numbers between −1 and 1 that look like chance.
fn numbers(seed: u32, len: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..len).map(|_| next()).collect()
}

/// The definition, in f64: planes of the result.
fn by_definition(x: &[f32], [n, c, h, w]: [usize; 4], filter: &Filter, [oh, ow]: [usize; 2]) -> Vec<f64> {
    let [o, _, kh, kw] = filter.shape;
    let mut y = Vec::with_capacity(n * o * oh * ow);
    for (image, out) in (0..n).flat_map(|image| (0..o).map(move |out| (image, out))) {
        for (row, column) in (0..oh).flat_map(|row| (0..ow).map(move |column| (row, column))) {
            let mut sum = f64::from(filter.bias[out]);
            for (i, j) in (0..kh).flat_map(|i| (0..kw).map(move |j| (i, j))) {
                let at = |from: usize, tap: usize, axis: usize, size: usize| {
                    (from * filter.stride + tap).checked_sub(filter.padding[axis]).filter(|at| *at < size)
                };
                let (Some(y), Some(x_at)) = (at(row, i, 0, h), at(column, j, 1, w)) else { continue };
                sum += (0..c)
                    .map(|k| {
                        let weight = filter.weight[((out * c + k) * kh + i) * kw + j];
                        f64::from(weight) * f64::from(x[((image * c + k) * h + y) * w + x_at])
                    })
                    .sum::<f64>();
            }
            y.push(if filter.relu { sum.max(0.0) } else { sum });
        }
    }
    y
}

/// A layer and the size of its images: `[outputs, inputs, high, wide]`, stride, padding, height and width.
type Case = ([usize; 4], usize, [usize; 2], [usize; 2]);

const CASES: &[Case] = &[
    // By definition: strides, few and odd channels, kernels of one pixel, a kernel that covers the image.
    ([32, 3, 3, 3], 2, [0, 0], [17, 13]),
    ([5, 7, 2, 4], 1, [1, 2], [6, 5]),
    ([1, 1, 1, 1], 1, [0, 0], [1, 1]),
    ([80, 64, 1, 1], 1, [0, 0], [7, 9]),
    ([17, 16, 3, 3], 1, [1, 1], [5, 5]),
    ([48, 32, 3, 3], 2, [1, 1], [8, 7]),
    ([16, 16, 4, 4], 1, [0, 0], [4, 4]),
    ([64, 32, 9, 1], 1, [4, 0], [11, 4]),
    // Tiles on both axes.
    ([16, 16, 3, 3], 1, [1, 1], [8, 8]),
    ([32, 48, 3, 3], 1, [0, 0], [11, 7]),
    ([96, 64, 3, 3], 1, [1, 1], [5, 17]),
    ([16, 32, 3, 3], 1, [2, 0], [3, 3]),
    // Tiles along one axis.
    ([32, 16, 1, 7], 1, [0, 3], [5, 17]),
    ([48, 32, 7, 1], 1, [3, 0], [17, 5]),
    ([16, 16, 1, 7], 1, [0, 0], [2, 7]),
    ([16, 32, 7, 1], 1, [1, 2], [6, 3]),
    ([32, 32, 1, 3], 1, [0, 1], [8, 8]),
    ([32, 32, 3, 1], 1, [1, 0], [9, 6]),
    ([64, 48, 5, 5], 1, [2, 2], [9, 11]),
    // Too wide for tiles on both axes.
    ([208, 192, 3, 3], 1, [1, 1], [6, 5]),
];

#[test]
fn every_layer_is_its_definition() {
    for (number, &(shape, stride, padding, [h, w])) in CASES.iter().enumerate() {
        for n in [1, 3] {
            let [o, c, kh, kw] = shape;
            let x = numbers(1 + number as u32, n * c * h * w);
            let (weight, bias) = (numbers(101, o * c * kh * kw), numbers(102, o));
            for relu in [false, true] {
                let filter = Filter { weight: &weight, bias: &bias, shape, stride, padding, relu };
                let conv = FrozenConv::new(&filter);
                let [oh, ow] = conv.result([h, w]).unwrap();
                let images = Pixels::from_planes(&x, [n, c, h, w]);
                // Between other channels, which are left as they are.
                let mut out = Pixels::new([n, oh, ow, o + 5]);
                out.data_mut().fill(7.0);
                conv.run(&images, &mut out, 2);
                let expected = by_definition(&x, [n, c, h, w], &filter, [oh, ow]);
                let scale = ((c * kh * kw) as f64).sqrt();
                let found = out.planes(o + 5);
                for (i, plane) in found.chunks_exact(oh * ow).enumerate() {
                    let (image, channel) = (i / (o + 5), i % (o + 5));
                    if !(2..o + 2).contains(&channel) {
                        assert!(plane.iter().all(|v| *v == 7.0), "case {number}: channel {channel}");
                        continue;
                    }
                    let expected = &expected[(image * o + channel - 2) * oh * ow..][..oh * ow];
                    for (found, expected) in plane.iter().zip(expected) {
                        let error = (f64::from(*found) - expected).abs();
                        assert!(error < 1e-5 * scale, "case {number}, {n} images: {found} for {expected}");
                    }
                }
            }
        }
    }
}

#[test]
fn an_image_is_the_same_bits_in_any_company() {
    for &(shape, stride, padding, [h, w]) in CASES {
        let [o, c, kh, kw] = shape;
        let (weight, bias) = (numbers(3, o * c * kh * kw), numbers(4, o));
        let conv =
            FrozenConv::new(&Filter { weight: &weight, bias: &bias, shape, stride, padding, relu: true });
        let [oh, ow] = conv.result([h, w]).unwrap();
        let x = numbers(5, 5 * c * h * w);
        let run = |x: &[f32], n: usize| {
            let mut out = Pixels::new([n, oh, ow, o]);
            conv.run(&Pixels::from_planes(x, [n, c, h, w]), &mut out, 0);
            out.planes(o)
        };
        let together = run(&x, 5);
        for (image, expected) in x.chunks_exact(c * h * w).zip(together.chunks_exact(o * oh * ow)) {
            assert_eq!(run(image, 1), expected, "{shape:?}");
        }
    }
}

#[test]
fn a_number_that_is_none_is_not_hidden() {
    for &(shape, stride, padding, [h, w]) in CASES {
        let [o, c, kh, kw] = shape;
        let (weight, bias) = (vec![1.0; o * c * kh * kw], vec![0.0; o]);
        let conv =
            FrozenConv::new(&Filter { weight: &weight, bias: &bias, shape, stride, padding, relu: true });
        let [oh, ow] = conv.result([h, w]).unwrap();
        let mut out = Pixels::new([1, oh, ow, o]);
        conv.run(&Pixels::from_planes(&vec![f32::NAN; c * h * w], [1, c, h, w]), &mut out, 0);
        // In the middle: a kernel that meets zeros of the border alone has a result.
        assert!(out.planes(o)[oh / 2 * ow + ow / 2].is_nan(), "{shape:?}");
    }
    let x = Pixels::from_planes(&[1.0, f32::NAN, -3.0, 2.0], [1, 1, 2, 2]);
    for kind in [Pool::Max, Pool::MeanRelu] {
        let mut out = Pixels::new([1, 1, 1, 1]);
        pool(&x, kind, (2, 2, 0), &mut out, 0);
        assert!(out.planes(1)[0].is_nan(), "{kind:?}");
    }
}

#[test]
fn windows_count_what_lies_inside() {
    let x = Pixels::from_planes(&[1.0, 2.0, -3.0, 4.0, -50.0, 6.0, 7.0, 8.0, 9.0], [1, 1, 3, 3]);
    let pooled = |kind: Pool, window: (usize, usize, usize), [h, w]: [usize; 2]| {
        let mut out = Pixels::new([1, h, w, 2]);
        out.data_mut().fill(5.0);
        pool(&x, kind, window, &mut out, 1);
        let planes = out.planes(2);
        assert!(planes[..h * w].iter().all(|v| *v == 5.0));
        planes[h * w..].to_vec()
    };
    assert_eq!(pooled(Pool::Max, (3, 1, 1), [3, 3]), [4.0, 6.0, 6.0, 8.0, 9.0, 9.0, 8.0, 9.0, 9.0]);
    // −50 is in all four windows.
    assert_eq!(pooled(Pool::MeanRelu, (3, 2, 1), [2, 2]), [0.0; 4]);
    assert_eq!(pooled(Pool::MeanRelu, (2, 2, 1), [2, 2]), [1.0, 0.0, 5.5, 0.0]);
    assert_eq!(pooled(Pool::MeanRelu, (1, 2, 0), [2, 2]), [1.0, 0.0, 7.0, 9.0]);
}

#[test]
fn planes_come_back_and_means_are_theirs() {
    let x = numbers(9, 2 * 19 * 5 * 3);
    let pixels = Pixels::from_planes(&x, [2, 19, 5, 3]);
    assert_eq!(pixels.planes(19), x);
    assert_eq!(pixels.planes(2)[15..30], x[15..30]);
    assert_eq!(pixels.planes(2)[30..45], x[19 * 15..20 * 15]);
    for (mean, plane) in pixels.means().iter().zip(x.chunks_exact(15)) {
        let expected: f32 = plane.iter().sum::<f32>() / 15.0;
        assert!((mean - expected).abs() < 1e-6, "{mean} for {expected}");
    }
    assert!(Pixels::from_planes(&[], [0, 3, 4, 4]).planes(3).is_empty());
}
