//! Simple changes, each drawn for every image by itself: the parts of DiffAugment (Zhao et al., 2020, arXiv:2006.10738),
//! and a random crop.
//!
//! Differs from the authors' program: there numbers are drawn where they are used, here before; given the same numbers the
//! images are equal. A crop is no part of the paper.

mod colour;
mod crop;
mod cutout;
mod translation;

use ganymede_tensor::{Result, Rng, Tensor};
use serde::{Deserialize, Serialize};

pub use colour::ColourDraws;
pub use crop::CropDraws;
pub use cutout::CutoutDraws;
pub use translation::TranslationDraws;

/// A kind of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// Brightness, saturation and contrast, see [`ColourDraws`].
    #[serde(alias = "color")]
    Colour,
    /// A shift by up to an eighth of the image, see [`TranslationDraws`].
    #[serde(alias = "shift")]
    Translation,
    /// A square of half the side becomes 0, see [`CutoutDraws`].
    Cutout,
    /// A part of the image, enlarged, see [`CropDraws`].
    Crop,
}

/// What was drawn of a part, for each image of a batch.
#[derive(Clone, Debug, PartialEq)]
pub enum PartDraws {
    /// Of [`Part::Colour`].
    Colour(ColourDraws),
    /// Of [`Part::Translation`].
    Translation(TranslationDraws),
    /// Of [`Part::Cutout`].
    Cutout(CutoutDraws),
    /// Of [`Part::Crop`].
    Crop(CropDraws),
}

impl Part {
    /// Every part with its names; the first is the one that is written.
    pub const NAMES: &'static [(&'static str, Self)] = &[
        ("colour", Self::Colour),
        ("color", Self::Colour),
        ("translation", Self::Translation),
        ("shift", Self::Translation),
        ("cutout", Self::Cutout),
        ("crop", Self::Crop),
    ];

    /// The parts of the paper's policy for scarce data.
    pub const POLICY: [Self; 3] = [Self::Colour, Self::Translation, Self::Cutout];

    /// Its name in a configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        let named = Self::NAMES.iter().find(|(_, part)| *part == self);
        named.expect("every part has a name").0
    }

    /// Draws for images of shape `[N, C, H, W]`.
    pub fn draw(self, shape: [usize; 4], rng: &mut Rng) -> PartDraws {
        let [n, _, height, width] = shape;
        match self {
            Self::Colour => PartDraws::Colour(ColourDraws::draw(n, rng)),
            Self::Translation => PartDraws::Translation(TranslationDraws::draw(n, [height, width], rng)),
            Self::Cutout => PartDraws::Cutout(CutoutDraws::draw(n, [height, width], rng)),
            Self::Crop => PartDraws::Crop(CropDraws::draw(n, rng)),
        }
    }
}

impl PartDraws {
    /// The changed images; a function of both, with gradients of any order in the images.
    ///
    /// # Errors
    /// The draws were made for another number of images.
    pub fn apply(&self, images: &Tensor) -> Result<Tensor> {
        match self {
            Self::Colour(draws) => draws.apply(images),
            Self::Translation(draws) => draws.apply(images),
            Self::Cutout(draws) => draws.apply(images),
            Self::Crop(draws) => draws.apply(images),
        }
    }
}
