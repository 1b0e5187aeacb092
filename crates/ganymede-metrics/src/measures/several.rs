//! Several measures of the same samples.

use super::comparison::Comparison;
use super::measure::Measure;
use super::taken::Reading;
use crate::{Choices, MetricError, Result};

/// A measure that could not be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeftOut {
    /// The measure; its value's name where it was taken and gave no number.
    pub measure: &'static str,
    /// What it lacked.
    pub reason: String,
}

/// A value of one of several measures.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RoundValue {
    /// The measure.
    pub measure: &'static Measure,
    /// The value.
    pub reading: Reading,
    /// What else belongs to its name, as the field of [`Taken`](super::Taken) says.
    pub variant: Option<String>,
}

impl RoundValue {
    /// Its name without that of the samples: `recall`, `fwd-level2`.
    pub fn name(&self) -> String {
        match &self.variant {
            Some(variant) => format!("{}-{variant}", self.reading.kind.name),
            None => self.reading.kind.name.to_owned(),
        }
    }
}

/// What several measures gave.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Round {
    /// Each value, in the order asked for. All are finite.
    pub values: Vec<RoundValue>,
    /// What could not be taken.
    pub left_out: Vec<LeftOut>,
}

/// Those of `wanted` that so many samples are enough for, in the order asked for, and the others with the reason.
/// Nothing has to be generated to know.
pub fn those_that_fit(
    wanted: &[&'static Measure],
    real: usize,
    generated: usize,
    choices: &Choices,
) -> (Vec<&'static Measure>, Vec<LeftOut>) {
    let (mut fit, mut left_out) = (Vec::new(), Vec::new());
    for measure in wanted {
        match measure.too_few(real, generated, choices) {
            None => fit.push(*measure),
            Some(reason) => left_out.push(LeftOut { measure: measure.name, reason }),
        }
    }
    (fit, left_out)
}

/// Takes each of `wanted`. One that these samples cannot have, or that gives no finite number for them, is left out
/// with the reason. Those that look at all pairs share their passes where the comparison has [`Passes`](super::Passes).
///
/// # Errors
/// As [`Measure::take`], but for [`MetricError::Unfit`].
pub fn take_each(wanted: &[&'static Measure], of: &Comparison<'_>) -> Result<Round> {
    let mut round = Round::default();
    for &measure in wanted {
        let (readings, variant) = match measure.take(of) {
            Ok(taken) => (taken.values, taken.variant),
            Err(MetricError::Unfit(reason)) => {
                round.left_out.push(LeftOut { measure: measure.name, reason });
                continue;
            }
            Err(error) => return Err(error),
        };
        for reading in readings {
            if reading.value.is_finite() {
                round.values.push(RoundValue { measure, reading, variant: variant.clone() });
            } else {
                let reason = format!("it is {} for these samples", reading.value);
                round.left_out.push(LeftOut { measure: reading.kind.name, reason });
            }
        }
    }
    Ok(round)
}
