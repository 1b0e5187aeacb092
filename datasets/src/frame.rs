//! One decoded image on its way to the size of the data set.

use ganymede_files::Frame;
use image::imageops::{self, FilterType};
use image::{GrayImage, Luma, Rgb, RgbImage};

use crate::options::{Background, Channels, Crop};
use crate::resample::resampled;

/// Sharp, and antialiased when reducing: its kernel grows with the reduction.
const FILTER: FilterType = FilterType::Lanczos3;

/// From this ratio of its sides on, making an image square first takes memory and time out of proportion.
const RIBBON: u32 = 2;

/// Calls the same function on whichever image it is.
macro_rules! map_frame {
    ($frame:expr, $image:ident => $body:expr) => {
        match $frame {
            Frame::Grey($image) => Frame::Grey($body),
            Frame::Rgb($image) => Frame::Rgb($body),
        }
    };
}

/// What a data set does to an image.
pub(crate) trait Fit: Sized {
    /// The image with the channels asked for; `Auto` keeps them.
    fn with_channels(self, channels: Channels) -> Self;
    /// The image as a square of `side` pixels.
    fn into_square(self, side: u32, crop: Crop, background: Background) -> Self;
    /// The image in the middle of a larger one of one level.
    fn padded(self, width: u32, height: u32, level: u8) -> Self;
    /// The left and the right half of an image of even width.
    fn halves(self) -> [Self; 2];
    /// The image at the left of another of the same height and channels.
    fn beside(self, right: Self) -> Self;
}

impl Fit for Frame {
    fn with_channels(self, channels: Channels) -> Self {
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

    fn into_square(self, side: u32, crop: Crop, background: Background) -> Self {
        let (width, height) = self.size();
        let (longer, shorter) = (width.max(height), width.min(height));
        let is_ribbon = longer > shorter.saturating_mul(RIBBON);
        let square = match crop {
            Crop::Pad if is_ribbon => return resampled(&self, (longer, longer), side, background.level()),
            Crop::Stretch if is_ribbon => return resampled(&self, (width, height), side, 0),
            Crop::Centre => centre_square(self),
            Crop::Pad => self.padded(longer, longer, background.level()),
            Crop::Stretch => self,
        };
        resized(square, side)
    }

    fn padded(self, width: u32, height: u32, level: u8) -> Self {
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

    fn halves(self) -> [Self; 2] {
        let (width, height) = self.size();
        [0, width / 2].map(
            |x| map_frame!(&self, image => imageops::crop_imm(image, x, 0, width / 2, height).to_image()),
        )
    }

    fn beside(self, right: Self) -> Self {
        let ([channels, height, width], other) = (sizes(&self), right.size().0 as usize);
        let (left, right) = (self.into_planar(), right.into_planar());
        let rows = left.chunks_exact(width).zip(right.chunks_exact(other));
        let both: Vec<u8> = rows.flat_map(|(left, right)| left.iter().chain(right)).copied().collect();
        Self::from_planar([channels, height, width + other], &both).expect("both have the same rows")
    }
}

/// C, H and W.
fn sizes(frame: &Frame) -> [usize; 3] {
    let (width, height) = frame.size();
    [frame.channels(), height as usize, width as usize]
}

fn centre_square(frame: Frame) -> Frame {
    let (width, height) = frame.size();
    if width == height {
        return frame;
    }
    let side = width.min(height);
    let (x, y) = ((width - side) / 2, (height - side) / 2);
    map_frame!(frame, image => imageops::crop_imm(&image, x, y, side, side).to_image())
}

/// An image that has the size already keeps its bytes.
fn resized(frame: Frame, side: u32) -> Frame {
    if frame.size() == (side, side) {
        return frame;
    }
    map_frame!(frame, image => imageops::resize(&image, side, side, FILTER))
}

#[cfg(test)]
mod tests;
