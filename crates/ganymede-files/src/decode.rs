//! One file to one image of 8 bits, or the reason why not.

mod bmp;
mod flatten;
mod jpeg;
mod plain;
mod pnm;
mod tiff;

use std::fs::File;
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use image::DynamicImage;
use image::metadata::Orientation;

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
    /// Turn the image as its file says (EXIF). PIL's `open` does not; a TIFF it turns always, and so do we.
    pub upright: bool,
}

impl DecodeOptions {
    /// All formats as PIL's `open(file).convert("RGB")` gives them, which is what the metric programs of the
    /// literature see: alpha dropped, [`Depth::Pil`], not turned; at most 100 million pixels.
    ///
    /// Lossless files come out byte for byte as from PIL, or are refused as unsupported. JPEG and lossy WebP come
    /// out within half a grey level of it in the mean and 4 at most, on small pictures of saturated colours and hard
    /// edges.
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
    /// so that it is white almost everywhere. Colours of a PPM are the nearest of 256 levels.
    Pil,
}

/// An image, and what its file was like.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Decoded {
    /// The image: grey where all of its pixels are, also where its file has three channels or a palette.
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
/// cut short, damaged, too large, of another format, of a kind that is not supported, or no image; or a picture of
/// [`crate::encode_drawing`]. "Unsupported" and "damaged" are told apart: a whole file is not called damaged, and
/// missing pixels are never made up.
pub fn decode(path: &Path, options: &DecodeOptions) -> Result<Decoded, FilesError> {
    decode_bytes(&read_bounded(path, options)?, options)
}

/// Decodes the image in the bytes of a file.
///
/// Any bytes are an image or an error, never a panic, and nothing larger than [`DecodeOptions::max_pixels`] allows
/// is allocated for what they claim.
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

/// The most bytes that a file of an image may have to be decoded with these options.
pub fn byte_limit(options: &DecodeOptions) -> u64 {
    // No format in use needs more than 8 bytes a pixel; 1 MiB is for metadata.
    options.max_pixels.saturating_mul(8).saturating_add(1 << 20)
}

fn read_bounded(path: &Path, options: &DecodeOptions) -> Result<Vec<u8>, FilesError> {
    let mut file =
        File::open(path).map_err(|error| FilesError::image(format!("cannot be opened ({error})")))?;
    let limit = byte_limit(options);
    let mut bytes = Vec::new();
    let read = Read::by_ref(&mut file).take(limit.saturating_add(1)).read_to_end(&mut bytes);
    read.map_err(|error| FilesError::image(format!("cannot be read ({error})")))?;
    match bytes.len() as u64 {
        0 => Err(FilesError::image("the file is empty")),
        len if len > limit => Err(FilesError::image(format!("the file has more than {limit} bytes"))),
        _ => Ok(bytes),
    }
}

/// What a decoder made of a file, before depth and transparency are dealt with.
struct Raw {
    image: DynamicImage,
    /// Whether it had an alpha channel or a transparent colour.
    alpha: bool,
    /// Whether it had more than 8 bits a channel.
    deep: bool,
    /// Whether its only transparency is a level of grey that counts as transparent.
    keyed: bool,
    /// How it is to be turned; of a TIFF the pixels are upright already.
    orientation: Option<Orientation>,
}

impl Raw {
    fn new(image: DynamicImage) -> Self {
        let colour = image.color();
        let deep = colour.bytes_per_pixel() > colour.channel_count();
        Self { alpha: colour.has_alpha(), deep, keyed: false, orientation: None, image }
    }
}

fn decode_any(bytes: &[u8], options: &DecodeOptions) -> Result<Decoded, String> {
    let format = known_format(bytes, options.formats)?;
    let mut raw = match format {
        Format::Png => plain::png(bytes, options)?,
        Format::WebP => plain::webp(bytes, options)?,
        Format::Jpeg => jpeg::decode(bytes, options)?,
        Format::Bmp => bmp::decode(bytes, options)?,
        Format::Pnm => pnm::decode(bytes, options)?,
        Format::Tiff => tiff::decode(bytes, options)?,
    };
    if let Some(orientation) = raw.orientation.take().filter(|_| options.upright) {
        raw.image.apply_orientation(orientation);
    }
    Ok(Decoded { alpha: raw.alpha, deep: raw.deep, format, frame: flatten::flatten(raw, options) })
}

/// By content: cameras and browsers save JPEG under the name .png.
fn known_format(bytes: &[u8], formats: Formats) -> Result<Format, String> {
    let big_tiff = bytes.starts_with(b"II\x2b\0") || bytes.starts_with(b"MM\0\x2b");
    let kind = match image::guess_format(bytes) {
        _ if big_tiff => image::ImageFormat::Tiff,
        Ok(kind) => kind,
        Err(_) => return Err(format!("not a {} image", formats.words())),
    };
    Format::from_image(kind)
        .filter(|&format| formats.reads(format))
        .ok_or_else(|| format!("it is {kind:?} inside: convert it to {}", formats.words()))
}

/// Before anything of that size is allocated.
fn check_size(width: u32, height: u32, options: &DecodeOptions) -> Result<(), String> {
    if width == 0 || height == 0 {
        return Err(format!("it has no pixels ({width} x {height})"));
    }
    if u64::from(width) * u64::from(height) > options.max_pixels {
        let limit = options.max_pixels;
        return Err(format!("too large: {width} x {height} pixels, and the limit is {limit} (`max_pixels`)"));
    }
    Ok(())
}

/// For a file that is whole, and of a kind that is not read.
fn unsupported(what: impl std::fmt::Display) -> String {
    format!("unsupported: {what}")
}

fn damaged(why: impl std::fmt::Display) -> String {
    format!("damaged or cut short ({why})")
}

#[cfg(test)]
mod tests;
