//! What one file holds.

use ganymede_files::Frame;

use crate::frame::Fit;
use crate::options::OpenOptions;

/// What one file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// An image.
    Single,
    /// Two of them, one at the left and one at the right.
    SideBySide,
}

impl Layout {
    /// The width of what comes of a file, for images of such a side.
    pub(crate) fn width(self, side: usize) -> usize {
        match self {
            Self::Single => side,
            Self::SideBySide => 2 * side,
        }
    }

    /// Each image of a file as a square of `side` pixels; or why there are none.
    pub(crate) fn fit(self, frame: Frame, side: u32, options: &OpenOptions) -> Result<Frame, String> {
        let square = |frame: Frame| frame.into_square(side, options.crop, options.background);
        match (self, frame.size()) {
            (Self::Single, _) => Ok(square(frame)),
            (Self::SideBySide, (width, height)) if Some(width) == height.checked_mul(2) => {
                let [left, right] = frame.halves().map(square);
                Ok(left.beside(right))
            }
            (Self::SideBySide, (width, height)) => Err(format!(
                "it is {width} pixels wide and {height} high, and two images side by side are twice as wide as high"
            )),
        }
    }
}
