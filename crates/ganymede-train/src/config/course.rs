//! A number as a function of the step.

use serde::{Deserialize, Serialize};

/// The course of a number over a run: a function of the step alone, so that a resume needs no state of it.
///
/// In a configuration: a table in place of the number, `lr = { kind = "linear", from = 2e-4, to = 0 }`. Where a course
/// is left, its nearest end holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Course {
    /// The same at every step.
    Constant {
        /// The number.
        value: f64,
    },
    /// In a straight line.
    Linear(Ramp),
    /// Along half a wave: `to + (from − to)(1 + cos πt)/2` (Loshchilov and Hutter, 2017, arXiv:1608.03983, equation 5,
    /// without restarts).
    Cosine(Ramp),
    /// By equal factors: `from (to/from)ᵗ`, both above 0.
    Exponential(Ramp),
    /// Through points, straight from one to the next.
    Piecewise {
        /// Steps, rising, and the number there; at least one.
        points: Vec<(u64, f64)>,
    },
    /// Up to `to` within `steps` equal strides, the first of which is taken at once: never 0.
    WarmUp {
        /// Where it ends.
        to: f64,
        /// In how many steps, ≥ 1.
        steps: u64,
    },
}

/// From one number to another; t runs from 0 to 1 between the two steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ramp {
    /// The number until `from_step`.
    pub from: f64,
    /// The number from `to_step` on.
    pub to: f64,
    /// Where it begins; 0 unless given.
    #[serde(default)]
    pub from_step: u64,
    /// Where it ends, above `from_step`; the last step of the run unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_step: Option<u64>,
}

impl Ramp {
    fn t(&self, step: u64) -> f64 {
        let to_step = self.to_step.unwrap_or(u64::MAX).max(self.from_step + 1);
        (step.saturating_sub(self.from_step) as f64 / (to_step - self.from_step) as f64).min(1.0)
    }
}

impl Course {
    /// The kinds, as a configuration names them.
    pub const NAMES: &[&str] = &["constant", "linear", "cosine", "exponential", "piecewise", "warm-up"];

    /// The number for the update that makes step `step + 1` out of `step`.
    pub fn at(&self, step: u64) -> f64 {
        match self {
            Self::Constant { value } => *value,
            Self::Linear(ramp) => ramp.from + (ramp.to - ramp.from) * ramp.t(step),
            Self::Cosine(ramp) => {
                let wave = 0.5 * (1.0 + (std::f64::consts::PI * ramp.t(step)).cos());
                ramp.to + (ramp.from - ramp.to) * wave
            }
            Self::Exponential(ramp) => ramp.from * (ramp.to / ramp.from).powf(ramp.t(step)),
            Self::Piecewise { points } => through(points, step),
            Self::WarmUp { to, steps } => to * ((step + 1) as f64 / (*steps).max(1) as f64).min(1.0),
        }
    }

    /// Whether it never changes.
    pub fn is_constant(&self) -> bool {
        matches!(self, Self::Constant { .. })
    }

    /// Writes down where it ends, so that a run resumed with more steps keeps the course that it began with.
    pub(super) fn end_at(&mut self, steps: u64) {
        if let Self::Linear(ramp) | Self::Cosine(ramp) | Self::Exponential(ramp) = self {
            ramp.to_step = ramp.to_step.or(Some(steps.max(ramp.from_step + 1)));
        }
    }

    /// What is wrong with its shape: the key within it, and why.
    pub(super) fn problem(&self) -> Option<(&'static str, String)> {
        match self {
            Self::Constant { .. } => None,
            Self::Exponential(ramp) if !(ramp.from > 0.0 && ramp.to > 0.0) => {
                Some(("from", "an exponential course goes from a number above 0 to a number above 0".into()))
            }
            Self::Linear(ramp) | Self::Cosine(ramp) | Self::Exponential(ramp) => {
                let to_step = ramp.to_step.filter(|to_step| *to_step <= ramp.from_step)?;
                let from_step = ramp.from_step;
                Some(("to_step", format!("found {to_step}, expected more than from_step = {from_step}")))
            }
            Self::Piecewise { points } if points.is_empty() => {
                Some(("points", "is empty; give [[step, number], ...]".into()))
            }
            Self::Piecewise { points } => {
                let pair = points.windows(2).find(|pair| pair[0].0 >= pair[1].0)?;
                Some(("points", format!("step {} comes after step {}: steps rise", pair[1].0, pair[0].0)))
            }
            Self::WarmUp { steps: 0, .. } => Some(("steps", "found 0, expected 1 or more".into())),
            Self::WarmUp { .. } => None,
        }
    }

    /// The numbers between which it stays.
    pub(super) fn extremes(&self) -> Vec<f64> {
        match self {
            Self::Constant { value } => vec![*value],
            Self::Linear(ramp) | Self::Cosine(ramp) | Self::Exponential(ramp) => vec![ramp.from, ramp.to],
            Self::Piecewise { points } => points.iter().map(|(_, value)| *value).collect(),
            Self::WarmUp { to, .. } => vec![self.at(0), *to],
        }
    }

    /// The steps that it names.
    pub(super) fn steps(&self) -> Vec<u64> {
        match self {
            Self::Constant { .. } => Vec::new(),
            Self::Linear(ramp) | Self::Cosine(ramp) | Self::Exponential(ramp) => {
                std::iter::once(ramp.from_step).chain(ramp.to_step).collect()
            }
            Self::Piecewise { points } => points.iter().map(|(step, _)| *step).collect(),
            Self::WarmUp { steps, .. } => vec![*steps],
        }
    }
}

fn through(points: &[(u64, f64)], step: u64) -> f64 {
    let after = points.partition_point(|(at, _)| *at <= step);
    match (after.checked_sub(1).map(|i| points[i]), points.get(after)) {
        (Some((from, a)), Some((to, b))) => a + (b - a) * ((step - from) as f64 / (to - from) as f64),
        (Some((_, a)), None) => a,
        (None, Some((_, b))) => *b,
        (None, None) => f64::NAN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ramp(from: f64, to: f64) -> Ramp {
        Ramp { from, to, from_step: 10, to_step: Some(20) }
    }

    #[test]
    fn each_course_holds_its_ends_and_goes_its_way_between() {
        let check = |course: Course, steps: [u64; 5], wanted: [f64; 5]| {
            let found = steps.map(|step| course.at(step));
            let near = found.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-12);
            assert!(near, "{course:?}: {found:?}, not {wanted:?}");
        };
        let steps = [0, 10, 15, 20, 99];
        check(Course::Constant { value: 3.0 }, steps, [3.0; 5]);
        check(Course::Linear(ramp(1.0, 0.5)), steps, [1.0, 1.0, 0.75, 0.5, 0.5]);
        check(Course::Cosine(ramp(1.0, 0.0)), steps, [1.0, 1.0, 0.5, 0.0, 0.0]);
        check(Course::Exponential(ramp(1.0, 0.01)), steps, [1.0, 1.0, 0.1, 0.01, 0.01]);
        let points = vec![(10, 1.0), (20, 2.0), (21, 0.0)];
        check(Course::Piecewise { points }, [0, 10, 15, 20, 21], [1.0, 1.0, 1.5, 2.0, 0.0]);
        check(Course::WarmUp { to: 2.0, steps: 4 }, [0, 1, 2, 3, 9], [0.5, 1.0, 1.5, 2.0, 2.0]);
    }

    #[test]
    fn courses_that_cannot_be_say_why() {
        let key = |course: Course| course.problem().unwrap().0;
        let backwards = Ramp { from_step: 30, ..ramp(1.0, 0.5) };
        assert_eq!(key(Course::Linear(backwards)), "to_step");
        assert_eq!(key(Course::Exponential(ramp(1.0, 0.0))), "from");
        assert_eq!(key(Course::Piecewise { points: Vec::new() }), "points");
        assert_eq!(key(Course::Piecewise { points: vec![(5, 0.0), (5, 1.0)] }), "points");
        assert_eq!(key(Course::WarmUp { to: 1.0, steps: 0 }), "steps");
        assert_eq!(Course::Cosine(ramp(0.0, 1.0)).problem(), None);
    }

    #[test]
    fn an_end_that_was_left_open_is_the_end_of_the_run() {
        let open = Ramp { from: 1.0, to: 0.0, from_step: 5, to_step: None };
        let mut course = Course::Linear(open.clone());
        course.end_at(100);
        assert_eq!(course, Course::Linear(Ramp { to_step: Some(100), ..open.clone() }));
        course.end_at(200);
        assert_eq!(course.at(100), 0.0);
        let mut short = Course::Linear(open);
        short.end_at(3);
        assert_eq!((short.at(5), short.at(6)), (1.0, 0.0));
    }
}
