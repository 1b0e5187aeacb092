//! Integration tests of `ganymede-metrics`.
#![allow(clippy::unwrap_used)]

mod portable;
mod support;
