//! Loops over memory on the CPU. Nothing here knows of tensors or graphs.

mod batched_lanes;
pub(crate) mod channel;
pub(crate) mod col2im;
pub(crate) mod conv;
mod dots;
pub(crate) mod elem;
mod few_channels;
mod gather;
pub(crate) mod gemm;
pub(crate) mod geometry;
mod implicit;
mod lanes;
pub(crate) mod map;
mod matrix;
mod microkernel;
mod packed;
pub(crate) mod pairwise;
pub(crate) mod resample;
mod scatter;
mod target;
pub(crate) mod transformer;
mod transpose;
pub(crate) mod weight_gradient;
pub(crate) mod window;
mod winograd;
