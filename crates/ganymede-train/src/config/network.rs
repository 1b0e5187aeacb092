//! `[generator]` and `[discriminator]`: a kind of the tables of `ganymede-models`, and its own settings.

use ganymede_datasets::Toy;
use ganymede_models::{
    DISCRIMINATORS, DiscriminatorConfig, Fault, GENERATORS, GeneratorConfig, Problem, SampleKind,
};
use toml::Table;

use super::check::Check;
use super::section::{KIND, kind_of, read_settings, settings_of};

/// Whether the data set has points of the plane.
pub(super) fn is_toy(data: &str) -> bool {
    Toy::ALL.iter().any(|toy| toy.name() == data)
}

pub(super) fn generator(table: &Table, data: SampleKind, check: &mut Check) -> GeneratorConfig {
    let section = "generator";
    let kinds: Vec<_> = GENERATORS.iter().map(|kind| (kind.name, kind.samples, *kind)).collect();
    let config = read(section, table, data, &kinds, GeneratorConfig::read, check);
    note(section, config.check(), check);
    config
}

pub(super) fn discriminator(table: &Table, data: SampleKind, check: &mut Check) -> DiscriminatorConfig {
    let section = "discriminator";
    let kinds: Vec<_> = DISCRIMINATORS.iter().map(|kind| (kind.name, kind.samples, *kind)).collect();
    let config = read(section, table, data, &kinds, DiscriminatorConfig::read, check);
    note(section, config.check(), check);
    config
}

/// A section whose kind is one of `kinds`: its name, what it is for, its place in the table. The usual one is the first
/// for such data.
fn read<K: Copy, C>(
    section: &str,
    table: &Table,
    data: SampleKind,
    kinds: &[(&'static str, SampleKind, K)],
    read: impl Fn(K, &Table) -> Result<C, Fault>,
    check: &mut Check,
) -> C {
    let usual = *kinds.iter().find(|kind| kind.1 == data).expect("every kind of data has a network");
    let options: Vec<(&str, (&str, SampleKind, K))> = kinds.iter().map(|kind| (kind.0, *kind)).collect();
    let typed = kind_of(section, table, check);
    let (name, samples, kind) = check.choose(&key(section, KIND), typed, usual, &options);
    if samples != data {
        let fitting = kinds.iter().filter(|kind| kind.1 == data).map(|kind| format!("`{}`", kind.0));
        let names = fitting.collect::<Vec<_>>().join(" or ");
        let (takes, has) = (samples.words(), data.words());
        let reason = format!(
            "`{name}` is for {takes}, and this data set has {has}; use {names}, or a preset for such data"
        );
        check.add(&key(section, KIND), reason);
    }
    let settings = settings_of(table);
    let config = read_settings(section, name, &settings, |settings| read(kind, settings), check);
    config.unwrap_or_else(|| read(kind, &Table::new()).expect("all settings may be left out"))
}

fn key(section: &str, name: &str) -> String {
    format!("{section}.{name}")
}

fn note(section: &str, problems: Vec<Problem>, check: &mut Check) {
    for problem in problems {
        check.add(&key(section, problem.field), problem.to_string());
    }
}
