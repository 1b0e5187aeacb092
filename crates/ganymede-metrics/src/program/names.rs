//! Names of measures and extractors: on the command line, and in its help.

use crate::{EXTRACTORS, ExtractorKind, MEASURES, Measure, UnknownName, find_measure};
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

/// What `--metrics` may name.
#[derive(Clone, Debug)]
pub(crate) enum Asked {
    All,
    One(&'static Measure),
}

/// What is shown in lists, and what `all` stands for. Others are known by name: parts of other measures, and those that
/// two folders are not enough for.
pub(crate) fn offered() -> impl Iterator<Item = &'static Measure> {
    MEASURES.iter().copied().filter(|measure| is_offered(measure))
}

fn is_offered(measure: &Measure) -> bool {
    measure.part_of.is_none() && !measure.is_of_what_was_asked()
}

pub(crate) fn measure_parser() -> impl TypedValueParser<Value = Asked> {
    let of = |measure: &&'static Measure| {
        PossibleValue::new(measure.name).aliases(measure.aliases).hide(!is_offered(measure))
    };
    let all = PossibleValue::new("all").help("All of the above");
    PossibleValuesParser::new(MEASURES.iter().map(of).chain([all])).try_map(|name| match name.as_str() {
        "all" => Ok(Asked::All),
        name => find_measure(name).map(Asked::One),
    })
}

/// Lines of help, one a measure.
pub(crate) fn measures() -> String {
    offered().map(|measure| format!("  {:<14} {}\n", measure.name, measure.summary)).collect()
}

/// What `--extractor` is.
pub(crate) fn extractor_help() -> String {
    let names: Vec<String> = networks().map(|kind| with_aside(kind.name, kind.aside)).collect();
    let (last, others) = names.split_last().expect("there are extractors");
    format!("The network that looks: {}, or {last}", others.join(", "))
}

/// Says that there is no such extractor, and which there are.
pub(crate) fn unknown_extractor(error: &UnknownName) -> String {
    let layers = |kind: &ExtractorKind| {
        let all = EXTRACTORS.iter().filter(|layer| layer.layer_of == Some(kind.name));
        let ends: Vec<&str> = all.filter_map(|layer| layer.name.strip_prefix(kind.name)).collect();
        (!ends.is_empty()).then(|| format!("also {} for earlier layers", ends.join(", ")))
    };
    let known: Vec<String> = networks().map(|kind| with_aside(kind.name, layers(kind).as_deref())).collect();
    let (name, known) = (&error.name, known.join(", "));
    match error.nearest {
        Some(nearest) => format!("there is no extractor `{name}`; did you mean `{nearest}`? Known: {known}"),
        None => format!("there is no extractor `{name}`; known: {known}"),
    }
}

/// Extractors, each with all of its layers once.
fn networks() -> impl Iterator<Item = &'static ExtractorKind> {
    EXTRACTORS.iter().copied().filter(|kind| kind.layer_of.is_none() && kind.is_network())
}

fn with_aside(name: &str, aside: Option<&str>) -> String {
    match aside {
        Some(aside) => format!("{name} ({aside})"),
        None => name.to_owned(),
    }
}
