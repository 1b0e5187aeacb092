//! How probable a change is.

use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How probable a change is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Probability {
    /// Always so, in [0, 1].
    Fixed(f64),
    /// As an [`AdaController`](crate::AdaController) says. Serialised `"adaptive"`.
    #[default]
    Adaptive,
}

impl Serialize for Probability {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Fixed(p) => serializer.serialize_f64(*p),
            Self::Adaptive => serializer.serialize_str(ADAPTIVE),
        }
    }
}

const ADAPTIVE: &str = "adaptive";

impl<'de> Deserialize<'de> for Probability {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ProbabilityVisitor)
    }
}

struct ProbabilityVisitor;

impl Visitor<'_> for ProbabilityVisitor {
    type Value = Probability;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number from 0 to 1, or \"adaptive\"")
    }

    fn visit_f64<E: de::Error>(self, p: f64) -> Result<Probability, E> {
        Ok(Probability::Fixed(p))
    }

    fn visit_i64<E: de::Error>(self, p: i64) -> Result<Probability, E> {
        Ok(Probability::Fixed(p as f64))
    }

    fn visit_u64<E: de::Error>(self, p: u64) -> Result<Probability, E> {
        Ok(Probability::Fixed(p as f64))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Probability, E> {
        match text {
            ADAPTIVE => Ok(Probability::Adaptive),
            _ => Err(E::invalid_value(de::Unexpected::Str(text), &self)),
        }
    }
}
