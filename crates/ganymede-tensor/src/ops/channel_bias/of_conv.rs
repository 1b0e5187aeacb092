//! Convolution, bias and activation in one node of the graph, on the CPU.

use candle_core::{CpuStorage, CustomOp2, CustomOp3, Layout, Result, Shape, Tensor};
use ganymede_kernels::channel;

use super::config::BiasAct;
use super::cpu::{AddBias, to_the_sum};
use crate::autograd::wanted;
use crate::conv::Plan;
use crate::ops::channels::{Arg, channel_sum};
use crate::storage::by_dtype;

pub(super) fn conv_bias_act(
    plan: Plan,
    [x, weight]: [&Tensor; 2],
    bias: Option<&Tensor>,
    act: BiasAct,
) -> Result<Tensor> {
    let [n, c, h, w] = plan.shape();
    let op = OfConv { plan, add: AddBias { l: channel::Layout { n, c, pixels: h * w }, act } };
    let (x, weight) = (x.contiguous()?, weight.contiguous()?);
    match bias {
        Some(bias) => x.apply_op3(&weight, &bias.contiguous()?, op),
        None => x.apply_op2(&weight, op),
    }
}

struct OfConv {
    plan: Plan,
    add: AddBias,
}

impl OfConv {
    fn run(&self, x: Arg, weight: Arg, bias: Option<Arg>) -> Result<(CpuStorage, Shape)> {
        let (sum, shape) = (self.plan.run(x, weight)?, Shape::from(self.plan.shape().as_slice()));
        let layout = Layout::contiguous(&shape);
        let y = by_dtype(
            "conv_bias_act",
            &sum,
            || self.add.run::<f32>((&sum, &layout), bias),
            || self.add.run::<f64>((&sum, &layout), bias),
        )?;
        Ok((y, shape))
    }

    /// The gradients in `x` and `weight`, and that of the sum before the activation.
    fn gradients(
        &self,
        [x, weight]: [&Tensor; 2],
        y: &Tensor,
        g: &Tensor,
    ) -> Result<([Option<Tensor>; 2], Tensor)> {
        let g = to_the_sum(self.add.act, g, y)?;
        Ok((self.plan.gradients(x, weight, &g)?, g))
    }
}

impl CustomOp2 for OfConv {
    fn name(&self) -> &'static str {
        "conv_act"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        lx: &Layout,
        w: &CpuStorage,
        lw: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        self.run((x, lx), (w, lw), None)
    }

    fn bwd(
        &self,
        x: &Tensor,
        w: &Tensor,
        y: &Tensor,
        g: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>)> {
        Ok(self.gradients([x, w], y, g)?.0.into())
    }
}

impl CustomOp3 for OfConv {
    fn name(&self) -> &'static str {
        "conv_bias_act"
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
        self.run((x, lx), (w, lw), Some((b, lb)))
    }

    fn bwd(
        &self,
        x: &Tensor,
        w: &Tensor,
        b: &Tensor,
        y: &Tensor,
        g: &Tensor,
    ) -> Result<(Option<Tensor>, Option<Tensor>, Option<Tensor>)> {
        let ([dx, dw], sum) = self.gradients([x, w], y, g)?;
        let db = if wanted(b) { Some(channel_sum(&sum, self.add.l)?) } else { None };
        Ok((dx, dw, db))
    }
}
