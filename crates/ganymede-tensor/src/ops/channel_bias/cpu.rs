//! Bias and activation on the CPU, in one pass.

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor, WithDType};
use ganymede_kernels::channel::{self, map};

use crate::autograd::wanted;
use crate::ops::channels::channel_sum;
use crate::ops::leaky_relu::leaky_relu_gradient;
use crate::storage::{Elem, by_dtype, contiguous};

pub(super) fn biased(x: &Tensor, b: &Tensor, l: channel::Layout, slope: f64) -> Result<Tensor> {
    x.contiguous()?.apply_op2(&b.contiguous()?, AddBias { l, slope })
}

/// Bias, and the leaky ReLU of that slope: none where it is 1.
struct AddBias {
    l: channel::Layout,
    slope: f64,
}

impl AddBias {
    fn run<T: Elem>(&self, x: (&CpuStorage, &Layout), b: (&CpuStorage, &Layout)) -> Result<CpuStorage> {
        let (x, b) = (contiguous::<T>(x.0, x.1, self.name())?, contiguous::<T>(b.0, b.1, self.name())?);
        let (zero, slope) = (T::default(), T::from_f64(self.slope));
        let y = map(self.l, x, x, |c| {
            let bias = b[c];
            move |x, _| {
                let y = x + bias;
                if y > zero { y } else { slope * y }
            }
        });
        Ok(<T as WithDType>::to_cpu_storage_owned(y))
    }
}

impl CustomOp2 for AddBias {
    fn name(&self) -> &'static str {
        "add_channel_bias"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        lx: &Layout,
        b: &CpuStorage,
        lb: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let y = by_dtype(
            self.name(),
            x,
            || self.run::<f32>((x, lx), (b, lb)),
            || self.run::<f64>((x, lx), (b, lb)),
        )?;
        Ok((y, lx.shape().clone()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        b: &Tensor,
        y: &Tensor,
        g: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let g = if self.slope == 1.0 { g.clone() } else { leaky_relu_gradient(g, &y.detach(), self.slope)? };
        let db = if wanted(b) { Some(channel_sum(&g, self.l)?) } else { None };
        Ok((wanted(x).then_some(g), db))
    }
}
