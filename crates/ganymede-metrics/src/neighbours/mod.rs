//! Distances between rows of features, without the matrix of all of them.
//!
//! A matrix product in f32 says how far apart two rows are, to within a bound that is known for each pair.
//! What the bound leaves open is settled by summing squared differences in f64. So the speed is that of
//! the product, and the answers are those of exact distances: a row is at distance 0 from itself and from
//! its copies, equal distances stay equal, and no cancellation shows. Blocks of the matrix are made, read
//! and thrown away; what is kept is a few numbers a row.

mod balls;
mod blocks;
mod chances;
mod copies;
mod filter;
mod look;
mod nearest;
mod rarity;
mod realism;
mod sets;

pub(crate) use balls::{Ball, Balls};
pub(crate) use look::{Look, Seen, median, nearest_reals};
pub(crate) use nearest::Neighbours;
pub use sets::{FeatureSets, Scalar};
pub(crate) use sets::{Points, Side};
