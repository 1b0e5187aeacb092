//! Resizing of ribbons: images far longer than they are wide, or the other way round.
//!
//! The image crate resizes the columns first, to a picture of the old width and the new height, and padding makes a
//! square of the longer side: of 40,000 × 1 pixels both are thousands of times larger than the image. Here the longer
//! axis is reduced first, and the bars of the padding are never made: their part in each pixel is known from the
//! weights. The result is that of padding and then resizing, but for the rounding of sums.

use ganymede_files::Frame;
use image::{GrayImage, RgbImage};

/// Of the kernel, on either side.
const LOBES: f64 = 3.0;

/// One axis: an image in the middle of a longer canvas of one level, to be brought to `new` pixels.
#[derive(Clone, Copy)]
struct Axis {
    image: u32,
    canvas: u32,
    new: u32,
}

/// The image in the middle of a canvas of `width` × `height` at `level`, resized to a square of `side`.
pub(crate) fn resampled(frame: &Frame, (width, height): (u32, u32), side: u32, level: u8) -> Frame {
    let (old_width, old_height) = frame.size();
    let across = Axis { image: old_width, canvas: width, new: side };
    let down = Axis { image: old_height, canvas: height, new: side };
    let (pixels, channels) = (frame.interleaved(), frame.channels());
    let (row, new_row) = (old_width as usize * channels, side as usize * channels);
    let levels = if old_width > old_height {
        let narrow = along_rows(pixels, row, channels, across, level);
        along_columns(&narrow, new_row, down, level)
    } else {
        let low = along_columns(pixels, row, down, level);
        along_rows(&low, row, channels, across, level)
    };
    let bytes = levels.into_iter().map(|value| value.round().clamp(0.0, 255.0) as u8).collect();
    let whole = "a level for each pixel and channel";
    match channels {
        1 => Frame::Grey(GrayImage::from_raw(side, side, bytes).expect(whole)),
        _ => Frame::Rgb(RgbImage::from_raw(side, side, bytes).expect(whole)),
    }
}

/// Rows of `row` numbers to rows of fewer or more pixels.
fn along_rows<T: Copy + Into<f32>>(
    levels: &[T],
    row: usize,
    channels: usize,
    axis: Axis,
    background: u8,
) -> Vec<f32> {
    let new_row = axis.new as usize * channels;
    let mut out = vec![0.0; levels.len() / row * new_row];
    for x in 0..axis.new {
        let weights = Weights::of(axis, x);
        let bars = weights.outside * f32::from(background);
        for (row, out) in levels.chunks_exact(row).zip(out.chunks_exact_mut(new_row)) {
            let out = &mut out[x as usize * channels..][..channels];
            out.fill(bars);
            for (pixel, &weight) in
                row[weights.first * channels..].chunks_exact(channels).zip(&weights.inside)
            {
                out.iter_mut().zip(pixel).for_each(|(out, &value)| *out += weight * value.into());
            }
        }
    }
    out
}

/// Rows of `row` numbers to fewer or more rows.
fn along_columns<T: Copy + Into<f32>>(levels: &[T], row: usize, axis: Axis, background: u8) -> Vec<f32> {
    let mut out = vec![0.0; axis.new as usize * row];
    for (y, out) in (0..axis.new).zip(out.chunks_exact_mut(row)) {
        let weights = Weights::of(axis, y);
        out.fill(weights.outside * f32::from(background));
        for (row, &weight) in levels.chunks_exact(row).skip(weights.first).zip(&weights.inside) {
            out.iter_mut().zip(row).for_each(|(out, &value)| *out += weight * value.into());
        }
    }
    out
}

/// What a new pixel is made of; all weights sum to 1.
struct Weights {
    /// The first pixel of the image that has a part in it.
    first: usize,
    /// Of the pixels from there on.
    inside: Vec<f32>,
    /// Of the canvas around the image.
    outside: f32,
}

impl Weights {
    fn of(axis: Axis, target: u32) -> Self {
        let ratio = f64::from(axis.canvas) / f64::from(axis.new);
        let stretch = ratio.max(1.0);
        let centre = (f64::from(target) + 0.5) * ratio;
        let last = f64::from(axis.canvas);
        let left = (centre - LOBES * stretch).floor().clamp(0.0, last - 1.0) as u32;
        let right = (centre + LOBES * stretch).ceil().clamp(f64::from(left) + 1.0, last) as u32;
        let weight = |i: u32| lanczos((f64::from(i) + 0.5 - centre) / stretch);
        let sum: f64 = (left..right).map(weight).sum();
        let before = (axis.canvas - axis.image) / 2;
        let (begin, end) = (before.max(left), (before + axis.image).min(right));
        let inside: Vec<f64> = (begin..end).map(|i| weight(i) / sum).collect();
        let outside = if axis.canvas == axis.image { 0.0 } else { 1.0 - inside.iter().sum::<f64>() };
        Self {
            first: (begin - before).min(axis.image) as usize,
            inside: inside.into_iter().map(|weight| weight as f32).collect(),
            outside: outside as f32,
        }
    }
}

fn lanczos(x: f64) -> f64 {
    let sinc = |x: f64| {
        let angle = x * std::f64::consts::PI;
        if angle == 0.0 { 1.0 } else { angle.sin() / angle }
    };
    if x.abs() < LOBES { sinc(x) * sinc(x / LOBES) } else { 0.0 }
}

#[cfg(test)]
mod tests;
