//! The few LAPACK symbols that `ndarray-linalg` calls for real double precision, over `faer`.
//!
//! Linking this crate (`extern crate ganymede_lapack as _;`) lets a program use `ndarray-linalg` with none of its
//! back-end features: no Fortran, no system library, nothing but cargo. It has no interface of its own; what it has
//! are the symbols `dsyev_`, `dgesvd_`, `dgesdd_`, `dpotrf_`, `dgetrf_`, `dgetrs_` and `dgetri_`, with the arguments
//! and the meaning of LAPACK 3 (<https://netlib.org/lapack/>):
//!
//! * matrices are column-major with a leading dimension, and only the triangle that `uplo` names is read;
//! * `info` is 0, or −i when argument i is not allowed, or positive when the computation failed;
//! * a workspace query (`lwork = −1`) answers 1, since the workspace is not used: any `lwork >= 1` will do.
//!
//! Differences: job `O` (vectors over the matrix) is refused as argument 1 or 2; the contents of the matrix after a
//! failed Cholesky decomposition or a singular value decomposition are unspecified. Other routines, and other
//! scalar types, are not here: a program that calls them fails to link, which is loud.
//!
//! The number of threads is faer's: all of rayon's.

// Reason: a C interface takes pointers. Each function below turns them into slices and views at its start, and the
// rest is safe code.
#![allow(unsafe_code)]

mod arguments;
mod cholesky;
mod eigen;
mod lu;
mod svd;

/// The example of the readme, as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
