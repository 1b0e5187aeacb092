//! Batch normalisation in training, with the gradient through the statistics.

use candle_core::{CpuStorage, CustomOp2, CustomOp3, Layout, Result, Shape, Tensor, WithDType, bail};

use crate::autograd::creates_graph;
use crate::kernels::channel::{self, map, sums};
use crate::kernels::elem::{Elem, contiguous};

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
    let l = layout("batch_norm", x)?;
    if w.dims() != [l.c] || b.dims() != [l.c] {
        bail!("batch_norm: image {:?}, weight {:?} and bias {:?} do not fit", x.dims(), w.dims(), b.dims())
    }
    if l.count() < 2 {
        bail!("batch_norm: a channel of {:?} has less than two values: use a larger batch", x.dims())
    }
    let flat = x.detach().contiguous()?.reshape((l.n, l.c, l.pixels))?;
    if !x.device().is_cpu() {
        let mean = flat.mean((0, 2))?;
        let var = flat.broadcast_sub(&mean.reshape((1, l.c, 1))?)?.sqr()?.mean((0, 2))?;
        return Ok(Normalized { output: composed(x, w, b, eps)?, mean, var });
    }
    let (mean, var) = moments(&flat, l)?;
    let rstd = var.iter().map(|v| 1.0 / (v + eps).sqrt()).collect();
    let output = x.contiguous()?.apply_op3(
        &w.contiguous()?,
        &b.contiguous()?,
        Forward(Stats { l, eps, mean: mean.clone(), rstd }),
    )?;
    let tensor = |v: Vec<f64>| Tensor::from_vec(v, l.c, x.device())?.to_dtype(x.dtype());
    Ok(Normalized { output, mean: tensor(mean)?, var: tensor(var)? })
}

/// The same from plain operations: what other devices run, and what gives gradients a graph.
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

fn moments(x: &Tensor, l: channel::Layout) -> Result<(Vec<f64>, Vec<f64>)> {
    let (storage, layout) = x.storage_and_layout();
    match &*storage {
        candle_core::Storage::Cpu(s @ CpuStorage::F32(_)) => {
            Ok(channel::moments(l, contiguous::<f32>(s, layout, "batch_norm")?))
        }
        candle_core::Storage::Cpu(s @ CpuStorage::F64(_)) => {
            Ok(channel::moments(l, contiguous::<f64>(s, layout, "batch_norm")?))
        }
        _ => bail!("batch_norm: f32 or f64 expected, got {:?}", x.dtype()),
    }
}

/// The moments of one forward pass.
#[derive(Clone)]
struct Stats {
    l: channel::Layout,
    eps: f64,
    mean: Vec<f64>,
    rstd: Vec<f64>,
}

impl Stats {
    fn typed<T: Elem>(&self) -> (Vec<T>, Vec<T>) {
        let cast = |v: &[f64]| v.iter().map(|v| T::from_f64(*v)).collect();
        (cast(&self.mean), cast(&self.rstd))
    }
}

type Arg<'a> = (&'a CpuStorage, &'a Layout);

struct Forward(Stats);

impl Forward {
    fn run<T: Elem>(&self, x: Arg, w: Arg, b: Arg) -> Result<CpuStorage> {
        let x = contiguous::<T>(x.0, x.1, "batch_norm")?;
        let (w, b) = (contiguous::<T>(w.0, w.1, "batch_norm")?, contiguous::<T>(b.0, b.1, "batch_norm")?);
        let (mean, rstd) = self.0.typed::<T>();
        let scale: Vec<T> = rstd.iter().zip(w).map(|(r, w)| *r * *w).collect();
        let y = map(self.0.l, x, x, |c, x, _| (x - mean[c]) * scale[c] + b[c]);
        Ok(<T as WithDType>::to_cpu_storage_owned(y))
    }

    /// Gradients that can be differentiated again, from plain operations.
    fn composed_bwd(&self, x: &Tensor, w: &Tensor, grad: &Tensor) -> Result<[Tensor; 3]> {
        let l = self.0.l;
        let (xhat, rstd) = standardised(x, l, self.0.eps)?;
        let g = grad.contiguous()?.reshape((l.n, l.c, l.pixels))?;
        let product = (&g * &xhat)?;
        let inner = g.broadcast_sub(&channel_mean(&g)?)?;
        let inner = (inner - xhat.broadcast_mul(&channel_mean(&product)?)?)?;
        let dx = inner.broadcast_mul(&rstd.mul(&w.reshape((1, l.c, 1))?)?)?.reshape(x.shape())?;
        Ok([dx, product.sum(2)?.sum(0)?, g.sum(2)?.sum(0)?])
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
        let y = match x {
            CpuStorage::F32(_) => self.run::<f32>((x, lx), (w, lw), (b, lb))?,
            CpuStorage::F64(_) => self.run::<f64>((x, lx), (w, lw), (b, lb))?,
            _ => bail!("batch_norm: f32 or f64 expected"),
        };
        Ok((y, lx.shape().clone()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        w: &Tensor,
        _: &Tensor,
        _: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        if creates_graph() {
            let [dx, dw, db] = self.composed_bwd(x, w, grad)?;
            return Ok((Some(dx), Some(dw), Some(db)));
        }
        let (plain, grad) = (x.detach(), grad.contiguous()?);
        let sums = grad.apply_op2_no_bwd(&plain, &GradientSums(&self.0))?;
        let dx = if x.track_op() {
            let constants = Tensor::cat(&[&sums, &w.detach().unsqueeze(0)?], 0)?;
            Some(grad.apply_op3_no_bwd(&plain, &constants, &InputGradient(&self.0))?)
        } else {
            None
        };
        Ok((dx, Some(sums.get(0)?), Some(sums.get(1)?)))
    }
}

/// `Σ g·x̂` and `Σ g` of each channel, shape `(2, C)`: the gradients in weight and bias.
struct GradientSums<'a>(&'a Stats);

impl GradientSums<'_> {
    fn run<T: Elem>(&self, g: Arg, x: Arg) -> Result<CpuStorage> {
        let (g, x) = (contiguous::<T>(g.0, g.1, self.name())?, contiguous::<T>(x.0, x.1, self.name())?);
        let (mean, rstd) = self.0.typed::<T>();
        let products = sums(self.0.l, g, x, |c, g, x| g * ((x - mean[c]) * rstd[c]));
        let plain = sums(self.0.l, g, g, |_, g, _| g);
        let both = products.into_iter().chain(plain).map(T::from_f64).collect();
        Ok(<T as WithDType>::to_cpu_storage_owned(both))
    }
}

impl CustomOp2 for GradientSums<'_> {
    fn name(&self) -> &'static str {
        "batch_norm_gradient_sums"
    }

    fn cpu_fwd(
        &self,
        g: &CpuStorage,
        lg: &Layout,
        x: &CpuStorage,
        lx: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let both = match g {
            CpuStorage::F32(_) => self.run::<f32>((g, lg), (x, lx))?,
            _ => self.run::<f64>((g, lg), (x, lx))?,
        };
        Ok((both, (2, self.0.l.c).into()))
    }
}

/// `w·rstd·(g − mean g − x̂·mean(g·x̂))`; the third argument holds both sums and `w`, `(3, C)`.
struct InputGradient<'a>(&'a Stats);

impl InputGradient<'_> {
    fn run<T: Elem>(&self, g: Arg, x: Arg, constants: Arg) -> Result<CpuStorage> {
        let l = self.0.l;
        let (g, x) = (contiguous::<T>(g.0, g.1, self.name())?, contiguous::<T>(x.0, x.1, self.name())?);
        let constants = contiguous::<T>(constants.0, constants.1, self.name())?;
        // One multiply-add each for g and x: dx = scale·g + slope·x + offset.
        let coefficients: Vec<[T; 3]> = (0..l.c)
            .map(|c| {
                let at = |row: usize| constants[row * l.c + c].to_f64();
                let (mean, rstd, count) = (self.0.mean[c], self.0.rstd[c], l.count() as f64);
                let (products, plain, scale) = (at(0) / count, at(1) / count, at(2) * rstd);
                let slope = -scale * rstd * products;
                [scale, slope, -scale * plain - slope * mean].map(T::from_f64)
            })
            .collect();
        let dx = map(l, g, x, |c, g, x| {
            let [scale, slope, offset] = coefficients[c];
            scale * g + slope * x + offset
        });
        Ok(<T as WithDType>::to_cpu_storage_owned(dx))
    }
}

impl CustomOp3 for InputGradient<'_> {
    fn name(&self) -> &'static str {
        "batch_norm_input_gradient"
    }

    fn cpu_fwd(
        &self,
        g: &CpuStorage,
        lg: &Layout,
        x: &CpuStorage,
        lx: &Layout,
        k: &CpuStorage,
        lk: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let dx = match g {
            CpuStorage::F32(_) => self.run::<f32>((g, lg), (x, lx), (k, lk))?,
            _ => self.run::<f64>((g, lg), (x, lx), (k, lk))?,
        };
        Ok((dx, lg.shape().clone()))
    }
}
