//! Convolution, batch normalisation and leaky ReLU in one node of the graph.
//!
//! candle adds what an operation gives as gradient to zeros, and holds both for as long as a graph of gradients lives: a node
//! costs three passes over memory of its size, and as much of it again. The convolution's result is a value here, not a node.

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor, WithDType};

use super::super::{Normalized, checked};
use super::{Stats, normalized, statistics};
use crate::autograd::{creates_graph, wanted};
use crate::conv::Plan;
use crate::ops::channels::on_cpu;
use crate::storage::{Elem, by_dtype, contiguous};

pub(in crate::ops::batch_norm) fn of_conv(
    plan: Plan,
    [x, weight]: [&Tensor; 2],
    [gain, shift]: [&Tensor; 2],
    (eps, slope): (f64, f64),
) -> Result<Normalized> {
    let (x, weight) = (x.contiguous()?, weight.contiguous()?);
    let y = plan.apply(&x.detach(), &weight.detach())?;
    let l = checked(&y, [gain, shift], slope)?;
    let (stats, var) = statistics(&y, l, (eps, slope))?;
    let mean = stats.mean.clone();
    let affine = Tensor::stack(&[gain, shift], 0)?;
    let output = x.apply_op3(&weight, &affine, OfConv { plan, stats, y })?;
    normalized(output, l, [mean, var])
}

struct OfConv {
    plan: Plan,
    stats: Stats,
    /// What is normalised, detached.
    y: Tensor,
}

impl OfConv {
    fn run<T: Elem>(&self, affine: &CpuStorage, layout: &Layout) -> Result<CpuStorage> {
        let (gain, shift) = contiguous::<T>(affine, layout, self.name())?.split_at(self.stats.l.c);
        let z = on_cpu(&self.y, |y: &[T]| self.stats.normalise(y, gain, shift))?;
        Ok(<T as WithDType>::to_cpu_storage_owned(z))
    }
}

impl CustomOp3 for OfConv {
    fn name(&self) -> &'static str {
        "conv_batch_norm"
    }

    fn cpu_fwd(
        &self,
        _: &CpuStorage,
        _: &Layout,
        _: &CpuStorage,
        _: &Layout,
        affine: &CpuStorage,
        layout: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let z = by_dtype(
            self.name(),
            affine,
            || self.run::<f32>(affine, layout),
            || self.run::<f64>(affine, layout),
        )?;
        Ok((z, self.y.shape().clone()))
    }

    fn bwd(
        &self,
        x: &Tensor,
        weight: &Tensor,
        affine: &Tensor,
        z: &Tensor,
        grad: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let (gain, shift) = (affine.get(0)?, affine.get(1)?);
        let [dy, dgain, dshift] = if creates_graph() {
            // What was normalised is a function of `x` and `weight` again, to be differentiated with the gradient.
            let y = self.plan.apply(x, weight)?;
            self.stats.backward((&y, &gain, &shift), z, grad)?
        } else {
            self.stats.plain_gradients((&self.y, &gain, &shift), grad)?.map(Some)
        };
        let [dx, dweight] = match dy {
            Some(dy) => self.plan.gradients(x, weight, &dy)?,
            None => [None, None],
        };
        let daffine = match [dgain, dshift] {
            [Some(dgain), Some(dshift)] if wanted(affine) => Some(Tensor::stack(&[dgain, dshift], 0)?),
            _ => None,
        };
        Ok((dx, dweight, daffine))
    }
}
