//! One file to one image of 8 bits, or the reason why not.

use std::fs::File;
use std::io::{Cursor, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use image::{DynamicImage, GrayImage, ImageDecoder, ImageReader, Limits, Luma, Rgb, RgbImage, Rgba};

use crate::drawing;
use crate::error::FilesError;
use crate::formats::{Format, Formats};
use crate::frame::Frame;

/// How files become frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeOptions {
    /// Which formats are read; others are refused by name.
    pub formats: Formats,
    /// Images of more pixels are refused before they are decoded. Memory stays below 24 bytes for each of
    /// them, and 17 MiB.
    pub max_pixels: u64,
    /// What becomes of transparency.
    pub alpha: Alpha,
    /// What becomes of 16 bits a channel.
    pub depth: Depth,
    /// Turn the image as its file says (EXIF). PIL's `open` does not.
    pub upright: bool,
}

impl DecodeOptions {
    /// All formats as PIL's `open(file).convert("RGB")` gives them, which is what the metric programs of the
    /// literature see: alpha dropped, [`Depth::Pil`], not turned; at most 100 million pixels.
    ///
    /// Lossless files come out byte for byte as PIL's, and lossy WebP did so where it was tried. JPEG is decoded
    /// by other code than libjpeg-turbo: within 2 grey levels of it (0.02 in the mean) with colour at full size,
    /// within 4 (0.4 in the mean) with 4:2:2 and 4:2:0, on a small picture of saturated colours and hard edges.
    pub fn pil() -> Self {
        Self {
            formats: Formats::All,
            max_pixels: 100_000_000,
            alpha: Alpha::Drop,
            depth: Depth::Pil,
            upright: false,
        }
    }
}

/// What becomes of transparency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alpha {
    /// The image lies on this grey level: 255 is white.
    Over(u8),
    /// The alpha channel is left out, and the colours of invisible pixels show: often black, sometimes noise.
    Drop,
}

/// What becomes of 16 bits a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// The nearest of 256 levels.
    Nearest,
    /// As PIL: colours, and grey with alpha, lose their low byte; grey alone is cut off at 255 and not scaled,
    /// so that it is white almost everywhere.
    Pil,
}

/// An image, and what its file was like.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Decoded {
    /// The image.
    pub frame: Frame,
    /// What the file is, whatever its name.
    pub format: Format,
    /// Whether it had an alpha channel or a transparent colour.
    pub alpha: bool,
    /// Whether it had 16 bits a channel.
    pub deep: bool,
}

/// Decodes the image in a file.
///
/// # Errors
/// [`FilesError::Image`], with the reason, for whatever keeps the file from being decoded: it is missing, empty,
/// cut short, damaged, too large, of another format, or no image; or a picture of [`crate::encode_drawing`].
pub fn decode(path: &Path, options: &DecodeOptions) -> Result<Decoded, FilesError> {
    decode_bytes(&read_bounded(path, options)?, options)
}

/// Decodes the image in the bytes of a file.
///
/// # Errors
/// As [`decode`].
pub fn decode_bytes(bytes: &[u8], options: &DecodeOptions) -> Result<Decoded, FilesError> {
    if drawing::is_drawing(bytes) {
        return Err(FilesError::image(drawing::REASON));
    }
    // The decoders are other people's and meet files made to break them: a panic in one is a damaged
    // file to us. No state of ours is shared with the closure.
    catch_unwind(AssertUnwindSafe(|| decode_any(bytes, options)))
        .unwrap_or_else(|_| Err("the decoder failed on it: the file is damaged".into()))
        .map_err(FilesError::image)
}

fn read_bounded(path: &Path, options: &DecodeOptions) -> Result<Vec<u8>, FilesError> {
    let mut file =
        File::open(path).map_err(|error| FilesError::image(format!("cannot be opened ({error})")))?;
    // No format in use needs more than 8 bytes a pixel; 1 MiB is for metadata.
    let limit = options.max_pixels.saturating_mul(8).saturating_add(1 << 20);
    let mut bytes = Vec::new();
    let read = Read::by_ref(&mut file).take(limit.saturating_add(1)).read_to_end(&mut bytes);
    read.map_err(|error| FilesError::image(format!("cannot be read ({error})")))?;
    match bytes.len() as u64 {
        0 => Err(FilesError::image("the file is empty")),
        len if len > limit => Err(FilesError::image(format!("the file has more than {limit} bytes"))),
        _ => Ok(bytes),
    }
}

fn decode_any(bytes: &[u8], options: &DecodeOptions) -> Result<Decoded, String> {
    let (format, kind) = known_format(bytes, options.formats)?;
    let image = decode_image(bytes, kind, options)?;
    let colour = image.color();
    let deep = colour.bytes_per_pixel() > colour.channel_count();
    if matches!(image, DynamicImage::ImageRgb32F(_) | DynamicImage::ImageRgba32F(_)) {
        return Err("its pixels are floating-point numbers of unknown range: convert it to 8 bits".into());
    }
    Ok(Decoded { alpha: colour.has_alpha(), deep, format, frame: flatten(image, options) })
}

/// By content: cameras and browsers save JPEG under the name .png.
fn known_format(bytes: &[u8], formats: Formats) -> Result<(Format, image::ImageFormat), String> {
    let kind = image::guess_format(bytes).map_err(|_| format!("not a {} image", formats.words()))?;
    match Format::from_image(kind).filter(|&format| formats.reads(format)) {
        Some(format) => Ok((format, kind)),
        None => Err(format!("it is {kind:?} inside: convert it to {}", formats.words())),
    }
}

fn decode_image(
    bytes: &[u8],
    kind: image::ImageFormat,
    options: &DecodeOptions,
) -> Result<DynamicImage, String> {
    let damaged = |error: image::ImageError| format!("damaged or cut short ({error})");
    let mut reader = ImageReader::with_format(Cursor::new(bytes), kind);
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
    if kind == image::ImageFormat::Jpeg && !jpeg_is_complete(bytes) {
        // The decoder fills the missing part with grey and says nothing.
        return Err("damaged or cut short (the JPEG has no end)".into());
    }
    // A damaged EXIF block does not spoil the pixels.
    let orientation = if options.upright { decoder.orientation().ok() } else { None };
    let mut image = DynamicImage::from_decoder(decoder).map_err(damaged)?;
    if let Some(orientation) = orientation {
        image.apply_orientation(orientation);
    }
    Ok(image)
}

/// Opaque, and of 8 bits; grey stays grey.
///
/// Before resizing: invisible pixels have any colour, and would bleed into the visible ones.
fn flatten(image: DynamicImage, options: &DecodeOptions) -> Frame {
    let image = match options.depth {
        Depth::Nearest => image,
        Depth::Pil => to_eight_bits(image),
    };
    let level = match options.alpha {
        Alpha::Over(level) if image.color().has_alpha() => level,
        _ if image.color().has_color() => return Frame::Rgb(image.into_rgb8()),
        _ => return Frame::Grey(image.into_luma8()),
    };
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

/// PIL's way from 16 bits to 8.
fn to_eight_bits(image: DynamicImage) -> DynamicImage {
    let high = |samples: Vec<u16>| samples.into_iter().map(|sample| (sample >> 8) as u8).collect::<Vec<u8>>();
    let (width, height) = (image.width(), image.height());
    let whole = "as many samples as before";
    match image {
        DynamicImage::ImageLuma16(grey) => {
            let cut = grey.into_raw().into_iter().map(|sample| sample.min(255) as u8).collect();
            DynamicImage::ImageLuma8(GrayImage::from_raw(width, height, cut).expect(whole))
        }
        DynamicImage::ImageLumaA16(grey) => DynamicImage::ImageLumaA8(
            image::GrayAlphaImage::from_raw(width, height, high(grey.into_raw())).expect(whole),
        ),
        DynamicImage::ImageRgb16(rgb) => {
            DynamicImage::ImageRgb8(RgbImage::from_raw(width, height, high(rgb.into_raw())).expect(whole))
        }
        DynamicImage::ImageRgba16(rgba) => DynamicImage::ImageRgba8(
            image::RgbaImage::from_raw(width, height, high(rgba.into_raw())).expect(whole),
        ),
        other => other,
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
