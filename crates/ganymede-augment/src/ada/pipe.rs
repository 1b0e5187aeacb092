//! Which groups of changes are made.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A group of changes of ADA; the paper's figure 4 compares them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Mirror, quarter turns, shifts by whole pixels.
    Blit,
    /// Scaling, rotation, stretching, shifts by fractions of a pixel.
    Geom,
    /// Brightness, contrast, luma flip, hue, saturation.
    Color,
    /// Four bands of frequencies, louder or softer.
    Filter,
    /// Noise added to each pixel.
    Noise,
    /// A rectangle of half the side becomes 0.
    Cutout,
}

use Group::{Blit, Color, Cutout, Filter, Geom, Noise};

/// Groups by the name that the authors' program gives to some of them together; serialised, that name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pipe {
    name: &'static str,
    groups: &'static [Group],
}

impl Pipe {
    /// Every pipe: the groups by themselves, then one with each group more.
    pub const ALL: &'static [Self] = &[
        Self::new("blit", &[Blit]),
        Self::new("geom", &[Geom]),
        Self::new("color", &[Color]),
        Self::new("filter", &[Filter]),
        Self::new("noise", &[Noise]),
        Self::new("cutout", &[Cutout]),
        Self::new("b", &[Blit]),
        Self::new("bg", &[Blit, Geom]),
        Self::BGC,
        Self::new("bgcf", &[Blit, Geom, Color, Filter]),
        Self::new("bgcfn", &[Blit, Geom, Color, Filter, Noise]),
        Self::new("bgcfnc", &[Blit, Geom, Color, Filter, Noise, Cutout]),
    ];

    /// What the paper recommends for most data: blitting, geometry and colour.
    pub const BGC: Self = Self::new("bgc", &[Blit, Geom, Color]);

    const fn new(name: &'static str, groups: &'static [Group]) -> Self {
        Self { name, groups }
    }

    /// The pipe of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|pipe| pipe.name == name).copied()
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.name
    }

    /// Whether the group is in it.
    #[must_use]
    pub fn has(self, group: Group) -> bool {
        self.groups.contains(&group)
    }
}

impl Default for Pipe {
    fn default() -> Self {
        Self::BGC
    }
}

impl Serialize for Pipe {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name)
    }
}

impl<'de> Deserialize<'de> for Pipe {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::named(&name).ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|pipe| pipe.name).collect();
            de::Error::custom(format!("expected one of {}", names.join(", ")))
        })
    }
}
