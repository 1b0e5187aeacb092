//! Adaptive discriminator augmentation (Karras et al., 2020, arXiv:2006.06676): eighteen changes, each made with
//! probability p, so that the generator does not learn them.
//!
//! As long as p stays below about 0.8 a generator can only match augmented real images by making clean ones (section 2.2
//! there). All changes are drawn before anything is computed ([`AdaDraws`]) and are differentiable in the images.
//!
//! Differs from the authors' program: numbers are drawn on the host, in f64; a batch of which nothing was drawn to be moved
//! (or coloured) is left as it is, where the program resamples it to itself.

mod colour;
mod corruption;
mod draws;
mod filter;
mod geometry;
mod numbers;
mod pipe;
mod warp;
mod wavelets;

pub use colour::Recolour;
pub use draws::{AdaDraws, Change};
pub use filter::MARGIN as FILTER_MARGIN;
pub use geometry::Geometry;
pub use pipe::{Group, Pipe};

#[cfg(test)]
mod tests;
