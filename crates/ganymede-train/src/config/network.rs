//! `[generator]` and `[discriminator]`: a kind of the tables of `ganymede-models`, and its own settings.

use ganymede_datasets::Toy;
use ganymede_models::{
    DISCRIMINATORS, DiscriminatorConfig, DiscriminatorKind, GENERATORS, GeneratorConfig, GeneratorKind,
    Problem, SampleKind,
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
    let options: Vec<(&str, &'static GeneratorKind)> =
        GENERATORS.iter().map(|kind| (kind.name, *kind)).collect();
    let usual =
        *GENERATORS.iter().find(|kind| kind.samples == data).expect("every kind of data has a generator");
    let typed = kind_of(section, table, check);
    let kind = check.choose(&key(section, KIND), typed, usual, &options);
    let fitting = GENERATORS.iter().filter(|kind| kind.samples == data).map(|kind| kind.name);
    suit(section, kind.name, (kind.samples, data), fitting, check);
    let read = |settings: &Table| GeneratorConfig::read(kind, settings);
    let config = read_settings(section, kind.name, &settings_of(table), read, check);
    let config = config.unwrap_or_else(|| read(&Table::new()).expect("all settings may be left out"));
    note(section, config.check(), check);
    config
}

pub(super) fn discriminator(table: &Table, data: SampleKind, check: &mut Check) -> DiscriminatorConfig {
    let section = "discriminator";
    let options: Vec<(&str, &'static DiscriminatorKind)> =
        DISCRIMINATORS.iter().map(|kind| (kind.name, *kind)).collect();
    let usual = DISCRIMINATORS.iter().find(|kind| kind.samples == data);
    let usual = *usual.expect("every kind of data has a discriminator");
    let typed = kind_of(section, table, check);
    let kind = check.choose(&key(section, KIND), typed, usual, &options);
    let fitting = DISCRIMINATORS.iter().filter(|kind| kind.samples == data).map(|kind| kind.name);
    suit(section, kind.name, (kind.samples, data), fitting, check);
    let read = |settings: &Table| DiscriminatorConfig::read(kind, settings);
    let config = read_settings(section, kind.name, &settings_of(table), read, check);
    let config = config.unwrap_or_else(|| read(&Table::new()).expect("all settings may be left out"));
    note(section, config.check(), check);
    config
}

fn key(section: &str, name: &str) -> String {
    format!("{section}.{name}")
}

/// Refuses a network for other samples than the data have.
fn suit<'a>(
    section: &str,
    name: &str,
    (network, data): (SampleKind, SampleKind),
    fitting: impl Iterator<Item = &'a str>,
    check: &mut Check,
) {
    if network != data {
        let names: Vec<String> = fitting.map(|name| format!("`{name}`")).collect();
        let (takes, has, names) = (network.words(), data.words(), names.join(" or "));
        let reason = format!(
            "`{name}` is for {takes}, and this data set has {has}; use {names}, or a preset for such data"
        );
        check.add(&key(section, KIND), reason);
    }
}

fn note(section: &str, problems: Vec<Problem>, check: &mut Check) {
    for problem in problems {
        check.add(&key(section, problem.field), problem.to_string());
    }
}
