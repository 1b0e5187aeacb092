//! Numbers for people.

/// A number with `digits` behind the point where that shows it, else in powers of ten: never three hundred digits,
/// and never `0.0000` for what is not 0.
///
/// ```
/// use ganymede_train::figure;
/// assert_eq!(figure(12.34567, 4), "12.3457");
/// assert_eq!(figure(1e300, 4), "1.00e300");
/// assert_eq!(figure(0.00001, 4), "1.00e-5");
/// ```
pub fn figure(x: f64, digits: usize) -> String {
    let least = 10f64.powi(-(i32::try_from(digits).unwrap_or(0)));
    if x == 0.0 || (least..1e7).contains(&x.abs()) {
        format!("{x:.digits$}")
    } else if x.is_finite() {
        format!("{x:.2e}")
    } else {
        x.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extremes_are_short() {
        let cases = [
            (0.0, "0.000"),
            (-0.25, "-0.250"),
            (9_999_999.0, "9999999.000"),
            (f64::MAX, "1.80e308"),
            (-1e-9, "-1.00e-9"),
            (f64::MIN_POSITIVE, "2.23e-308"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "inf"),
        ];
        for (x, want) in cases {
            assert_eq!(figure(x, 3), want);
        }
    }
}
