//! Portable bit, grey and pixel maps, binary and as text.
//!
//! The image crate rounds levels of another maximum than 255 in its own way; PIL gives the nearest level.

use image::{DynamicImage, GrayImage, ImageBuffer, Luma, RgbImage};

use super::{DecodeOptions, Raw, check_size, damaged, unsupported};

/// What the lengths of samples were checked for.
const WHOLE: &str = "as many samples as the header says";

struct Header {
    width: u32,
    height: u32,
    channels: usize,
    /// The sample that means white.
    most: u32,
    bits: bool,
}

impl Header {
    fn samples(&self) -> usize {
        self.width as usize * self.height as usize * self.channels
    }
}

pub(super) fn decode(bytes: &[u8], options: &DecodeOptions) -> Result<Raw, String> {
    let mut text = Text { bytes, at: 2 };
    let (channels, bits) = match bytes[1] {
        b'1' | b'4' => (1, true),
        b'2' | b'5' => (1, false),
        b'3' | b'6' => (3, false),
        _ => return Err(unsupported("a PAM file (P7): save it as PPM, PGM or PNG")),
    };
    let plain = bytes[1] < b'4';
    let (width, height) = (text.number()?, text.number()?);
    let most = if bits { 1 } else { text.number()? };
    if !(1..=65535).contains(&most) {
        return Err(damaged(format!("its largest level is {most}, which may be 1 to 65535")));
    }
    check_size(width, height, options)?;
    let header = Header { width, height, channels, most, bits };
    // The number's one byte of white space was read with it.
    let data = &bytes[text.at.min(bytes.len())..];
    if !plain && most == 255 {
        let levels = data.get(..header.samples()).ok_or_else(too_short)?;
        return Ok(Raw::new(of_levels(levels.to_vec(), &header)));
    }
    let samples = match (plain, bits) {
        (true, true) => plain_bits(data, &header)?,
        (true, false) => plain_numbers(text, &header)?,
        (false, true) => packed_bits(data, &header)?,
        (false, false) => binary(data, &header)?,
    };
    Ok(Raw { deep: most > 255, ..Raw::new(image(samples, &header)) })
}

fn image(samples: Vec<u16>, header: &Header) -> DynamicImage {
    let Header { width, height, channels, most, bits } = *header;
    if channels == 1 && most > 255 {
        let scaled = samples.into_iter().map(|sample| scaled(sample, most, 65535)).collect();
        let grey: ImageBuffer<Luma<u16>, Vec<u16>> =
            ImageBuffer::from_raw(width, height, scaled).expect(WHOLE);
        return DynamicImage::ImageLuma16(grey);
    }
    let level = |sample: u16| if bits { 255 * (1 - sample as u8) } else { scaled(sample, most, 255) as u8 };
    of_levels(samples.into_iter().map(level).collect(), header)
}

fn of_levels(levels: Vec<u8>, header: &Header) -> DynamicImage {
    let Header { width, height, channels, .. } = *header;
    if channels == 1 {
        DynamicImage::ImageLuma8(GrayImage::from_raw(width, height, levels).expect(WHOLE))
    } else {
        DynamicImage::ImageRgb8(RgbImage::from_raw(width, height, levels).expect(WHOLE))
    }
}

/// The nearest level; a sample above the maximum is white.
fn scaled(sample: u16, most: u32, white: u16) -> u16 {
    if most == u32::from(white) {
        return sample;
    }
    let level = f64::from(sample) / f64::from(most) * f64::from(white);
    level.round_ties_even().min(f64::from(white)) as u16
}

fn too_short() -> String {
    damaged("it holds fewer pixels than its header says")
}

fn binary(data: &[u8], header: &Header) -> Result<Vec<u16>, String> {
    let samples = header.samples();
    if header.most < 256 {
        let data = data.get(..samples).ok_or_else(too_short)?;
        return Ok(data.iter().map(|&sample| u16::from(sample)).collect());
    }
    let data = samples.checked_mul(2).and_then(|len| data.get(..len)).ok_or_else(too_short)?;
    Ok(data.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect())
}

fn packed_bits(data: &[u8], header: &Header) -> Result<Vec<u16>, String> {
    let (width, height) = (header.width as usize, header.height as usize);
    let row_bytes = width.div_ceil(8);
    let data = row_bytes.checked_mul(height).and_then(|len| data.get(..len)).ok_or_else(too_short)?;
    let bit = |row: &[u8], x: usize| u16::from(row[x / 8] >> (7 - x % 8) & 1);
    Ok(data.chunks_exact(row_bytes).flat_map(|row| (0..width).map(move |x| bit(row, x))).collect())
}

/// Ones and zeros, with or without space between them.
fn plain_bits(data: &[u8], header: &Header) -> Result<Vec<u16>, String> {
    let mut samples = Vec::with_capacity(header.samples().min(data.len()));
    let mut comment = false;
    for &byte in data {
        match byte {
            b'\n' | b'\r' => comment = false,
            b'#' => comment = true,
            _ if comment || byte.is_ascii_whitespace() => {}
            b'0' | b'1' => samples.push(u16::from(byte - b'0')),
            other => return Err(damaged(format!("`{}` among its bits", char::from(other)))),
        }
        if samples.len() == header.samples() {
            return Ok(samples);
        }
    }
    Err(too_short())
}

fn plain_numbers(mut text: Text<'_>, header: &Header) -> Result<Vec<u16>, String> {
    let mut samples = Vec::with_capacity(header.samples().min(text.bytes.len()));
    while samples.len() < header.samples() {
        match text.number()? {
            sample if sample > header.most => {
                return Err(damaged(format!("a level of {sample}, where {} is the largest", header.most)));
            }
            sample => samples.push(sample as u16),
        }
    }
    Ok(samples)
}

/// Numbers among white space and comments.
struct Text<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Text<'_> {
    /// The next number, and the one byte behind it.
    fn number(&mut self) -> Result<u32, String> {
        let mut comment = false;
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b'\n' | b'\r' => comment = false,
                b'#' => comment = true,
                _ if comment || byte.is_ascii_whitespace() || byte == 0x0b => {}
                _ => break,
            }
            self.at += 1;
        }
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let digits = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
        if rest.is_empty() {
            return Err(too_short());
        }
        let number = std::str::from_utf8(&rest[..digits]).ok().and_then(|digits| digits.parse().ok());
        self.at += digits + 1;
        number.ok_or_else(|| damaged("something else where a number belongs"))
    }
}
