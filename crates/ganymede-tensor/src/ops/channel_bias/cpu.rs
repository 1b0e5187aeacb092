//! Bias and activation on the CPU, in one pass.

use candle_core::{CpuStorage, CustomOp2, Layout, Result, Shape, Tensor, WithDType};
use ganymede_kernels::channel::{self, map};

use super::config::BiasAct;
use crate::autograd::wanted;
use crate::ops::channels::{Arg, channel_sum};
use crate::ops::elementwise::binary;
use crate::storage::{Elem, by_dtype, contiguous};

pub(super) fn bias_act(x: &Tensor, b: &Tensor, l: channel::Layout, act: BiasAct) -> Result<Tensor> {
    x.contiguous()?.apply_op2(&b.contiguous()?, AddBias { l, act })
}

/// Bias, and what follows it.
pub(super) struct AddBias {
    pub(super) l: channel::Layout,
    pub(super) act: BiasAct,
}

/// The settings in the number type of the tensors.
#[derive(Clone, Copy)]
struct Settings<T> {
    rising: T,
    falling: T,
    bounds: Option<(T, T)>,
}

impl<T: Elem> Settings<T> {
    fn of(act: BiasAct) -> Self {
        Self {
            rising: T::from_f64(act.gain),
            falling: T::from_f64(act.gain * act.slope),
            bounds: act.clamp.map(|bound| (T::from_f64(-bound), T::from_f64(bound))),
        }
    }

    /// The factor of a sum or a result, whose signs agree.
    #[inline(always)]
    fn factor(&self, of: T) -> T {
        if of > T::default() { self.rising } else { self.falling }
    }

    /// The result of a sum.
    #[inline(always)]
    fn value(&self, sum: T) -> T {
        let y = self.factor(sum) * sum;
        match self.bounds {
            Some((low, _)) if y < low => low,
            Some((_, high)) if y > high => high,
            _ => y,
        }
    }

    /// A gradient of the result `y`, taken to the sum.
    #[inline(always)]
    fn gradient(&self, g: T, y: T) -> T {
        match self.bounds {
            Some((low, high)) if y <= low || y >= high => T::default(),
            _ => self.factor(y) * g,
        }
    }
}

impl AddBias {
    /// Of numbers and a bias; none is 0.
    pub(super) fn run<T: Elem>(&self, x: Arg, b: Option<Arg>) -> Result<CpuStorage> {
        let x = contiguous::<T>(x.0, x.1, self.name())?;
        let b = b.map(|b| contiguous::<T>(b.0, b.1, self.name())).transpose()?;
        let settings = Settings::of(self.act);
        let y = map(self.l, x, x, |c| {
            let bias = b.map_or(T::default(), |b| b[c]);
            move |x, _| settings.value(x + bias)
        });
        Ok(<T as WithDType>::to_cpu_storage_owned(y))
    }
}

impl CustomOp2 for AddBias {
    fn name(&self) -> &'static str {
        "bias_act"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        lx: &Layout,
        b: &CpuStorage,
        lb: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (sum, bias) = ((x, lx), Some((b, lb)));
        let y = by_dtype(self.name(), x, || self.run::<f32>(sum, bias), || self.run::<f64>(sum, bias))?;
        Ok((y, lx.shape().clone()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        b: &Tensor,
        y: &Tensor,
        g: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        let g = to_the_sum(self.act, g, y)?;
        let db = if wanted(b) { Some(channel_sum(&g, self.l)?) } else { None };
        Ok((wanted(x).then_some(g), db))
    }
}

/// The gradient of the result `y`, taken to the sum.
pub(super) fn to_the_sum(act: BiasAct, g: &Tensor, y: &Tensor) -> Result<Tensor> {
    if act.is_linear() { Ok(g.clone()) } else { Through(act).of(g, &y.detach()) }
}

/// The gradient of a result, taken to the sum; the second argument is the result.
struct Through(BiasAct);

impl Through {
    fn of(self, g: &Tensor, y: &Tensor) -> Result<Tensor> {
        g.contiguous()?.apply_op2(&y.contiguous()?, self)
    }
}

impl CustomOp2 for Through {
    fn name(&self) -> &'static str {
        "bias_act_gradient"
    }

    fn cpu_fwd(
        &self,
        g: &CpuStorage,
        lg: &Layout,
        y: &CpuStorage,
        ly: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let (single, double) = (Settings::of(self.0), Settings::of(self.0));
        let fns = (move |g: f32, y: f32| single.gradient(g, y), move |g: f64, y: f64| double.gradient(g, y));
        binary(self.name(), (g, lg), (y, ly), fns)
    }

    fn bwd(
        &self,
        _: &Tensor,
        y: &Tensor,
        _: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        // Piecewise constant in y: no gradient there.
        Ok((Some(Through(self.0).of(grad, y)?), None))
    }
}
