//! TIFF: the first page, of the kinds that come out as from PIL; turned as its tag says, as PIL does.

use std::io::Cursor;

use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, ImageBuffer, RgbImage, RgbaImage};
use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::tags::Tag;
use tiff::{ColorType, TiffError};

use super::flatten::light;
use super::{DecodeOptions, Raw, check_size, damaged, unsupported};

type File<'a> = Decoder<Cursor<&'a [u8]>>;

/// Values of tags.
const PLAIN_CODINGS: [u16; 6] = [1, 4, 5, 8, 32773, 32946];
const WHITE_IS_ZERO: u16 = 0;
const APART: u16 = 2;
const PREMULTIPLIED: u16 = 1;
const UNSIGNED: u16 = 1;
const FLOAT: u16 = 3;

pub(super) fn decode(bytes: &[u8], options: &DecodeOptions) -> Result<Raw, String> {
    let mut limits = Limits::default();
    let most = options.max_pixels.saturating_mul(8).saturating_add(16 << 20);
    limits.decoding_buffer_size = usize::try_from(most).unwrap_or(usize::MAX);
    limits.intermediate_buffer_size = limits.decoding_buffer_size;
    let mut file = Decoder::new(Cursor::new(bytes)).map_err(reason)?.with_limits(limits);
    let (width, height) = file.dimensions().map_err(reason)?;
    check_size(width, height, options)?;
    let tags = Tags::of(&mut file)?;
    tags.check()?;
    let colour = file.colortype().map_err(reason)?;
    let mut samples = DecodingResult::U8(Vec::new());
    let layout = file.read_image_to_buffer(&mut samples).map_err(reason)?;
    let planes = if tags.planar == APART { layout.planes } else { 1 };
    let mut raw = match samples {
        DecodingResult::U8(samples) => eight(interleaved(samples, planes), colour, (width, height), &tags)?,
        DecodingResult::U16(samples) => {
            sixteen(interleaved(samples, planes), colour, (width, height), &tags)?
        }
        _ => return Err(tags.other_kind()),
    };
    if let Some(orientation) = Orientation::from_exif(tags.orientation) {
        raw.image.apply_orientation(orientation);
    }
    Ok(raw)
}

fn reason(error: TiffError) -> String {
    match error {
        TiffError::UnsupportedError(error) => unsupported(error),
        TiffError::LimitsExceeded => "too large to be decoded within the limit of memory".into(),
        other => damaged(other),
    }
}

struct Tags {
    photometric: u16,
    bits: u16,
    formats: Vec<u16>,
    samples: u16,
    extra: Vec<u16>,
    planar: u16,
    coding: u16,
    fill_order: u16,
    tiled: bool,
    orientation: u8,
}

impl Tags {
    fn of(file: &mut File<'_>) -> Result<Self, String> {
        let mut list =
            |tag| file.find_tag_unsigned_vec::<u16>(tag).map_err(reason).map(Option::unwrap_or_default);
        let (formats, extra) = (list(Tag::SampleFormat)?, list(Tag::ExtraSamples)?);
        let mut one = |tag, default| Ok::<u16, String>(list(tag)?.first().copied().unwrap_or(default));
        let (photometric, coding) = (one(Tag::PhotometricInterpretation, 0)?, one(Tag::Compression, 1)?);
        let (bits, samples) = (one(Tag::BitsPerSample, 1)?, one(Tag::SamplesPerPixel, 1)?);
        let (planar, fill_order) = (one(Tag::PlanarConfiguration, 1)?, one(Tag::FillOrder, 1)?);
        let orientation = u8::try_from(one(Tag::Orientation, 1)?).unwrap_or(1);
        let tiled = file.get_chunk_type() == tiff::decoder::ChunkType::Tile;
        Ok(Self {
            photometric,
            bits,
            formats,
            samples,
            extra,
            planar,
            coding,
            fill_order,
            tiled,
            orientation,
        })
    }

    /// Refuses what would come out as other pixels than PIL's, and what the decoder panics at.
    fn check(&self) -> Result<(), String> {
        if self.formats.contains(&FLOAT) {
            return Err("its pixels are floating-point numbers of unknown range: convert it to 8 bits".into());
        }
        if !PLAIN_CODINGS.contains(&self.coding) {
            return Err(unsupported(format!("a TIFF with compression {}", self.coding)));
        }
        if self.fill_order != 1 {
            return Err(unsupported("a TIFF whose bits run backwards (FillOrder 2)"));
        }
        if self.planar == APART && (self.tiled || !self.extra.is_empty()) {
            return Err(unsupported("a TIFF of tiles or extra channels whose colours lie apart"));
        }
        let known = match self.photometric {
            WHITE_IS_ZERO => self.samples == 1 && [1, 2, 4, 8].contains(&self.bits),
            1 => self.samples == 1 && [1, 2, 4, 8, 16].contains(&self.bits),
            2 => (3..8).contains(&self.samples) && [8, 16].contains(&self.bits),
            5 => self.samples == 4 && [8, 16].contains(&self.bits),
            _ => false,
        };
        let unsigned = self.formats.iter().all(|&format| format == UNSIGNED);
        if known && unsigned { Ok(()) } else { Err(self.other_kind()) }
    }

    fn other_kind(&self) -> String {
        let Self { photometric, bits, samples, .. } = self;
        unsupported(format!(
            "a TIFF of {samples} channel(s) of {bits} bits with photometric interpretation {photometric}"
        ))
    }

    fn premultiplied(&self) -> bool {
        self.extra.first() == Some(&PREMULTIPLIED)
    }
}

fn interleaved<T: Copy>(samples: Vec<T>, planes: usize) -> Vec<T> {
    if planes < 2 {
        return samples;
    }
    let area = samples.len() / planes;
    (0..area).flat_map(|i| (0..planes).map(move |plane| plane * area + i)).map(|i| samples[i]).collect()
}

fn eight(
    mut samples: Vec<u8>,
    colour: ColorType,
    (width, height): (u32, u32),
    tags: &Tags,
) -> Result<Raw, String> {
    let image = match colour {
        ColorType::Gray(8) => GrayImage::from_raw(width, height, samples).map(DynamicImage::ImageLuma8),
        ColorType::Gray(bits @ (1 | 2 | 4)) => {
            let levels = unpacked(&samples, bits, width as usize);
            GrayImage::from_raw(width, height, levels).map(DynamicImage::ImageLuma8)
        }
        ColorType::RGB(8) => RgbImage::from_raw(width, height, samples).map(DynamicImage::ImageRgb8),
        ColorType::RGBA(8) => {
            if tags.premultiplied() {
                samples.chunks_exact_mut(4).for_each(divided_by_alpha);
            }
            RgbaImage::from_raw(width, height, samples).map(DynamicImage::ImageRgba8)
        }
        ColorType::CMYK(8) => {
            let inks = samples.chunks_exact(4);
            let rgb = inks.flat_map(|ink| [0, 1, 2].map(|i| light(ink[i], ink[3]))).collect();
            RgbImage::from_raw(width, height, rgb).map(DynamicImage::ImageRgb8)
        }
        _ => return Err(tags.other_kind()),
    };
    image.map(Raw::new).ok_or_else(|| damaged("it holds fewer pixels than its header says"))
}

fn sixteen(samples: Vec<u16>, colour: ColorType, size: (u32, u32), tags: &Tags) -> Result<Raw, String> {
    let (width, height) = size;
    let image = match colour {
        ColorType::Gray(16) => ImageBuffer::from_raw(width, height, samples).map(DynamicImage::ImageLuma16),
        ColorType::RGB(16) => ImageBuffer::from_raw(width, height, samples).map(DynamicImage::ImageRgb16),
        ColorType::RGBA(16) if !tags.premultiplied() => {
            ImageBuffer::from_raw(width, height, samples).map(DynamicImage::ImageRgba16)
        }
        // Through the high bytes, which is what PIL computes with.
        ColorType::RGBA(16) | ColorType::CMYK(16) => {
            let high = samples.into_iter().map(|sample| (sample >> 8) as u8).collect();
            let colour = if colour == ColorType::CMYK(16) { ColorType::CMYK(8) } else { ColorType::RGBA(8) };
            return Ok(Raw { deep: true, ..eight(high, colour, size, tags)? });
        }
        _ => return Err(tags.other_kind()),
    };
    image.map(Raw::new).ok_or_else(|| damaged("it holds fewer pixels than its header says"))
}

/// Levels of 1, 2 or 4 bits, whose rows begin at whole bytes.
fn unpacked(rows: &[u8], bits: u8, width: usize) -> Vec<u8> {
    let bits = usize::from(bits);
    let most = (1u8 << bits) - 1;
    let level = |row: &[u8], x: usize| {
        let at = x * bits;
        (row[at / 8] >> (8 - bits - at % 8) & most) * (255 / most)
    };
    let row_bytes = (width * bits).div_ceil(8);
    rows.chunks_exact(row_bytes).flat_map(|row| (0..width).map(move |x| level(row, x))).collect()
}

fn divided_by_alpha(pixel: &mut [u8]) {
    let alpha = u32::from(pixel[3]);
    for level in &mut pixel[..3] {
        // Without opacity there is no colour.
        *level = (u32::from(*level) * 255).checked_div(alpha).unwrap_or(0).min(255) as u8;
    }
}
