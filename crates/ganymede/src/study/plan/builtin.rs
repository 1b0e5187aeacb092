//! Studies that come with the program.

const STUDIES: &[(&str, &str)] = &[
    ("ring", include_str!("builtin/ring.toml")),
    ("grid", include_str!("builtin/grid.toml")),
    ("stacked-mnist", include_str!("builtin/stacked-mnist.toml")),
    ("fashion", include_str!("builtin/fashion.toml")),
    ("rates", include_str!("builtin/rates.toml")),
    ("smoothing", include_str!("builtin/smoothing.toml")),
];

/// The file of a study.
pub(super) fn text(name: &str) -> Option<&'static str> {
    STUDIES.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// All names, separated by commas.
pub(super) fn names() -> String {
    STUDIES.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
pub(super) fn all() -> impl Iterator<Item = (&'static str, &'static str)> {
    STUDIES.iter().copied()
}
