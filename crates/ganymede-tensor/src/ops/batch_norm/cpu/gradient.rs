//! The gradient of batch normalisation, as operations that can be differentiated again.
//!
//! With `x̂ = (x − μ)·r`, `r = 1/√(σ² + ε)`, `m` the mean over a channel and the symmetric map
//! `P g = g − m(g) − x̂·m(g·x̂)`, the gradients of `w·x̂ + b` are `dx = w·r·P g`, `dw = Σ g·x̂` and
//! `db = Σ g`. Each of the two that are not linear in everything has its own gradient below.

use candle_core::{CpuStorage, CustomOp2, CustomOp3, Layout, Result, Shape, Tensor, WithDType};
use ganymede_kernels::channel::{map, sums};

use super::stats::Stats;
use crate::autograd::{creates_graph, wanted};
use crate::ops::batch_norm::composed::{channel_mean, standardised};
use crate::ops::channels::{Arg, channel_sum, on_cpu};
use crate::storage::{Elem, by_dtype, contiguous};

/// `dx`, `dw` and `db`, where they are wanted, of the result's gradient `g`, which went through the
/// activation already.
pub(super) fn gradients(
    stats: &Stats,
    (x, w, b): (&Tensor, &Tensor, &Tensor),
    g: &Tensor,
) -> Result<[Option<Tensor>; 3]> {
    let dx = wanted(x).then(|| x.apply_op3(w, g, InputGradient(stats.clone()))).transpose()?;
    let dw = wanted(w).then(|| x.apply_op2(g, WeightGradient(stats.clone()))).transpose()?;
    let db = wanted(b).then(|| channel_sum(g, stats.l)).transpose()?;
    Ok([dx, dw, db])
}

/// Means over a channel of `g` and of `g·x̂`.
fn means<T: Elem>(stats: &Stats, g: &[T], x: &[T]) -> Vec<[f64; 2]> {
    let sums = sums(stats.l, g, x, |c| {
        let [mean, rstd] = [stats.mean[c], stats.rstd[c]].map(T::from_f64);
        move |g, x| [g, g * ((x - mean) * rstd)]
    });
    let count = stats.l.count() as f64;
    sums.into_iter().map(|sums| sums.map(|sum| sum / count)).collect()
}

/// `a·u + b·v + c` of each pair of elements, with the coefficients of its channel.
fn combined<T: Elem>(
    stats: &Stats,
    u: &[T],
    v: &[T],
    coefficients: impl Fn(usize) -> [f64; 3] + Sync,
) -> Vec<T> {
    map(stats.l, u, v, |channel| {
        let [a, b, c] = coefficients(channel).map(T::from_f64);
        move |u, v| a * u + b * v + c
    })
}

/// `scale·r·P g`.
fn projected<T: Elem>(stats: &Stats, x: &[T], scale: &[T], g: &[T]) -> Vec<T> {
    let means = means(stats, g, x);
    combined(stats, g, x, |c| stats.projection(c, scale[c].to_f64(), means[c]))
}

fn tensor<T: Elem>(values: Vec<T>, like: &Tensor) -> Result<Tensor> {
    Tensor::from_vec(values, like.shape(), like.device())
}

/// `dx = w·r·P g` of `x`, `w` and `g`.
struct InputGradient(Stats);

impl InputGradient {
    fn run<T: Elem>(&self, x: Arg, w: Arg, g: Arg) -> Result<CpuStorage> {
        let [x, w, g] = [x, w, g].map(|(storage, layout)| contiguous::<T>(storage, layout, self.name()));
        let (x, w, g) = (x?, w?, g?);
        Ok(<T as WithDType>::to_cpu_storage_owned(projected(&self.0, x, w, g)))
    }

    /// Gradients in `x`, `w` and `g` for the cotangent `v`: with `a = m(g·x̂)`, `c = m(v·x̂)` and
    /// `s = m(g·v) − m(g)·m(v) − a·c`,
    ///
    /// * in `x`: `−w·r²·(a·v + c·g + (s − 2ac)·x̂ − a·m(v) − c·m(g))`,
    /// * in `w`: `r·N·s`,
    /// * in `g`: `w·r·P v`.
    fn gradients<T: Elem>(&self, x: &Tensor, w: &Tensor, g: &Tensor, v: &Tensor) -> Result<[Tensor; 3]> {
        let stats = &self.0;
        let scale = on_cpu(w, |w: &[T]| w.to_vec())?;
        let (dx, dw, dg) = on_cpu(x, |x: &[T]| {
            on_cpu(g, |g: &[T]| {
                on_cpu(v, |v: &[T]| {
                    let count = stats.l.count() as f64;
                    let (of_g, of_v) = (means(stats, g, x), means(stats, v, x));
                    let s: Vec<f64> = sums(stats.l, g, v, |_| |g, v| [g * v])
                        .into_iter()
                        .zip(of_g.iter().zip(&of_v))
                        .map(|([products], ([g, a], [v, c]))| products / count - g * v - a * c)
                        .collect();
                    let factor = |c: usize| -scale[c].to_f64() * stats.rstd[c] * stats.rstd[c];
                    let linear = combined(stats, v, g, |i| {
                        let ([plain_g, a], [plain_v, c]) = (of_g[i], of_v[i]);
                        [a, c, -(a * plain_v + c * plain_g)].map(|coefficient| factor(i) * coefficient)
                    });
                    let dx = combined(stats, &linear, x, |i| {
                        let slope = factor(i) * (s[i] - 2.0 * of_g[i][1] * of_v[i][1]) * stats.rstd[i];
                        [1.0, slope, -slope * stats.mean[i]]
                    });
                    let dw =
                        s.iter().zip(&stats.rstd).map(|(s, rstd)| T::from_f64(rstd * count * s)).collect();
                    (dx, dw, projected(stats, x, &scale, v))
                })
            })
        })???;
        Ok([tensor(dx, x)?, tensor::<T>(dw, w)?, tensor(dg, g)?])
    }

    /// The same with a graph.
    fn composed_gradients(&self, x: &Tensor, w: &Tensor, g: &Tensor, v: &Tensor) -> Result<[Tensor; 3]> {
        let stats = &self.0;
        let l = stats.l;
        let flat = |t: &Tensor| t.contiguous()?.reshape((l.n, l.c, l.pixels));
        let (xhat, rstd) = standardised(x, l, stats.eps)?;
        let (g_flat, v_flat) = (flat(g)?, flat(v)?);
        let (a, c) = (channel_mean(&(&g_flat * &xhat)?)?, channel_mean(&(&v_flat * &xhat)?)?);
        let (mean_g, mean_v) = (channel_mean(&g_flat)?, channel_mean(&v_flat)?);
        let ac = (&a * &c)?;
        let s = ((channel_mean(&(&g_flat * &v_flat)?)? - (&mean_g * &mean_v)?)? - &ac)?;
        let sum = (v_flat.broadcast_mul(&a)? + g_flat.broadcast_mul(&c)?)?;
        let sum = (sum + xhat.broadcast_mul(&(&s - (ac * 2.0)?)?)?)?;
        let sum = sum.broadcast_sub(&((&a * &mean_v)? + (&c * &mean_g)?)?)?;
        let factor = (w.reshape((1, l.c, 1))? * rstd.sqr()?)?.neg()?;
        let dx = sum.broadcast_mul(&factor)?.reshape(x.shape())?;
        let dw = ((&rstd * &s)? * l.count() as f64)?.reshape(l.c)?;
        Ok([dx, dw, x.apply_op3(w, &v.contiguous()?, InputGradient(stats.clone()))?])
    }
}

impl CustomOp3 for InputGradient {
    fn name(&self) -> &'static str {
        "batch_norm_input_gradient"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        lx: &Layout,
        w: &CpuStorage,
        lw: &Layout,
        g: &CpuStorage,
        lg: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let dx = by_dtype(
            self.name(),
            x,
            || self.run::<f32>((x, lx), (w, lw), (g, lg)),
            || self.run::<f64>((x, lx), (w, lw), (g, lg)),
        )?;
        Ok((dx, lx.shape().clone()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        w: &Tensor,
        g: &Tensor,
        _: &Tensor,
        v: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let [dx, dw, dg] = if creates_graph() {
            self.composed_gradients(x, w, g, v)?
        } else {
            let v = v.contiguous()?;
            match x.dtype() {
                candle_core::DType::F64 => self.gradients::<f64>(x, w, g, &v)?,
                _ => self.gradients::<f32>(x, w, g, &v)?,
            }
        };
        let asked = |t: &Tensor, gradient| wanted(t).then_some(gradient);
        Ok((asked(x, dx), asked(w, dw), asked(g, dg)))
    }
}

/// `dw = Σ g·x̂` of `x` and `g`.
struct WeightGradient(Stats);

impl WeightGradient {
    fn run<T: Elem>(&self, x: Arg, g: Arg) -> Result<CpuStorage> {
        let (x, g) = (contiguous::<T>(x.0, x.1, self.name())?, contiguous::<T>(g.0, g.1, self.name())?);
        let count = self.0.l.count() as f64;
        let dw = means(&self.0, g, x).into_iter().map(|[_, product]| T::from_f64(product * count)).collect();
        Ok(<T as WithDType>::to_cpu_storage_owned(dw))
    }

    /// In `x`: `u·r·P g`; in `g`: `u·x̂`.
    fn gradients<T: Elem>(&self, x: &Tensor, g: &Tensor, u: &Tensor) -> Result<[Tensor; 2]> {
        let stats = &self.0;
        let u = on_cpu(u, |u: &[T]| u.to_vec())?;
        let (dx, dg) = on_cpu(x, |x: &[T]| {
            on_cpu(g, |g: &[T]| {
                let dg = combined(stats, x, x, |c| {
                    let slope = u[c].to_f64() * stats.rstd[c];
                    [slope, 0.0, -slope * stats.mean[c]]
                });
                (projected(stats, x, &u, g), dg)
            })
        })??;
        Ok([tensor(dx, x)?, tensor::<T>(dg, g)?])
    }
}

impl CustomOp2 for WeightGradient {
    fn name(&self) -> &'static str {
        "batch_norm_weight_gradient"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        lx: &Layout,
        g: &CpuStorage,
        lg: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let dw = by_dtype(
            self.name(),
            x,
            || self.run::<f32>((x, lx), (g, lg)),
            || self.run::<f64>((x, lx), (g, lg)),
        )?;
        Ok((dw, self.0.l.c.into()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        g: &Tensor,
        _: &Tensor,
        u: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let l = self.0.l;
        let [dx, dg] = if creates_graph() {
            let (xhat, _) = standardised(x, l, self.0.eps)?;
            let dg = xhat.broadcast_mul(&u.reshape((1, l.c, 1))?)?.reshape(g.shape())?;
            [x.apply_op3(&u.contiguous()?, g, InputGradient(self.0.clone()))?, dg]
        } else {
            let u = u.contiguous()?;
            match x.dtype() {
                candle_core::DType::F64 => self.gradients::<f64>(x, g, &u)?,
                _ => self.gradients::<f32>(x, g, &u)?,
            }
        };
        let asked = |t: &Tensor, gradient| wanted(t).then_some(gradient);
        Ok((asked(x, dx), asked(g, dg)))
    }
}
