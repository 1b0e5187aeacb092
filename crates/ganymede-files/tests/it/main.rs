//! Files of many kinds against what PIL makes of them: `fixtures/pil/gen.py`.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use ganymede_files::{DecodeOptions, Formats, Frame, decode, scan};
use image::DynamicImage;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pil")
}

fn rgb(frame: Frame) -> Vec<u8> {
    match frame {
        Frame::Rgb(image) => image.into_raw(),
        Frame::Grey(image) => DynamicImage::ImageLuma8(image).into_rgb8().into_raw(),
    }
}

/// The largest and the mean difference from PIL, in grey levels.
fn difference(name: &str) -> (u8, f64) {
    let path = folder().join(name);
    let ours = rgb(decode(&path, &DecodeOptions::pil()).unwrap_or_else(|e| panic!("{name}: {e}")).frame);
    let pil = rgb(decode(&folder().join(format!("{name}.rgb.png")), &DecodeOptions::pil()).unwrap().frame);
    assert_eq!(ours.len(), pil.len(), "{name}");
    let apart: Vec<u8> = ours.iter().zip(&pil).map(|(&a, &b)| a.abs_diff(b)).collect();
    let mean = apart.iter().map(|&d| f64::from(d)).sum::<f64>() / apart.len() as f64;
    (apart.into_iter().max().unwrap_or(0), mean)
}

#[test]
fn lossless_files_are_those_of_pil() {
    let files = scan(&folder(), Formats::All).unwrap().files;
    let names: Vec<String> = files.iter().map(|file| file.relative.display().to_string()).collect();
    let lossy = |name: &str| name.ends_with(".jpg") || name.starts_with("lossy");
    let names: Vec<&String> =
        names.iter().filter(|name| !name.ends_with(".rgb.png") && !lossy(name)).collect();
    assert_eq!(names.len(), 21, "{names:?}");
    for name in names {
        assert_eq!(difference(name), (0, 0.0), "{name}");
    }
}

/// The picture has saturated colours and hard edges; photographs are nearer. Where colour is stored at half the
/// size, its interpolation is rounded twice here and once there.
#[test]
fn lossy_files_are_near_those_of_pil() {
    for (name, limit, mean_limit) in [
        ("444.jpg", 2, 0.02),
        ("422.jpg", 3, 0.2),
        ("420.jpg", 3, 0.4),
        ("progressive.jpg", 3, 0.4),
        ("rough.jpg", 4, 0.4),
        ("grey.jpg", 1, 0.01),
        ("cmyk.jpg", 1, 0.01),
        ("lossy.webp", 0, 0.0),
    ] {
        let (most, mean) = difference(name);
        assert!(most <= limit && mean <= mean_limit, "{name}: at most {most}, {mean:.4} in the mean");
    }
}
