//! How sure a measure is, and a difference of two, by leaving groups of samples out.

use std::ops::RangeInclusive;

use ganymede_tensor::Rng;

use crate::{MetricError, Result};

/// The two-sided 95 % quantiles of Student's t for 4 to 30 degrees of freedom (NIST handbook, table 1.3.6.7.2).
const T_95: [f64; 27] = [
    2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101,
    2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
];

/// The delete-a-group jackknife: G groups of samples are drawn, and the measure is taken G times with one group left out.
/// With θ₍g₎ what came out then, the variance is (G − 1)/G Σ (θ₍g₎ − θ̄)²; sets that were drawn independently
/// add theirs.
///
/// Unlike the bootstrap it repeats no sample, so that measures of neighbours can be taken, and a bias that goes with the
/// number of samples, such as FID's, is the same for all θ₍g₎ and does not show.
///
/// Shao and Tu, 1995, "The jackknife and bootstrap", section 2.3; Kott, 2001, "The delete-a-group jackknife".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Jackknife {
    groups: usize,
}

/// An estimate, and where it lies with 95 %.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
#[non_exhaustive]
pub struct Estimate {
    /// Of all samples.
    pub value: f64,
    /// Its standard error.
    pub std_error: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl Estimate {
    /// Whether 0 lies outside.
    pub fn is_not_zero(&self) -> bool {
        self.low > 0.0 || self.high < 0.0
    }
}

impl Jackknife {
    /// How many groups there may be: few make an interval wide, and many take long.
    pub const GROUPS: RangeInclusive<usize> = 5..=31;

    /// With `groups` groups, of [`Jackknife::GROUPS`].
    ///
    /// # Errors
    /// Another number.
    pub fn new(groups: usize) -> Result<Self> {
        if !Self::GROUPS.contains(&groups) {
            let (least, most) = (Self::GROUPS.start(), Self::GROUPS.end());
            let reason = format!("{groups} groups of samples: {least} to {most} are possible");
            return Err(MetricError::Invalid(reason));
        }
        Ok(Self { groups })
    }

    /// How many there are.
    pub fn groups(self) -> usize {
        self.groups
    }

    /// Whether `count` samples are enough for so many groups.
    pub(crate) fn check(self, count: usize) -> Result<()> {
        let (groups, least) = (self.groups, 2 * self.groups);
        if count < least {
            let words = "samples are too few for an interval";
            return Err(MetricError::Unfit(format!(
                "{count} {words}: {groups} groups want at least {least}"
            )));
        }
        Ok(())
    }

    /// The rows that stay where each group in turn is left out, of a set of `count` in random order.
    ///
    /// # Errors
    /// There are fewer rows than twice the groups.
    pub fn kept(self, count: usize, rng: &mut Rng) -> Result<Vec<Vec<usize>>> {
        self.check(count)?;
        let order = rng.permutation(count);
        let kept = |group: usize| {
            let mut rows: Vec<usize> = order
                .iter()
                .enumerate()
                .filter(|(at, _)| at % self.groups != group)
                .map(|(_, row)| *row)
                .collect();
            rows.sort_unstable();
            rows
        };
        Ok((0..self.groups).map(kept).collect())
    }

    /// From the value of all samples, and from each independent set what came out with its groups left out.
    pub fn estimate(self, value: f64, parts: &[Vec<f64>]) -> Estimate {
        let g = self.groups as f64;
        let variance = |left_out: &Vec<f64>| {
            let mean = left_out.iter().sum::<f64>() / g;
            (g - 1.0) / g * left_out.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>()
        };
        let std_error = parts.iter().map(variance).sum::<f64>().sqrt();
        // Each set has G − 1 degrees of freedom, and their sum no fewer.
        let reach = T_95[self.groups - 5] * std_error;
        Estimate { value, std_error, low: value - reach, high: value + reach }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a mean the jackknife gives the usual standard error, but for how evenly the groups come out.
    #[test]
    fn the_interval_of_a_mean_holds_it_as_often_as_it_says() {
        let jackknife = Jackknife::new(10).unwrap();
        let mut rng = Rng::new(5);
        let mut held = 0;
        for _ in 0..400 {
            let rows: Vec<f64> = (0..100).map(|_| rng.standard_normal()).collect();
            let mean = |kept: &[usize]| kept.iter().map(|i| rows[*i]).sum::<f64>() / kept.len() as f64;
            let parts = jackknife.kept(100, &mut rng).unwrap().iter().map(|kept| mean(kept)).collect();
            let found = jackknife.estimate(mean(&(0..100).collect::<Vec<_>>()), &[parts]);
            assert!((0.02..0.25).contains(&found.std_error), "{found:?}");
            held += usize::from(!found.is_not_zero());
        }
        assert!((360..=396).contains(&held), "{held} of 400");
    }

    #[test]
    fn every_row_is_left_out_once() {
        let jackknife = Jackknife::new(7).unwrap();
        let kept = jackknife.kept(23, &mut Rng::new(0)).unwrap();
        for row in 0..23 {
            assert_eq!(kept.iter().filter(|kept| !kept.contains(&row)).count(), 1);
        }
        assert!(jackknife.kept(13, &mut Rng::new(0)).is_err());
        assert!(Jackknife::new(4).is_err() && Jackknife::new(32).is_err());
    }
}
