//! Kernels by tiles along one axis: 3 taps for four results in 6 products instead of 12, up to 8 in 14 instead of 28.
//!
//! Seven taps are four and three, each by tiles of their own; the second four begin four pixels later, where the next
//! tile does, so that one transform of the input serves both. Taps on the other axis are summed as they are.

use super::panels::{Finish, Panels, Rows};
use super::pixels::Pixels;
use super::transforms::{
    Channels, OUT, Points, SEVEN, SIX, by_channels, by_channels_mut, finished, result_of_seven,
    source_of_seven,
};
use crate::elem::Scratch;
use crate::simd::vectorised;
use crate::winograd::lines::{result_4_3, source_4_3};

/// A convolution at stride 1 by tiles along `axis`.
pub(super) struct LineTiles {
    /// A matrix `(taps of the other axis · groups · inputs, outputs)` for each point.
    weights: Vec<Panels>,
    axis: usize,
    points: Points,
    /// Tiles that follow each other and make one result.
    groups: usize,
    /// Taps on the other axis.
    lines: usize,
    padding: [usize; 2],
    outputs: usize,
}

impl LineTiles {
    /// Tiles along `axis`, which has 3 or 5 to 8 taps.
    pub(super) fn new(
        [outputs, inputs, high, wide]: [usize; 4],
        axis: usize,
        padding: [usize; 2],
        weight: impl Fn(usize, usize, usize, usize) -> f32,
    ) -> Self {
        let [along, lines] = if axis == 0 { [high, wide] } else { [wide, high] };
        let (points, groups) = if along == 3 { (SIX, 1) } else { (SEVEN, 2) };
        let panels = |p: usize| {
            let factors: Vec<f64> = (0..points.taps()).map(|tap| points.of_tap(p, tap)).collect();
            Panels::new(lines * groups * inputs, outputs, |k, o| {
                let (c, group, line) = (k % inputs, k / inputs % groups, k / inputs / groups);
                let taps = (group * OUT..along).zip(&factors).map(|(at, factor)| {
                    let [y, x] = if axis == 0 { [at, line] } else { [line, at] };
                    factor * f64::from(weight(o, c, y, x))
                });
                taps.sum::<f64>() as f32
            })
        };
        Self {
            weights: (0..points.count()).map(panels).collect(),
            axis,
            points,
            groups,
            lines,
            padding,
            outputs,
        }
    }

    pub(super) fn padded(&self) -> usize {
        self.weights[0].padded()
    }

    pub(super) fn run(&self, x: &Pixels, out: &mut Pixels, first: usize, finish: Finish) {
        let [n, h, w, c] = x.shape();
        let [_, oh, ow, _] = out.shape();
        let (along, across) = (self.axis, 1 - self.axis);
        let (lines_in, lines_out) = ([h, w][across], [oh, ow][across]);
        let tiles = [oh, ow][along].div_ceil(OUT);
        let stored = tiles + self.groups - 1;
        let (of_point, results) = (lines_in * stored * c, lines_out * tiles);
        let zeros = vec![0.0f32; self.groups * c];
        let mut source = Scratch::new(self.points.count() * of_point);
        let mut products = Scratch::new(self.points.count() * results * self.outputs);
        for image in 0..n {
            self.transform(x, image, stored, &mut source);
            let of_points =
                products.chunks_exact_mut(results * self.outputs).zip(source.chunks_exact(of_point));
            for ((products, source), weights) in of_points.zip(&self.weights) {
                let segment = |row: usize, s: usize| {
                    let line = (row / tiles + s).checked_sub(self.padding[across]).filter(|l| *l < lines_in);
                    line.map_or(&zeros[..], |line| &source[(line * stored + row % tiles) * c..])
                };
                let rows = Rows::new(results, self.lines, self.groups * c, segment);
                weights.multiply(&rows, products, self.outputs, Finish::default());
            }
            self.write(&products, tiles, (out, image, first), finish);
        }
    }

    /// Transforms the input of an image: `(points, lines, tiles, channels)`.
    fn transform(&self, x: &Pixels, image: usize, stored: usize, out: &mut [f32]) {
        let [_, h, w, c] = x.shape();
        let (along, across) = (self.axis, 1 - self.axis);
        let (size, lines) = ([h, w][along], [h, w][across]);
        let (step, line_step) = (x.strides()[along], x.strides()[across]);
        let padding = self.padding[along];
        let chunks = c / Channels::default().len();
        let zeros = vec![Channels::default(); chunks];
        let image = &x.data()[image * h * w * c..][..h * w * c];
        let out = by_channels_mut(out);
        let distance = lines * stored * chunks;
        vectorised(
            #[inline(always)]
            || {
                for (line, tile) in (0..lines).flat_map(|line| (0..stored).map(move |tile| (line, tile))) {
                    let pixel = |i: usize| {
                        let at = (tile * OUT + i).checked_sub(padding).filter(|at| *at < size);
                        at.map_or(&zeros[..], |at| by_channels(&image[line * line_step + at * step..][..c]))
                    };
                    let out = &mut out[(line * stored + tile) * chunks..];
                    if self.points.count() == 6 {
                        let pixels: [&[Channels]; 6] = std::array::from_fn(pixel);
                        for k in 0..chunks {
                            let values = source_4_3(pixels.map(|pixel| pixel[k]));
                            values.into_iter().enumerate().for_each(|(p, v)| out[p * distance + k] = v);
                        }
                    } else {
                        let pixels: [&[Channels]; 7] = std::array::from_fn(pixel);
                        for k in 0..chunks {
                            let values = source_of_seven(pixels.map(|pixel| pixel[k]));
                            values.into_iter().enumerate().for_each(|(p, v)| out[p * distance + k] = v);
                        }
                    }
                }
            },
        );
    }

    /// Transforms the products of an image back.
    fn write(
        &self,
        products: &[f32],
        tiles: usize,
        (out, image, first): (&mut Pixels, usize, usize),
        finish: Finish,
    ) {
        let [_, oh, ow, _] = out.shape();
        let (along, across) = (self.axis, 1 - self.axis);
        let (size, lines) = ([oh, ow][along], [oh, ow][across]);
        let (step, line_step) = (out.strides()[along], out.strides()[across]);
        let chunks = self.outputs / Channels::default().len();
        let bias = by_channels(finish.bias.expect("a layer has a bias"));
        let products = by_channels(products);
        let start = image * oh * out.strides()[0] + first;
        let out = &mut out.data_mut()[start..];
        vectorised(
            #[inline(always)]
            || {
                for (line, tile) in (0..lines).flat_map(|line| (0..tiles).map(move |tile| (line, tile))) {
                    let own = (line * tiles + tile) * chunks;
                    for (k, bias) in bias[..chunks].iter().enumerate() {
                        let product = |p: usize| products[p * lines * tiles * chunks + own + k];
                        let results = if self.points.count() == 6 {
                            result_4_3(std::array::from_fn(product))
                        } else {
                            result_of_seven(std::array::from_fn(product))
                        };
                        for (i, result) in results.into_iter().enumerate().take(size - tile * OUT) {
                            let at = line * line_step + (tile * OUT + i) * step + k * result.len();
                            *out[at..].first_chunk_mut().expect("channels of a pixel") =
                                finished(result, bias, finish.relu);
                        }
                    }
                }
            },
        );
    }
}
