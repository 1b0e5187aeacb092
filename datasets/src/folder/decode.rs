//! One file to one square image, or the reason why not.

use std::fs::File;
use std::io::{Cursor, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use image::{
    DynamicImage, GrayImage, ImageDecoder, ImageFormat, ImageReader, Limits, Luma, Rgb, RgbImage, Rgba,
};

use crate::frame::Frame;
use crate::options::{Background, OpenOptions};

/// Decodes, composites on the background, crops and resizes.
pub(crate) fn decode_square(path: &Path, side: u32, options: &OpenOptions) -> Result<Frame, String> {
    let bytes = read_bounded(path, options)?;
    // The decoders are other people's and meet files made to break them: a panic in one is a damaged
    // file to us. No state of ours is shared with the closure.
    let decode = || {
        let image = decode(&bytes, options)?;
        Ok(flatten(image, options.background).into_square(side, options.crop, options.background))
    };
    catch_unwind(AssertUnwindSafe(decode))
        .unwrap_or_else(|_| Err("the decoder failed on it: the file is damaged".into()))
}

fn read_bounded(path: &Path, options: &OpenOptions) -> Result<Vec<u8>, String> {
    let mut file = File::open(path).map_err(|error| format!("cannot be opened ({error})"))?;
    // No format in use needs more than 8 bytes a pixel; 1 MiB is for metadata.
    let limit = options.max_pixels.saturating_mul(8).saturating_add(1 << 20);
    let mut bytes = Vec::new();
    let read = Read::by_ref(&mut file).take(limit.saturating_add(1)).read_to_end(&mut bytes);
    read.map_err(|error| format!("cannot be read ({error})"))?;
    match bytes.len() as u64 {
        0 => Err("the file is empty".into()),
        len if len > limit => Err(format!("the file has more than {limit} bytes")),
        _ => Ok(bytes),
    }
}

fn decode(bytes: &[u8], options: &OpenOptions) -> Result<DynamicImage, String> {
    // By content: cameras and browsers save JPEG under the name .png.
    let format = image::guess_format(bytes).map_err(|_| "not a PNG, JPEG or WebP image".to_owned())?;
    if !matches!(format, ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP) {
        return Err(format!("it is {format:?} inside: convert it to PNG, JPEG or WebP"));
    }
    let damaged = |error: image::ImageError| format!("damaged or cut short ({error})");
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    // The image in 8 bytes a pixel, and as much again for the decoder.
    limits.max_alloc = Some(options.max_pixels.saturating_mul(16).saturating_add(16 << 20));
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(damaged)?;
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 {
        return Err(format!("it has no pixels ({width} x {height})"));
    }
    if u64::from(width) * u64::from(height) > options.max_pixels {
        let limit = options.max_pixels;
        return Err(format!("too large: {width} x {height} pixels, and the limit is {limit} (`max_pixels`)"));
    }
    if format == ImageFormat::Jpeg && !jpeg_is_complete(bytes) {
        // The decoder fills the missing part with grey and says nothing.
        return Err("damaged or cut short (the JPEG has no end)".into());
    }
    // A damaged EXIF block does not spoil the pixels.
    let orientation = decoder.orientation().ok();
    let mut image = DynamicImage::from_decoder(decoder).map_err(damaged)?;
    if let Some(orientation) = orientation {
        image.apply_orientation(orientation);
    }
    Ok(image)
}

/// Composites on the background and reduces to 8 bits; grey stays grey.
///
/// Before resizing: invisible pixels have any colour, and would bleed into the visible ones.
fn flatten(image: DynamicImage, background: Background) -> Frame {
    let level = background.level();
    if !image.color().has_alpha() {
        return if image.color().has_color() {
            Frame::Rgb(image.into_rgb8())
        } else {
            Frame::Grey(image.into_luma8())
        };
    }
    let (width, height) = (image.width(), image.height());
    if image.color().has_color() {
        let rgba = image.into_rgba8();
        let pixel = |x, y| {
            let Rgba([r, g, b, a]) = *rgba.get_pixel(x, y);
            Rgb([r, g, b].map(|value| over(value, a, level)))
        };
        Frame::Rgb(RgbImage::from_fn(width, height, pixel))
    } else {
        let grey = image.into_luma_alpha8();
        let pixel = |x, y| {
            let [value, a] = grey.get_pixel(x, y).0;
            Luma([over(value, a, level)])
        };
        Frame::Grey(GrayImage::from_fn(width, height, pixel))
    }
}

/// `value` of opacity `alpha` on `level`, rounded.
fn over(value: u8, alpha: u8, level: u8) -> u8 {
    let alpha = u32::from(alpha);
    ((u32::from(value) * alpha + u32::from(level) * (255 - alpha) + 127) / 255) as u8
}

/// Whether the markers of a JPEG lead to its end (ITU-T T.81, annex B).
///
/// Looking for the end marker's two bytes alone would find that of an embedded thumbnail.
fn jpeg_is_complete(bytes: &[u8]) -> bool {
    const END: u8 = 0xd9;
    let mut at = 2;
    loop {
        // Between segments, and after the entropy-coded data of a scan: on to the next marker. In that
        // data 0xff is followed by 0 (a stuffed byte) or a restart marker; 0xff may also be padding.
        let Some(offset) = bytes.get(at..).and_then(|rest| {
            rest.windows(2).position(|pair| pair[0] == 0xff && !matches!(pair[1], 0 | 0xff | 0xd0..=0xd7))
        }) else {
            return false;
        };
        at += offset;
        let marker = bytes[at + 1];
        if marker == END {
            return true;
        }
        let Some(&[high, low]) = bytes.get(at + 2..at + 4) else { return false };
        let length = usize::from(u16::from_be_bytes([high, low]));
        at += 2 + length;
    }
}

#[cfg(test)]
mod tests;
