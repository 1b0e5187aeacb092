//! Pooling from plain operations: one pair of selections a tap.

use candle_core::{Result, Tensor};
use ganymede_kernels::window::Windows;

use super::config::Pooling;

pub(in crate::ops) fn pool2d(x: &Tensor, pooling: Pooling, g: &Windows) -> Result<Tensor> {
    match pooling {
        Pooling::Max => largest(x, g),
        Pooling::MeanInside => mean(x, g),
    }
}

/// The pixels that one tap of the window sees, and where they are inside the image: 1, else 0. Outside the
/// pixel is the nearest one inside, which lies in the same window.
struct Seen {
    pixels: Tensor,
    inside: Tensor,
}

fn taps(g: &Windows) -> impl Iterator<Item = [usize; 2]> {
    let [high, wide] = g.kernel;
    (0..high).flat_map(move |i| (0..wide).map(move |j| [i, j]))
}

fn seen(x: &Tensor, g: &Windows, tap: [usize; 2]) -> Result<Seen> {
    let axis = |axis: usize, out: usize, len: usize| -> Result<(Tensor, Tensor)> {
        let at = |i: usize| (i * g.stride[axis] + tap[axis]) as isize - g.padding[axis] as isize;
        let pixels: Vec<u32> = (0..out).map(|i| at(i).clamp(0, len as isize - 1) as u32).collect();
        let inside: Vec<f64> =
            (0..out).map(|i| f64::from(u8::from((0..len as isize).contains(&at(i))))).collect();
        let inside = Tensor::new(inside, &candle_core::Device::Cpu)?.to_dtype(x.dtype())?;
        Ok((Tensor::new(pixels, x.device())?, inside.to_device(x.device())?))
    };
    let ((rows, rows_in), (columns, columns_in)) = (axis(0, g.oh, g.h)?, axis(1, g.ow, g.w)?);
    let pixels = x.contiguous()?.index_select(&rows, 2)?.index_select(&columns, 3)?;
    let inside = rows_in.unsqueeze(1)?.broadcast_mul(&columns_in.unsqueeze(0)?)?;
    Ok(Seen { inside: inside.broadcast_as(pixels.shape())?.contiguous()?, pixels })
}

fn mean(x: &Tensor, g: &Windows) -> Result<Tensor> {
    let add = |sum: Option<Tensor>, t: Tensor| sum.map_or(Ok(t.clone()), |sum| sum + &t);
    let (mut sum, mut count) = (None, None);
    for tap in taps(g) {
        let Seen { pixels, inside } = seen(x, g, tap)?;
        sum = Some(add(sum, (pixels * &inside)?)?);
        count = Some(add(count, inside)?);
    }
    let (sum, count) = sum.zip(count).expect("a window has a tap");
    sum.div(&count)
}

/// The first of the largest, so that it alone gets the gradient.
fn largest(x: &Tensor, g: &Windows) -> Result<Tensor> {
    let still = x.detach();
    let mut best: Option<Tensor> = None;
    for tap in taps(g) {
        let pixels = seen(&still, g, tap)?.pixels;
        best = Some(match best {
            None => pixels,
            // candle's maximum drops a NaN on the right.
            Some(best) => pixels.ne(&pixels)?.where_cond(&pixels, &best.maximum(&pixels)?)?,
        });
    }
    let best = best.expect("a window has a tap");
    // Where nothing equals the largest it is not a number, and that shows.
    let (mut result, mut open) = (best.clone(), best.ones_like()?);
    for tap in taps(g) {
        let Seen { pixels, inside } = seen(x, g, tap)?;
        let here = (pixels.detach().eq(&best)?.to_dtype(x.dtype())? * inside)?.mul(&open)?;
        open = (open - &here)?;
        result = here.gt(&here.zeros_like()?)?.where_cond(&pixels, &result)?;
    }
    Ok(result)
}
