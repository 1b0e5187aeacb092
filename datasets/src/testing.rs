//! Files for the tests.

pub(crate) use ganymede_files::testing::{assert_says, encode, encoded_picture, gzip, picture, png, put};

/// An IDX file of bytes.
pub(crate) fn idx(dims: &[u32], values: &[u8]) -> Vec<u8> {
    let mut out = vec![0, 0, 8, dims.len() as u8];
    dims.iter().for_each(|size| out.extend(size.to_be_bytes()));
    out.extend(values);
    out
}
