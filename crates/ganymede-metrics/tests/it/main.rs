//! Integration tests of `ganymede-metrics`: numbers of the reference programs, laws, refusals, files.
#![allow(clippy::unwrap_used)]

mod frechet_laws;
mod full_disk;
mod laws;
mod neighbours;
mod numpy;
mod parity;
mod perceptual;
mod portable;
mod program;
mod program_bad_input;
mod program_bad_weights;
mod program_output;
mod program_own_pictures;
mod program_paths;
mod program_sets;
#[cfg(target_os = "linux")]
mod program_signals;
mod provenance;
mod refusals;
mod resize;
mod slices;
mod statistics;
mod support;
