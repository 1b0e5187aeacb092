//! Kernels of 3 × 3 taps by tiles of 4 × 4 results: 36 products instead of 144.

use super::panels::{Finish, Panels, Rows};
use super::pixels::Pixels;
use super::transforms::{Channels, OUT, SIX, by_channels, by_channels_mut, finished};
use crate::elem::Scratch;
use crate::simd::vectorised;
use crate::winograd::Tile;
use crate::winograd::transforms::{results, source};

/// Points on an axis.
const SIDE: usize = 6;

/// Numbers of transformed tiles and of their products that are held at a time: most of a second-level cache.
const HELD: usize = 192 << 10;

/// A convolution of 3 × 3 taps at stride 1.
pub(super) struct SquareTiles {
    /// A matrix `(inputs, outputs)` for each pair of points.
    weights: Vec<Panels>,
    padding: [usize; 2],
    outputs: usize,
}

/// Where the tiles of some images lie.
struct Grid {
    /// Tiles of an image on each axis.
    tiles: [usize; 2],
    padding: [usize; 2],
}

impl Grid {
    /// Image, and the line and column of a tile's first result.
    fn place(&self, tile: usize) -> (usize, [usize; 2]) {
        let [high, wide] = self.tiles;
        (tile / (high * wide), [tile / wide % high * OUT, tile % wide * OUT])
    }
}

impl SquareTiles {
    pub(super) fn new(
        [outputs, inputs]: [usize; 2],
        padding: [usize; 2],
        weight: impl Fn(usize, usize, usize, usize) -> f32,
    ) -> Self {
        let panels = |p: usize| {
            let mut factors = [0.0; 9];
            for (t, to) in factors.iter_mut().enumerate() {
                *to = SIX.of_tap(p / SIDE, t / 3) * SIX.of_tap(p % SIDE, t % 3);
            }
            Panels::new(inputs, outputs, |c, o| {
                let taps = factors.iter().enumerate();
                taps.map(|(t, factor)| factor * f64::from(weight(o, c, t / 3, t % 3))).sum::<f64>() as f32
            })
        };
        Self { weights: (0..SIDE * SIDE).map(panels).collect(), padding, outputs }
    }

    pub(super) fn padded(&self) -> usize {
        self.weights[0].padded()
    }

    pub(super) fn run(&self, x: &Pixels, out: &mut Pixels, first: usize, finish: Finish) {
        let [n, _, _, c] = x.shape();
        let [_, oh, ow, _] = out.shape();
        let grid = Grid { tiles: [oh, ow].map(|size| size.div_ceil(OUT)), padding: self.padding };
        let total = n * grid.tiles[0] * grid.tiles[1];
        let step = (HELD / (SIDE * SIDE * (c + self.outputs))).clamp(8, 96) / 8 * 8;
        let mut source = Scratch::new(SIDE * SIDE * step * c);
        let mut products = Scratch::new(SIDE * SIDE * step * self.outputs);
        for start in (0..total).step_by(step) {
            let count = step.min(total - start);
            let source = &mut source[..SIDE * SIDE * count * c];
            for tile in 0..count {
                transform(x, &grid, start + tile, (tile, count), by_channels_mut(source));
            }
            let products = &mut products[..SIDE * SIDE * count * self.outputs];
            for (p, (products, weights)) in
                products.chunks_exact_mut(count * self.outputs).zip(&self.weights).enumerate()
            {
                let of_point = &source[p * count * c..][..count * c];
                let rows = Rows::new(count, 1, c, |row, _| &of_point[row * c..]);
                weights.multiply(&rows, products, self.outputs, Finish::default());
            }
            for tile in 0..count {
                let products = by_channels(products);
                self.write(products, (tile, count), &grid, start + tile, out, first, finish);
            }
        }
    }

    /// Transforms a tile's products back and writes what lies inside the image.
    #[expect(clippy::too_many_arguments, reason = "a step of `run`, which owns all of it")]
    fn write(
        &self,
        products: &[Channels],
        (tile, count): (usize, usize),
        grid: &Grid,
        number: usize,
        out: &mut Pixels,
        first: usize,
        finish: Finish,
    ) {
        let [_, oh, ow, _] = out.shape();
        let [down, right] = out.strides();
        let (image, [y, x]) = grid.place(number);
        let at = image * oh * down + y * down + x * right + first;
        let chunks = self.outputs / Channels::default().len();
        let bias = by_channels(finish.bias.expect("a layer has a bias"));
        let out = out.data_mut();
        vectorised(
            #[inline(always)]
            || {
                for (k, bias) in bias[..chunks].iter().enumerate() {
                    let product = |p: usize| products[(p * count + tile) * chunks + k];
                    let mut finished_results = [[Channels::default(); OUT]; OUT];
                    results(
                        Tile::FourOfThree,
                        product,
                        #[inline(always)]
                        |p, result| {
                            finished_results[p / OUT][p % OUT] = finished(result, bias, finish.relu);
                        },
                    );
                    for (i, line) in finished_results.iter().enumerate().take(oh - y) {
                        for (j, result) in line.iter().enumerate().take(ow - x) {
                            let to = &mut out[at + i * down + j * right + k * result.len()..];
                            *to.first_chunk_mut().expect("channels of a pixel") = *result;
                        }
                    }
                }
            },
        );
    }
}

/// Transforms the input of a tile: `(points, count, channels)`.
fn transform(x: &Pixels, grid: &Grid, number: usize, (tile, count): (usize, usize), out: &mut [Channels]) {
    let [_, h, w, c] = x.shape();
    let [down, right] = x.strides();
    let (image, first) = grid.place(number);
    let zeros = vec![Channels::default(); c / Channels::default().len()];
    let inside = |axis: usize, at: usize, size: usize| {
        (first[axis] + at).checked_sub(grid.padding[axis]).filter(|at| *at < size)
    };
    let pixels: [&[Channels]; SIDE * SIDE] =
        std::array::from_fn(|p| match (inside(0, p / SIDE, h), inside(1, p % SIDE, w)) {
            (Some(y), Some(column)) => {
                by_channels(&x.data()[image * h * down + y * down + column * right..][..c])
            }
            _ => &zeros,
        });
    let chunks = zeros.len();
    vectorised(
        #[inline(always)]
        || {
            for k in 0..chunks {
                source(
                    Tile::FourOfThree,
                    #[inline(always)]
                    |p| pixels[p][k],
                    #[inline(always)]
                    |p, value| out[(p * count + tile) * chunks + k] = value,
                );
            }
        },
    );
}
