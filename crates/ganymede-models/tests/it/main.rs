//! Tests of layers and models: against PyTorch, against finite differences, and of the contract
//! that every model keeps.

// Helpers of tests are no #[test] functions, but a failure in one is a failed test all the same.
#![allow(clippy::unwrap_used)]

mod conditional_gradients;
mod conditional_parity;
mod conditional_vectors;
mod contract;
mod conv_parity;
mod dcgan_parity;
mod gradients;
mod lipschitz;
mod minibatch;
mod norm_parity;
mod pggan_parity;
mod pix2pix_gradients;
mod pix2pix_parity;
mod r3gan_parity;
mod recognised;
mod resnet_parity;
mod spectral_parity;
mod standing;
mod stylegan2_parity;
mod support;
