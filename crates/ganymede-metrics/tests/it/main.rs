//! Integration tests of `ganymede-metrics`: numbers of the reference programs, laws, refusals, files.
#![allow(clippy::unwrap_used)]

mod laws;
mod parity;
mod portable;
mod provenance;
mod refusals;
mod resize;
mod statistics;
mod support;
