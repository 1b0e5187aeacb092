//! NumPy's arrays in files, as arrays.

use std::io::Read;

use ganymede_files::npy;
use ndarray::{ArrayD, IxDyn};

pub(crate) use ganymede_files::npy::{Element, Header, MAGIC};

/// As [`npy::read_header`], with the reason in words.
pub(crate) fn read_header(reader: &mut dyn Read) -> Result<(Header, u64), String> {
    npy::read_header(reader).map_err(|error| error.to_string())
}

/// As [`npy::read_numbers`], in their shape.
pub(crate) fn read_numbers<T: Clone>(
    reader: &mut dyn Read,
    header: &Header,
    limit: u64,
    number: fn(f64) -> T,
) -> Result<ArrayD<T>, String> {
    let numbers = npy::read_numbers(reader, header, limit, number).map_err(|error| error.to_string())?;
    ArrayD::from_shape_vec(IxDyn(&header.shape), numbers).map_err(|error| format!("{header}: {error}"))
}

/// As [`npy::first_numbers`], with the reason in words.
pub(crate) fn first_numbers(reader: &mut dyn Read, header: &Header, limit: u64) -> Result<Vec<f32>, String> {
    npy::first_numbers(reader, header, limit).map_err(|error| error.to_string())
}
