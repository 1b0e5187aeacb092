//! Layers: parameters, buffers and a forward pass each.

pub(crate) mod activation;
pub(crate) mod attention;
pub(crate) mod conv;
pub(crate) mod conv_transpose;
pub(crate) mod dropout;
pub(crate) mod embedding;
pub(crate) mod linear;
pub(crate) mod lipschitz;
pub(crate) mod minibatch;
pub(crate) mod norm;
pub(crate) mod pending;
pub(crate) mod resample;
pub(crate) mod spectral;
#[cfg(test)]
pub(crate) mod tally;
pub(crate) mod weight;
