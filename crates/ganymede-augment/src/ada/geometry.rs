//! Where pixels go: mirror, turns, scales, shifts as one matrix.

use std::f64::consts::FRAC_PI_2;

/// A matrix of homogeneous coordinates (x, y, 1), in pixels from the middle of the image.
pub(super) type Matrix = [[f64; 3]; 3];

/// What moves the pixels of an image, in the order in which it is made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Geometry {
    /// Left and right change places.
    pub mirror: bool,
    /// Quarter turns: 0, 1, 2 or 3.
    pub quarter_turns: u8,
    /// To the right and down, in whole pixels.
    pub shift: [f64; 2],
    /// A factor on both sides, above 0.
    pub scale: f64,
    /// An angle in [−π, π) before the stretching.
    pub rotation_before: f64,
    /// A factor on the width, and its inverse on the height; above 0.
    pub stretch: f64,
    /// An angle in [−π, π) after it.
    pub rotation_after: f64,
    /// To the right and down, in pixels.
    pub fine_shift: [f64; 2],
}

impl Geometry {
    /// Leaves every pixel where it is.
    pub const NONE: Self = Self {
        mirror: false,
        quarter_turns: 0,
        shift: [0.0; 2],
        scale: 1.0,
        rotation_before: 0.0,
        stretch: 1.0,
        rotation_after: 0.0,
        fine_shift: [0.0; 2],
    };

    /// From the place of a pixel in the result to its place in the image: the inverses of all changes, the first outermost.
    /// (x, y, 1) is in pixels, from the middle of the image.
    #[must_use]
    pub fn inverse(&self) -> [[f64; 3]; 3] {
        let mirror = if self.mirror { -1.0 } else { 1.0 };
        let steps = [
            scaled(mirror, 1.0),
            rotated(FRAC_PI_2 * f64::from(self.quarter_turns)),
            shifted(-self.shift[0], -self.shift[1]),
            scaled(1.0 / self.scale, 1.0 / self.scale),
            rotated(self.rotation_before),
            scaled(1.0 / self.stretch, self.stretch),
            rotated(self.rotation_after),
            shifted(-self.fine_shift[0], -self.fine_shift[1]),
        ];
        steps.into_iter().reduce(|a, b| product(&a, &b)).expect("there are eight steps")
    }
}

pub(super) fn shifted(x: f64, y: f64) -> Matrix {
    [[1.0, 0.0, x], [0.0, 1.0, y], [0.0, 0.0, 1.0]]
}

pub(super) fn scaled(x: f64, y: f64) -> Matrix {
    [[x, 0.0, 0.0], [0.0, y, 0.0], [0.0, 0.0, 1.0]]
}

fn rotated(angle: f64) -> Matrix {
    let (sin, cos) = angle.sin_cos();
    [[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]]
}

pub(super) fn product(a: &Matrix, b: &Matrix) -> Matrix {
    let entry = |i: usize, j: usize| (0..3).map(|k| a[i][k] * b[k][j]).sum();
    std::array::from_fn(|i| std::array::from_fn(|j| entry(i, j)))
}
