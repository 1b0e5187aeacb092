//! Resizing of ribbons: images far longer than they are wide, or the other way round.
//!
//! The image crate resizes the columns first, to a picture of the old width and the new height, and padding makes a
//! square of the longer side: of 40,000 × 1 pixels both are thousands of times larger than the image. Here the longer
//! axis is reduced first, and the bars of the padding are never made: their part in each pixel is known from the
//! weights. The result is that of padding and then resizing, but for the rounding of sums.

use std::f64::consts::PI;

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
    let whole = "a level for each pixel and channel";
    match frame {
        Frame::Grey(image) => {
            let levels = along_both::<1>(image.as_raw(), across, down, level);
            Frame::Grey(GrayImage::from_raw(side, side, levels).expect(whole))
        }
        Frame::Rgb(image) => {
            let levels = along_both::<3>(image.as_raw(), across, down, level);
            Frame::Rgb(RgbImage::from_raw(side, side, levels).expect(whole))
        }
    }
}

/// Pixels of `C` channels; the longer axis first.
fn along_both<const C: usize>(pixels: &[u8], across: Axis, down: Axis, background: u8) -> Vec<u8> {
    let (row, new_row) = (across.image as usize * C, across.new as usize * C);
    let levels = if across.image > down.image {
        let narrow = along_rows::<_, C>(pixels, row, across, background);
        along_columns(&narrow, new_row, down, background)
    } else {
        let low = along_columns(pixels, row, down, background);
        along_rows::<_, C>(&low, row, across, background)
    };
    levels.into_iter().map(|value| value.round().clamp(0.0, 255.0) as u8).collect()
}

/// Rows of `row` numbers, `C` a pixel, to rows of fewer or more pixels.
fn along_rows<T: Copy + Into<f32>, const C: usize>(
    levels: &[T],
    row: usize,
    axis: Axis,
    background: u8,
) -> Vec<f32> {
    let new_row = axis.new as usize * C;
    let mut out = vec![0.0; levels.len() / row * new_row];
    for x in 0..axis.new {
        let weights = Weights::of(axis, x);
        let bars = weights.outside * f32::from(background);
        for (row, out) in levels.chunks_exact(row).zip(out.chunks_exact_mut(new_row)) {
            let mut sums = [bars; C];
            for (pixel, &weight) in row[weights.first * C..].chunks_exact(C).zip(&weights.inside) {
                sums.iter_mut().zip(pixel).for_each(|(sum, &value)| *sum += weight * value.into());
            }
            out[x as usize * C..][..C].copy_from_slice(&sums);
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
        let before = (axis.canvas - axis.image) / 2;
        let (begin, end) = (before.max(left), (before + axis.image).min(right));
        let (mut inside, mut sum) = (Vec::with_capacity(end.saturating_sub(begin) as usize), 0.0);
        let kernel = lanczos((f64::from(left) + 0.5 - centre) / stretch, 1.0 / stretch);
        for (i, weight) in (left..right).zip(kernel) {
            sum += weight;
            if (begin..end).contains(&i) {
                inside.push(weight);
            }
        }
        let outside = if axis.canvas == axis.image { 0.0 } else { 1.0 - inside.iter().sum::<f64>() / sum };
        Self {
            first: (begin - before).min(axis.image) as usize,
            inside: inside.into_iter().map(|weight| (weight / sum) as f32).collect(),
            outside: outside as f32,
        }
    }
}

/// The kernel at `first`, `first + step` and so on: sin πx sin πx/3 / (πx)²/3, within three lobes.
fn lanczos(first: f64, step: f64) -> impl Iterator<Item = f64> {
    let angles = (0u32..).map(move |i| (first + f64::from(i) * step) * PI);
    let both = sines(first * PI, step * PI).zip(sines(first * PI / LOBES, step * PI / LOBES));
    both.zip(angles).map(|((sine, slow), angle)| match angle.abs() {
        size if size >= LOBES * PI => 0.0,
        size if size < 1e-6 => 1.0,
        size => LOBES * sine * slow / (size * size),
    })
}

/// Sines of `first`, `first + step` and so on, each turned from the one before: there are millions of them.
fn sines(first: f64, step: f64) -> impl Iterator<Item = f64> {
    let (sine, cosine) = step.sin_cos();
    let turned = move |&(s, c): &(f64, f64)| Some((s * cosine + c * sine, c * cosine - s * sine));
    std::iter::successors(Some(first.sin_cos()), turned).map(|(sine, _)| sine)
}

#[cfg(test)]
mod tests;
