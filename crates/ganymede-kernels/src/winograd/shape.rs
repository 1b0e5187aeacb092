//! Which convolutions fall into tiles, and where that is worth it.

use super::OUT;
use crate::gather::Gather;

// Where these come from: "Constants of kernels" in `docs/performance.md`.

/// Results on a line up to which images are laid side by side.
const NARROW: usize = 16;

/// How long transforms take, in multiplications: of a tile, for each channel on either side; of a weight, for
/// each of its numbers.
const TRANSFORM_OF_TILE: f64 = 150.0;
const TRANSFORM_OF_WEIGHT: f64 = 700.0;

/// By how much tiles must be faster.
const MARGIN: f64 = 1.1;

/// How the taps of a gather fall into tiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Taps of a phase on each axis: 2 or 3.
    pub(super) taps: usize,
    pub(super) stride: usize,
    /// Smallest tap on each axis.
    pub(super) first: [isize; 2],
    /// Whether taps descend in the weight.
    pub(super) descending: [bool; 2],
}

impl Shape {
    /// The shape of `gather`, if it has one: neighbouring taps, 3 at stride 1, or 2 at stride 1 or 2.
    pub(crate) fn of(gather: &Gather) -> Option<Self> {
        let stride = gather.stride[0];
        let neighbours = |taps: &[isize], by: isize| taps.windows(2).all(|t| t[1] - t[0] == by);
        let [y, x] = &gather.taps;
        let taps = y.len() / stride;
        let fits = gather.stride[1] == stride
            && y.len() == x.len()
            && y.len() == taps * stride
            && matches!((taps, stride), (3, 1) | (2, 1) | (2, 2))
            && [y, x].iter().all(|t| neighbours(t, 1) || neighbours(t, -1));
        let least = |t: &[isize]| *t.iter().min().expect("a tap");
        fits.then(|| Self {
            taps,
            stride,
            first: [least(y), least(x)],
            descending: [y[0] > y[1], x[0] > x[1]],
        })
    }

    /// Positions of a transformed tile.
    pub(super) fn positions(self) -> usize {
        (self.taps + 1) * (self.taps + 1)
    }

    /// The distance of neighbouring tiles in the source.
    pub(crate) fn phases(self) -> [usize; 2] {
        [OUT * self.stride; 2]
    }

    /// `gather` with as many results as whole tiles have.
    pub(crate) fn whole_tiles(gather: &Gather) -> Gather {
        Gather { grid: gather.grid.map(|n| n.next_multiple_of(OUT)), ..gather.clone() }
    }

    /// Whether tiles are faster, for `images` images and a weight of `rows` rows; `batched` of the images
    /// may lie side by side.
    pub(crate) fn is_worth_it(self, gather: &Gather, images: usize, rows: usize, batched: usize) -> bool {
        let [high, wide] = gather.grid.map(|n| n.div_ceil(OUT));
        let tiles = if Self::is_narrow(gather) && batched > 1 {
            (images.next_multiple_of(batched) * high * wide) as f64
        } else {
            (images * high * (wide + 1)) as f64
        };
        let channels = (gather.channels * self.stride * self.stride) as f64;
        let rows = rows as f64;
        let direct = (images * gather.positions()) as f64 * rows * channels * (self.taps * self.taps) as f64;
        let transforms =
            TRANSFORM_OF_TILE * tiles * (channels + rows) + TRANSFORM_OF_WEIGHT * channels * rows;
        let products = tiles * channels * rows * self.positions() as f64;
        MARGIN * (products + transforms) < direct
    }

    /// Whether images are better laid side by side, where they can be: otherwise a tile is wasted on
    /// each line.
    pub(crate) fn is_narrow(gather: &Gather) -> bool {
        gather.grid[1] <= NARROW
    }
}
