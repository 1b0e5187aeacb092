//! Factors and dot products of planes on the CPU: two bilinear operations, whose gradients are one another.

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor, WithDType};
use ganymede_kernels::channel::{self, map, sums};

use crate::autograd::bilinear_gradient;
use crate::ops::channels::Arg;
use crate::storage::{Elem, by_dtype, contiguous};

pub(super) fn scale_planes(x: &Tensor, s: &Tensor) -> Result<Tensor> {
    x.contiguous()?.apply_op2(&s.contiguous()?, Scale)
}

/// Each plane of `(N, C, H, W)` times its factor of `(N, C)`.
struct Scale;
/// The dot product of each pair of planes of two `(N, C, H, W)`: `(N, C)`.
struct Dots;

/// Every plane is a channel of one image.
fn planes(l: &Layout) -> Result<channel::Layout> {
    let (n, c, h, w) = l.shape().dims4()?;
    Ok(channel::Layout { n: 1, c: n * c, pixels: h * w })
}

impl Scale {
    fn run<T: Elem>(&self, x: Arg, s: Arg) -> Result<CpuStorage> {
        let l = planes(x.1)?;
        let (x, s) = (contiguous::<T>(x.0, x.1, self.name())?, contiguous::<T>(s.0, s.1, self.name())?);
        let y = map(l, x, x, |plane| {
            let factor = s[plane];
            move |x, _| factor * x
        });
        Ok(<T as WithDType>::to_cpu_storage_owned(y))
    }
}

impl CustomOp2 for Scale {
    fn name(&self) -> &'static str {
        "scale_planes"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        lx: &Layout,
        s: &CpuStorage,
        ls: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (a, b) = ((x, lx), (s, ls));
        let y = by_dtype(self.name(), x, || self.run::<f32>(a, b), || self.run::<f64>(a, b))?;
        Ok((y, lx.shape().clone()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        s: &Tensor,
        _: &Tensor,
        g: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        Ok((bilinear_gradient(x, g, s, Scale)?, bilinear_gradient(s, x, g, Dots)?))
    }
}

impl Dots {
    fn run<T: Elem>(&self, a: Arg, b: Arg) -> Result<CpuStorage> {
        let l = planes(a.1)?;
        let (a, b) = (contiguous::<T>(a.0, a.1, self.name())?, contiguous::<T>(b.0, b.1, self.name())?);
        let dots = sums(l, a, b, |_| |a, b| [a * b]).into_iter().map(|[dot]| T::from_f64(dot)).collect();
        Ok(<T as WithDType>::to_cpu_storage_owned(dots))
    }
}

impl CustomOp2 for Dots {
    fn name(&self) -> &'static str {
        "plane_dots"
    }

    fn cpu_fwd(
        &self,
        a: &CpuStorage,
        la: &Layout,
        b: &CpuStorage,
        lb: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (n, c, _, _) = la.shape().dims4()?;
        let args = ((a, la), (b, lb));
        let dots =
            by_dtype(self.name(), a, || self.run::<f32>(args.0, args.1), || self.run::<f64>(args.0, args.1))?;
        Ok((dots, (n, c).into()))
    }

    fn bwd(
        &self,
        a: &Tensor,
        b: &Tensor,
        _: &Tensor,
        g: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        Ok((bilinear_gradient(a, b, g, Scale)?, bilinear_gradient(b, a, g, Scale)?))
    }
}
