//! Files for the tests.

pub(crate) use ganymede_files::testing::{
    assert_says, encode, encoded_picture, gzip, picture, png, put, tar, tar_entry, zip,
};

/// An IDX file of bytes.
pub(crate) fn idx(dims: &[u32], values: &[u8]) -> Vec<u8> {
    let mut out = vec![0, 0, 8, dims.len() as u8];
    dims.iter().for_each(|size| out.extend(size.to_be_bytes()));
    out.extend(values);
    out
}

/// An `.npy` file of version 1, of numbers that are given as f32.
pub(crate) fn npy(descr: &str, shape: &[usize], values: &[f32]) -> Vec<u8> {
    let sides: String = shape.iter().map(|side| format!("{side},")).collect();
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({sides})}}\n");
    let mut out = b"\x93NUMPY\x01\x00".to_vec();
    out.extend((header.len() as u16).to_le_bytes());
    out.extend(header.as_bytes());
    for &value in values {
        match descr {
            "<f8" => out.extend(f64::from(value).to_le_bytes()),
            "<i8" => out.extend((value as i64).to_le_bytes()),
            _ => out.extend(value.to_le_bytes()),
        }
    }
    out
}
