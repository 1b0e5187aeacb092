//! What generated samples are held against: real ones, and what lies between these.

use ganymede_datasets::Modes;
use ganymede_tensor::{DType, Device, Result, Rng, Tensor};

use crate::wasserstein::SlicedWasserstein;

/// Lines that the distance is measured along.
const DIRECTIONS: usize = 64;
/// Samples whose pairs are looked at.
const PAIRED: usize = 256;
/// Rounds of the power iteration for the directions of greatest spread.
const ROUNDS: usize = 12;

/// Real samples, and how they differ from one another.
pub(super) struct Yard {
    sliced: SlicedWasserstein,
    /// The distance between real samples and other real samples.
    between: f64,
    /// The mean distance between two of them.
    spread: f64,
    mean: Vec<f64>,
    /// The root mean square distance from the mean.
    radius: f64,
    axes: [Vec<f64>; 2],
}

impl Yard {
    /// Of `(2N, ..)` real samples, against which N generated ones are held.
    pub(super) fn new(real: &Tensor, rng: &mut Rng) -> Result<Self> {
        let real = real.to_device(&Device::Cpu)?;
        let n = real.dim(0)? / 2;
        let (some, others) = (real.narrow(0, 0, n)?, real.narrow(0, n, n)?);
        let sliced = SlicedWasserstein::new(&some, DIRECTIONS, rng, &Device::Cpu)?;
        let between = sliced.distance(&others)?;
        let rows = rows(&real)?;
        let mean = mean(&rows);
        let centred: Vec<Vec<f64>> =
            rows.iter().map(|row| row.iter().zip(&mean).map(|(x, m)| f64::from(*x) - m).collect()).collect();
        let radius = (centred.iter().map(|row| dot(row, row)).sum::<f64>() / centred.len() as f64).sqrt();
        let first = axis(&centred, None);
        let second = axis(&centred, Some(&first));
        Ok(Self { sliced, between, spread: spread(&rows[..n]), mean, radius, axes: [first, second] })
    }

    /// Numbers of generated samples by name, each in units of real ones.
    pub(super) fn measure(&self, samples: &Tensor) -> Result<Vec<(&'static str, f64)>> {
        let rows = rows(&samples.to_device(&Device::Cpu)?)?;
        let away = |row: &Vec<f32>| -> f64 {
            row.iter().zip(&self.mean).map(|(x, m)| (f64::from(*x) - m).powi(2)).sum()
        };
        let reach = (rows.iter().map(away).sum::<f64>() / rows.len() as f64).sqrt();
        let middle: Vec<f64> = mean(&rows).iter().zip(&self.mean).map(|(x, m)| x - m).collect();
        Ok(vec![
            ("diversity", ratio(spread(&rows), self.spread)),
            ("reach", ratio(reach, self.radius)),
            ("distance", ratio(self.sliced.distance(samples)?, self.between)),
            ("centre_0", ratio(dot(&middle, &self.axes[0]), self.radius)),
            ("centre_1", ratio(dot(&middle, &self.axes[1]), self.radius)),
        ])
    }
}

/// Of real samples that are all alike nothing can be said in their units.
fn ratio(of: f64, unit: f64) -> f64 {
    if unit > 0.0 { of / unit } else { f64::NAN }
}

/// The share of the modes that are the nearest one of a fifth of their share of the samples, at the least.
pub(super) fn modes_reached(points: &[[f32; 2]], modes: &Modes) -> f64 {
    let mut counts = vec![0usize; modes.centres.len()];
    for point in points {
        let away = |centre: &[f32; 2]| (centre[0] - point[0]).powi(2) + (centre[1] - point[1]).powi(2);
        let nearest = modes.centres.iter().map(away).enumerate().min_by(|a, b| a.1.total_cmp(&b.1));
        nearest.iter().for_each(|(mode, _)| counts[*mode] += 1);
    }
    let least = points.len().div_ceil(5 * counts.len().max(1)).max(1);
    counts.iter().filter(|count| **count >= least).count() as f64 / counts.len().max(1) as f64
}

/// The probability that a number of `upper` is greater than one of `lower`; equal ones count as half.
pub(super) fn auc(upper: &[f64], lower: &[f64]) -> f64 {
    let won = |(a, b): (&f64, &f64)| match a.partial_cmp(b) {
        Some(std::cmp::Ordering::Greater) => 1.0,
        Some(std::cmp::Ordering::Equal) => 0.5,
        Some(std::cmp::Ordering::Less) => 0.0,
        None => f64::NAN,
    };
    let pairs = upper.iter().flat_map(|a| lower.iter().map(move |b| (a, b)));
    pairs.map(won).sum::<f64>() / (upper.len() * lower.len()) as f64
}

fn rows(samples: &Tensor) -> Result<Vec<Vec<f32>>> {
    samples.flatten_from(1)?.to_dtype(DType::F32)?.to_vec2::<f32>()
}

fn mean(rows: &[Vec<f32>]) -> Vec<f64> {
    let mut mean = vec![0.0; rows[0].len()];
    rows.iter().for_each(|row| mean.iter_mut().zip(row).for_each(|(m, x)| *m += f64::from(*x)));
    mean.iter_mut().for_each(|m| *m /= rows.len() as f64);
    mean
}

/// The mean distance between two rows, of the first ones where there are many.
fn spread(rows: &[Vec<f32>]) -> f64 {
    let rows = &rows[..rows.len().min(PAIRED)];
    let apart = |a: &[f32], b: &[f32]| -> f64 {
        let squares: f32 = a.iter().zip(b).map(|(x, y)| (x - y) * (x - y)).sum();
        f64::from(squares).sqrt()
    };
    let pairs = rows.iter().enumerate().flat_map(|(i, a)| rows[..i].iter().map(move |b| apart(a, b)));
    pairs.sum::<f64>() / (rows.len() * (rows.len() - 1) / 2).max(1) as f64
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// The direction of greatest spread, of length 1, that has no part in `other`: by power iteration from the first row that has
/// one.
fn axis(centred: &[Vec<f64>], other: Option<&Vec<f64>>) -> Vec<f64> {
    let mut axis = vec![0.0; centred[0].len()];
    let start = centred.iter().map(|row| freed(row, other)).find(|row| dot(row, row) > 1e-12);
    let Some(start) = start else { return axis };
    axis = unit(start);
    for _ in 0..ROUNDS {
        let mut next = vec![0.0; axis.len()];
        for row in centred {
            let along = dot(row, &axis);
            next.iter_mut().zip(row).for_each(|(n, x)| *n += along * x);
        }
        axis = unit(freed(&next, other));
    }
    axis
}

fn freed(row: &[f64], other: Option<&Vec<f64>>) -> Vec<f64> {
    let Some(other) = other else { return row.to_vec() };
    let along = dot(row, other);
    row.iter().zip(other).map(|(x, o)| x - along * o).collect()
}

fn unit(row: Vec<f64>) -> Vec<f64> {
    let length = dot(&row, &row).sqrt();
    row.into_iter().map(|x| if length > 0.0 { x / length } else { 0.0 }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_near(got: f64, want: f64, tolerance: f64) {
        assert!((got - want).abs() <= tolerance, "got {got}, want {want} ± {tolerance}");
    }

    /// Points with a deviation of 3 along x and of 1 along y.
    fn cloud(n: usize, seed: u64) -> Tensor {
        let plain = Rng::new(seed).normal((n, 2), DType::F32, &Device::Cpu).unwrap();
        plain.broadcast_mul(&Tensor::new(&[[3f32, 1.0]], &Device::Cpu).unwrap()).unwrap()
    }

    fn value(values: &[(&str, f64)], name: &str) -> f64 {
        values.iter().find(|(known, _)| *known == name).unwrap().1
    }

    #[test]
    fn numbers_are_in_units_of_real_samples() {
        let yard = Yard::new(&cloud(1000, 1), &mut Rng::new(2)).unwrap();
        let other = cloud(500, 3);
        let same = yard.measure(&other).unwrap();
        for name in ["diversity", "reach"] {
            assert_near(value(&same, name), 1.0, 0.05);
        }
        assert!(value(&same, "distance") < 2.0, "{same:?}");
        assert_near(value(&same, "centre_0"), 0.0, 0.1);
        // Twice as wide, around (6, 0): √10 is the radius of the data, and x its first axis.
        let shift = Tensor::new(&[[6f32, 0.0]], &Device::Cpu).unwrap();
        let moved = (&other * 2.0).unwrap().broadcast_add(&shift).unwrap();
        let moved = yard.measure(&moved).unwrap();
        assert_near(value(&moved, "diversity"), 2.0, 0.1);
        assert_near(value(&moved, "reach"), (40.0f64 + 36.0).sqrt() / 10f64.sqrt(), 0.15);
        assert_near(value(&moved, "centre_0").abs(), 6.0 / 10f64.sqrt(), 0.2);
        assert_near(value(&moved, "centre_1"), 0.0, 0.1);
        // All alike.
        let alike = yard.measure(&(&other * 0.0).unwrap()).unwrap();
        assert_near(value(&alike, "diversity"), 0.0, 1e-12);
        // Real samples that do not differ are no measure.
        let flat = Yard::new(&Tensor::ones((20, 2), DType::F32, &Device::Cpu).unwrap(), &mut Rng::new(2));
        assert!(flat.unwrap().measure(&other).unwrap().iter().all(|(_, value)| value.is_nan()));
    }

    #[test]
    fn modes_count_with_a_fifth_of_their_share() {
        let modes = Modes { centres: vec![[0.0, 0.0], [10.0, 0.0]], sigma: 0.1 };
        let points = |near: usize, far: usize| {
            let mut all = vec![[1.0f32, 0.0]; near];
            all.extend(vec![[9.0f32, 0.0]; far]);
            modes_reached(&all, &modes)
        };
        assert_eq!((points(90, 10), points(91, 9), points(100, 0)), (1.0, 0.5, 0.5));
    }

    #[test]
    fn the_area_under_the_curve_counts_pairs() {
        assert_eq!(auc(&[3.0, 4.0], &[1.0, 2.0]), 1.0);
        assert_eq!(auc(&[1.0, 3.0], &[1.0, 2.0]), 0.625);
        assert!(auc(&[f64::NAN], &[1.0]).is_nan());
    }
}
