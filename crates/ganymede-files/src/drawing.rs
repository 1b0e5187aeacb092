//! Pictures that Ganymede draws are no samples, and say so.

use std::path::Path;

use image::RgbImage;

use crate::error::FilesError;

pub(crate) const KEYWORD: &str = "ganymede";
pub(crate) const TEXT: &str = "drawing";
const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Why such a file is not used.
pub(crate) const REASON: &str = "a picture that Ganymede drew, not a sample";

/// The PNG of a grid, a curve or a report: like any other, with a chunk of text (`ganymede: drawing`) by which
/// [`is_drawing`] knows it wherever it is moved to.
///
/// # Errors
/// [`FilesError::Image`] for a picture without pixels.
pub fn encode_drawing(picture: &RgbImage) -> Result<Vec<u8>, FilesError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, picture.width(), picture.height());
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let failed = |error: png::EncodingError| FilesError::image(error.to_string());
    encoder.add_text_chunk(KEYWORD.into(), TEXT.into()).map_err(failed)?;
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(picture.as_raw()).and_then(|()| writer.finish()).map_err(failed)?;
    Ok(bytes)
}

/// Whether a file's bytes are those of [`encode_drawing`], by its mark and not by its name.
pub fn is_drawing(bytes: &[u8]) -> bool {
    let Some(mut rest) = bytes.strip_prefix(SIGNATURE) else { return false };
    // A chunk: length, kind, data, check sum. Text lies before the pixels.
    while let Some((head, tail)) = rest.split_first_chunk::<8>() {
        let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let Some(data) = tail.get(..length) else { return false };
        match &head[4..] {
            b"tEXt" if data == [KEYWORD.as_bytes(), b"\0", TEXT.as_bytes()].concat() => return true,
            b"IDAT" | b"IEND" => return false,
            _ => rest = tail.get(length + 4..).unwrap_or_default(),
        }
    }
    false
}

/// Whether a folder is that of a run: `run.toml` beside `checkpoints`. Its pictures are no samples.
pub fn is_run_folder(dir: &Path) -> bool {
    dir.join("run.toml").is_file() && dir.join("checkpoints").is_dir()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{encoded_picture, picture};
    use crate::{DecodeOptions, decode_bytes};
    use image::ImageFormat;

    #[test]
    fn a_drawing_is_a_png_with_the_same_pixels_and_a_mark() {
        let drawn = picture(9, 5);
        let bytes = encode_drawing(&drawn).unwrap();
        assert!(is_drawing(&bytes));
        assert_eq!(image::load_from_memory(&bytes).unwrap().to_rgb8(), drawn);
        let refused = decode_bytes(&bytes, &DecodeOptions::pil()).unwrap_err();
        assert_eq!(refused.to_string(), REASON);
        assert!(encode_drawing(&RgbImage::new(0, 0)).is_err());
    }

    #[test]
    fn no_other_file_is_one() {
        let drawn = encode_drawing(&picture(9, 5)).unwrap();
        let others = [
            encoded_picture(9, 5, ImageFormat::Png),
            encoded_picture(9, 5, ImageFormat::Jpeg),
            b"ganymede\0drawing".to_vec(),
            [SIGNATURE, &u32::MAX.to_be_bytes(), b"tEXt", b"ganymede\0drawing"].concat(),
            Vec::new(),
        ];
        assert!(!others.iter().any(|bytes| is_drawing(bytes)));
        // Cut short anywhere, it is one or not, and never a panic.
        for end in 0..drawn.len() {
            let _ = is_drawing(&drawn[..end]);
        }
    }
}
