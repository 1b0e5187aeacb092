//! The weight of a term beside the adversarial loss.

use ganymede_models::Problem;
use serde::{Deserialize, Deserializer};
use toml::Table;

use crate::config::{Course, write_course};

const MOST_WEIGHT: f64 = 1e6;

/// A number, or its course over the steps. In settings it is read as a number; courses come by [`super::TermSpec::follow`].
#[derive(Clone, Debug)]
pub(super) struct Weight(Course);

impl Weight {
    pub(super) fn new(value: f64) -> Self {
        Self(Course::Constant { value })
    }

    pub(super) fn at(&self, step: u64) -> f64 {
        self.0.at(step)
    }

    /// What is wrong with it.
    pub(super) fn check(&self) -> Vec<Problem> {
        let weight = self.at(0);
        if (0.0..=MOST_WEIGHT).contains(&weight) {
            return Vec::new();
        }
        vec![Problem::new("weight", weight, format!("a number of 0 or more, at most {MOST_WEIGHT}"))]
    }

    /// Takes the course of the key `weight`.
    pub(super) fn follow(&mut self, key: &str, course: Course) -> bool {
        let is_own = key == "weight";
        if is_own {
            self.0 = course;
        }
        is_own
    }

    /// The settings of a term that has no other.
    pub(super) fn write(&self) -> Table {
        Table::from_iter([("weight".to_owned(), write_course(&self.0))])
    }
}

impl<'de> Deserialize<'de> for Weight {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        f64::deserialize(deserializer).map(Self::new)
    }
}
