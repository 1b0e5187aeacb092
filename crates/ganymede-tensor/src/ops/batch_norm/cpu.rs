//! Batch normalisation on the CPU.

mod gradient;
mod of_conv;
mod stats;

use candle_core::{CpuStorage, CustomOp3, DType, Layout, Result, Shape, Tensor, WithDType};
use ganymede_kernels::channel::{self, map, sums};

pub(super) use of_conv::of_conv;
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
    let (stats, var) = statistics(&x.detach().contiguous()?, l, (eps, slope))?;
    let mean = stats.mean.clone();
    let output = x.contiguous()?.apply_op3(&w.contiguous()?, &b.contiguous()?, Forward(stats))?;
    normalized(output, l, [mean, var])
}

/// The statistics of contiguous numbers, and their variances.
fn statistics(x: &Tensor, l: channel::Layout, (eps, slope): (f64, f64)) -> Result<(Stats, Vec<f64>)> {
    let (mean, var) = match x.dtype() {
        DType::F64 => on_cpu(x, |x| channel::moments::<f64>(l, x))?,
        _ => on_cpu(x, |x| channel::moments::<f32>(l, x))?,
    };
    let rstd = var.iter().map(|v| 1.0 / (v + eps).sqrt()).collect();
    Ok((Stats { l, eps, slope, mean, rstd }, var))
}

fn normalized(output: Tensor, l: channel::Layout, moments: [Vec<f64>; 2]) -> Result<Normalized> {
    let tensor = |v: Vec<f64>| Tensor::from_vec(v, l.c, output.device())?.to_dtype(output.dtype());
    let [mean, var] = moments.map(tensor);
    let (mean, var) = (mean?, var?);
    Ok(Normalized { output, mean, var })
}

struct Forward(Stats);

impl Stats {
    /// `x` normalised, and its leaky ReLU.
    fn normalise<T: Elem>(&self, x: &[T], w: &[T], b: &[T]) -> Vec<T> {
        let (channels, slope) = (self.channels(w, b), T::from_f64(self.slope));
        map(self.l, x, x, |c| {
            let channel = channels[c];
            move |x, _| {
                let y = channel.normalised(x);
                if y > T::default() { y } else { slope * y }
            }
        })
    }

    /// Gradients in `x`, `w` and `b`, without a graph.
    fn gradients<T: Elem>(&self, x: &Tensor, w: &Tensor, b: &Tensor, g: &Tensor) -> Result<[Tensor; 3]> {
        let l = self.l;
        let (w, b) = (on_cpu(w, |w: &[T]| w.to_vec())?, on_cpu(b, |b: &[T]| b.to_vec())?);
        let (channels, slope) = (self.channels(&w, &b), T::from_f64(self.slope));
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
                        self.projection(c, w[c].to_f64(), [plain, products]).map(T::from_f64)
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

    /// Gradients in `x`, `w` and `b`, where they are wanted, of the result's: `y` is the result.
    fn backward(
        &self,
        (x, w, b): (&Tensor, &Tensor, &Tensor),
        y: &Tensor,
        grad: &Tensor,
    ) -> Result<[Option<Tensor>; 3]> {
        if creates_graph() {
            let grad = match self.slope {
                1.0 => grad.contiguous()?,
                slope => leaky_relu_gradient(grad, &y.detach(), slope)?,
            };
            return gradient::gradients(self, (x, w, b), &grad);
        }
        let [dx, dw, db] = self.plain_gradients((x, w, b), grad)?;
        let asked = |t: &Tensor, gradient| wanted(t).then_some(gradient);
        Ok([asked(x, dx), asked(w, dw), asked(b, db)])
    }

    /// All three, without a graph.
    fn plain_gradients(&self, (x, w, b): (&Tensor, &Tensor, &Tensor), grad: &Tensor) -> Result<[Tensor; 3]> {
        let grad = grad.contiguous()?;
        match x.dtype() {
            DType::F64 => self.gradients::<f64>(x, w, b, &grad),
            _ => self.gradients::<f32>(x, w, b, &grad),
        }
    }
}

impl Forward {
    fn run<T: Elem>(&self, x: Arg, w: Arg, b: Arg) -> Result<CpuStorage> {
        let [x, w, b] = [x, w, b].map(|(s, l)| contiguous::<T>(s, l, "batch_norm"));
        Ok(<T as WithDType>::to_cpu_storage_owned(self.0.normalise(x?, w?, b?)))
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
        self.0.backward((x, w, b), y, grad).map(Into::into)
    }
}
