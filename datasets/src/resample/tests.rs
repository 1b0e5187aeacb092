use super::*;
use image::imageops::{self, FilterType};
use image::{DynamicImage, Luma};

fn noise(width: u32, height: u32) -> Frame {
    let level = |x: u32, y: u32, c: u32| {
        (x * 7919 + y * 104_729 + c * 31).wrapping_mul(2_654_435_761).to_be_bytes()[0]
    };
    Frame::Rgb(RgbImage::from_fn(width, height, |x, y| image::Rgb([0, 1, 2].map(|c| level(x, y, c)))))
}

/// The old way: the whole canvas is made.
fn padded_then_resized(frame: &Frame, canvas: (u32, u32), side: u32, level: u8) -> Vec<u8> {
    let Frame::Rgb(image) = frame else { unreachable!("only colours are tried") };
    let mut whole = RgbImage::from_pixel(canvas.0, canvas.1, image::Rgb([level; 3]));
    let (x, y) = ((canvas.0 - image.width()) / 2, (canvas.1 - image.height()) / 2);
    imageops::replace(&mut whole, image, x.into(), y.into());
    imageops::resize(&whole, side, side, FilterType::Lanczos3).into_raw()
}

#[test]
fn it_is_padding_and_then_resizing() {
    for (width, height) in
        [(300, 1), (1, 300), (250, 40), (40, 251), (64, 3), (5, 90), (17, 2), (2, 1), (30, 14)]
    {
        let longer = width.max(height);
        for canvas in [(longer, longer), (width, height)] {
            for (side, level) in [(1, 0), (7, 255), (16, 255), (64, 0), (100, 128)] {
                let frame = noise(width, height);
                let new = resampled(&frame, canvas, side, level);
                let old = padded_then_resized(&frame, canvas, side, level);
                let apart = new.interleaved().iter().zip(&old).map(|(a, b)| a.abs_diff(*b)).max();
                assert!(apart <= Some(1), "{width} x {height} on {canvas:?} to {side}: {apart:?} apart");
            }
        }
    }
}

#[test]
fn grey_is_as_colours_are() {
    let Frame::Rgb(image) = noise(200, 9) else { unreachable!("noise is in colour") };
    let grey = DynamicImage::ImageRgb8(image).into_luma8();
    let triple = RgbImage::from_fn(200, 9, |x, y| {
        let Luma([level]) = *grey.get_pixel(x, y);
        image::Rgb([level; 3])
    });
    let grey = resampled(&Frame::Grey(grey), (200, 200), 24, 255);
    let triple = resampled(&Frame::Rgb(triple), (200, 200), 24, 255);
    assert!(
        triple.interleaved().chunks_exact(3).map(|pixel| pixel[0]).eq(grey.interleaved().iter().copied())
    );
}
