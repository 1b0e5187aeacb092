//! Operations around convolution, with gradients that are exact to any order.
//!
//! Each replaces one of candle's that is not: see the table of faults in `docs/numerics.md`.

pub(crate) mod activation;
pub(crate) mod batch_norm;
pub(crate) mod linear;
pub(crate) mod resample;
pub(crate) mod shuffle;
pub(crate) mod transformer;
pub(crate) mod window;

#[cfg(test)]
mod tests;
