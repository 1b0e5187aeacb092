//! From what a decoder made to an opaque image of 8 bits, grey where all of its pixels are.

use image::{DynamicImage, GrayImage, Luma, Rgb, RgbImage, Rgba};

use super::{Alpha, DecodeOptions, Depth, Raw};
use crate::frame::Frame;

/// Before resizing: invisible pixels have any colour, and would bleed into the visible ones.
pub(super) fn flatten(raw: Raw, options: &DecodeOptions) -> Frame {
    let image = match options.depth {
        Depth::Nearest => raw.image,
        Depth::Pil => to_eight_bits(raw.image, raw.keyed),
    };
    let level = match options.alpha {
        Alpha::Over(level) if image.color().has_alpha() => level,
        _ if image.color().has_color() => return by_content(image.into_rgb8()),
        _ => return Frame::Grey(image.into_luma8()),
    };
    let (width, height) = (image.width(), image.height());
    if image.color().has_color() {
        let rgba = image.into_rgba8();
        let pixel = |x, y| {
            let Rgba([r, g, b, a]) = *rgba.get_pixel(x, y);
            Rgb([r, g, b].map(|value| over(value, a, level)))
        };
        by_content(RgbImage::from_fn(width, height, pixel))
    } else {
        let grey = image.into_luma_alpha8();
        let pixel = |x, y| {
            let [value, a] = grey.get_pixel(x, y).0;
            Luma([over(value, a, level)])
        };
        Frame::Grey(GrayImage::from_fn(width, height, pixel))
    }
}

/// Grey where all pixels are: whether a file says so depends on the program that wrote it.
fn by_content(image: RgbImage) -> Frame {
    let (width, height) = image.dimensions();
    let same = |pixel: &[u8]| (pixel[0] ^ pixel[1]) | (pixel[0] ^ pixel[2]) == 0;
    // Most coloured images show it at once, before room is made for levels.
    if !image.as_raw().chunks_exact(3).take(512).all(same) {
        return Frame::Rgb(image);
    }
    // In one pass, as it goes over every image that is grey.
    let mut levels = vec![0; image.as_raw().len() / 3];
    let is_grey = levels.iter_mut().zip(image.as_raw().chunks_exact(3)).all(|(level, pixel)| {
        *level = pixel[0];
        same(pixel)
    });
    if !is_grey {
        return Frame::Rgb(image);
    }
    Frame::Grey(GrayImage::from_raw(width, height, levels).expect("one level for each pixel"))
}

/// PIL's way from 16 bits to 8. `keyed`: the alpha comes from a transparent level, and the image is grey to PIL.
fn to_eight_bits(image: DynamicImage, keyed: bool) -> DynamicImage {
    let high = |samples: Vec<u16>| samples.into_iter().map(high_byte).collect::<Vec<u8>>();
    let (width, height) = (image.width(), image.height());
    let whole = "as many samples as before";
    match image {
        DynamicImage::ImageLuma16(grey) => {
            let cut = grey.into_raw().into_iter().map(cut_off).collect();
            DynamicImage::ImageLuma8(GrayImage::from_raw(width, height, cut).expect(whole))
        }
        DynamicImage::ImageLumaA16(grey) => {
            let level = if keyed { cut_off } else { high_byte };
            let pairs = grey.into_raw();
            let pairs = pairs.chunks_exact(2).flat_map(|pair| [level(pair[0]), high_byte(pair[1])]).collect();
            DynamicImage::ImageLumaA8(image::GrayAlphaImage::from_raw(width, height, pairs).expect(whole))
        }
        DynamicImage::ImageRgb16(rgb) => {
            DynamicImage::ImageRgb8(RgbImage::from_raw(width, height, high(rgb.into_raw())).expect(whole))
        }
        DynamicImage::ImageRgba16(rgba) => DynamicImage::ImageRgba8(
            image::RgbaImage::from_raw(width, height, high(rgba.into_raw())).expect(whole),
        ),
        other => other,
    }
}

fn high_byte(sample: u16) -> u8 {
    (sample >> 8) as u8
}

fn cut_off(sample: u16) -> u8 {
    sample.min(255) as u8
}

/// `value` of opacity `alpha` on `level`, rounded.
pub(super) fn over(value: u8, alpha: u8, level: u8) -> u8 {
    let alpha = u32::from(alpha);
    ((u32::from(value) * alpha + u32::from(level) * (255 - alpha) + 127) / 255) as u8
}

/// An ink of CMYK under `black`, as the light of one colour: rounded as PIL does.
pub(super) fn light(ink: u8, black: u8) -> u8 {
    let (ink, white) = (u32::from(ink), 255 - u32::from(black));
    let product = ink * white + 128;
    white.saturating_sub(((product >> 8) + product) >> 8) as u8
}
