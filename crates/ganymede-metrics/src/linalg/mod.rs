//! Products and decompositions, in f64, on all of rayon's threads.

mod axes;
mod backend;
mod product;
mod trace;

pub(crate) use axes::principal_axes;
pub use backend::lapack_backend;
pub(crate) use product::{add_gram, cross, mirror, row_gram};
pub(crate) use trace::{Root, eigenvalues};
