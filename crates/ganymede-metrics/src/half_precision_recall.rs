//! Improved precision and recall as guided-diffusion's evaluator computes them: in half precision, by tiles.

use std::ops::Range;

use ganymede_tensor::row_products;
use half::f16;
use rayon::prelude::*;

use crate::improved_pr::PrecisionRecall;
use crate::neighbours::{FeatureSets, Points};
use crate::{MetricError, Result};

/// Rows and columns of guided-diffusion's tiles.
pub(crate) const TILE: usize = 10_000;
/// Rows and columns whose distances are in memory at once: 1 MB.
const BLOCK: usize = 512;
/// Numbers of 16 bits that TensorFlow's kernels add side by side.
const LANES: usize = 8;

/// Improved precision and recall by squared distances in half precision, as the evaluator of guided-diffusion has them
/// (Dhariwal & Nichol, 2021, arXiv:2105.05233); features are those of Inception's last pool, `k` is 3 and `tile` 10,000
/// there.
///
/// A squared distance is max(‖u‖² − 2 u·v + ‖v‖², 0). Features, squares, norms, products and both additions are rounded
/// to 16 bits, so that distances of about 500 come in steps of ½. The matrix of distances is cut into tiles of `tile` rows
/// and columns; a tile in which any number is not finite in 16 bits is computed in 32. The radius of a sample is the
/// (k + 1)-th smallest of the distances to its own set, itself among them at whatever distance rounding gives it; a sample
/// lies in a ball where its distance is at most the radius.
///
/// Norms are rounded on their way as TensorFlow's on a CPU are: eight sums of 16 bits side by side. On other devices it adds in another order, which moves norms by a last digit. Products are rounded once.
/// [`improved_precision_recall`](crate::improved_precision_recall) has no such errors.
///
/// Cost: (N + M)² products of rows; memory: a few blocks of 512 rows and columns a thread, and M bytes a block of real rows.
///
/// # Errors
/// A set has fewer than `k + 1` rows, the columns differ in number, a feature is not finite, `k` or `tile` is 0.
pub fn half_precision_recall(rows: FeatureSets<'_>, k: usize, tile: usize) -> Result<PrecisionRecall> {
    if k == 0 || tile == 0 {
        return Err(MetricError::Invalid(format!(
            "k = {k} neighbours in tiles of {tile} rows: give at least 1"
        )));
    }
    let both = rows.checked()?;
    for (what, count) in [("real", both.real.len()), ("generated", both.generated.len())] {
        if count <= k {
            return Err(MetricError::Unfit(format!(
                "k = {k} nearest neighbours need at least {} {what} samples, got {count}: lower k or give more samples",
                k + 1
            )));
        }
    }
    let (real, generated) = (Side::new(&both.real, tile), Side::new(&both.generated, tile));
    let (real_radii, generated_radii) = (radii(&real, k, tile), radii(&generated, k, tile));
    let inside = for_each_row(
        &Tiles::new(&real, &generated, tile),
        |rows| (vec![false; rows], vec![false; generated.len()]),
        |(recalled, precise), at, row, first, distances| {
            let columns = &generated_radii[first..first + distances.len()];
            recalled[at] |= distances.iter().zip(columns).any(|(distance, radius)| distance <= radius);
            for (precise, distance) in precise[first..].iter_mut().zip(distances) {
                *precise |= *distance <= real_radii[row];
            }
        },
    );
    let recalled = inside.iter().flat_map(|(recalled, _)| recalled).filter(|is| **is).count();
    let precise = (0..generated.len()).filter(|j| inside.iter().any(|(_, precise)| precise[*j])).count();
    Ok(PrecisionRecall {
        precision: precise as f64 / generated.len() as f64,
        recall: recalled as f64 / real.len() as f64,
        k,
    })
}

/// The (k + 1)-th smallest squared distance of each row to those of its own set.
fn radii(side: &Side<'_>, k: usize, tile: usize) -> Vec<f32> {
    let nearest = for_each_row(
        &Tiles::new(side, side, tile),
        |rows| vec![Vec::with_capacity(k + 2); rows],
        |nearest: &mut Vec<Vec<f32>>, at, _, _, distances| {
            let nearest = &mut nearest[at];
            for &distance in distances {
                if nearest.len() <= k || distance < nearest[k] {
                    nearest.insert(nearest.partition_point(|other| *other <= distance), distance);
                    nearest.truncate(k + 1);
                }
            }
        },
    );
    nearest.iter().flatten().map(|nearest| nearest[k]).collect()
}

/// A set, and what every distance to one of its rows needs.
struct Side<'a> {
    points: &'a Points<'a, f32>,
    /// ‖x‖² in 16 bits.
    half_norms: Vec<f32>,
    norms: Vec<f32>,
}

impl<'a> Side<'a> {
    fn new(points: &'a Points<'a, f32>, tile: usize) -> Self {
        let rows = || (0..points.len()).into_par_iter().map(|i| points.row(i));
        let norm = |row: &[f32]| row.iter().map(|x| f64::from(*x) * f64::from(*x)).sum::<f64>() as f32;
        let half_norm = |(i, row): (usize, &[f32])| {
            let squares: Vec<f32> = row.iter().map(|x| rounded(rounded(*x) * rounded(*x))).collect();
            half_sum(&squares, i % tile * points.dim())
        };
        let (norms, half_norms) = (rows().map(norm).collect(), rows().enumerate().map(half_norm).collect());
        Self { points, half_norms, norms }
    }

    fn len(&self) -> usize {
        self.points.len()
    }

    fn flat(&self, rows: &Range<usize>) -> &[f32] {
        &self.points.flat()[rows.start * self.points.dim()..rows.end * self.points.dim()]
    }
}

/// To the nearest number of 16 bits.
fn rounded(x: f32) -> f32 {
    f16::from_f32(x).to_f32()
}

/// The sum of numbers of 16 bits, added as Eigen's reductions with registers of 8 add them, which are TensorFlow's on a CPU:
/// rounded to 16 bits after each step, but for the sum over a register. Long rows are cut in two where a register begins;
/// `first` is the place of the row in its matrix.
fn half_sum(numbers: &[f32], first: usize) -> f32 {
    const TOGETHER: usize = 4;
    const MOST: usize = 200 * LANES;
    if numbers.len() > MOST {
        let cut = (first + numbers.len().div_ceil(2)).next_multiple_of(LANES);
        let (left, right) = numbers.split_at(cut - first);
        return rounded(half_sum(left, first) + half_sum(right, cut));
    }
    let add = |sums: &mut [f32; LANES], numbers: &[f32; LANES]| {
        sums.iter_mut().zip(numbers).for_each(|(sum, x)| *sum = rounded(*sum + x));
    };
    let (registers, rest) = numbers.as_chunks::<LANES>();
    let (fours, others) = registers.as_chunks::<TOGETHER>();
    let mut sums = [[0.0; LANES]; TOGETHER];
    for four in fours {
        sums.iter_mut().zip(four).for_each(|(sums, numbers)| add(sums, numbers));
    }
    let [mut sum, more @ ..] = sums;
    more.iter().chain(others).for_each(|numbers| add(&mut sum, numbers));
    let [a, b, c, d, e, f, g, h] = sum;
    let over_register = rounded(((a + e) + (c + g)) + ((b + f) + (d + h)));
    rounded(rest.iter().fold(0.0, |sum, x| rounded(sum + x)) + over_register)
}

/// max(a − 2p + b, 0), rounded to 16 bits after each step; NaN where a step overflows to no number.
fn half_distance(a: f32, product: f32, b: f32) -> f32 {
    let difference = rounded(a - rounded(2.0 * rounded(product)));
    let distance = rounded(difference + b);
    // Not `max`, which would take 0 for NaN.
    if distance < 0.0 { 0.0 } else { distance }
}

/// The same in 32 bits; what is no number is beyond every ball.
fn single_distance(a: f32, product: f32, b: f32) -> f32 {
    let distance = a - 2.0 * product + b;
    if distance.is_nan() { f32::INFINITY } else { distance.max(0.0) }
}

/// The matrix of distances, and which of its tiles are of 16 bits.
struct Tiles<'a> {
    left: &'a Side<'a>,
    right: &'a Side<'a>,
    side: usize,
    /// By rows of tiles.
    are_half: Vec<bool>,
}

impl<'a> Tiles<'a> {
    fn new(left: &'a Side<'a>, right: &'a Side<'a>, side: usize) -> Self {
        let mut tiles = Self { left, right, side, are_half: Vec::new() };
        let (down, across) = (ranges(0..left.len(), side), ranges(0..right.len(), side));
        for rows in &down {
            for columns in &across {
                let is_half = tiles.is_half(rows, columns);
                tiles.are_half.push(is_half);
            }
        }
        tiles
    }

    /// Whether every distance of a tile is finite in 16 bits.
    fn is_half(&self, rows: &Range<usize>, columns: &Range<usize>) -> bool {
        let largest = |norms: &[f32]| norms.iter().copied().fold(0.0, f32::max);
        let (a, b) =
            (largest(&self.left.half_norms[rows.clone()]), largest(&self.right.half_norms[columns.clone()]));
        if !(a + b).is_finite() {
            return false;
        }
        // No step is beyond (‖u‖ + ‖v‖)²; what norms lost by rounding is allowed for.
        if 1.03 * (a.sqrt() + b.sqrt()).powi(2) + 64.0 < f16::MAX.to_f32() {
            return true;
        }
        ranges(rows.clone(), BLOCK).into_par_iter().all(|rows| {
            let mut work = Work::of(self.left, &rows, true);
            ranges(columns.clone(), BLOCK).into_iter().all(|columns| {
                self.distances(&rows, &columns, true, &mut work);
                work.distances.iter().all(|distance| distance.is_finite())
            })
        })
    }

    /// The distances of a block, which lies in one tile, into `work`.
    fn distances(&self, rows: &Range<usize>, columns: &Range<usize>, is_half: bool, work: &mut Work) {
        work.columns.clear();
        work.columns.extend_from_slice(self.right.flat(columns));
        if is_half {
            work.columns.iter_mut().for_each(|x| *x = rounded(*x));
        }
        work.distances.resize(rows.len() * columns.len(), 0.0);
        row_products(&work.rows, &work.columns, self.left.points.dim(), &mut work.distances);
        let norms = |side: &'a Side<'a>| if is_half { &side.half_norms } else { &side.norms };
        let (left, right) = (&norms(self.left)[rows.clone()], &norms(self.right)[columns.clone()]);
        for (row, a) in work.distances.chunks_exact_mut(columns.len()).zip(left) {
            for (distance, b) in row.iter_mut().zip(right) {
                *distance = match is_half {
                    true => half_distance(*a, *distance, *b),
                    false => single_distance(*a, *distance, *b),
                };
            }
        }
    }
}

/// Rows and columns of a block as they are multiplied, and its distances, row-major.
struct Work {
    rows: Vec<f32>,
    columns: Vec<f32>,
    distances: Vec<f32>,
}

impl Work {
    fn of(side: &Side<'_>, rows: &Range<usize>, is_half: bool) -> Self {
        let mut flat = side.flat(rows).to_vec();
        if is_half {
            flat.iter_mut().for_each(|x| *x = rounded(*x));
        }
        Self { rows: flat, columns: Vec::new(), distances: Vec::new() }
    }
}

/// Walks over all distances: `start` makes the state of a block of so many rows, and `visit` is given it, the place of a
/// row in the block and in the set, a first column, and the distances from there on. States are in the order of the rows.
fn for_each_row<S: Send>(
    tiles: &Tiles<'_>,
    start: impl Fn(usize) -> S + Sync,
    visit: impl Fn(&mut S, usize, usize, usize, &[f32]) + Sync,
) -> Vec<S> {
    let across = ranges(0..tiles.right.len(), tiles.side);
    let down = ranges(0..tiles.left.len(), tiles.side).into_iter().enumerate();
    let blocks: Vec<(usize, Range<usize>)> =
        down.flat_map(|(tile, rows)| ranges(rows, BLOCK).into_iter().map(move |rows| (tile, rows))).collect();
    blocks
        .into_par_iter()
        .map(|(tile, rows)| {
            let mut state = start(rows.len());
            let mut works = [true, false].map(|is_half| Work::of(tiles.left, &rows, is_half));
            for (number, columns) in across.iter().enumerate() {
                let is_half = tiles.are_half[tile * across.len() + number];
                let work = &mut works[usize::from(!is_half)];
                for columns in ranges(columns.clone(), BLOCK) {
                    tiles.distances(&rows, &columns, is_half, work);
                    for (at, distances) in work.distances.chunks_exact(columns.len()).enumerate() {
                        visit(&mut state, at, rows.start + at, columns.start, distances);
                    }
                }
            }
            state
        })
        .collect()
}

/// A range in pieces of `length`, the last one perhaps shorter.
fn ranges(range: Range<usize>, length: usize) -> Vec<Range<usize>> {
    range.clone().step_by(length).map(|start| start..(start + length).min(range.end)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of four rows `((37 i + 11 r) % 97)/24` each (`tests/fixtures/adm/gen.py`).
    #[test]
    fn norms_are_summed_as_tensorflow_sums_them() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/adm/adm.json");
        let fixture: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let wanted = fixture["norms"].as_object().unwrap();
        assert_eq!(wanted.len(), 8);
        for (dim, wanted) in wanted {
            let dim: usize = dim.parse().unwrap();
            let row = |r: usize| (0..dim).map(move |i| rounded(((37 * i + 11 * r) % 97) as f32 / 24.0));
            let norm = |r: usize| half_sum(&row(r).map(|x| rounded(x * x)).collect::<Vec<_>>(), r * dim);
            assert_eq!(serde_json::json!([0, 1, 2, 3].map(norm)), *wanted, "{dim} numbers");
        }
    }
}
