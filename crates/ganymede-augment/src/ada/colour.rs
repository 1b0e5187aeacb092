//! What becomes of colours: brightness, contrast, luma flip, hue, saturation as one matrix.

use ganymede_tensor::Tensor;

use crate::{AugmentError, host};

/// A matrix of homogeneous colours (r, g, b, 1).
type Matrix = [[f64; 4]; 4];

/// What changes the colours of an image, in the order in which it is made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Recolour {
    /// Added to every channel.
    pub brightness: f64,
    /// A factor on every channel, above 0.
    pub contrast: f64,
    /// Light and dark change places: a reflection at the plane of colours without luma.
    pub luma_flip: bool,
    /// An angle in [−π, π) around the luma axis.
    pub hue: f64,
    /// A factor on all but the luma, above 0.
    pub saturation: f64,
}

impl Recolour {
    /// Leaves every colour as it is.
    pub const NONE: Self =
        Self { brightness: 0.0, contrast: 1.0, luma_flip: false, hue: 0.0, saturation: 1.0 };

    /// The matrix that takes (r, g, b, 1) to what it becomes. The luma axis is (1, 1, 1)/√3.
    #[must_use]
    pub fn matrix(&self) -> [[f64; 4]; 4] {
        let b = self.brightness;
        let steps = [
            [[1.0, 0.0, 0.0, b], [0.0, 1.0, 0.0, b], [0.0, 0.0, 1.0, b], LAST],
            about_luma(self.contrast, self.contrast),
            about_luma(if self.luma_flip { -1.0 } else { 1.0 }, 1.0),
            turned(self.hue),
            about_luma(1.0, self.saturation),
        ];
        steps.into_iter().reduce(|first, next| product(&next, &first)).expect("there are five steps")
    }
}

const LAST: [f64; 4] = [0.0, 0.0, 0.0, 1.0];

/// A factor along the luma axis, another across it.
fn about_luma(along: f64, across: f64) -> Matrix {
    let entry = |i: usize, j: usize| {
        let projection = 1.0 / 3.0;
        let identity = f64::from(u8::from(i == j));
        along * projection + across * (identity - projection)
    };
    let row = |i: usize| [entry(i, 0), entry(i, 1), entry(i, 2), 0.0];
    [row(0), row(1), row(2), LAST]
}

/// A rotation around the luma axis (Rodrigues).
fn turned(angle: f64) -> Matrix {
    let (sin, cos) = angle.sin_cos();
    let axis = 1.0 / 3.0f64.sqrt();
    let entry = |i: usize, j: usize| {
        let cross = match (3 + j - i) % 3 {
            0 => cos,
            1 => -axis * sin,
            _ => axis * sin,
        };
        (1.0 - cos) / 3.0 + cross
    };
    let row = |i: usize| [entry(i, 0), entry(i, 1), entry(i, 2), 0.0];
    [row(0), row(1), row(2), LAST]
}

fn product(a: &Matrix, b: &Matrix) -> Matrix {
    let entry = |i: usize, j: usize| (0..4).map(|k| a[i][k] * b[k][j]).sum();
    std::array::from_fn(|i| std::array::from_fn(|j| entry(i, j)))
}

/// Each image `(C, H, W)` by its matrix. Of grey images the three channels that they stand for become one by their mean.
pub(super) fn recolour(images: &Tensor, matrices: &[[[f64; 4]; 4]]) -> Result<Tensor, AugmentError> {
    let (n, c, h, w) = images.dims4()?;
    match c {
        3 => {
            let part = |columns: std::ops::Range<usize>| -> Vec<f64> {
                matrices
                    .iter()
                    .flat_map(|m| m[..3].iter().flat_map(|row| row[columns.clone()].to_vec()))
                    .collect()
            };
            let linear = host::tensor(part(0..3), (n, 3, 3), images)?;
            let constant = host::tensor(part(3..4), (n, 3, 1, 1), images)?;
            let mixed = linear.matmul(&images.contiguous()?.reshape((n, c, h * w))?)?;
            Ok(mixed.reshape((n, c, h, w))?.broadcast_add(&constant)?)
        }
        1 => {
            let mean = |m: &Matrix, columns: std::ops::Range<usize>| -> f64 {
                m[..3].iter().flat_map(|row| &row[columns.clone()]).sum::<f64>() / 3.0
            };
            let factors: Vec<f64> = matrices.iter().map(|m| mean(m, 0..3)).collect();
            let constants: Vec<f64> = matrices.iter().map(|m| mean(m, 3..4)).collect();
            let scaled = images.broadcast_mul(&host::per_sample(&factors, images)?)?;
            Ok(scaled.broadcast_add(&host::per_sample(&constants, images)?)?)
        }
        _ => {
            let reason = "colours are changed of 1 or 3 channels; use a pipe without `color`".to_owned();
            Err(AugmentError::Images { got: vec![n, c, h, w], reason })
        }
    }
}
