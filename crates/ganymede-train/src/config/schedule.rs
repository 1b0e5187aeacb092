//! `[schedule]`: a factor on both learning rates.

use super::bounds::MOST_STEPS;
use super::check::Check;
use super::course::{Course, Ramp};
use super::file::ScheduleFile;
use super::section::checked;

const SECTION: &str = "schedule";

/// The course of the factor. What the section calls `final_factor` is the end of a course that begins at 1.
pub(super) fn resolve(file: &ScheduleFile, steps: u64, check: &mut Check) -> Course {
    let constant = Course::Constant { value: 1.0 };
    let kinds: Vec<(&str, &str)> = Course::NAMES.iter().map(|name| (*name, *name)).collect();
    let kind = check.choose("schedule.kind", file.kind.as_deref(), "constant", &kinds);
    let ramp = ["linear", "cosine", "exponential"].contains(&kind);
    let given = [
        ("from_step", file.from_step.is_some(), ramp),
        ("to_step", file.to_step.is_some(), ramp),
        ("final_factor", file.final_factor.is_some(), ramp),
        ("points", file.points.is_some(), kind == "piecewise"),
        ("steps", file.steps.is_some(), kind == "warm-up"),
    ];
    for (key, given, applies) in given {
        let why =
            format!("a `{kind}` schedule has no such setting; leave it out, or choose another schedule.kind");
        check.refuse(&format!("{SECTION}.{key}"), given && !applies, &why);
    }
    let mut ramp = |usual: f64| Ramp {
        from: 1.0,
        to: check.number("schedule.final_factor", file.final_factor, usual),
        from_step: check.count("schedule.from_step", file.from_step, 0),
        to_step: file.to_step.map(|step| check.count("schedule.to_step", Some(step), MOST_STEPS)),
    };
    let course = match kind {
        "linear" => Course::Linear(ramp(0.0)),
        "cosine" => Course::Cosine(ramp(0.0)),
        "exponential" => Course::Exponential(ramp(0.01)),
        "piecewise" => Course::Piecewise { points: file.points.clone().unwrap_or_default() },
        "warm-up" => Course::WarmUp { to: 1.0, steps: check.count("schedule.steps", file.steps, 1000) },
        _ => return constant,
    };
    checked(SECTION, course, steps, check).unwrap_or(constant)
}

/// The section that resolves to it.
pub(super) fn write(factor: &Course) -> ScheduleFile {
    let of = |kind: &str| ScheduleFile { kind: Some(kind.to_owned()), ..ScheduleFile::default() };
    let ramp = |kind: &str, ramp: &Ramp| ScheduleFile {
        from_step: Some(ramp.from_step),
        to_step: ramp.to_step,
        final_factor: Some(ramp.to),
        ..of(kind)
    };
    match factor {
        Course::Constant { .. } => of("constant"),
        Course::Linear(course) => ramp("linear", course),
        Course::Cosine(course) => ramp("cosine", course),
        Course::Exponential(course) => ramp("exponential", course),
        Course::Piecewise { points } => ScheduleFile { points: Some(points.clone()), ..of("piecewise") },
        Course::WarmUp { steps, .. } => ScheduleFile { steps: Some(*steps), ..of("warm-up") },
    }
}
