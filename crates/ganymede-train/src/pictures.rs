//! Grids of images as PNG files.

use std::io::Cursor;
use std::path::Path;

use ganymede_tensor::{DType, Device, Tensor};
use image::{DynamicImage, GrayImage, ImageFormat, Rgb, RgbImage};

use crate::error::TrainError;
use crate::folder::replace;

/// Pixels between the images of a grid.
const GAP: u32 = 2;
/// Images smaller than this are shown enlarged, each pixel as a square.
const LEAST_SIDE: usize = 64;

/// One image `(C, H, W)` in [−1, 1], C = 1 or 3, as 8-bit RGB: byte = round((x + 1) · 127.5), clipped.
#[derive(Debug)]
pub(crate) struct Pixels {
    bytes: Vec<u8>,
    channels: usize,
    height: usize,
    width: usize,
}

impl Pixels {
    /// The images of a batch `(N, C, H, W)`.
    pub(crate) fn of_batch(images: &Tensor) -> ganymede_tensor::Result<Vec<Self>> {
        let (n, channels, height, width) = images.dims4()?;
        let host = images.to_device(&Device::Cpu)?.to_dtype(DType::F32)?;
        let values = host.flatten_all()?.to_vec1::<f32>()?;
        let size = channels * height * width;
        let byte = |x: &f32| ((x + 1.0) * 127.5).round().clamp(0.0, 255.0) as u8;
        let image = |i: usize| {
            let bytes = values[i * size..(i + 1) * size].iter().map(byte).collect();
            Self { bytes, channels, height, width }
        };
        Ok((0..n).map(image).collect())
    }

    /// An image without anything.
    pub(crate) fn white(channels: usize, height: usize, width: usize) -> Self {
        Self { bytes: vec![255; channels * height * width], channels, height, width }
    }

    fn pixel(&self, x: usize, y: usize) -> Rgb<u8> {
        let plane = self.height * self.width;
        let at = |channel: usize| self.bytes[channel * plane + y * self.width + x];
        if self.channels == 3 { Rgb([at(0), at(1), at(2)]) } else { Rgb([at(0); 3]) }
    }

    /// The image alone as a PNG, pixel for pixel: grey (mode L) with one channel, colour with three.
    pub(crate) fn to_png(&self) -> Vec<u8> {
        let (width, height) = (self.width as u32, self.height as u32);
        let image = if self.channels == 1 {
            let grey = GrayImage::from_raw(width, height, self.bytes.clone());
            DynamicImage::ImageLuma8(grey.expect("there is one byte a pixel"))
        } else {
            DynamicImage::ImageRgb8(self.to_image())
        };
        let mut bytes = Cursor::new(Vec::new());
        image.write_to(&mut bytes, ImageFormat::Png).expect("memory takes any picture that is not empty");
        bytes.into_inner()
    }

    /// The image alone in colours.
    fn to_image(&self) -> RgbImage {
        RgbImage::from_fn(self.width as u32, self.height as u32, |x, y| self.pixel(x as usize, y as usize))
    }
}

/// How often each pixel of an image is repeated along both sides.
fn scale(height: usize, width: usize) -> usize {
    (LEAST_SIDE / height.max(width).max(1)).max(1)
}

/// The height and width that an image of a grid takes, with what is between it and the next.
pub(crate) fn tile(height: usize, width: usize) -> (usize, usize) {
    let scale = scale(height, width);
    (height * scale + GAP as usize, width * scale + GAP as usize)
}

/// The width and height of an image alone, enlarged as in a grid.
pub(crate) fn frame_size(height: usize, width: usize) -> (u32, u32) {
    let scale = scale(height, width);
    ((width * scale) as u32, (height * scale) as u32)
}

/// One image alone, enlarged as in a grid.
pub(crate) fn frame(image: &Pixels) -> RgbImage {
    let scale = scale(image.height, image.width);
    let (width, height) = frame_size(image.height, image.width);
    RgbImage::from_fn(width, height, |x, y| image.pixel(x as usize / scale, y as usize / scale))
}

/// All images side by side in a square of rows, or in rows of `columns`; small ones enlarged.
pub(crate) fn grid(images: &[&Pixels], columns: Option<usize>) -> RgbImage {
    let square = (images.len() as f64).sqrt().ceil() as usize;
    let columns = columns.unwrap_or(square).max(1);
    let rows = images.len().div_ceil(columns).max(1);
    let (height, width) = images.first().map_or((1, 1), |image| (image.height, image.width));
    let scale = scale(height, width);
    let (tile_w, tile_h) = ((width * scale) as u32 + GAP, (height * scale) as u32 + GAP);
    let size = (columns as u32 * tile_w + GAP, rows as u32 * tile_h + GAP);
    let mut picture = RgbImage::from_pixel(size.0, size.1, Rgb([255; 3]));
    for (i, image) in images.iter().enumerate() {
        let left = GAP + (i % columns) as u32 * tile_w;
        let top = GAP + (i / columns) as u32 * tile_h;
        for y in 0..height * scale {
            for x in 0..width * scale {
                let pixel = image.pixel(x / scale, y / scale);
                picture.put_pixel(left + x as u32, top + y as u32, pixel);
            }
        }
    }
    picture
}

/// Writes a picture that is no sample, at once or not at all: a grid, a curve. It carries a mark by which data sets and
/// metrics know it.
pub(crate) fn save_drawing(picture: &RgbImage, path: &Path) -> Result<(), TrainError> {
    let bytes = ganymede_files::encode_drawing(picture)
        .map_err(|error| TrainError::Picture { path: path.to_owned(), reason: error.to_string() })?;
    replace(path, &bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_become_bytes_and_tiles_lie_row_by_row() {
        // Three images of 1 × 1 × 1: black, grey, beyond white.
        let batch = Tensor::new(&[-1f32, 0.0, 1.5], &Device::Cpu).unwrap();
        let pixels = Pixels::of_batch(&batch.reshape((3, 1, 1, 1)).unwrap()).unwrap();
        let levels: Vec<u8> = pixels.iter().map(|image| image.to_image().get_pixel(0, 0).0[0]).collect();
        assert_eq!(levels, [0, 128, 255]);

        let pixels: Vec<&Pixels> = pixels.iter().collect();
        let picture = grid(&pixels, None);
        let tile = (LEAST_SIDE as u32) + GAP;
        assert_eq!(picture.dimensions(), (2 * tile + GAP, 2 * tile + GAP));
        assert_eq!(picture.get_pixel(GAP, GAP).0, [0; 3]);
        assert_eq!(picture.get_pixel(GAP + tile, GAP).0, [128; 3]);
        assert_eq!(picture.get_pixel(GAP, GAP + tile).0, [255; 3]);
        assert_eq!(grid(&pixels, Some(3)).dimensions(), (3 * tile + GAP, tile + GAP));
        // The place of a fourth image stays empty.
        assert_eq!(picture.get_pixel(GAP + tile, GAP + tile).0, [255; 3]);
    }

    #[test]
    fn colours_keep_their_planes() {
        let batch = Tensor::new(&[1f32, -1.0, 0.0], &Device::Cpu).unwrap();
        let pixels = Pixels::of_batch(&batch.reshape((1, 3, 1, 1)).unwrap()).unwrap();
        assert_eq!(pixels[0].to_image().get_pixel(0, 0).0, [255, 0, 128]);
    }
}
