//! Frozen networks with the channels innermost: `(N, H, W, C)`, f32.
//!
//! A network whose weights never change packs them once. Its images then pass through layer after layer without being
//! copied or padded: registers hold output channels, so that no width of an image leaves lanes empty; taps are
//! found by pointers (after Dukhan 2019, "The Indirect Convolution Algorithm", arXiv:1907.02129); bias and
//! ReLU are applied where the sum already is; and each layer writes straight into its channels of what a block joins.
//!
//! Everything here runs on the thread that calls it: whoever has several images gives some to each thread. The order of
//! all sums depends on the layer alone: results are the same bits in whatever company an image comes.

mod direct;
mod filter;
mod kernel;
mod line_tiles;
mod panels;
mod pixels;
mod pool;
mod square_tiles;
#[cfg(test)]
mod tests;
mod transforms;

pub use filter::{Filter, FrozenConv};
pub use pixels::Pixels;
pub use pool::{Pool, pool};
