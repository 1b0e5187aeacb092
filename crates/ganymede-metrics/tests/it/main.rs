//! Integration tests of `ganymede-metrics`: numbers of the reference programs, laws, refusals, files.
#![allow(clippy::unwrap_used)]

mod frechet_laws;
mod laws;
mod neighbours;
mod numpy;
mod parity;
mod perceptual;
mod portable;
mod program;
mod program_bad_input;
mod program_bad_weights;
mod provenance;
mod refusals;
mod resize;
mod slices;
mod statistics;
mod support;
