//! "Did you mean": the known name that is closest to what was typed.

/// The known name nearest to `typed`, or nothing when none is near.
///
/// Nearness is the Jaro–Winkler similarity, which forgives swapped and missing letters and favours a shared
/// beginning; the case of letters and `_` for `-` count as equal.
pub fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |s: &str| s.to_lowercase().replace('_', "-");
    let typed = plain(typed);
    known
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&typed, &plain(name)), name))
        .filter(|(similarity, _)| *similarity >= 0.7)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

/// `; did you mean ...?` where a known name is near, else `; known: ...`: the tail of a message about a
/// name.
pub(crate) fn hint(typed: &str, known: &[&str]) -> String {
    match nearest(typed, known.iter().copied()) {
        Some(name) => format!("; did you mean `{name}`?"),
        None if known.is_empty() => String::new(),
        None => format!("; known: {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_near_and_refuses_the_far() {
        let known = ["quickstart", "dcgan", "wgan-gp", "ring-r1"];
        let check = |typed, want| assert_eq!(nearest(typed, known), want, "{typed}");
        check("quikstart", Some("quickstart"));
        check("wgan_gp", Some("wgan-gp"));
        check("DCGAN", Some("dcgan"));
        check("ringr1", Some("ring-r1"));
        check("zzzz", None);
        check("", None);
    }
}
