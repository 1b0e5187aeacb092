//! One decoded image.

use image::{GrayImage, RgbImage};

/// An opaque image of one or three channels, 8 bits each.
#[derive(Clone, Debug, PartialEq)]
pub enum Frame {
    /// One channel.
    Grey(GrayImage),
    /// Red, green, blue.
    Rgb(RgbImage),
}

impl Frame {
    /// From planes C H W; `None` unless there are one or three of them, of exactly these sizes.
    pub fn from_planar([channels, height, width]: [usize; 3], planes: &[u8]) -> Option<Self> {
        let (w, h) = (u32::try_from(width).ok()?, u32::try_from(height).ok()?);
        let area = width.checked_mul(height)?;
        if planes.len() != area.checked_mul(channels)? {
            return None;
        }
        match channels {
            1 => GrayImage::from_raw(w, h, planes.to_vec()).map(Self::Grey),
            3 => {
                let interleaved = (0..area).flat_map(|i| [planes[i], planes[area + i], planes[2 * area + i]]);
                RgbImage::from_raw(w, h, interleaved.collect()).map(Self::Rgb)
            }
            _ => None,
        }
    }

    /// Planes, C H W.
    pub fn into_planar(self) -> Vec<u8> {
        match self {
            Self::Grey(image) => image.into_raw(),
            Self::Rgb(image) => {
                let interleaved = image.into_raw();
                let plane = |c: usize| interleaved.iter().copied().skip(c).step_by(3);
                plane(0).chain(plane(1)).chain(plane(2)).collect()
            }
        }
    }

    /// 1 or 3.
    pub fn channels(&self) -> usize {
        match self {
            Self::Grey(_) => 1,
            Self::Rgb(_) => 3,
        }
    }

    /// Width and height.
    pub fn size(&self) -> (u32, u32) {
        match self {
            Self::Grey(image) => image.dimensions(),
            Self::Rgb(image) => image.dimensions(),
        }
    }

    /// Levels in rows of pixels, H W C.
    pub fn interleaved(&self) -> &[u8] {
        match self {
            Self::Grey(image) => image.as_raw(),
            Self::Rgb(image) => image.as_raw(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planes_and_pixels_are_the_same_image() {
        let planes: Vec<u8> = (0..3 * 2 * 4).collect();
        let frame = Frame::from_planar([3, 2, 4], &planes).unwrap();
        assert_eq!(frame.size(), (4, 2));
        assert_eq!(frame.interleaved()[3..6], [1, 9, 17]);
        assert_eq!(frame.into_planar(), planes);
        let grey = Frame::from_planar([1, 2, 4], &planes[..8]).unwrap();
        assert_eq!((grey.channels(), grey.into_planar()), (1, planes[..8].to_vec()));
        for shape in [[2, 2, 4], [3, 2, 5], [1, 2, 4]] {
            assert!(Frame::from_planar(shape, &planes).is_none(), "{shape:?}");
        }
    }
}
