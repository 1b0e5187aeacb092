//! Images whose channels lie together.

use crate::elem::Scratch;
use crate::transpose::transpose;

/// Images `(n, h, w, c)`, channels innermost.
pub struct Pixels {
    shape: [usize; 4],
    data: Scratch<f32>,
}

impl Pixels {
    /// Images of undefined content, for layers to write.
    pub fn new(shape: [usize; 4]) -> Self {
        Self { shape, data: Scratch::new(shape.iter().product()) }
    }

    /// Images `(n, c, h, w)` with their channels moved innermost.
    ///
    /// # Panics
    /// There are not `n·c·h·w` numbers.
    pub fn from_planes(planes: &[f32], [n, c, h, w]: [usize; 4]) -> Self {
        assert_eq!(planes.len(), n * c * h * w, "numbers of {n} images of {c} × {h} × {w}");
        let mut pixels = Self::new([n, h, w, c]);
        if !planes.is_empty() {
            let images = planes.chunks_exact(c * h * w).zip(pixels.data.chunks_exact_mut(c * h * w));
            images.for_each(|(from, to)| transpose(from, h * w, h * w, c, to, c));
        }
        pixels
    }

    /// The first channels as planes `(n, channels, h, w)`.
    ///
    /// # Panics
    /// There are fewer.
    pub fn planes(&self, channels: usize) -> Vec<f32> {
        let [n, h, w, c] = self.shape;
        assert!(channels <= c, "{channels} of {c} channels");
        let mut planes = vec![0.0; n * channels * h * w];
        for (i, plane) in planes.chunks_exact_mut((h * w).max(1)).enumerate() {
            let first = i / channels * h * w * c + i % channels;
            plane.iter_mut().zip(self.data[first..].iter().step_by(c)).for_each(|(to, from)| *to = *from);
        }
        planes
    }

    /// The mean over the pixels of each channel, summed in f32 line by line: `(n, c)`.
    pub fn means(&self) -> Vec<f32> {
        let [n, h, w, c] = self.shape;
        let mut means = vec![0.0; n * c];
        let (mut line_sums, scale) = (vec![0.0f32; c], 1.0 / (h * w) as f32);
        for (means, image) in means.chunks_exact_mut(c.max(1)).zip(self.data.chunks_exact((h * w * c).max(1)))
        {
            for line in image.chunks_exact(w * c) {
                line_sums.fill(0.0);
                for pixel in line.chunks_exact(c) {
                    line_sums.iter_mut().zip(pixel).for_each(|(sum, v)| *sum += v);
                }
                means.iter_mut().zip(&line_sums).for_each(|(mean, sum)| *mean += sum);
            }
            means.iter_mut().for_each(|mean| *mean *= scale);
        }
        means
    }

    /// `[n, h, w, c]`.
    pub fn shape(&self) -> [usize; 4] {
        self.shape
    }

    pub(super) fn data(&self) -> &[f32] {
        &self.data
    }

    pub(super) fn data_mut(&mut self) -> &mut [f32] {
        &mut self.data
    }

    /// Numbers between two pixels of an axis: down, across.
    pub(super) fn strides(&self) -> [usize; 2] {
        [self.shape[2] * self.shape[3], self.shape[3]]
    }
}
