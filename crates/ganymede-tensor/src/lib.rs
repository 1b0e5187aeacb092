//! Floor 1 of Ganymede: what candle lacks for adversarial training.
//!
//! * [`grad`]: exact gradients of any order, with graphs kept only where asked for;
//! * [`conv2d`], [`conv_transpose2d`] and the operations around them, closed under differentiation;
//! * [`Rng`]: every random draw from an explicit, seeded, resumable stream;
//! * [`Params`]: named parameters and buffers, with PyTorch's names and a freeze guard;
//! * [`Optimizer`], [`ema_update`]: updates in place, equal to PyTorch's;
//! * [`Checkpoint`], [`load_weights`]: files that are verified on reading and never executed;
//! * [`testing`]: `gradcheck` of first and second order and two-sided comparison.
//!
//! This is the only crate of the workspace that names candle; it re-exports what the others need.

mod autograd;
mod checkpoint;
mod conv;
mod device;
mod ema;
#[cfg(feature = "mimalloc")]
mod memory;
mod ops;
mod optim;
mod params;
mod rng;
mod stdout;
mod storage;
pub mod testing;

pub use autograd::{Graph, first_not_finite, grad, scaled_param, start_gradient_workers, watch};
pub use candle_core::{D, DType, Device, Error, IndexOp, Result, Shape, Tensor, Var, bail};
pub use checkpoint::{
    Checkpoint, CheckpointError, Fits, FittedWeights, Shapes, TensorRows, TensorWriter, fit_bytes,
    fit_weights, load_weights, sync_folder, weights_from_bytes, write_atomic,
};
pub use conv::{ConvProduct, conv_transpose2d, conv2d, conv2d_bias_relu, conv2d_weight_gradient};
pub use device::{DeviceChoice, DeviceError, compiled_backends, simd_features};
pub use ema::{EmaConfig, ema_update};
pub use ganymede_kernels::{ConvConfig, Simd, row_products};
#[cfg(feature = "mimalloc")]
pub use memory::keep_memory;
pub use ops::affine_grid::affine_grid;
pub use ops::avg_pool::avg_pool2d;
pub use ops::batch_norm::{Normalized, batch_norm, batch_norm_leaky_relu, conv_batch_norm_leaky_relu};
pub use ops::channel_bias::{
    BiasAct, add_channel_bias, add_channel_bias_leaky_relu, bias_act, conv_bias_act,
};
pub use ops::closeness::closeness;
pub use ops::conv_resample::{ConvResample, conv2d_resample, conv2d_resample_bias_act};
pub use ops::gelu::gelu;
pub use ops::global_avg_pool::global_avg_pool2d;
pub use ops::grid_sample::grid_sample;
pub use ops::l2_norm::l2_norm;
pub use ops::layer_norm::layer_norm;
pub use ops::leaky_relu::{leaky_relu, relu};
pub use ops::linear::linear;
pub use ops::max_pool::max_pool2d;
pub use ops::modulated_conv::modulated_conv2d;
pub use ops::pad::{pad2d, pad2d_reflect};
pub use ops::pairwise_l1::pairwise_l1;
pub use ops::pixel_norm::pixel_norm;
pub use ops::pixel_shuffle::{pixel_shuffle, pixel_unshuffle};
pub use ops::pool2d::{Pooling, WindowConfig, pool2d};
pub use ops::scale_planes::scale_planes;
pub use ops::self_attention::self_attention;
pub use ops::sigmoid::sigmoid;
pub use ops::softmax::{log_softmax, softmax};
pub use ops::softplus::{log_sigmoid, softplus};
pub use ops::tanh::tanh;
pub use ops::upfirdn2d::{Filter, UpFirDn, downsample2d, filter2d, upfirdn2d, upsample2d};
pub use ops::upsample_bilinear::upsample_bilinear2d;
pub use ops::upsample_nearest::upsample_nearest2d;
pub use optim::{Moments, Optimizer, OptimizerConfig, OptimizerError};
pub use params::{Bound, Buffer, Builder, Frozen, Init, LoadError, Param, Params};
pub use rng::{Rng, RngState};
pub use stdout::stdout_was_closed;
