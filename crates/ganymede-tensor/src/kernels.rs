//! Loops over memory on the CPU. Nothing here knows of tensors or graphs.

pub(crate) mod channel;
pub(crate) mod conv;
pub(crate) mod elem;
pub(crate) mod gemm;
pub(crate) mod im2col;
pub(crate) mod map;
pub(crate) mod resample;
