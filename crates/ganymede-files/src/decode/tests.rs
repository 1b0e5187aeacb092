use super::flatten::over;
use super::*;
use crate::frame::Frame;
use crate::testing::{encoded_picture, picture};
use image::ImageFormat;
use proptest::prelude::*;

fn options() -> DecodeOptions {
    DecodeOptions {
        formats: Formats::Common,
        max_pixels: 1 << 20,
        alpha: Alpha::Over(255),
        depth: Depth::Nearest,
        upright: true,
    }
}

fn is_whole(jpeg: &[u8]) -> bool {
    decode_bytes(jpeg, &options()).is_ok()
}

fn reason(result: Result<Decoded, FilesError>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn a_jpeg_is_complete_only_to_its_last_byte() {
    let jpeg = encoded_picture(48, 32, ImageFormat::Jpeg);
    assert!(is_whole(&jpeg));
    for cut in 0..jpeg.len() {
        assert!(!is_whole(&jpeg[..cut]), "{cut} of {}", jpeg.len());
    }
    // Telephones append things to their pictures.
    assert!(is_whole(&[&jpeg[..], b"anything"].concat()));
}

#[test]
fn the_end_of_an_embedded_thumbnail_is_not_the_end() {
    let jpeg = encoded_picture(48, 32, ImageFormat::Jpeg);
    let thumbnail = encoded_picture(8, 8, ImageFormat::Jpeg);
    let length = (thumbnail.len() as u16 + 2).to_be_bytes();
    let with = [&jpeg[..2], &[0xff, 0xe2], &length, &thumbnail, &jpeg[2..]].concat();
    assert!(is_whole(&with));
    assert!(!is_whole(&with[..with.len() - 40]));
}

#[test]
fn no_cut_of_a_lossless_file_yields_another_image() {
    for format in [ImageFormat::Png, ImageFormat::WebP] {
        let bytes = encoded_picture(16, 16, format);
        for cut in 0..=bytes.len() {
            // Without a PNG's last chunk every pixel is there already.
            if let Ok(decoded) = decode_bytes(&bytes[..cut], &options()) {
                assert_eq!(decoded.frame, Frame::Rgb(picture(16, 16)), "{format:?} {cut}");
                assert!(cut + 16 >= bytes.len(), "{format:?} {cut} of {}", bytes.len());
            }
        }
    }
}

#[test]
fn the_content_decides_on_the_format() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("really-a-jpeg.png");
    std::fs::write(&path, encoded_picture(8, 8, ImageFormat::Jpeg)).unwrap();
    assert_eq!(decode(&path, &options()).unwrap().format, Format::Jpeg);
}

#[test]
fn a_file_that_vanished_or_is_too_long_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.png");
    assert!(reason(decode(&path, &options())).contains("opened"));
    std::fs::write(&path, vec![0; (1 << 20) + 9]).unwrap();
    let tiny = DecodeOptions { max_pixels: 1, ..options() };
    assert!(reason(decode(&path, &tiny)).contains("more than 1048584 bytes"));
    std::fs::write(&path, encoded_picture(8, 8, ImageFormat::Png)).unwrap();
    assert!(reason(decode(&path, &tiny)).contains("8 x 8 pixels"));
}

#[test]
fn compositing_rounds_to_the_nearest() {
    for alpha in 0..=255u8 {
        for value in [0, 1, 100, 255] {
            for level in [0, 255] {
                let exact =
                    (f64::from(value) * f64::from(alpha) + f64::from(level) * f64::from(255 - alpha)) / 255.0;
                assert!(
                    (f64::from(over(value, alpha, level)) - exact).abs() <= 0.5,
                    "{value} {alpha} {level}"
                );
            }
        }
    }
    assert_eq!((over(77, 255, 0), over(77, 0, 255)), (77, 255));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn no_damage_makes_it_panic(
        format in prop_oneof![
            Just(ImageFormat::Png), Just(ImageFormat::Jpeg), Just(ImageFormat::WebP), Just(ImageFormat::Bmp),
            Just(ImageFormat::Pnm), Just(ImageFormat::Tiff),
        ],
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
    ) {
        let mut bytes = encoded_picture(20, 14, format);
        for (at, value) in damage {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        let all = DecodeOptions { max_pixels: 1 << 20, ..DecodeOptions::pil() };
        for options in [options(), all] {
            if let Ok(decoded) = decode_bytes(&bytes, &options) {
                let (width, height) = decoded.frame.size();
                prop_assert!(u64::from(width) * u64::from(height) <= options.max_pixels);
            }
        }
    }
}

#[test]
fn a_webp_whose_parts_claim_more_than_the_file_holds_is_damaged() {
    let whole = encoded_picture(9, 7, ImageFormat::WebP);
    assert!(decode_bytes(&whole, &options()).is_ok());
    let mut pixels = whole.clone();
    pixels[16..20].copy_from_slice(&0xffff_fff0u32.to_le_bytes());
    // An EXIF block of 4 GiB behind the pixels, within what the file says of its own size.
    let exif = [&whole[..], b"EXIF", &u32::MAX.to_le_bytes(), b"II*\0"].concat();
    let grown = [&exif[..4], &(exif.len() as u32 - 8).to_le_bytes(), &exif[8..]].concat();
    for bad in [pixels, grown] {
        assert!(reason(decode_bytes(&bad, &options())).contains("beyond the end of the file"));
    }
}
