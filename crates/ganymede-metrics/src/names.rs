//! Names of the tables: who asks for one that is not there is told which was probably meant.

/// A name that a table does not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no {what} `{name}`{}", self.way_out())]
#[non_exhaustive]
pub struct UnknownName {
    /// What was sought: `measure`, `extractor`.
    pub what: &'static str,
    /// The name that was given.
    pub name: String,
    /// The known name that is nearest to it, if one is near.
    pub nearest: Option<&'static str>,
    /// All names, without the old ones.
    pub known: Vec<&'static str>,
}

impl UnknownName {
    fn way_out(&self) -> String {
        match self.nearest {
            Some(nearest) => format!("; did you mean `{nearest}`?"),
            None => format!("; known: {}", self.known.join(", ")),
        }
    }

    /// `old` are names that are known as well, but not shown in the list.
    pub(crate) fn new(
        what: &'static str,
        name: &str,
        known: Vec<&'static str>,
        old: impl IntoIterator<Item = &'static str>,
    ) -> Self {
        let nearest = nearest(name, known.iter().copied().chain(old));
        Self { what, name: name.to_owned(), nearest, known }
    }
}

/// Below this similarity two names have nothing to do with each other.
const NEAR: f64 = 0.7;

/// Nearness is the Jaro–Winkler similarity, which forgives swapped and missing letters and favours a shared beginning.
/// Neither the case of letters nor `_` for `-` makes a difference.
fn nearest(name: &str, known: impl IntoIterator<Item = &'static str>) -> Option<&'static str> {
    let plain = |name: &str| name.to_lowercase().replace('_', "-");
    let name = plain(name);
    let similar = known.into_iter().map(|known| (strsim::jaro_winkler(&name, &plain(known)), known));
    let near = similar.filter(|(similarity, _)| *similarity >= NEAR);
    // Of equally near ones the first.
    near.min_by(|a, b| b.0.total_cmp(&a.0)).map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_name_is_proposed_and_a_far_one_is_not() {
        let unknown =
            |name| UnknownName::new("measure", name, vec!["fid", "kid", "memorisation"], ["recall-of-old"]);
        for (name, nearest) in [
            ("FID", Some("fid")),
            ("memorization", Some("memorisation")),
            ("recall_of_old", Some("recall-of-old")),
            ("", None),
            ("zzzz", None),
        ] {
            assert_eq!(unknown(name).nearest, nearest, "{name}");
        }
        assert_eq!(unknown("fidd").to_string(), "there is no measure `fidd`; did you mean `fid`?");
        let far = unknown("zzzz").to_string();
        assert_eq!(far, "there is no measure `zzzz`; known: fid, kid, memorisation");
    }
}
