//! Operations around convolution, with gradients that are exact to any order.
//!
//! Each replaces one of candle's that is not: see the table of faults in `docs/numerics.md`.
//!
//! An operation that has a kernel is a folder: `composed` is the reference, in plain operations of candle,
//! and what a device without a kernel runs; `cpu` is the kernel; the public function in `mod` checks its
//! arguments and picks one. Composed functions call composed ones only, so that tests run them on the CPU.
//! Where a kernel has no gradient (what frozen networks run), it is picked only if no argument is tracked.

pub(crate) mod affine_grid;
pub(crate) mod avg_pool;
pub(crate) mod batch_norm;
mod blocks;
pub(crate) mod channel_bias;
pub(crate) mod channels;
pub(crate) mod closeness;
pub(crate) mod conv_resample;
mod elementwise;
pub(crate) mod gelu;
pub(crate) mod global_avg_pool;
pub(crate) mod grid_sample;
pub(crate) mod l2_norm;
pub(crate) mod layer_norm;
pub(crate) mod leaky_relu;
pub(crate) mod linear;
pub(crate) mod max_pool;
pub(crate) mod modulated_conv;
pub(crate) mod pad;
pub(crate) mod pairwise_l1;
pub(crate) mod pixel_norm;
pub(crate) mod pixel_shuffle;
pub(crate) mod pool2d;
pub(crate) mod scale_planes;
pub(crate) mod self_attention;
pub(crate) mod sigmoid;
pub(crate) mod softmax;
pub(crate) mod softplus;
pub(crate) mod tanh;
pub(crate) mod upfirdn2d;
pub(crate) mod upsample_bilinear;
pub(crate) mod upsample_nearest;

#[cfg(test)]
mod table;
#[cfg(test)]
mod tests;
