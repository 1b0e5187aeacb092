//! Batch normalisation on the CPU.

mod gradient;
mod stats;

use candle_core::{CpuStorage, CustomOp3, DType, Layout, Result, Shape, Tensor, WithDType};
use ganymede_kernels::channel::{self, map, sums};

use stats::Stats;

use super::normalized::Normalized;
use crate::autograd::{creates_graph, wanted};
use crate::ops::channels::{Arg, on_cpu};
use crate::ops::leaky_relu::leaky_relu_gradient;
use crate::storage::{Elem, by_dtype, contiguous};

pub(super) fn batch_norm(
    x: &Tensor,
    w: &Tensor,
    b: &Tensor,
    l: channel::Layout,
    (eps, slope): (f64, f64),
) -> Result<Normalized> {
    let flat = x.detach().contiguous()?;
    let (mean, var) = match x.dtype() {
        DType::F64 => on_cpu(&flat, |x| channel::moments::<f64>(l, x))?,
        _ => on_cpu(&flat, |x| channel::moments::<f32>(l, x))?,
    };
    let rstd = var.iter().map(|v| 1.0 / (v + eps).sqrt()).collect();
    let op = Forward(Stats { l, eps, slope, mean: mean.clone(), rstd });
    let output = x.contiguous()?.apply_op3(&w.contiguous()?, &b.contiguous()?, op)?;
    let tensor = |v: Vec<f64>| Tensor::from_vec(v, l.c, x.device())?.to_dtype(x.dtype());
    Ok(Normalized { output, mean: tensor(mean)?, var: tensor(var)? })
}

struct Forward(Stats);

impl Forward {
    fn run<T: Elem>(&self, x: Arg, w: Arg, b: Arg) -> Result<CpuStorage> {
        let x = contiguous::<T>(x.0, x.1, "batch_norm")?;
        let (w, b) = (contiguous::<T>(w.0, w.1, "batch_norm")?, contiguous::<T>(b.0, b.1, "batch_norm")?);
        let (channels, slope) = (self.0.channels(w, b), T::from_f64(self.0.slope));
        let y = map(self.0.l, x, x, |c| {
            let channel = channels[c];
            move |x, _| {
                let y = channel.normalised(x);
                if y > T::default() { y } else { slope * y }
            }
        });
        Ok(<T as WithDType>::to_cpu_storage_owned(y))
    }

    /// Gradients in `x`, `w` and `b`, without a graph.
    fn gradients<T: Elem>(&self, x: &Tensor, w: &Tensor, b: &Tensor, g: &Tensor) -> Result<[Tensor; 3]> {
        let l = self.0.l;
        let (w, b) = (on_cpu(w, |w: &[T]| w.to_vec())?, on_cpu(b, |b: &[T]| b.to_vec())?);
        let (channels, slope) = (self.0.channels(&w, &b), T::from_f64(self.0.slope));
        let (sums, dx) = on_cpu(g, |g: &[T]| {
            on_cpu(x, |x: &[T]| {
                let sums = sums(l, g, x, |c| {
                    let channel = channels[c];
                    move |g, x| {
                        let g = channel.through(g, x, slope);
                        [g * ((x - channel.mean) * channel.rstd), g]
                    }
                });
                let coefficients: Vec<[T; 3]> = sums
                    .iter()
                    .enumerate()
                    .map(|(c, sums)| {
                        let [products, plain] = sums.map(|sum| sum / l.count() as f64);
                        self.0.projection(c, w[c].to_f64(), [plain, products]).map(T::from_f64)
                    })
                    .collect();
                let dx = map(l, g, x, |c| {
                    let (channel, [scale, slope_x, offset]) = (channels[c], coefficients[c]);
                    move |g, x| scale * channel.through(g, x, slope) + slope_x * x + offset
                });
                (sums, dx)
            })
        })??;
        let tensor =
            |k: usize| Tensor::from_vec(sums.iter().map(|s| T::from_f64(s[k])).collect(), l.c, x.device());
        Ok([Tensor::from_vec(dx, x.shape(), x.device())?, tensor(0)?, tensor(1)?])
    }
}

impl CustomOp3 for Forward {
    fn name(&self) -> &'static str {
        "batch_norm"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        lx: &Layout,
        w: &CpuStorage,
        lw: &Layout,
        b: &CpuStorage,
        lb: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let y = by_dtype(
            self.name(),
            x,
            || self.run::<f32>((x, lx), (w, lw), (b, lb)),
            || self.run::<f64>((x, lx), (w, lw), (b, lb)),
        )?;
        Ok((y, lx.shape().clone()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        w: &Tensor,
        b: &Tensor,
        y: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        if creates_graph() {
            let grad = match self.0.slope {
                1.0 => grad.contiguous()?,
                slope => leaky_relu_gradient(grad, &y.detach(), slope)?,
            };
            return gradient::gradients(&self.0, (x, w, b), &grad).map(Into::into);
        }
        let grad = grad.contiguous()?;
        let [dx, dw, db] = match x.dtype() {
            DType::F64 => self.gradients::<f64>(x, w, b, &grad)?,
            _ => self.gradients::<f32>(x, w, b, &grad)?,
        };
        let asked = |t: &Tensor, gradient| wanted(t).then_some(gradient);
        Ok((asked(x, dx), asked(w, dw), asked(b, db)))
    }
}
