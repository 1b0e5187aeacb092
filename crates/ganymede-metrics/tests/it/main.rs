//! Integration tests of `ganymede-metrics`: numbers of the reference programs, laws, refusals, files.
#![allow(clippy::unwrap_used)]

mod adm;
mod frechet_laws;
#[cfg(feature = "program")]
mod full_disk;
mod laws;
mod neighbours;
mod newer;
mod numpy;
mod parity;
mod perceptual;
mod portable;
#[cfg(feature = "program")]
mod program;
#[cfg(feature = "program")]
mod program_bad_input;
#[cfg(feature = "program")]
mod program_bad_weights;
#[cfg(feature = "program")]
mod program_names;
#[cfg(feature = "program")]
mod program_numpy;
#[cfg(feature = "program")]
mod program_output;
#[cfg(feature = "program")]
mod program_own_pictures;
#[cfg(feature = "program")]
mod program_paths;
#[cfg(feature = "program")]
mod program_rank;
mod program_sets;
#[cfg(all(feature = "program", target_os = "linux"))]
mod program_signals;
#[cfg(feature = "program")]
mod program_sources;
mod provenance;
mod refusals;
mod resize;
mod slices;
mod statistics;
mod support;
