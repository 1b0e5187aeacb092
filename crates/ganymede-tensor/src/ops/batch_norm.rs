//! Batch normalisation in training, with the gradient through the statistics.

mod gradient;

use candle_core::{CpuStorage, CustomOp3, DType, Layout, Result, Shape, Tensor, WithDType, bail};

use crate::autograd::{creates_graph, wanted};
use crate::kernels::channel::{self, map, sums};
use crate::kernels::elem::{Elem, by_dtype, contiguous};
use crate::ops::activation::{leaky_relu, leaky_relu_gradient};

/// What [`batch_norm`] gives.
pub struct Normalized {
    /// The normalised input, of its shape.
    pub output: Tensor,
    /// The mean of each channel over the batch, shape `(C,)`, detached.
    pub mean: Tensor,
    /// The biased variance of each channel over the batch, shape `(C,)`, detached.
    pub var: Tensor,
}

/// `w·(x − E[x])/√(Var[x] + eps) + b` with moments of each channel over the batch (Ioffe and
/// Szegedy, 2015, arXiv:1502.03167, algorithm 1).
///
/// `x` is `(N, C)` or `(N, C, H, W)`; `w` and `b` are `(C,)`. Moments are biased, as PyTorch
/// normalises (its running variance is not: that is the caller's affair). Gradients go through the
/// moments, and are exact to any order.
///
/// # Errors
/// The shapes do not agree, or a channel has less than two values, whose variance says nothing.
pub fn batch_norm(x: &Tensor, w: &Tensor, b: &Tensor, eps: f64) -> Result<Normalized> {
    batch_norm_leaky_relu(x, w, b, eps, 1.0)
}

/// [`batch_norm`] followed by [`leaky_relu`](crate::leaky_relu), in as many passes over memory as
/// batch norm alone. `slope` 0 is ReLU, and 1 is none.
///
/// # Errors
/// As [`batch_norm`]; a negative slope.
pub fn batch_norm_leaky_relu(x: &Tensor, w: &Tensor, b: &Tensor, eps: f64, slope: f64) -> Result<Normalized> {
    let l = layout("batch_norm", x)?;
    if w.dims() != [l.c] || b.dims() != [l.c] {
        bail!("batch_norm: image {:?}, weight {:?} and bias {:?} do not fit", x.dims(), w.dims(), b.dims())
    }
    if l.count() < 2 {
        bail!("batch_norm: a channel of {:?} has less than two values: use a larger batch", x.dims())
    }
    if slope.is_nan() || slope < 0.0 {
        bail!("batch_norm: the slope {slope} of the leaky ReLU must be at least 0")
    }
    let flat = x.detach().contiguous()?.reshape((l.n, l.c, l.pixels))?;
    if !x.device().is_cpu() {
        let mean = flat.mean((0, 2))?;
        let var = flat.broadcast_sub(&mean.reshape((1, l.c, 1))?)?.sqr()?.mean((0, 2))?;
        let output = composed(x, w, b, eps)?;
        let output = if slope == 1.0 { output } else { leaky_relu(&output, slope)? };
        return Ok(Normalized { output, mean, var });
    }
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

/// The same from plain operations: what other devices run.
fn composed(x: &Tensor, w: &Tensor, b: &Tensor, eps: f64) -> Result<Tensor> {
    let l = layout("batch_norm", x)?;
    let (xhat, _) = standardised(x, l, eps)?;
    let column = |t: &Tensor| t.reshape((1, l.c, 1));
    xhat.broadcast_mul(&column(w)?)?.broadcast_add(&column(b)?)?.reshape(x.shape())
}

/// `(x − mean)·rstd` as `(N, C, pixels)`, and `rstd` as `(1, C, 1)`.
fn standardised(x: &Tensor, l: channel::Layout, eps: f64) -> Result<(Tensor, Tensor)> {
    let x = x.contiguous()?.reshape((l.n, l.c, l.pixels))?;
    let centred = x.broadcast_sub(&channel_mean(&x)?)?;
    let rstd = (channel_mean(&centred.sqr()?)? + eps)?.sqrt()?.recip()?;
    Ok((centred.broadcast_mul(&rstd)?, rstd))
}

fn channel_mean(x: &Tensor) -> Result<Tensor> {
    x.mean_keepdim(2)?.mean_keepdim(0)
}

pub(super) fn layout(op: &str, x: &Tensor) -> Result<channel::Layout> {
    match x.dims() {
        &[n, c] => Ok(channel::Layout { n, c, pixels: 1 }),
        &[n, c, h, w] => Ok(channel::Layout { n, c, pixels: h * w }),
        dims => bail!("{op}: expected (N, C) or (N, C, H, W), got {dims:?}"),
    }
}

/// The numbers of a contiguous tensor on the CPU.
fn on_cpu<T: Elem, R>(x: &Tensor, f: impl FnOnce(&[T]) -> R) -> Result<R> {
    let (storage, layout) = x.storage_and_layout();
    match &*storage {
        candle_core::Storage::Cpu(s) => Ok(f(contiguous::<T>(s, layout, "batch_norm")?)),
        _ => bail!("batch_norm: expected a tensor on the CPU, got one on {:?}", x.device()),
    }
}

/// The moments of one forward pass, and the slope of the activation that follows.
#[derive(Clone)]
struct Stats {
    l: channel::Layout,
    eps: f64,
    slope: f64,
    mean: Vec<f64>,
    rstd: Vec<f64>,
}

/// What a pass needs of a channel: `x̂ = (x − mean)·rstd`, `y = (x − mean)·scale + bias`.
#[derive(Clone, Copy)]
struct Channel<T> {
    mean: T,
    rstd: T,
    scale: T,
    bias: T,
}

impl<T: Elem> Channel<T> {
    #[inline(always)]
    fn normalised(self, x: T) -> T {
        (x - self.mean) * self.scale + self.bias
    }

    /// The gradient `g` of the activation's output, taken through the activation.
    #[inline(always)]
    fn through(self, g: T, x: T, slope: T) -> T {
        if self.normalised(x) > T::default() { g } else { slope * g }
    }
}

impl Stats {
    /// `w·rstd·(g − m(g) − x̂·m(g·x̂))` as `a·g + b·x + c`, one multiply-add each for `g` and `x`: the
    /// coefficients of a channel, from its means `[m(g), m(g·x̂)]`.
    fn projection(&self, channel: usize, w: f64, [plain, products]: [f64; 2]) -> [f64; 3] {
        let (mean, rstd) = (self.mean[channel], self.rstd[channel]);
        let scale = w * rstd;
        let slope = -scale * rstd * products;
        [scale, slope, -scale * plain - slope * mean]
    }

    fn channels<T: Elem>(&self, w: &[T], b: &[T]) -> Vec<Channel<T>> {
        (0..self.l.c)
            .map(|c| {
                let rstd = T::from_f64(self.rstd[c]);
                Channel { mean: T::from_f64(self.mean[c]), rstd, scale: rstd * w[c], bias: b[c] }
            })
            .collect()
    }
}

type Arg<'a> = (&'a CpuStorage, &'a Layout);

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
