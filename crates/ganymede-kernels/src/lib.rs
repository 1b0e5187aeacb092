//! Floor 0 of Ganymede: loops over memory on the CPU, over slices of f32 or f64. Nothing here knows of tensors or graphs.
//!
//! * [`conv2d`] and its two gradients, by the way that fits the [`Geometry`]: tiles of Winograd, products that read the
//!   image where it lies, dot products along lines, plain products of matrices;
//! * [`row_products`]: all inner products of two sets of rows;
//! * [`channel`], [`map`], [`pairwise`], [`pixel_norm`], [`window`], [`resample`]: sums and maps over all threads;
//! * [`upfirdn`]: planes through a filter between two resolutions; [`sample`]: planes read between their pixels;
//! * [`transformer`]: attention and layer norm for frozen networks; [`channels_last`]: their convolutions;
//! * [`exponential`]: functions of single numbers that become vectors.
//!
//! Instructions are chosen when the program runs ([`vectorised`], [`Simd`]). The order of all sums depends on sizes alone: results
//! are the same bits for any number of threads.

mod batched_lanes;
pub mod channel;
pub mod channels_last;
mod col2im;
mod combine;
mod config;
mod conv;
mod convolution;
mod dots;
mod elem;
pub mod exponential;
mod few_channels;
mod gather;
mod gemm;
mod geometry;
mod implicit;
mod innermost;
mod lanes;
pub mod map;
mod matrix;
mod microkernel;
mod packed;
pub mod pairwise;
pub mod pixel_norm;
mod polyphase;
mod products;
pub mod resample;
pub mod sample;
mod scatter;
mod simd;
mod target;
pub mod transformer;
mod transpose;
pub mod upfirdn;
mod weight_gradient;
pub mod window;
mod winograd;

pub use config::ConvConfig;
pub use convolution::{conv2d, conv2d_input_gradient, conv2d_weight_gradient};
pub use elem::Elem;
pub use geometry::Geometry;
pub use polyphase::Axis;
pub use products::row_products;
pub use simd::{Simd, vectorised};

/// The example of the readme, as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
