//! JPEG: the usual kinds by zune-jpeg, which is fast, the others by jpeg-decoder, which is right about them.
//!
//! Both fill in what is missing without a word, so that they are given files in which missing data meet a code
//! that does not exist: see [`header`].

mod header;

use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, RgbImage};
use jpeg_decoder::ColorTransform;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::flatten::light;
use super::{DecodeOptions, Raw, check_size, damaged, unsupported};
use header::Header;

/// Below this side the fast decoder errs at the borders of images with half the colours.
const SMALL: u16 = 16;

pub(super) fn decode(bytes: &[u8], options: &DecodeOptions) -> Result<Raw, String> {
    let header = Header::read(bytes)?;
    let (width, height) = (u32::from(header.frame.width), u32::from(header.frame.height));
    check_size(width, height, options)?;
    header.check()?;
    let colours = header.colours();
    let usual = if is_usual(&header, colours) { usual(&header) } else { None };
    let levels = match usual {
        Some(levels) => levels,
        None => unusual(&header, colours)?,
    };
    let image = match header.frame.parts.len() {
        1 => GrayImage::from_raw(width, height, levels).map(DynamicImage::ImageLuma8),
        _ => RgbImage::from_raw(width, height, levels).map(DynamicImage::ImageRgb8),
    };
    let image = image.ok_or_else(|| damaged("it holds fewer pixels than its header says"))?;
    Ok(Raw { orientation: header.exif.and_then(Orientation::from_exif_chunk), ..Raw::new(image) })
}

/// Whether the fast decoder is right about such files.
fn is_usual(header: &Header<'_>, colours: ColorTransform) -> bool {
    let frame = &header.frame;
    let [first, others @ ..] = &frame.parts[..] else { return false };
    let (across, down) = frame.most();
    frame.width >= SMALL
        && frame.height >= SMALL
        && (frame.is_progressive() || header.scans.len() == 1)
        && matches!((colours, header.adobe), (ColorTransform::Grayscale, _) | (ColorTransform::YCbCr, None | Some(1)))
        // It takes those for names of colours.
        && frame.parts.iter().map(|part| part.id).ne(*b"RGB")
        && (first.across, first.down) == (across, down)
        && others.iter().chain([first]).all(|part| part.across.is_power_of_two() && part.down.is_power_of_two())
}

/// Nothing where it fails: then the other decoder has the last word.
fn usual(header: &Header<'_>) -> Option<Vec<u8>> {
    let space = if header.frame.parts.len() == 1 { ColorSpace::Luma } else { ColorSpace::RGB };
    let most = usize::from(u16::MAX);
    let options = DecoderOptions::default().set_max_width(most).set_max_height(most).set_strict_mode(true);
    let options = options.jpeg_set_out_colorspace(space);
    zune_jpeg::JpegDecoder::new_with_options(ZCursor::new(&header.padded), options).decode().ok()
}

fn unusual(header: &Header<'_>, colours: ColorTransform) -> Result<Vec<u8>, String> {
    header.check_uneven()?;
    let mut decoder = jpeg_decoder::Decoder::new(&header.padded[..]);
    decoder.set_color_transform(colours);
    let levels = decoder.decode().map_err(|error| match error {
        jpeg_decoder::Error::Unsupported(what) => unsupported(format!("a JPEG with {what:?}")),
        other => damaged(other),
    })?;
    if header.frame.parts.len() != 4 {
        return Ok(levels);
    }
    // Inks come inverted from the decoder, as from Adobe's programs, and PIL takes them so.
    Ok(levels.chunks_exact(4).flat_map(|ink| [0, 1, 2].map(|i| light(ink[i], ink[3]))).collect())
}
