//! Numbers for people.

use crate::{Provenance, Reading};

use super::measure::Measured;
use super::source::Set;

/// Who, how, and the numbers.
pub(crate) fn text(real: &Set, fake: &Set, provenance: &Provenance, done: &[Measured], seed: u64) -> String {
    let mut lines = Vec::new();
    for (what, set) in [("Real", real), ("Generated", fake)] {
        let count = set.count.map_or("an unknown number of images".into(), |n| format!("{n} {}", rows(set)));
        lines.push(format!("{what:<10} {} ({count})", set.path.display()));
    }
    lines.push(format!("{:<10} {}", "Features", features(provenance)));
    let choices = provenance.convention.choices();
    let divisor = if choices.ddof == crate::Ddof::Sample { "n − 1" } else { "n" };
    lines.push(format!(
        "{:<10} {}: covariance over {divisor}; seed {seed}; ganymede-metrics {}",
        "Convention",
        provenance.convention.name(),
        provenance.version
    ));
    let width =
        done.iter().flat_map(|m| &m.taken.lines).map(|line| line.label.chars().count()).max().unwrap_or(0);
    lines.push(String::new());
    for measured in done {
        let mut intervals = measured.taken.values.iter().zip(&measured.intervals);
        for line in &measured.taken.lines {
            let spread =
                line.spread.filter(|s| s.is_finite()).map_or(String::new(), |s| format!("± {}", number(s)));
            // The lines of values come in their order; others stand between them.
            let is_of = |(reading, _): &(&Reading, _)| reading.kind.scale * reading.value == line.value;
            let interval = intervals.clone().next().filter(is_of);
            let spread = interval.map_or(spread, |(reading, found)| {
                intervals.next();
                let [low, high] = [found.low, found.high].map(|end| number(reading.kind.scale * end));
                format!("({low} to {high})")
            });
            let better =
                if line.better.is_empty() { String::new() } else { format!("better: {}", line.better) };
            let text = format!("{:<width$}  {:>10}  {spread:<10}  {better}", line.label, number(line.value));
            lines.push(text.trim_end().to_owned());
        }
    }
    let name = |m: &Measured| m.id(provenance, choices.ddof, seed);
    let names: Vec<String> = done.iter().map(name).collect();
    if !names.is_empty() {
        lines.push(format!("\nFull names: {}", names.join(", ")));
    }
    lines.join("\n")
}

fn rows(set: &Set) -> &'static str {
    if set.kind == "features" { "rows of features" } else { "images" }
}

fn features(provenance: &Provenance) -> String {
    let weights = match provenance.weights_sha256.get(..12) {
        Some(start) => format!(", weights {start}…"),
        None => String::new(),
    };
    let resize = provenance.resize.map_or(String::new(), |resize| format!(", resized by {}", resize.name()));
    format!("{}{weights}{resize}", provenance.extractor)
}

/// Six digits, without a tail of zeros nobody asked for.
pub(crate) fn number(value: f64) -> String {
    let magnitude = value.abs();
    if !value.is_finite() {
        value.to_string()
    } else if magnitude == 0.0 {
        "0".into()
    } else if (1e-4..1e6).contains(&magnitude) {
        let digits = (5 - magnitude.log10().floor() as i32).clamp(0, 9) as usize;
        format!("{value:.digits$}")
    } else {
        format!("{value:.5e}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_six_digits() {
        assert_eq!(number(12.345678), "12.3457");
        assert_eq!(number(0.00123456789), "0.00123457");
        assert_eq!(number(123456.7), "123457");
        assert_eq!(number(-1.0), "-1.00000");
        assert_eq!(
            (number(0.0), number(f64::NAN), number(1e-9)),
            ("0".into(), "NaN".into(), "1.00000e-9".into())
        );
    }
}
