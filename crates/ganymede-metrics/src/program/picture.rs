//! Images side by side in one picture.

use anyhow::{Result, anyhow};
use ganymede_files::Frame as Image;
use image::imageops::{FilterType, overlay, resize};
use image::{Rgb, RgbImage};

/// Side of the square that each image is fitted into.
const SIDE: u32 = 128;
const GAP: u32 = 6;

/// What a block of the picture shows, by its colour.
#[derive(Clone, Copy)]
pub(crate) enum Frame {
    Worst,
    Best,
    /// A bin with too few generated images.
    Missing,
    /// One with too many.
    Swollen,
}

impl Frame {
    fn colour(self) -> Rgb<u8> {
        match self {
            Self::Worst => Rgb([200, 60, 50]),
            Self::Best => Rgb([60, 150, 80]),
            Self::Missing => Rgb([60, 100, 170]),
            Self::Swollen => Rgb([200, 140, 40]),
        }
    }
}

/// Two images one above the other, either of which may be missing.
pub(crate) type Pair = [Option<Image>; 2];

/// Blocks one below the other; in each, columns of two images one above the other.
pub(crate) fn pairs(blocks: &[(Frame, Vec<Pair>)]) -> Result<RgbImage> {
    let columns = blocks.iter().map(|(_, columns)| columns.len()).max().unwrap_or(0) as u32;
    let block_height = 2 * SIDE + 3 * GAP;
    let size = (columns * (SIDE + GAP) + GAP, blocks.len() as u32 * (block_height + GAP) + GAP);
    let mut picture = RgbImage::from_pixel(size.0.max(1), size.1.max(1), Rgb([255; 3]));
    for (b, (frame, columns)) in blocks.iter().enumerate() {
        let top = GAP + b as u32 * (block_height + GAP);
        let ground = RgbImage::from_pixel(size.0, block_height, frame.colour());
        overlay(&mut picture, &ground, 0, i64::from(top));
        for (c, images) in columns.iter().enumerate() {
            for (r, image) in images.iter().enumerate() {
                let Some(image) = image else { continue };
                let x = GAP + c as u32 * (SIDE + GAP);
                let y = top + GAP + r as u32 * (SIDE + GAP);
                overlay(&mut picture, &fitted(image)?, i64::from(x), i64::from(y));
            }
        }
    }
    Ok(picture)
}

/// An image in a white square; small ones are enlarged, each pixel as a square.
fn fitted(image: &Image) -> Result<RgbImage> {
    let ((width, height), channels) = (image.size(), image.channels());
    let pixels: Vec<u8> = match channels {
        1 => image.interleaved().iter().flat_map(|level| [*level; 3]).collect(),
        _ => image.interleaved().to_vec(),
    };
    let whole = RgbImage::from_raw(width, height, pixels)
        .ok_or_else(|| anyhow!("an image of {channels} channels cannot be shown"))?;
    let scale = f64::from(SIDE) / f64::from(width.max(height));
    let fit = |side: u32| ((f64::from(side) * scale).round() as u32).clamp(1, SIDE);
    let filter = if scale >= 1.0 { FilterType::Nearest } else { FilterType::Triangle };
    let shown = resize(&whole, fit(width), fit(height), filter);
    let mut square = RgbImage::from_pixel(SIDE, SIDE, Rgb([255; 3]));
    let centre = |side: u32| i64::from((SIDE - side) / 2);
    overlay(&mut square, &shown, centre(shown.width()), centre(shown.height()));
    Ok(square)
}
