//! Integration tests of `ganymede-augment`: parity with the authors' programs, gradients of both orders against finite
//! differences, how often changes are made, settings and refusals.
#![allow(clippy::unwrap_used)]

mod apa;
mod config;
mod controller;
mod diffaugment;
mod gradients;
mod noise;
mod refusals;
mod shares;
