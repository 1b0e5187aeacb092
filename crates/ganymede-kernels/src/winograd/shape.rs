//! Which convolutions fall into tiles, and where that is worth it.

use crate::gather::Gather;
use crate::geometry::Geometry;

// Where these come from: "Constants of kernels" in `docs/performance.md`.

/// Numbers of transformed tiles that a task holds at a time, about: a part of a second-level cache.
const TRANSFORMED: usize = 96 << 10;

/// Columns that are transformed at a time, at least and at most.
const COLUMNS: [usize; 2] = [48, 384];

/// Results on a line up to which images are laid side by side.
const NARROW: usize = 16;

/// How long transforms take, in multiplications: of a pixel of a tile, for each channel on either side; of each number
/// of a transformed weight, which is also read once and again.
const TRANSFORM_OF_PIXEL: f64 = 50.0;
const TRANSFORM_OF_WEIGHT: f64 = 70.0;

/// Numbers of a block's transformed tiles beyond which they leave the second-level cache, and by how much products are
/// slower then.
const LARGE: usize = 512 << 10;
const SLOWER: f64 = 1.4;

/// By how much tiles of 4 results of 2 taps must be faster: they save less than those of 3, and their weights are read once
/// for each phase of a gradient in the image.
const MARGIN_OF_FOUR_OF_TWO: f64 = 1.18;

/// How long the gradient in the weight takes beside its products, in multiplications: for each number of a transformed
/// tile on either side; for each sum over them; and for each number of the weight by the definition, which also puts sums
/// together.
const NUMBER_OF_TILE: f64 = 15.0;
const SUM_OF_TILES: f64 = 45.0;
const SUM_BY_DEFINITION: f64 = 50.0;

/// By how much tiles must be faster than the definition in the gradient in the weight.
const MARGIN: f64 = 1.1;

/// Results and taps of a tile on each axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tile {
    TwoOfTwo,
    TwoOfThree,
    FourOfTwo,
    FourOfThree,
}

impl Tile {
    /// The tile of so many results and taps, if there is one.
    fn of(results: usize, taps: usize) -> Option<Self> {
        match (results, taps) {
            (2, 2) => Some(Self::TwoOfTwo),
            (2, 3) => Some(Self::TwoOfThree),
            (4, 2) => Some(Self::FourOfTwo),
            (4, 3) => Some(Self::FourOfThree),
            _ => None,
        }
    }

    /// The tile that is fastest for the gradient in the weight, if one is faster than the definition.
    pub(crate) fn of_weight_gradient(g: &Geometry) -> Option<Self> {
        let weights = (g.group_out() * g.depth()) as f64;
        let direct = weights * ((g.n * g.pixels()) as f64 + SUM_BY_DEFINITION);
        let cost = |tile: Self| {
            let tiles = [g.oh, g.ow].map(|n| n.div_ceil(tile.results())).iter().product::<usize>() * g.n;
            let channels = g.group_in() * g.cfg.stride[0] * g.cfg.stride[1];
            let [rows, columns, tiles] = [g.group_out(), channels, tiles].map(|n| n as f64);
            let of_position = tiles * rows * columns
                + NUMBER_OF_TILE * tiles * (rows + columns)
                + SUM_OF_TILES * rows * columns;
            MARGIN * of_position * tile.positions() as f64
        };
        [2, 4]
            .into_iter()
            .filter_map(|results| Shape::of(&g.gather(), results))
            .map(|shape| (shape.tile, cost(shape.tile)))
            .filter(|(_, cost)| *cost < direct)
            .min_by(|a, b| a.1.total_cmp(&b.1))
            .map(|(tile, _)| tile)
    }

    pub(crate) fn results(self) -> usize {
        match self {
            Self::TwoOfTwo | Self::TwoOfThree => 2,
            Self::FourOfTwo | Self::FourOfThree => 4,
        }
    }

    pub(crate) fn taps(self) -> usize {
        match self {
            Self::TwoOfTwo | Self::FourOfTwo => 2,
            Self::TwoOfThree | Self::FourOfThree => 3,
        }
    }

    /// Numbers of the source under it on each axis.
    pub(crate) fn side(self) -> usize {
        self.results() + self.taps() - 1
    }

    /// Positions of a transformed tile.
    pub(crate) fn positions(self) -> usize {
        self.side() * self.side()
    }
}

/// How the taps of a gather fall into tiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) tile: Tile,
    pub(super) stride: usize,
    /// Smallest tap on each axis.
    pub(super) first: [isize; 2],
    /// Whether taps descend in the weight.
    pub(super) descending: [bool; 2],
}

impl Shape {
    /// The shape of `gather` in tiles of so many results on each axis, if it has one: neighbouring taps, 3 at
    /// stride 1, or 2 at stride 1 or 2.
    pub(crate) fn of(gather: &Gather, results: usize) -> Option<Self> {
        let stride = gather.stride[0];
        let neighbours = |taps: &[isize], by: isize| taps.windows(2).all(|t| t[1] - t[0] == by);
        let [y, x] = &gather.taps;
        let taps = y.len() / stride;
        let tile = Tile::of(results, taps)?;
        let fits = gather.stride[1] == stride
            && y.len() == x.len()
            && y.len() == taps * stride
            && matches!((taps, stride), (3, 1) | (2, 1) | (2, 2))
            && [y, x].iter().all(|t| neighbours(t, 1) || neighbours(t, -1));
        let least = |t: &[isize]| *t.iter().min().expect("a tap");
        fits.then(|| Self {
            tile,
            stride,
            first: [least(y), least(x)],
            descending: [y[0] > y[1], x[0] > x[1]],
        })
    }

    /// The distance of neighbouring tiles in the source.
    pub(crate) fn phases(self) -> [usize; 2] {
        [self.tile.results() * self.stride; 2]
    }

    /// `gather` with as many results as whole tiles have.
    pub(crate) fn whole_tiles(self, gather: &Gather) -> Gather {
        Gather { grid: gather.grid.map(|n| n.next_multiple_of(self.tile.results())), ..gather.clone() }
    }

    /// Columns that are transformed at a time, of so many channels, for so many rows of the weight. All of the weight is
    /// read for each block: where it is large, blocks are wider, less so with the many positions of larger tiles.
    pub(crate) fn block(self, channels: usize, rows: usize) -> usize {
        let of_column = channels * self.stride.pow(2) * self.tile.positions();
        let columns = (TRANSFORMED / of_column).max(rows / self.tile.results());
        columns.clamp(COLUMNS[0], COLUMNS[1]) / COLUMNS[0] * COLUMNS[0]
    }

    /// Tiles of an image.
    pub(crate) fn tiles(self, gather: &Gather) -> usize {
        gather.grid.map(|n| n.div_ceil(self.tile.results())).iter().product()
    }

    /// How long tiles take, in multiplications, for `images` images and a weight of `rows` rows; `batched` of
    /// the images may lie side by side.
    pub(crate) fn cost(self, gather: &Gather, images: usize, rows: usize, batched: usize) -> f64 {
        let [high, wide] = gather.grid.map(|n| n.div_ceil(self.tile.results()));
        let tiles = if Self::is_narrow(gather) && batched > 1 {
            (images.next_multiple_of(batched) * high * wide) as f64
        } else {
            (images * high * (wide + 1)) as f64
        };
        let channels = (gather.channels * self.stride * self.stride) as f64;
        let rows = rows as f64;
        let [pixels, positions] = [self.tile.results().pow(2), self.tile.positions()].map(|n| n as f64);
        let transforms = TRANSFORM_OF_PIXEL * pixels * tiles * (channels + rows);
        let large = gather.channels * self.stride.pow(2) * self.tile.positions() * COLUMNS[0] > LARGE;
        let products = if large { SLOWER * tiles } else { tiles };
        let margin = if self.tile == Tile::FourOfTwo { MARGIN_OF_FOUR_OF_TWO } else { 1.0 };
        margin * (transforms + positions * channels * rows * (products + TRANSFORM_OF_WEIGHT))
    }

    /// Whether images are better laid side by side, where they can be: otherwise a tile is wasted on
    /// each line.
    pub(crate) fn is_narrow(gather: &Gather) -> bool {
        gather.grid[1] <= NARROW
    }
}
