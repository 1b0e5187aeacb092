//! Some channels of an image, innermost, with a border of zeros.

use super::elem::Elem;
use super::transpose::transpose;

/// The layout of planes whose channels come to lie together, pixel after pixel.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Innermost {
    pub(crate) channels: usize,
    /// Height and width of the planes.
    pub(crate) size: [usize; 2],
    /// Lines above them and columns to their left.
    pub(crate) before: [usize; 2],
    /// Height and width with the border; what lies beyond is left out.
    pub(crate) whole: [usize; 2],
}

impl Innermost {
    /// Numbers of an image.
    pub(crate) fn len(&self) -> usize {
        self.whole[0] * self.line()
    }

    /// Numbers of a line.
    pub(crate) fn line(&self) -> usize {
        self.whole[1] * self.channels
    }

    /// Lays out one image from its planes.
    pub(crate) fn fill<T: Elem>(&self, planes: &[T], out: &mut [T]) {
        let ([height, width], [top, left], channels) = (self.size, self.before, self.channels);
        let left = left.min(self.whole[1]);
        let columns = width.min(self.whole[1] - left);
        for (y, out) in out[..self.len()].chunks_exact_mut(self.line()).enumerate() {
            let Some(y) = y.checked_sub(top).filter(|y| *y < height) else {
                out.fill(T::default());
                continue;
            };
            let (before, rest) = out.split_at_mut(left * channels);
            let (inside, after) = rest.split_at_mut(columns * channels);
            before.fill(T::default());
            transpose(&planes[y * width..], height * width, columns, channels, inside, channels);
            after.fill(T::default());
        }
    }
}
