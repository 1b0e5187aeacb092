//! Integration tests of `ganymede-losses`: parity with PyTorch, gradients of both orders against
//! finite differences, a contract table over all losses and penalties, closed forms, properties.
#![allow(clippy::unwrap_used)]

mod adversarial_term;
mod auxiliary;
mod clip;
mod closed_forms;
mod config;
mod contract;
mod distances;
mod drift;
mod feature_loss;
mod first_order;
mod gman;
mod gradcheck_losses;
mod gradcheck_penalties;
mod l1;
mod lecam;
mod orthogonal;
mod parity;
mod parity_losses;
mod parity_penalties;
mod patches;
mod path_length;
mod properties;
mod refusals;
mod regularisers;
mod spectral;
mod support;
