//! `[schedule]`: a factor on both learning rates.

use toml::{Table, Value};

use super::bounds::MOST_STEPS;
use super::check::Check;
use super::course::{Course, Ramp};
use super::file::ScheduleFile;
use super::section::course;

const SECTION: &str = "schedule";

/// The course of the factor. What the section calls `final_factor` is the end of a course that begins at 1.
pub(super) fn resolve(file: &ScheduleFile, steps: u64, check: &mut Check) -> Course {
    let constant = Course::Constant { value: 1.0 };
    let kind = file.kind.as_deref().unwrap_or("constant");
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
    if kind == "constant" {
        return constant;
    }
    let mut table = Table::from_iter([("kind".to_owned(), Value::String(kind.to_owned()))]);
    let whole = |n: u64| Value::Integer(i64::try_from(n).unwrap_or(i64::MAX));
    if ramp {
        let usual = if kind == "exponential" { 0.01 } else { 0.0 };
        table.insert("from".to_owned(), Value::Float(1.0));
        let to = check.number("schedule.final_factor", file.final_factor, usual);
        table.insert("to".to_owned(), Value::Float(to));
        let from_step = check.count("schedule.from_step", file.from_step, 0);
        table.insert("from_step".to_owned(), whole(from_step));
        if file.to_step.is_some() {
            let to_step = check.count("schedule.to_step", file.to_step, MOST_STEPS);
            table.insert("to_step".to_owned(), whole(to_step));
        }
    }
    if let Some(points) = file.points.as_ref().filter(|_| kind == "piecewise") {
        let point = |(step, factor): &(u64, f64)| Value::Array(vec![whole(*step), Value::Float(*factor)]);
        table.insert("points".to_owned(), Value::Array(points.iter().map(point).collect()));
    }
    if kind == "warm-up" {
        table.insert("to".to_owned(), Value::Float(1.0));
        let strides = check.count("schedule.steps", file.steps, 1000);
        table.insert("steps".to_owned(), whole(strides));
    }
    course(SECTION, &table, steps, check).unwrap_or(constant)
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
