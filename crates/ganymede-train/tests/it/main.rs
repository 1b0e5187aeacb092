//! The library and the program from outside: runs that stop, resume, diverge, fail, and are drawn from.
#![allow(clippy::unwrap_used)]

mod broken;
mod common;
mod files;
mod program;
mod resume;
mod sample;
mod wrapped;
