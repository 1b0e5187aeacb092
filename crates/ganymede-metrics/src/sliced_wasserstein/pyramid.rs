//! Laplacian pyramids (Burt and Adelson, 1983, "The Laplacian pyramid as a compact image code").

use ndarray::ArrayView3;

/// Binomial taps.
const TAPS: [f32; 5] = [1.0 / 16.0, 4.0 / 16.0, 6.0 / 16.0, 4.0 / 16.0, 1.0 / 16.0];

/// Planes of one image, channel after channel.
#[derive(Clone)]
pub(super) struct Image {
    pub(super) channels: usize,
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) data: Vec<f32>,
}

impl Image {
    /// Appends a square patch of all channels.
    pub(super) fn copy_patch(&self, y: usize, x: usize, side: usize, out: &mut Vec<f32>) {
        for channel in 0..self.channels {
            for row in y..y + side {
                let start = (channel * self.height + row) * self.width + x;
                out.extend_from_slice(&self.data[start..start + side]);
            }
        }
    }

    /// Half or twice as large, along both axes.
    fn resampled(&self, height: usize, width: usize, axis: Axis) -> Self {
        let vertical = axis.apply(self, height, self.width, true);
        axis.apply(&vertical, height, width, false)
    }
}

#[derive(Clone, Copy)]
enum Axis {
    /// Smooths, then keeps every second point.
    Down,
    /// Puts a zero after every point, then smooths with twice the taps.
    Up,
}

impl Axis {
    fn apply(self, from: &Image, height: usize, width: usize, vertical: bool) -> Image {
        let mut data = Vec::with_capacity(from.channels * height * width);
        let length = if vertical { from.height } else { from.width };
        for channel in 0..from.channels {
            let plane = &from.data[channel * from.height * from.width..];
            for y in 0..height {
                for x in 0..width {
                    let at = if vertical { y } else { x };
                    let read = |i: usize| {
                        if vertical { plane[i * from.width + x] } else { plane[y * from.width + i] }
                    };
                    data.push(self.tap(at, length, read));
                }
            }
        }
        Image { channels: from.channels, height, width, data }
    }

    fn tap(self, at: usize, length: usize, read: impl Fn(usize) -> f32) -> f32 {
        let mut sum = 0.0;
        for (t, tap) in TAPS.iter().enumerate() {
            match self {
                Self::Down => sum += tap * read(mirrored(2 * at as isize + t as isize - 2, length)),
                Self::Up => {
                    let spread = mirrored(at as isize + t as isize - 2, 2 * length);
                    if spread.is_multiple_of(2) {
                        sum += 2.0 * tap * read(spread / 2);
                    }
                }
            }
        }
        sum
    }
}

/// The position inside `0..length` that a mirror at the middle of the end points shows.
fn mirrored(at: isize, length: usize) -> usize {
    let last = length as isize - 1;
    let at = at.abs();
    (if at > last { 2 * last - at } else { at }) as usize
}

/// `levels` images: differences between an image and the enlarged next coarser one, then the coarsest. An odd
/// size is halved upwards, and enlarging drops the surplus.
pub(super) fn laplacian_pyramid(image: ArrayView3<'_, f32>, levels: usize) -> Vec<Image> {
    let (channels, height, width) = image.dim();
    let mut current = Image { channels, height, width, data: image.iter().copied().collect() };
    let mut pyramid = Vec::with_capacity(levels);
    for _ in 1..levels {
        let coarse = current.resampled(current.height.div_ceil(2), current.width.div_ceil(2), Axis::Down);
        let enlarged = coarse.resampled(current.height, current.width, Axis::Up);
        current.data.iter_mut().zip(&enlarged.data).for_each(|(fine, coarse)| *fine -= coarse);
        pyramid.push(std::mem::replace(&mut current, coarse));
    }
    pyramid.push(current);
    pyramid
}
