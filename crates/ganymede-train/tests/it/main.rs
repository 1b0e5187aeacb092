//! The library from outside: what can be configured, and what a run leaves behind.
#![allow(clippy::unwrap_used)]

mod bounds;
mod common;
mod files;
mod monitor;
