//! Pooling with the channels innermost.

use super::pixels::Pixels;
use crate::simd::vectorised;

/// What a window becomes. Pixels beyond the edge do not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pool {
    /// The largest.
    Max,
    /// The mean, and 0 where that is negative: ReLU of the mean.
    MeanRelu,
}

/// Pools windows of `kernel` pixels on a side into the channels of `out` from `first` on.
///
/// # Panics
/// `out` has another number of images, another size than windows fit into, or too few channels.
pub fn pool(
    x: &Pixels,
    pool: Pool,
    (kernel, stride, padding): (usize, usize, usize),
    out: &mut Pixels,
    first: usize,
) {
    let ([n, h, w, c], [on, oh, ow, channels]) = (x.shape(), out.shape());
    let fits = |size: usize| (size + 2 * padding).checked_sub(kernel).map(|room| room / stride + 1);
    assert_eq!((n, fits(h), fits(w)), (on, Some(oh), Some(ow)), "the size of a pooling");
    assert!(padding < kernel && first + c <= channels, "channels of a pooling");
    let [down, right] = x.strides();
    let inside = |at: usize, size: usize| {
        (at * stride).saturating_sub(padding)..(at * stride + kernel - padding).min(size)
    };
    let data = x.data();
    let pixels = out.data_mut().chunks_exact_mut(channels.max(1)).enumerate();
    vectorised(
        #[inline(always)]
        || {
            for (q, out) in pixels {
                let (image, y, column) = (q / (oh * ow), q / ow % oh, q % ow);
                let (ys, columns) = (inside(y, h), inside(column, w));
                let count = (ys.len() * columns.len()) as f32;
                let at = |y: usize, x: usize| &data[image * h * down + y * down + x * right..][..c];
                let out = &mut out[first..first + c];
                out.copy_from_slice(at(ys.start, columns.start));
                let others = ys.flat_map(|y| columns.clone().map(move |x| (y, x))).skip(1);
                for (y, column) in others {
                    let pixel = at(y, column);
                    match pool {
                        // A NaN stays, and one that comes is taken.
                        Pool::Max => out.iter_mut().zip(pixel).for_each(|(most, v)| {
                            *most = if *v > *most || v.is_nan() { *v } else { *most };
                        }),
                        Pool::MeanRelu => {
                            out.iter_mut().zip(pixel).for_each(|(sum, v)| *sum += v);
                        }
                    }
                }
                match pool {
                    Pool::Max => {}
                    Pool::MeanRelu => out.iter_mut().for_each(|v| {
                        let mean = *v / count;
                        *v = if mean < 0.0 { 0.0 } else { mean };
                    }),
                }
            }
        },
    );
}
