//! A shift by whole pixels.

use ganymede_tensor::{Result, Rng, Tensor, bail};

use crate::host;

/// The longest shift as a share of a side.
const RATIO: f64 = 0.125;

/// Each image moved by whole pixels; what comes in from outside is 0.
#[derive(Clone, Debug, PartialEq)]
pub struct TranslationDraws {
    /// Rows and columns `[dy, dx]`, from −s to s with s = ⌊side/8 + ½⌋: the pixel at `(y, x)` is the one that was at
    /// `(y + dy, x + dx)`.
    pub shifts: Vec<[i64; 2]>,
}

impl TranslationDraws {
    /// For `n` images of height and width `sides`.
    pub fn draw(n: usize, sides: [usize; 2], rng: &mut Rng) -> Self {
        let mut shift = |side: usize| {
            let most = (side as f64 * RATIO + 0.5) as usize;
            rng.below(2 * most + 1) as i64 - most as i64
        };
        Self { shifts: (0..n).map(|_| sides.map(&mut shift)).collect() }
    }

    /// The changed images `(N, C, H, W)`.
    ///
    /// # Errors
    /// The draws were made for another number of images.
    pub fn apply(&self, images: &Tensor) -> Result<Tensor> {
        let (n, c, h, w) = images.dims4()?;
        host::check_count(self.shifts.len(), images)?;
        // One element more, a 0, for all that comes from outside.
        let outside = n * c * h * w;
        let Ok(last) = u32::try_from(outside) else { bail!("translation: {outside} values are too many") };
        let flat = images.contiguous()?.flatten_all()?.pad_with_zeros(0, 0, 1)?;
        let mut places = Vec::with_capacity(outside);
        for (plane, [dy, dx]) in
            self.shifts.iter().flat_map(|shift| std::iter::repeat_n(shift, c)).enumerate()
        {
            let inside = |at: usize, by: i64, side: usize| {
                usize::try_from(at as i64 + by).ok().filter(|from| *from < side)
            };
            for y in 0..h {
                let row = inside(y, *dy, h).map(|y| (plane * h + y) * w);
                places.extend((0..w).map(|x| match (row, inside(x, *dx, w)) {
                    (Some(row), Some(x)) => (row + x) as u32,
                    _ => last,
                }));
            }
        }
        let places = Tensor::from_vec(places, outside, images.device())?;
        flat.index_select(&places, 0)?.reshape((n, c, h, w))
    }
}
