//! Where words and results go: words to standard error, results to standard output.

use std::io::Write;
use std::path::Path;
use std::sync::OnceLock;

use ganymede_files::Output;

/// The first reason for which a part of the answer could not be written.
static LOST: OnceLock<String> = OnceLock::new();

/// A request that cannot be met as it was put.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Misuse(pub(crate) String);

/// A line for a person. A closed terminal is no reason to stop training, so a failure is passed over.
pub(crate) fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// A line for whoever asked: the answer itself. Where it cannot be written the program goes on, and [`lost`] knows; where
/// nobody reads on, nothing is lost.
pub(crate) fn result(text: &str) {
    if ganymede_tensor::stdout_was_closed() {
        return keep_reason("standard output is closed");
    }
    let written = Output::new(Path::new("-")).and_then(|out| out.write(format!("{text}\n").as_bytes()));
    if let Err(error) = written {
        keep_reason(&error.to_string());
    }
}

fn keep_reason(reason: &str) {
    let _ = LOST.set(reason.to_owned());
}

/// Why a part of the answer is lost, if one is.
pub(crate) fn lost() -> Option<&'static str> {
    LOST.get().map(String::as_str)
}

/// `1 h 2 min`, `3 min 20 s`, `4.2 s`.
pub(crate) fn duration(seconds: f64) -> String {
    let whole = seconds.max(0.0).round() as u64;
    match whole {
        0..60 => format!("{:.1} s", seconds.max(0.0)),
        60..3600 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3600, whole % 3600 / 60),
    }
}

/// `4.4 MB`, in powers of ten.
pub(crate) fn bytes(count: u64) -> String {
    let mut value = count as f64;
    for unit in ["B", "kB", "MB", "GB"] {
        if value < 1000.0 {
            return if unit == "B" { format!("{value} B") } else { format!("{value:.1} {unit}") };
        }
        value /= 1000.0;
    }
    format!("{value:.1} TB")
}

/// `1.3 M` for counts.
pub(crate) fn count(n: usize) -> String {
    match n {
        0..10_000 => n.to_string(),
        10_000..1_000_000 => format!("{:.0} k", n as f64 / 1e3),
        _ => format!("{:.1} M", n as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_follow_the_size() {
        assert_eq!(duration(4.24), "4.2 s");
        assert_eq!(duration(200.0), "3 min 20 s");
        assert_eq!(duration(3720.0), "1 h 2 min");
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(4_400_000), "4.4 MB");
        assert_eq!(count(1_300_000), "1.3 M");
    }
}
