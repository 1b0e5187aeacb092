//! Formats that the image crate decodes as PIL does.

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits};

use super::{DecodeOptions, Raw, check_size, damaged, unsupported};

pub(super) fn png(bytes: &[u8], options: &DecodeOptions) -> Result<Raw, String> {
    // The colour type of the header: 0 is grey without alpha, whatever a transparent level makes of it.
    let grey = bytes.get(25) == Some(&0);
    let raw = through_image(bytes, ImageFormat::Png, options)?;
    Ok(Raw { keyed: grey && raw.alpha, ..raw })
}

pub(super) fn webp(bytes: &[u8], options: &DecodeOptions) -> Result<Raw, String> {
    if !webp_is_complete(bytes) {
        return Err(damaged("a part of the WebP reaches beyond the end of the file"));
    }
    through_image(bytes, ImageFormat::WebP, options)
}

/// Whether all chunks lie within the file. The decoder makes room for a chunk of whatever size its header claims.
fn webp_is_complete(bytes: &[u8]) -> bool {
    let size_at = |at: usize| {
        bytes.get(at..at + 4).map(|size| u32::from_le_bytes([size[0], size[1], size[2], size[3]]))
    };
    let end = size_at(4).map_or(0, |size| (size as usize).saturating_add(8)).min(bytes.len());
    // `RIFF`, a size, `WEBP`; then chunks: a name, a size, data, a byte more where the size is odd.
    let mut at = 12;
    while at + 8 <= end {
        let Some(size) = size_at(at + 4).map(|size| size as usize) else { return false };
        if size > bytes.len() - (at + 8) {
            return false;
        }
        at += 8 + size + size % 2;
    }
    true
}

pub(super) fn through_image(bytes: &[u8], kind: ImageFormat, options: &DecodeOptions) -> Result<Raw, String> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), kind);
    let mut limits = Limits::default();
    // The image in 8 bytes a pixel, and as much again for the decoder.
    limits.max_alloc = Some(options.max_pixels.saturating_mul(16).saturating_add(16 << 20));
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(reason)?;
    let (width, height) = decoder.dimensions();
    check_size(width, height, options)?;
    // A damaged EXIF block does not spoil the pixels.
    let orientation = if options.upright { decoder.orientation().ok() } else { None };
    let image = DynamicImage::from_decoder(decoder).map_err(reason)?;
    Ok(Raw { orientation, ..Raw::new(image) })
}

fn reason(error: ImageError) -> String {
    match error {
        ImageError::Unsupported(error) => unsupported(error),
        ImageError::Limits(error) => format!("too large to be decoded within the limit of memory ({error})"),
        other => damaged(other),
    }
}
