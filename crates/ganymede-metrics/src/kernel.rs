//! Sums of kernels over all pairs of rows, a tile at a time.

use ndarray::{Array2, ArrayView1, ArrayView2, s};

use crate::linalg::{cross, row_gram};
use crate::{MetricError, Result, Rows};

/// Rows that are compared at a time: bounds the memory, and is enough for the products to be efficient.
const TILE: usize = 1024;

/// A kernel k(x, y) of rows of d numbers. Its value at x = y is not summed anywhere: that of a Gaussian is 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kernel {
    /// (x·y/d + 1)³.
    Cubic { dim: f64 },
    /// exp(−‖x − y‖²/(2σ²)).
    Gaussian { sigma: f64 },
}

/// Some rows, and their squared lengths.
struct Tile {
    rows: Array2<f64>,
    squares: Vec<f64>,
}

impl Tile {
    fn of(rows: Rows<'_>, start: usize) -> Self {
        let rows = rows.range(start..rows.count().min(start + TILE));
        let squares = rows.rows().into_iter().map(|row| row.dot(&row)).collect();
        Self { rows, squares }
    }
}

impl Kernel {
    /// # Errors
    /// `sigma` is not above 0 and finite.
    pub(crate) fn gaussian(sigma: f64) -> Result<Self> {
        if !(sigma > 0.0 && sigma.is_finite()) {
            let reason = format!("a Gaussian kernel of width {sigma}: it has to be above 0");
            return Err(MetricError::Invalid(reason));
        }
        Ok(Self::Gaussian { sigma })
    }

    /// The unbiased estimate of MMD².
    pub(crate) fn mmd2(self, real: Rows<'_>, fake: Rows<'_>) -> f64 {
        let (n, m) = (real.count() as f64, fake.count() as f64);
        self.within(real) / (n * (n - 1.0)) + self.within(fake) / (m * (m - 1.0))
            - 2.0 * self.between(real, fake) / (n * m)
    }

    /// Σ_{i≠j} k(x_i, x_j).
    pub(crate) fn within(self, rows: Rows<'_>) -> f64 {
        let mut sum = 0.0;
        for start in (0..rows.count()).step_by(TILE) {
            let tile = Tile::of(rows, start);
            let gram = row_gram(tile.rows.view());
            let below = |i: usize| self.sum(gram.slice(s![i..=i, ..i]), &tile.squares[i..=i], &tile.squares);
            sum += (1..gram.nrows()).map(|i| 2.0 * below(i)).sum::<f64>();
            for other in (0..start).step_by(TILE) {
                sum += 2.0 * self.of_tiles(&tile, &Tile::of(rows, other));
            }
        }
        sum
    }

    /// Σ k(x_i, y_j).
    pub(crate) fn between(self, real: Rows<'_>, fake: Rows<'_>) -> f64 {
        let mut sum = 0.0;
        for start in (0..real.count()).step_by(TILE) {
            let tile = Tile::of(real, start);
            for other in (0..fake.count()).step_by(TILE) {
                sum += self.of_tiles(&tile, &Tile::of(fake, other));
            }
        }
        sum
    }

    fn of_tiles(self, a: &Tile, b: &Tile) -> f64 {
        self.sum(cross(a.rows.view(), b.rows.view()).view(), &a.squares, &b.squares)
    }

    /// Row by row, so that the rounding errors of a long sum stay small.
    fn sum(self, dots: ArrayView2<'_, f64>, a: &[f64], b: &[f64]) -> f64 {
        let of_row = |(dots, a): (ArrayView1<'_, f64>, &f64)| -> f64 {
            match self {
                Self::Cubic { dim } => dots.iter().map(|dot| (dot / dim + 1.0).powi(3)).sum(),
                Self::Gaussian { sigma } => {
                    let scale = -0.5 / (sigma * sigma);
                    let square = |dot: &f64, b: &f64| (a + b - 2.0 * dot).max(0.0);
                    dots.iter().zip(b).map(|(dot, b)| (scale * square(dot, b)).exp()).sum()
                }
            }
        };
        dots.rows().into_iter().zip(a).map(of_row).sum()
    }
}
