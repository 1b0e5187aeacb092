//! Distances between rows of features, without the matrix of all of them.
//!
//! A matrix product in f32 says how far apart two rows are, to within a bound that is known for each pair.
//! What the bound leaves open is settled by summing squared differences in f64. So the speed is that of
//! the product, and the answers are those of exact distances: a row is at distance 0 from itself and from
//! its copies, equal distances stay equal, and no cancellation shows. Blocks of the matrix are made, read
//! and thrown away; what is kept is a few numbers a row.

mod balls;
mod blocks;
mod copies;
mod filter;
mod nearest;
mod sets;

pub(crate) use balls::{Ball, Radii, ball_counts, realism_scores};
pub(crate) use nearest::{nearest_among, nearest_of_each, radii};
pub(crate) use sets::Points;
pub use sets::{FeatureSets, Scalar};
