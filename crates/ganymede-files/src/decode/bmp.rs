//! Windows bitmaps: decoded by the image crate, of the kinds that PIL reads, with PIL's levels.

use image::{DynamicImage, ImageFormat};

use super::{DecodeOptions, Raw, plain, unsupported};

/// Red, green, blue and alpha of 32 bits.
const MASKS_32: [[u32; 4]; 7] = [
    [0xff_0000, 0xff00, 0xff, 0],
    [0xff00_0000, 0xff_0000, 0xff00, 0],
    [0xff00_0000, 0xff00, 0xff, 0],
    [0xff00_0000, 0xff_0000, 0xff00, 0xff],
    [0xff, 0xff00, 0xff_0000, 0xff00_0000],
    [0xff_0000, 0xff00, 0xff, 0xff00_0000],
    [0xff00_0000, 0xff00, 0xff, 0xff_0000],
];
const MASKS_555: [u32; 3] = [0x7c00, 0x3e0, 0x1f];
const MASKS_565: [u32; 3] = [0xf800, 0x7e0, 0x1f];

/// Values of the field `biCompression`.
const RAW: u32 = 0;
const RLE8: u32 = 1;
const RLE4: u32 = 2;
const MASKS: u32 = 3;

struct Header {
    size: u32,
    bits: u16,
    compression: u32,
    masks: [u32; 4],
}

pub(super) fn decode(bytes: &[u8], options: &DecodeOptions) -> Result<Raw, String> {
    // Where the file ends within its header, the decoder says so.
    let header = header(bytes);
    if let Some(header) = &header {
        check(header, bytes)?;
    }
    let mut raw = plain::through_image(bytes, ImageFormat::Bmp, options)?;
    if let (Some(Header { bits: 16, masks, .. }), DynamicImage::ImageRgb8(image)) = (&header, &mut raw.image)
    {
        let green = if masks[1] == MASKS_565[1] { 63 } else { 31 };
        for pixel in image.pixels_mut() {
            let [r, g, b] = pixel.0;
            pixel.0 = [rounded_down(r, 31), rounded_down(g, green), rounded_down(b, 31)];
        }
    }
    Ok(raw)
}

/// From a level that was rounded to the nearest, to the one that PIL gives.
fn rounded_down(level: u8, most: u16) -> u8 {
    let sample = (u16::from(level) * most + 127) / 255;
    (sample * 255 / most) as u8
}

fn header(bytes: &[u8]) -> Option<Header> {
    let word = |at: usize| Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
    let double = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    let size = double(14)?;
    if size < 40 {
        return Some(Header { size, bits: word(24)?, compression: RAW, masks: [0; 4] });
    }
    let (bits, compression) = (word(28)?, double(30)?);
    let mut masks = [0; 4];
    if compression == MASKS {
        // Behind a header of 40 bytes, or the last fields of a longer one.
        let count = if size >= 56 { 4 } else { 3 };
        for (i, mask) in masks.iter_mut().enumerate().take(count) {
            *mask = double(54 + 4 * i)?;
        }
    }
    Some(Header { size, bits, compression, masks })
}

/// Refuses what PIL refuses, and what the decoder makes other pixels of.
fn check(header: &Header, bytes: &[u8]) -> Result<(), String> {
    let Header { size, bits, compression, masks } = *header;
    if ![12, 40, 52, 56, 108, 124].contains(&size) {
        return Err(unsupported(format!("a BMP whose header has {size} bytes")));
    }
    let of_rgb = [masks[0], masks[1], masks[2]];
    match (compression, bits) {
        (RAW, 1 | 4 | 8 | 16 | 24 | 32) => Ok(()),
        (MASKS, 16) if of_rgb == MASKS_555 || of_rgb == MASKS_565 => Ok(()),
        (MASKS, 32) if MASKS_32.contains(&masks) => Ok(()),
        (MASKS, 16 | 24 | 32) => Err(unsupported(format!("a BMP of {bits} bits with masks {masks:x?}"))),
        (RLE8, 8) | (RLE4, 4) if runs_fill_it(bytes, bits) => Ok(()),
        (RLE8, 8) | (RLE4, 4) => Err(unsupported("a BMP whose runs leave pixels out")),
        (RAW, _) => Err(unsupported(format!("a BMP of {bits} bits a pixel"))),
        _ => Err(unsupported(format!("a BMP of {bits} bits with compression {compression}"))),
    }
}

/// Whether run-length-coded rows cover every pixel: what lies between is of no colour that all programs agree on.
fn runs_fill_it(bytes: &[u8], bits: u16) -> bool {
    let number = |at: usize| bytes.get(at..at + 4).map(|b| i32::from_le_bytes([b[0], b[1], b[2], b[3]]));
    let (Some(offset), Some(width), Some(height)) = (number(10), number(18), number(22)) else { return true };
    let (width, height) = (i64::from(width), i64::from(height).abs());
    let mut codes = bytes.get(offset as usize..).unwrap_or_default();
    let (mut x, mut y) = (0, 0);
    // Data that end too soon are for the decoder to complain about.
    while let [first, second, rest @ ..] = codes {
        codes = rest;
        match (first, second) {
            (0, 0) if x != width => return false,
            (0, 0) => (x, y) = (0, y + 1),
            (0, 1) => return y == height || (y + 1 == height && x == width),
            (0, 2) => return false,
            (0, &count) => {
                let data = (usize::from(count) * usize::from(bits)).div_ceil(8);
                codes = rest.get(data + data % 2..).unwrap_or_default();
                x += i64::from(count);
            }
            (&count, _) => x += i64::from(count),
        }
    }
    true
}
