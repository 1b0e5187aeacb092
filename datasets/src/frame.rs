//! One decoded image on its way to the size of the data set.

use image::imageops::{self, FilterType};
use image::{GrayImage, Luma, Rgb, RgbImage};

use crate::options::{Background, Channels, Crop};

/// Sharp, and antialiased when reducing: its kernel grows with the reduction.
const FILTER: FilterType = FilterType::Lanczos3;

/// An opaque image of one or three channels, 8 bits each.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Frame {
    Grey(GrayImage),
    Rgb(RgbImage),
}

/// Calls the same function on whichever image it is.
macro_rules! map_frame {
    ($frame:expr, $image:ident => $body:expr) => {
        match $frame {
            Frame::Grey($image) => Frame::Grey($body),
            Frame::Rgb($image) => Frame::Rgb($body),
        }
    };
}

impl Frame {
    /// From planes C H W; `None` unless there are one or three of them, of exactly these sizes.
    pub(crate) fn from_planar([channels, height, width]: [usize; 3], planes: &[u8]) -> Option<Self> {
        let (w, h) = (u32::try_from(width).ok()?, u32::try_from(height).ok()?);
        match channels {
            1 => GrayImage::from_raw(w, h, planes.to_vec()).map(Self::Grey),
            3 => {
                let area = width * height;
                let interleaved = (0..area).flat_map(|i| [planes[i], planes[area + i], planes[2 * area + i]]);
                RgbImage::from_raw(w, h, interleaved.collect()).map(Self::Rgb)
            }
            _ => None,
        }
    }

    /// Planes, C H W.
    pub(crate) fn into_planar(self) -> Vec<u8> {
        match self {
            Self::Grey(image) => image.into_raw(),
            Self::Rgb(image) => {
                let interleaved = image.into_raw();
                let plane = |c: usize| interleaved.iter().copied().skip(c).step_by(3);
                plane(0).chain(plane(1)).chain(plane(2)).collect()
            }
        }
    }

    pub(crate) fn channels(&self) -> usize {
        match self {
            Self::Grey(_) => 1,
            Self::Rgb(_) => 3,
        }
    }

    /// Width and height.
    pub(crate) fn size(&self) -> (u32, u32) {
        match self {
            Self::Grey(image) => image.dimensions(),
            Self::Rgb(image) => image.dimensions(),
        }
    }

    /// The image with the channels asked for; `Auto` keeps them.
    pub(crate) fn with_channels(self, channels: Channels) -> Self {
        match (channels, self) {
            (Channels::Grey, Self::Rgb(image)) => Self::Grey(imageops::grayscale(&image)),
            (Channels::Rgb, Self::Grey(image)) => {
                let (width, height) = image.dimensions();
                let triple = |x, y| Rgb([image.get_pixel(x, y).0[0]; 3]);
                Self::Rgb(RgbImage::from_fn(width, height, triple))
            }
            (_, frame) => frame,
        }
    }

    /// The image as a square of `side` pixels.
    pub(crate) fn into_square(self, side: u32, crop: Crop, background: Background) -> Self {
        let square = match crop {
            Crop::Centre => self.centre_square(),
            Crop::Pad => {
                let (width, height) = self.size();
                let longer = width.max(height);
                self.padded(longer, longer, background.level())
            }
            Crop::Stretch => self,
        };
        square.resized(side)
    }

    fn centre_square(self) -> Self {
        let (width, height) = self.size();
        if width == height {
            return self;
        }
        let side = width.min(height);
        let (x, y) = ((width - side) / 2, (height - side) / 2);
        map_frame!(self, image => imageops::crop_imm(&image, x, y, side, side).to_image())
    }

    /// The image in the middle of a larger one of one level.
    pub(crate) fn padded(self, width: u32, height: u32, level: u8) -> Self {
        let (old_width, old_height) = self.size();
        if (old_width, old_height) == (width, height) {
            return self;
        }
        let x = i64::from(width.saturating_sub(old_width) / 2);
        let y = i64::from(height.saturating_sub(old_height) / 2);
        match self {
            Self::Grey(image) => {
                let mut canvas = GrayImage::from_pixel(width, height, Luma([level]));
                imageops::replace(&mut canvas, &image, x, y);
                Self::Grey(canvas)
            }
            Self::Rgb(image) => {
                let mut canvas = RgbImage::from_pixel(width, height, Rgb([level; 3]));
                imageops::replace(&mut canvas, &image, x, y);
                Self::Rgb(canvas)
            }
        }
    }

    /// An image that has the size already keeps its bytes.
    fn resized(self, side: u32) -> Self {
        if self.size() == (side, side) {
            return self;
        }
        map_frame!(self, image => imageops::resize(&image, side, side, FILTER))
    }
}

#[cfg(test)]
mod tests;
