//! Mutated files for every parser of Ganymede: none may panic, abort, hang, or ask for memory without bound.
//!
//! [`TARGETS`] is the table of parsers, each with files to begin from. [`Mutator`] turns these into others, the same
//! for the same seed and number. The program runs each target in a process of its own with bounds of memory and time
//! (`cargo xtask fuzz`); the tests run every seed and some mutants of it.

mod corpus;
mod mutate;
mod repack;
mod shrink;
mod targets;

pub use corpus::{Corpus, found_dir};
pub use mutate::Mutator;
pub use shrink::shrink;
pub use targets::{Scratch, Shape, TARGETS, Target};
