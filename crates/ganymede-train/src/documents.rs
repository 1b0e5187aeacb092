//! The Rust code of the documents, compiled and run as documentation tests. It is here because this is the highest
//! library: it knows every crate that a document speaks of. `cargo xtask tidy` wants each document with code in a list
//! such as this one.

#[doc = include_str!("../../../README.md")]
struct Top;

#[doc = include_str!("../../../docs/doctor.md")]
struct Doctor;

#[doc = include_str!("../README.md")]
struct Train;

#[doc = include_str!("../../ganymede-tensor/README.md")]
struct Tensor;

#[doc = include_str!("../../ganymede-models/README.md")]
struct Models;

#[doc = include_str!("../../ganymede-losses/README.md")]
struct Losses;

#[doc = include_str!("../../ganymede-augment/README.md")]
struct Augment;

#[doc = include_str!("../../ganymede-metrics/README.md")]
struct Metrics;

#[doc = include_str!("../../ganymede-files/README.md")]
struct Files;

#[doc = include_str!("../../../datasets/README.md")]
struct Datasets;
