//! Pooling over windows that overlap or reach over the edge, as classifiers use it.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, WithDType, bail};

use crate::kernels::elem::{Elem, by_dtype, contiguous};
use crate::kernels::window::{Windows, plane_means, pool};

/// What becomes of the pixels in a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pooling {
    /// The largest.
    Max,
    /// The mean of those inside the image: PyTorch's `avg_pool2d` with
    /// `count_include_pad=False`, and what TensorFlow does.
    MeanInside,
}

/// How a window slides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowConfig {
    /// Height and width of the window.
    pub kernel: [usize; 2],
    /// Distance between windows.
    pub stride: [usize; 2],
    /// How far the first window reaches over the edge; at most half of the kernel.
    pub padding: [usize; 2],
}

/// Pools `(N, C, H, W)` over windows to `(N, C, OH, OW)`, with
/// `OH = (H + 2·padding − kernel)/stride + 1`, rounded down. Pixels outside the image count
/// neither for the largest nor for the mean.
///
/// For inference: on the CPU it has no gradient, and asking for one is an error.
/// [`avg_pool2d`](crate::avg_pool2d) and [`max_pool2d`](crate::max_pool2d) have one.
///
/// # Errors
/// `x` is not of rank 4 or not f32 or f64; a kernel or stride is 0; padding is more than half of
/// the kernel; the window is larger than the padded image.
pub fn pool2d(x: &Tensor, pooling: Pooling, cfg: WindowConfig) -> Result<Tensor> {
    let g = windows(x, cfg)?;
    if x.device().is_cpu() { x.contiguous()?.apply_op1(Pool(pooling, g)) } else { by_taps(x, pooling, &g) }
}

/// The mean of each channel of each image: `(N, C, H, W)` to `(N, C)`, summed in f64 on the CPU.
///
/// For inference, as [`pool2d`].
///
/// # Errors
/// `x` is not of rank 4 or not f32 or f64, or its images are empty.
pub fn global_avg_pool2d(x: &Tensor) -> Result<Tensor> {
    let (_, _, h, w) = x.dims4()?;
    if h * w == 0 {
        bail!("global_avg_pool2d: images of shape {:?} are empty", x.dims())
    }
    if x.device().is_cpu() { x.contiguous()?.apply_op1(PlaneMeans) } else { x.mean((2, 3)) }
}

fn windows(x: &Tensor, cfg: WindowConfig) -> Result<Windows> {
    let (_, _, h, w) = x.dims4()?;
    let WindowConfig { kernel, stride, padding } = cfg;
    if kernel.contains(&0) || stride.contains(&0) || (0..2).any(|i| 2 * padding[i] > kernel[i]) {
        bail!("pool2d: kernel and stride at least 1, padding at most half of the kernel; got {cfg:?}")
    }
    let size = |len: usize, axis: usize| match (len + 2 * padding[axis]).checked_sub(kernel[axis]) {
        Some(room) if len > 0 => Ok(room / stride[axis] + 1),
        _ => bail!("pool2d: the window {kernel:?} is larger than image {:?} with {cfg:?}", x.dims()),
    };
    Ok(Windows { h, w, oh: size(h, 0)?, ow: size(w, 1)?, kernel, stride, padding })
}

/// Pooling from operations that every device has: one pair of selections a tap.
fn by_taps(x: &Tensor, pooling: Pooling, g: &Windows) -> Result<Tensor> {
    // For each position of a tap: the pixel there, clamped, and whether it is inside.
    let axis = |axis: usize, tap: usize, out: usize, len: usize| -> Result<(Tensor, Tensor)> {
        let at = |i: usize| (i * g.stride[axis] + tap) as isize - g.padding[axis] as isize;
        let pixels: Vec<u32> = (0..out).map(|i| at(i).clamp(0, len as isize - 1) as u32).collect();
        let inside: Vec<f64> =
            (0..out).map(|i| f64::from(u8::from((0..len as isize).contains(&at(i))))).collect();
        let inside = Tensor::new(inside, x.device())?.to_dtype(x.dtype())?;
        Ok((Tensor::new(pixels, x.device())?, inside))
    };
    let mut best: Option<Tensor> = None;
    let mut count: Option<Tensor> = None;
    for i in 0..g.kernel[0] {
        let (rows, rows_in) = axis(0, i, g.oh, g.h)?;
        for j in 0..g.kernel[1] {
            let (columns, columns_in) = axis(1, j, g.ow, g.w)?;
            let taken = x.index_select(&rows, 2)?.index_select(&columns, 3)?;
            let mask = rows_in.unsqueeze(1)?.broadcast_mul(&columns_in.unsqueeze(0)?)?;
            let taken = match pooling {
                // A clamped pixel lies in the same window: it changes no maximum.
                Pooling::Max => taken,
                Pooling::MeanInside => taken.broadcast_mul(&mask)?,
            };
            best = Some(match (best, pooling) {
                (None, _) => taken,
                (Some(best), Pooling::Max) => best.maximum(&taken)?,
                (Some(best), Pooling::MeanInside) => (best + taken)?,
            });
            count = Some(match count {
                None => mask,
                Some(count) => (count + mask)?,
            });
        }
    }
    let (best, count) = best.zip(count).expect("a window has a tap");
    match pooling {
        Pooling::Max => Ok(best),
        Pooling::MeanInside => best.broadcast_div(&count),
    }
}

struct Pool(Pooling, Windows);

impl Pool {
    fn run<T: Elem>(&self, s: &CpuStorage, l: &Layout) -> Result<CpuStorage> {
        let x = contiguous::<T>(s, l, self.name())?;
        let y = match self.0 {
            Pooling::Max => pool(self.1, x, larger, |v, _| v),
            Pooling::MeanInside => {
                let area = self.1.kernel[0] * self.1.kernel[1];
                let shares: Vec<T> = (0..=area).map(|n| T::from_f64(1.0 / n.max(1) as f64)).collect();
                pool(self.1, x, |a, b| a + b, |v, n| v * shares[n])
            }
        };
        Ok(<T as WithDType>::to_cpu_storage_owned(y))
    }
}

impl CustomOp1 for Pool {
    fn name(&self) -> &'static str {
        "pool2d"
    }

    fn cpu_fwd(&self, s: &CpuStorage, l: &Layout) -> Result<(CpuStorage, Shape)> {
        let (n, c, _, _) = l.shape().dims4()?;
        let y = by_dtype(self.name(), s, || self.run::<f32>(s, l), || self.run::<f64>(s, l))?;
        Ok((y, (n, c, self.1.oh, self.1.ow).into()))
    }
}

/// The larger of two numbers; NaN if either is.
#[allow(clippy::eq_op)] // Reason: only NaN differs from itself, and this becomes a vector compare.
fn larger<T: Elem>(a: T, b: T) -> T {
    if a > b || a != a { a } else { b }
}

struct PlaneMeans;

impl PlaneMeans {
    fn run<T: Elem>(&self, s: &CpuStorage, l: &Layout, pixels: usize) -> Result<CpuStorage> {
        let means = plane_means(contiguous::<T>(s, l, self.name())?, pixels);
        Ok(<T as WithDType>::to_cpu_storage_owned(means))
    }
}

impl CustomOp1 for PlaneMeans {
    fn name(&self) -> &'static str {
        "global_avg_pool2d"
    }

    fn cpu_fwd(&self, s: &CpuStorage, l: &Layout) -> Result<(CpuStorage, Shape)> {
        let (n, c, h, w) = l.shape().dims4()?;
        let y = by_dtype(self.name(), s, || self.run::<f32>(s, l, h * w), || self.run::<f64>(s, l, h * w))?;
        Ok((y, (n, c).into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Tol, assert_close};
    use crate::{Graph, Rng, grad, watch};
    use candle_core::Device;

    fn images(shape: [usize; 4]) -> Tensor {
        Rng::new(7).normal(&shape, candle_core::DType::F64, &Device::Cpu).unwrap()
    }

    #[test]
    fn kernels_equal_the_sum_over_taps() {
        let shapes = [[2, 3, 7, 9], [1, 2, 35, 35], [1, 1, 3, 3], [1, 2, 8, 5], [1, 1, 1, 1], [1, 1, 2, 40]];
        let cases = [(3, 1, 1), (3, 2, 0), (3, 2, 1), (2, 2, 0), (2, 1, 1), (1, 1, 0), (5, 3, 2)];
        for shape in shapes {
            for (k, s, p) in cases {
                let cfg = WindowConfig { kernel: [k, k], stride: [s, s], padding: [p, p] };
                let x = images(shape);
                let Ok(g) = windows(&x, cfg) else { continue };
                for pooling in [Pooling::Max, Pooling::MeanInside] {
                    let expected = by_taps(&x, pooling, &g).unwrap();
                    let exact = pool2d(&x, pooling, cfg).unwrap();
                    assert_close(&exact, &expected, Tol::F64);
                    let single = pool2d(&x.to_dtype(candle_core::DType::F32).unwrap(), pooling, cfg).unwrap();
                    assert_close(&single.to_dtype(candle_core::DType::F64).unwrap(), &expected, Tol::F32);
                }
            }
        }
    }

    #[test]
    fn axes_are_not_mixed_up() {
        let x = images([1, 2, 9, 6]);
        let cfg = WindowConfig { kernel: [3, 2], stride: [2, 1], padding: [1, 0] };
        let g = windows(&x, cfg).unwrap();
        assert_eq!((g.oh, g.ow), (5, 5));
        for pooling in [Pooling::Max, Pooling::MeanInside] {
            let expected = by_taps(&x, pooling, &g).unwrap();
            assert_close(&pool2d(&x, pooling, cfg).unwrap(), &expected, Tol::F64);
        }
    }

    #[test]
    fn the_mean_leaves_out_what_is_outside() {
        let x = Tensor::ones((1, 1, 4, 4), candle_core::DType::F32, &Device::Cpu).unwrap();
        let cfg = WindowConfig { kernel: [3, 3], stride: [1, 1], padding: [1, 1] };
        assert_close(&pool2d(&x, Pooling::MeanInside, cfg).unwrap(), &x, Tol::F32);
    }

    #[test]
    fn a_nan_is_not_pooled_away() {
        let mut pixels = vec![1f32; 9];
        pixels[4] = f32::NAN;
        let x = Tensor::from_vec(pixels, (1, 1, 3, 3), &Device::Cpu).unwrap();
        let cfg = WindowConfig { kernel: [3, 3], stride: [1, 1], padding: [1, 1] };
        for pooling in [Pooling::Max, Pooling::MeanInside] {
            let y = pool2d(&x, pooling, cfg).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
            assert!(y.iter().all(|v| v.is_nan()), "{pooling:?}: {y:?}");
        }
    }

    #[test]
    fn means_of_planes() {
        let x = images([3, 5, 4, 7]);
        assert_close(&global_avg_pool2d(&x).unwrap(), &x.mean((2, 3)).unwrap(), Tol::F64);
        assert!(global_avg_pool2d(&images([1, 1, 1, 0])).is_err());
    }

    #[test]
    fn what_has_no_gradient_says_so() {
        let x = watch(&images([1, 1, 4, 4])).unwrap();
        let cfg = WindowConfig { kernel: [3, 3], stride: [1, 1], padding: [1, 1] };
        let y = pool2d(&x, Pooling::Max, cfg).unwrap();
        assert!(grad(&y, &[&x], Graph::Discard).is_err());
        assert!(grad(&global_avg_pool2d(&x).unwrap(), &[&x], Graph::Discard).is_err());
    }

    #[test]
    fn impossible_windows_are_refused() {
        let x = images([1, 1, 4, 4]);
        for (k, s, p) in [(0, 1, 0), (3, 0, 0), (3, 1, 2), (5, 1, 0)] {
            let cfg = WindowConfig { kernel: [k, k], stride: [s, s], padding: [p, p] };
            assert!(pool2d(&x, Pooling::Max, cfg).is_err(), "{cfg:?}");
        }
    }
}
