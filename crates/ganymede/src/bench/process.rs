//! What this process has used, as Linux tells it.

use super::protocol::Usage;

/// Of the whole process so far; nothing where there is no `/proc`.
pub(crate) fn usage() -> Usage {
    let read = |file: &str| std::fs::read_to_string(file).unwrap_or_default();
    parse(&read("/proc/self/status"), &read("/proc/self/stat"))
}

/// Clock ticks a second in `/proc`: 100 on every Linux that programs see.
const TICKS: f64 = 100.0;

fn parse(status: &str, stat: &str) -> Usage {
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kb = peak.and_then(|rest| rest.trim().trim_end_matches("kB").trim().parse::<f64>().ok());
    // The program's name, in brackets, may contain spaces; the third field comes after it.
    let fields: Vec<&str> =
        stat.rsplit_once(')').map_or(Vec::new(), |(_, rest)| rest.split_whitespace().collect());
    let field = |number: usize| fields.get(number - 3).and_then(|text| text.parse::<u64>().ok());
    Usage {
        peak_mb: kb.map(|kb| kb / 1024.0),
        minor_faults: field(10),
        user_seconds: field(14).map(|ticks| ticks as f64 / TICKS),
        system_seconds: field(15).map(|ticks| ticks as f64 / TICKS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_behind_any_name() {
        let stat = "12 (a b) c) R 1 1 1 0 -1 4194304 777 0 3 0 250 50 0 0 20 0 1 0 1 1 1";
        let usage = parse("Name:\tx\nVmHWM:\t  2048 kB\nThreads:\t1\n", stat);
        let expected = Usage {
            peak_mb: Some(2.0),
            minor_faults: Some(777),
            user_seconds: Some(2.5),
            system_seconds: Some(0.5),
        };
        assert_eq!(usage, expected);
    }

    #[test]
    fn other_systems_tell_nothing() {
        assert_eq!(parse("", ""), Usage::default());
    }
}
