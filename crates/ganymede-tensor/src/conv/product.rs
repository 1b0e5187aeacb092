//! A convolution in either direction, before it is made.

use candle_core::{CpuStorage, CustomOp2, Result, Tensor};
use ganymede_kernels::{ConvConfig, Geometry};

use super::cpu::{Forward, InputGradient, WeightGradient};
use super::geometry::{conv_geometry, transposed_geometry};
use super::{conv_transpose2d, conv2d};
use crate::autograd::bilinear_gradient;
use crate::ops::channels::Arg;

/// Which convolution is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConvProduct {
    /// [`conv2d`].
    Conv2d(ConvConfig),
    /// [`conv_transpose2d`] with that `output_padding`.
    Transposed(ConvConfig, [usize; 2]),
}

impl ConvProduct {
    /// The convolution of `x` with the weight `w`.
    ///
    /// # Errors
    /// As [`conv2d`] and [`conv_transpose2d`].
    pub fn apply(self, x: &Tensor, w: &Tensor) -> Result<Tensor> {
        match self {
            Self::Conv2d(cfg) => conv2d(x, w, cfg),
            Self::Transposed(cfg, output_padding) => conv_transpose2d(x, w, cfg, output_padding),
        }
    }

    /// The shape of its result.
    ///
    /// # Errors
    /// As [`ConvProduct::apply`].
    pub fn shape(self, x: &Tensor, w: &Tensor) -> Result<[usize; 4]> {
        Ok(self.plan(x, w)?.shape())
    }

    pub(crate) fn plan(self, x: &Tensor, w: &Tensor) -> Result<Plan> {
        Ok(match self {
            Self::Conv2d(cfg) => Plan::Conv2d(conv_geometry(x, w, cfg)?),
            Self::Transposed(cfg, output_padding) => {
                Plan::Transposed(transposed_geometry(x, w, cfg, output_padding)?)
            }
        })
    }
}

/// A [`ConvProduct`] on the CPU, with sizes. The transposed one is the gradient of its geometry's convolution.
#[derive(Clone, Copy)]
pub(crate) enum Plan {
    Conv2d(Geometry),
    Transposed(Geometry),
}

impl Plan {
    /// The shape of the result.
    pub(crate) fn shape(self) -> [usize; 4] {
        match self {
            Self::Conv2d(g) => [g.n, g.o, g.oh, g.ow],
            Self::Transposed(g) => [g.n, g.c, g.h, g.w],
        }
    }

    /// The numbers of the result.
    pub(crate) fn run(self, x: Arg, w: Arg) -> Result<CpuStorage> {
        let (numbers, _) = match self {
            Self::Conv2d(g) => Forward(g).cpu_fwd(x.0, x.1, w.0, w.1)?,
            Self::Transposed(g) => InputGradient(g).cpu_fwd(x.0, x.1, w.0, w.1)?,
        };
        Ok(numbers)
    }

    /// The result, which can be differentiated.
    pub(crate) fn apply(self, x: &Tensor, w: &Tensor) -> Result<Tensor> {
        match self {
            Self::Conv2d(g) => x.apply_op2(w, Forward(g)),
            Self::Transposed(g) => x.apply_op2(w, InputGradient(g)),
        }
    }

    /// The gradients in `x` and `w`, where they are wanted, of the result's gradient `dy`.
    pub(crate) fn gradients(self, x: &Tensor, w: &Tensor, dy: &Tensor) -> Result<[Option<Tensor>; 2]> {
        Ok(match self {
            Self::Conv2d(g) => [
                bilinear_gradient(x, dy, w, InputGradient(g))?,
                bilinear_gradient(w, x, dy, WeightGradient(g))?,
            ],
            Self::Transposed(g) => {
                [bilinear_gradient(x, dy, w, Forward(g))?, bilinear_gradient(w, dy, x, WeightGradient(g))?]
            }
        })
    }
}
