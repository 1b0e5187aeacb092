//! How numbers are distributed, as TensorBoard wants to know it.

/// Buckets between the least and the greatest number.
const BUCKETS: usize = 64;

/// Counts of numbers in buckets, and their moments.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    /// The least number.
    pub min: f64,
    /// The greatest.
    pub max: f64,
    /// How many there are.
    pub count: f64,
    /// Σ x
    pub sum: f64,
    /// Σ x²
    pub sum_of_squares: f64,
    /// The upper end of each bucket, rising; the first begins where nothing was counted.
    pub limits: Vec<f64>,
    /// The numbers in each.
    pub counts: Vec<f64>,
}

impl Histogram {
    /// Of all numbers that are finite, in 64 buckets of the same width; nothing where there are none.
    ///
    /// ```
    /// # use ganymede_files::events::Histogram;
    /// let histogram = Histogram::of(&[-1.0, 0.0, 3.0]).ok_or("no number")?;
    /// assert_eq!((histogram.min, histogram.max, histogram.sum_of_squares), (-1.0, 3.0, 10.0));
    /// # Ok::<(), &str>(())
    /// ```
    pub fn of(values: &[f32]) -> Option<Self> {
        let finite = || values.iter().filter(|value| value.is_finite()).map(|value| f64::from(*value));
        let (min, max) = (finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max));
        if min > max {
            return None;
        }
        let width = (max - min) / BUCKETS as f64;
        // All of one bucket where all numbers are the same.
        let (buckets, width) = if width > 0.0 { (BUCKETS, width) } else { (1, 0.0) };
        let mut counts = vec![0.0; buckets];
        for value in finite() {
            let at = if width > 0.0 { ((value - min) / width) as usize } else { 0 };
            counts[at.min(buckets - 1)] += 1.0;
        }
        let mut limits: Vec<f64> = (1..=buckets).map(|i| min + width * i as f64).collect();
        limits[buckets - 1] = max;
        let (count, sum) = (counts.iter().sum(), finite().sum());
        Some(Self { min, max, count, sum, sum_of_squares: finite().map(|x| x * x).sum(), limits, counts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_finite_number_is_counted_once() {
        let values: Vec<f32> = (0..=640).map(|i| i as f32).chain([f32::NAN, f32::INFINITY]).collect();
        let found = Histogram::of(&values).unwrap();
        assert_eq!((found.count, found.sum), (641.0, 205_120.0));
        assert_eq!((found.limits.len(), found.counts.len()), (64, 64));
        assert!(found.counts[..63].iter().all(|count| *count == 10.0) && found.counts[63] == 11.0);
        assert_eq!((found.limits[0], found.limits[63]), (10.0, 640.0));
        let same = Histogram::of(&[2.5; 7]).unwrap();
        assert_eq!((same.limits, same.counts, same.sum_of_squares), (vec![2.5], vec![7.0], 43.75));
        assert_eq!(Histogram::of(&[f32::NAN]), None);
        let wide = Histogram::of(&[f32::MIN, f32::MAX]).unwrap();
        assert_eq!((wide.counts[0], wide.counts[63]), (1.0, 1.0));
        assert!(wide.limits.is_sorted());
    }
}
