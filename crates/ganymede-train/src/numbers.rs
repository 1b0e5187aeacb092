//! Numbers that JSON cannot say.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

/// A number, or `null`, which is what JSON makes of one that is not finite: NaN.
///
/// # Errors
/// It is neither.
pub(crate) fn or_nan<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(f64::NAN))
}

/// Numbers by name, likewise.
///
/// # Errors
/// It is no map of such.
pub(crate) fn or_nan_map<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, f64>, D::Error> {
    let values = BTreeMap::<String, Option<f64>>::deserialize(deserializer)?;
    Ok(values.into_iter().map(|(name, value)| (name, value.unwrap_or(f64::NAN))).collect())
}
