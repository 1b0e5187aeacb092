//! Weights of other programs: whose they are, what the network is, and their names under ours, both ways.
//!
//! [`recognise`] says from names and shapes which settings a state dict belongs to, and where each of our tensors comes
//! from; [`Recognised::tensors`] makes them. [`exported`] is the way back. What a program calls its tensors is data: a
//! [`Dialect`] of [`DIALECTS`]. Spectral normalisation has four spellings (`foreign/spectral.rs`).

mod constants;
mod dialect;
mod export;
mod misfit;
mod network;
mod pattern;
mod recognise;
mod spectral;
mod translate;

pub use dialect::{DIALECTS, Dialect, how_to_export};
pub use export::exported;
pub use misfit::{Relatives, who_else};
pub use network::{Network, NetworkKind, Role};
pub use recognise::{Hints, Recognised, recognise};
pub use translate::translated;

#[cfg(test)]
mod tests;
