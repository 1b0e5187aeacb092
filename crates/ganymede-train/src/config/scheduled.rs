//! Settings of which some follow a course.

use serde::Serialize;
use serde::de::DeserializeOwned;
use toml::{Table, Value};

use super::course::Course;

/// Settings of a kind, such as an update rule or a penalty, whose numbers may follow a [`Course`] each.
#[derive(Clone, Debug, PartialEq)]
pub struct Scheduled<T> {
    /// At step 0.
    start: T,
    courses: Vec<(String, Course)>,
}

impl<T> From<T> for Scheduled<T> {
    fn from(fixed: T) -> Self {
        Self { start: fixed, courses: Vec::new() }
    }
}

impl<T: Clone + Serialize + DeserializeOwned> Scheduled<T> {
    /// Settings, and the courses of some of them by name. Every value of a course has been checked.
    pub(super) fn new(start: T, courses: Vec<(String, Course)>) -> Self {
        Self { start, courses }
    }

    /// With other settings in the place of those at step 0; courses stay.
    pub(super) fn map(self, change: impl FnOnce(T) -> T) -> Self {
        Self { start: change(self.start), courses: self.courses }
    }

    /// The settings at step 0.
    pub fn start(&self) -> &T {
        &self.start
    }

    /// Whether they stay what they are.
    pub fn is_fixed(&self) -> bool {
        self.courses.is_empty()
    }

    /// The settings for the update that makes step `step + 1` out of `step`.
    pub fn at(&self, step: u64) -> T {
        if self.is_fixed() {
            return self.start.clone();
        }
        let (kind, mut settings) = split(&self.start);
        for (key, course) in &self.courses {
            settings.insert(key.clone(), Value::Float(course.at(step)));
        }
        joined(&kind, settings).expect("each number was read and checked before")
    }

    /// As a configuration says it: `kind`, and the rest.
    pub(super) fn write(&self) -> Table {
        let (kind, mut settings) = split(&self.start);
        for (key, course) in &self.courses {
            let (kind, course) = split(course);
            settings.insert(key.clone(), Value::Table(with_kind(kind, course)));
        }
        with_kind(kind, settings)
    }
}

/// A closed set as serde writes it, `{ adam = { … } }`, taken apart.
fn split(value: &impl Serialize) -> (String, Table) {
    let value = Value::try_from(value).expect("settings are numbers, names and switches");
    match value {
        Value::Table(kinds) => match kinds.into_iter().next() {
            Some((kind, Value::Table(settings))) => (kind, settings),
            other => unreachable!("settings of a kind, not {other:?}"),
        },
        other => unreachable!("settings of a kind, not {other}"),
    }
}

fn joined<T: DeserializeOwned>(kind: &str, settings: Table) -> Result<T, toml::de::Error> {
    Table::from_iter([(kind.to_owned(), Value::Table(settings))]).try_into()
}

fn with_kind(kind: String, settings: Table) -> Table {
    std::iter::once(("kind".to_owned(), Value::String(kind))).chain(settings).collect()
}

/// A course as a configuration says it, where it is not but a number.
pub(crate) fn write_course(course: &Course) -> Value {
    match course {
        Course::Constant { value } => Value::Float(*value),
        course => {
            let (kind, settings) = split(course);
            Value::Table(with_kind(kind, settings))
        }
    }
}

#[cfg(test)]
mod tests {
    use ganymede_tensor::OptimizerConfig;

    use super::*;
    use crate::config::course::Ramp;

    #[test]
    fn settings_without_a_course_are_themselves() {
        let adam = Scheduled::from(OptimizerConfig::default());
        assert!(adam.is_fixed());
        assert_eq!(adam.at(7), OptimizerConfig::default());
        assert_eq!(adam.write()["kind"].as_str(), Some("adam"));
    }

    #[test]
    fn a_course_moves_its_number_and_no_other() {
        let fall = Course::Linear(Ramp { from: 1.0, to: 0.0, from_step: 0, to_step: Some(4) });
        let sgd = OptimizerConfig::Sgd { lr: 1.0, momentum: 0.5, nesterov: true, weight_decay: 0.0 };
        let scheduled = Scheduled::new(sgd, vec![("lr".to_owned(), fall)]);
        let at = |lr| OptimizerConfig::Sgd { lr, momentum: 0.5, nesterov: true, weight_decay: 0.0 };
        assert_eq!([0, 1, 4, 9].map(|step| scheduled.at(step)), [at(1.0), at(0.75), at(0.0), at(0.0)]);
        let written = scheduled.write();
        assert_eq!(written["lr"]["kind"].as_str(), Some("linear"));
        assert_eq!(written["momentum"].as_float(), Some(0.5));
    }
}
