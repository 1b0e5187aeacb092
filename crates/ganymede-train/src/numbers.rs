//! Numbers that JSON cannot say.

use serde::{Deserialize, Deserializer};

/// A number, or `null`, which is what JSON makes of one that is not finite: NaN.
///
/// # Errors
/// It is neither.
pub(crate) fn or_nan<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(f64::NAN))
}
