//! A square that becomes 0.

use ganymede_tensor::{Result, Rng, Tensor};

use crate::host;

/// The sides of the square as shares of those of the image.
const RATIO: f64 = 0.5;

/// In each image a rectangle of half the height and width becomes 0; what of it lies outside is cut off.
#[derive(Clone, Debug, PartialEq)]
pub struct CutoutDraws {
    /// Row and column of its middle: it covers the s = ⌊side/2 + ½⌋ rows from y − ⌊s/2⌋ on, likewise columns.
    pub centres: Vec<[usize; 2]>,
}

impl CutoutDraws {
    /// For `n` images of height and width `sides`.
    pub fn draw(n: usize, sides: [usize; 2], rng: &mut Rng) -> Self {
        // An even square has its middle between pixels, and one place more.
        let mut centre = |side: usize| rng.below(side + 1 - size(side) % 2);
        Self { centres: (0..n).map(|_| sides.map(&mut centre)).collect() }
    }

    /// The changed images `(N, C, H, W)`.
    ///
    /// # Errors
    /// The draws were made for another number of images.
    pub fn apply(&self, images: &Tensor) -> Result<Tensor> {
        host::check_count(self.centres.len(), images)?;
        let (_, _, h, w) = images.dims4()?;
        let mut mask = vec![1.0; self.centres.len() * h * w];
        for (&[y, x], image) in self.centres.iter().zip(mask.chunks_exact_mut(h * w)) {
            image.chunks_exact_mut(w).take(covered(y, h).end() + 1).skip(*covered(y, h).start()).for_each(
                |row| {
                    row[covered(x, w)].fill(0.0);
                },
            );
        }
        images.broadcast_mul(&host::tensor(mask, (self.centres.len(), 1, h, w), images)?)
    }
}

fn size(side: usize) -> usize {
    (side as f64 * RATIO + 0.5) as usize
}

/// The rows (or columns) of a square with its middle there.
fn covered(centre: usize, side: usize) -> std::ops::RangeInclusive<usize> {
    let size = size(side);
    centre.saturating_sub(size / 2)..=(centre + size - size / 2 - 1).min(side - 1)
}
