//! The program from outside, beside the library: runs that stop, resume, diverge, fail, and are drawn from.
#![allow(clippy::unwrap_used)]

mod answers;
mod beside;
mod bounds;
mod broken;
mod browser;
mod common;
mod diagnose;
mod few_images;
mod foreign;
mod full_disk;
mod many_samples;
mod messages;
mod metrics;
mod places;
mod plan;
mod program;
mod refined;
mod report;
mod resume;
mod runs;
mod sample;
mod sampling;
mod schema1;
#[cfg(unix)]
mod signals;
mod study;
mod tensorboard;
mod wrapped;
