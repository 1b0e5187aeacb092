use super::*;
use crate::testing::picture;

fn rgb(width: u32, height: u32) -> Frame {
    Frame::Rgb(picture(width, height))
}

fn pixels(frame: &Frame) -> Vec<[u8; 3]> {
    match frame.clone().with_channels(Channels::Rgb) {
        Frame::Rgb(image) => image.pixels().map(|pixel| pixel.0).collect(),
        Frame::Grey(_) => unreachable!("the channels were set"),
    }
}

#[test]
fn the_middle_is_kept_whichever_side_is_longer() {
    let wide = rgb(9, 4).into_square(4, Crop::Centre, Background::White);
    let expected: Vec<[u8; 3]> = (0..4)
        .flat_map(|y| (2..6).map(move |x| (x, y)))
        .map(|(x, y)| picture(9, 4).get_pixel(x, y).0)
        .collect();
    assert_eq!(pixels(&wide), expected);
    let tall = rgb(3, 8).into_square(3, Crop::Centre, Background::White);
    assert_eq!(pixels(&tall)[0], picture(3, 8).get_pixel(0, 2).0);
    assert_eq!(rgb(5, 5).into_square(5, Crop::Centre, Background::White), rgb(5, 5));
}

#[test]
fn padding_centres_the_image_on_the_background() {
    for (background, level) in [(Background::White, 255), (Background::Black, 0)] {
        let padded = pixels(&rgb(4, 2).into_square(4, Crop::Pad, background));
        assert_eq!(padded[..4], [[level; 3]; 4]);
        assert_eq!(padded[4..12], pixels(&rgb(4, 2)));
        assert_eq!(padded[12..], [[level; 3]; 4]);
    }
}

#[test]
fn stretching_keeps_the_corners() {
    let stretched = rgb(8, 16).into_square(8, Crop::Stretch, Background::White);
    assert_eq!(stretched.size(), (8, 8));
    let found = pixels(&stretched);
    assert!(found[0][1] < 20 && found[56][1] > 235, "{found:?}");
}

#[test]
fn reducing_is_antialiased() {
    let stripes = GrayImage::from_fn(64, 64, |x, _| Luma([if x % 2 == 0 { 0 } else { 255 }]));
    let small = Frame::Grey(stripes).into_square(16, Crop::Centre, Background::White).into_planar();
    // Away from the borders, stripes far finer than the result are its mean grey.
    let inner: Vec<u8> = (4..12).map(|x| small[8 * 16 + x]).collect();
    assert!(inner.iter().all(|&value| (110..=145).contains(&value)), "{inner:?}");
}

#[test]
fn colour_becomes_grey_by_luma_and_grey_colour_by_repetition() {
    let frame = Frame::Rgb(RgbImage::from_pixel(1, 1, Rgb([0, 255, 0])));
    let grey = frame.with_channels(Channels::Grey);
    assert_eq!(grey.channels(), 1);
    // 0.7152 * 255 = 182.4
    assert!((i32::from(grey.clone().into_planar()[0]) - 182).abs() <= 1);
    let value = grey.clone().into_planar()[0];
    assert_eq!(pixels(&grey), [[value; 3]]);
    assert_eq!(grey.clone().with_channels(Channels::Auto), grey);
}
