//! `[[penalty]]`.

use ganymede_losses::{LazyPenalty, Penalty};

use super::check::Check;
use super::file::PenaltyFile;

#[derive(Clone, Copy)]
enum Kind {
    WganGp,
    Dragan,
    R1,
    R2,
}

const KINDS: [(&str, Kind); 4] =
    [("wgan-gp", Kind::WganGp), ("dragan", Kind::Dragan), ("r1", Kind::R1), ("r2", Kind::R2)];

/// Defaults: λ 10, target 1, c 0.5, γ 10, every step.
pub(super) fn resolve(file: &PenaltyFile, index: usize, check: &mut Check) -> Option<LazyPenalty> {
    let key = |name: &str| format!("penalty.{index}.{name}");
    if file.kind.is_none() {
        check.add(&key("kind"), "is missing: wgan-gp, dragan, r1 or r2");
        return None;
    }
    let kind = check.choose(&key("kind"), file.kind.as_deref(), Kind::R1, &KINDS);
    let (weighted, targeted, perturbed) = match kind {
        Kind::WganGp => (true, true, false),
        Kind::Dragan => (true, false, true),
        Kind::R1 | Kind::R2 => (false, false, false),
    };
    let name = file.kind.as_deref().unwrap_or_default();
    let keys = [
        ("lambda", file.lambda.is_some(), weighted),
        ("target", file.target.is_some(), targeted),
        ("c", file.c.is_some(), perturbed),
        ("gamma", file.gamma.is_some(), !weighted),
    ];
    for (setting, given, applies) in keys {
        let why = format!("`{name}` has no such setting; leave it out");
        check.refuse(&key(setting), given && !applies, &why);
    }
    let mut number = |name, value, default| check.number(&key(name), value, default);
    let penalty = match kind {
        Kind::WganGp => Penalty::WganGp {
            lambda: number("lambda", file.lambda, 10.0),
            target: number("target", file.target, 1.0),
        },
        Kind::Dragan => {
            Penalty::Dragan { lambda: number("lambda", file.lambda, 10.0), c: number("c", file.c, 0.5) }
        }
        Kind::R1 => Penalty::R1 { gamma: number("gamma", file.gamma, 10.0) },
        Kind::R2 => Penalty::R2 { gamma: number("gamma", file.gamma, 10.0) },
    };
    Some(LazyPenalty { penalty, interval: check.count(&key("interval"), file.interval, 1) })
}

/// The entry that resolves to `lazy`.
pub(super) fn write(lazy: &LazyPenalty) -> PenaltyFile {
    let file = PenaltyFile { interval: Some(lazy.interval), ..PenaltyFile::default() };
    match lazy.penalty {
        Penalty::WganGp { lambda, target } => {
            PenaltyFile { kind: Some("wgan-gp".into()), lambda: Some(lambda), target: Some(target), ..file }
        }
        Penalty::Dragan { lambda, c } => {
            PenaltyFile { kind: Some("dragan".into()), lambda: Some(lambda), c: Some(c), ..file }
        }
        Penalty::R1 { gamma } => PenaltyFile { kind: Some("r1".into()), gamma: Some(gamma), ..file },
        Penalty::R2 { gamma } => PenaltyFile { kind: Some("r2".into()), gamma: Some(gamma), ..file },
    }
}
