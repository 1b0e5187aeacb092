//! How different the samples of a grid are.

use std::path::Path;

use anyhow::{Context, Result};
use image::{DynamicImage, RgbImage};

use crate::words::Misuse;

/// Tiles that are compared: all pairs of them.
const MOST_TILES: usize = 64;
/// Sides that a grid may have, so that a small file cannot become a picture that fills the memory.
const MOST_SIDE: u32 = 16_384;
/// Pixels across and down that tiles are brought to at most: collapse is no matter of details.
const SIDE: u32 = 64;

/// The pictures of a grid.
pub(super) struct Grid {
    tiles: Vec<Vec<f32>>,
}

impl Grid {
    /// Cuts a picture into tiles of `side`, or where that is not given along its lines: rows and columns of one colour at equal
    /// distances, as torchvision's `make_grid`, StyleGAN's grids with a border and ours have them.
    pub(super) fn of(picture: &DynamicImage, side: Option<u32>) -> Result<Self, Misuse> {
        let rgb = picture.to_rgb8();
        let [across, down] = match side {
            Some(side) => [cells(rgb.width(), side), cells(rgb.height(), side)],
            None => [between(&rgb, true), between(&rgb, false)],
        };
        if across.len() * down.len() < 4 {
            let (width, height) = rgb.dimensions();
            return Err(Misuse(format!(
                "no grid of 4 samples or more is seen in {width}×{height} pixels: --tile N says how many pixels a sample has"
            )));
        }
        let places = down.iter().flat_map(|y| across.iter().map(move |x| (x, y)));
        let tile = |(x, y): (&(u32, u32), &(u32, u32))| {
            let part = image::imageops::crop_imm(&rgb, x.0, y.0, x.1 - x.0, y.1 - y.0).to_image();
            let (width, height) = (part.width().min(SIDE), part.height().min(SIDE));
            let small = image::imageops::resize(&part, width, height, image::imageops::FilterType::Triangle);
            small.into_raw().into_iter().map(f32::from).collect()
        };
        Ok(Self { tiles: places.take(MOST_TILES).map(tile).collect() })
    }

    pub(super) fn read(path: &Path, side: Option<u32>) -> Result<Self> {
        let mut reader = image::ImageReader::open(path).with_context(|| path.display().to_string())?;
        reader.limits(limits());
        let reader = reader.with_guessed_format().with_context(|| path.display().to_string())?;
        let picture = reader.decode().with_context(|| path.display().to_string())?;
        Self::of(&picture, side).map_err(|error| Misuse(format!("{}: {error}", path.display())).into())
    }

    pub(super) fn decode(encoded: &[u8], side: Option<u32>) -> Result<Self> {
        let mut reader = image::ImageReader::new(std::io::Cursor::new(encoded));
        reader.limits(limits());
        Ok(Self::of(&reader.with_guessed_format()?.decode()?, side)?)
    }

    /// The root of the mean squared distance between two samples.
    pub(super) fn spread(&self) -> f64 {
        let (mut sum, mut pairs) = (0.0, 0_usize);
        for (i, a) in self.tiles.iter().enumerate() {
            for b in self.tiles[..i].iter().filter(|b| b.len() == a.len()) {
                sum += a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>();
                pairs += 1;
            }
        }
        (sum / pairs.max(1) as f64).sqrt()
    }
}

fn limits() -> image::Limits {
    let mut limits = image::Limits::default();
    (limits.max_image_width, limits.max_image_height) = (Some(MOST_SIDE), Some(MOST_SIDE));
    limits
}

/// Whole tiles of `side` from the start on.
fn cells(length: u32, side: u32) -> Vec<(u32, u32)> {
    let side = side.max(1);
    (0..length / side).map(|i| (i * side, (i + 1) * side)).collect()
}

/// The parts between lines of one colour; none where they are not of one size.
fn between(picture: &RgbImage, across: bool) -> Vec<(u32, u32)> {
    let (length, other) = match across {
        true => (picture.width(), picture.height()),
        false => (picture.height(), picture.width()),
    };
    let at = |i: u32, j: u32| if across { *picture.get_pixel(i, j) } else { *picture.get_pixel(j, i) };
    let colour = at(0, 0);
    let is_line = |i: u32| (0..other).all(|j| at(i, j) == colour);
    let (mut parts, mut start) = (Vec::new(), None);
    for i in 0..length {
        match (is_line(i), start) {
            (false, None) => start = Some(i),
            (true, Some(from)) => {
                parts.push((from, i));
                start = None;
            }
            _ => {}
        }
    }
    parts.extend(start.map(|from| (from, length)));
    even(parts)
}

/// Parts where they are of one size: a sample whose border has the colour of the lines looks smaller, and takes its size from
/// the step between the others.
fn even(parts: Vec<(u32, u32)>) -> Vec<(u32, u32)> {
    let Some(size) = parts.iter().map(|(from, to)| to - from).max() else { return parts };
    let whole: Vec<(u32, u32)> = parts.into_iter().filter(|(from, to)| to - from == size).collect();
    let steps: Vec<u32> = whole.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
    let Some(step) = steps.iter().min().copied() else { return whole };
    if steps.iter().any(|found| found % step != 0) { Vec::new() } else { whole }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tiles of `side` with lines of 2 pixels, as torchvision draws them; `level` is the grey of a pixel of a tile.
    fn grid(rows: u32, columns: u32, side: u32, level: impl Fn(u32, u32, u32) -> u8) -> DynamicImage {
        let pixel = |x: u32, y: u32| {
            let (column, row) = (x / (side + 2), y / (side + 2));
            let (u, v) = (x % (side + 2), y % (side + 2));
            let is_line = u < 2 || v < 2 || column >= columns || row >= rows;
            image::Rgb([if is_line { 0 } else { level(row * columns + column, u - 2, v - 2) }; 3])
        };
        RgbImage::from_fn(columns * (side + 2) + 2, rows * (side + 2) + 2, pixel).into()
    }

    #[test]
    fn tiles_are_found_along_the_lines_and_compared() {
        let different = grid(2, 4, 8, |tile, u, v| (40 + 25 * tile + u + v) as u8);
        let alike = grid(2, 4, 8, |_, u, v| (40 + u + v) as u8);
        for (picture, is_alike) in [(&different, false), (&alike, true)] {
            let found = Grid::of(picture, None).unwrap();
            assert_eq!(found.tiles.len(), 8);
            assert_eq!(found.tiles[0].len(), 3 * 64);
            assert_eq!(found.spread() < 1e-9, is_alike);
        }
        // Two tiles differ by 25 levels a step: the mean of squares over all pairs of eight is 12.
        let wanted = 25.0 * (12.0f64 * 192.0).sqrt();
        assert!((Grid::of(&different, None).unwrap().spread() - wanted).abs() < 1e-3);
        let plain = DynamicImage::from(RgbImage::from_fn(16, 16, |x, y| image::Rgb([(x * 16 + y) as u8; 3])));
        let error = Grid::of(&plain, None).err().unwrap().to_string();
        assert!(error.contains("--tile"), "{error}");
        assert_eq!(Grid::of(&plain, Some(4)).unwrap().tiles.len(), 16);
        assert!(Grid::of(&plain, Some(99)).is_err());
    }
}
