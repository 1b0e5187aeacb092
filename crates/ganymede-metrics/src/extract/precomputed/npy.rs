//! NumPy's `.npy`: a magic number, a version, a Python dictionary, and the numbers
//! (NEP 1, `numpy.lib.format`).

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use half::f16;
use ndarray::{Array2, ShapeBuilder};

use super::file_error;
use crate::{MetricError, Result};

/// Longest header that is read; NumPy's own are 128 bytes for plain arrays.
const MAX_HEADER: usize = 1 << 16;

const OTHER_KIND: &str = "has numbers of another kind than f2, f4, f8; objects of Python are never read";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Float {
    Half,
    Single,
    Double,
}

/// What a header says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Header {
    float: Float,
    big_endian: bool,
    fortran: bool,
    shape: [usize; 2],
}

pub(super) fn read(path: &Path) -> Result<Array2<f32>> {
    let io_error = |source| MetricError::Io { path: path.to_path_buf(), source };
    let mut file = File::open(path).map_err(io_error)?;
    let length = file.metadata().map_err(io_error)?.len();
    let (header, start) = match read_header(&mut file) {
        Ok(text) => text,
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof || e.kind() == io::ErrorKind::InvalidData => {
            return Err(file_error(path, format!("is no .npy file: {e}")));
        }
        Err(e) => return Err(io_error(e)),
    };
    let header = parse(&header).map_err(|reason| file_error(path, reason))?;
    let [n, d] = header.shape;
    let size = match header.float {
        Float::Half => 2,
        Float::Single => 4,
        Float::Double => 8,
    };
    // The header is only believed where the file is as long as it says.
    let expected = n.checked_mul(d).and_then(|n| n.checked_mul(size)).and_then(|n| n.checked_add(start));
    if expected.is_none_or(|expected| expected as u64 != length) {
        let reason =
            format!("has {length} bytes, which are not {n} × {d} numbers of {size} bytes and a header");
        return Err(file_error(path, reason));
    }
    let mut bytes = Vec::with_capacity(n * d * size);
    file.read_to_end(&mut bytes).map_err(io_error)?;
    let data = decode(&bytes, header.float, header.big_endian);
    let shape = (n, d).set_f(header.fortran);
    let array = Array2::from_shape_vec(shape, data).map_err(|e| file_error(path, e.to_string()))?;
    Ok(array.as_standard_layout().into_owned())
}

/// The text of the header and where it ends.
fn read_header(file: &mut impl Read) -> io::Result<(String, usize)> {
    let invalid = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_string());
    let mut head = [0u8; 8];
    file.read_exact(&mut head)?;
    if !head.starts_with(b"\x93NUMPY") {
        return Err(invalid("its first bytes are others"));
    }
    let (length, prefix) = match head[6] {
        1 => {
            let mut length = [0u8; 2];
            file.read_exact(&mut length)?;
            (usize::from(u16::from_le_bytes(length)), 10)
        }
        2 | 3 => {
            let mut length = [0u8; 4];
            file.read_exact(&mut length)?;
            (u32::from_le_bytes(length) as usize, 12)
        }
        _ => return Err(invalid("its version is none of 1, 2, 3")),
    };
    if length > MAX_HEADER {
        return Err(invalid("its header is too long"));
    }
    let mut text = vec![0; length];
    file.read_exact(&mut text)?;
    let text = String::from_utf8(text).map_err(|_| invalid("its header is no text"))?;
    Ok((text, prefix + length))
}

/// Reads `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`.
pub(super) fn parse(text: &str) -> std::result::Result<Header, String> {
    let bad = |what: &str| format!("the header {:?} {what}", text.trim());
    let value = |key: &str| {
        let found = [format!("'{key}':"), format!("\"{key}\":")].iter().find_map(|key| text.split_once(key));
        found.map(|(_, rest)| rest.trim_start()).ok_or_else(|| bad(&format!("has no {key:?}")))
    };
    let descr = value("descr")?;
    let (big_endian, float) = match descr.get(1..4) {
        Some("<f2") => (false, Float::Half),
        Some("<f4") => (false, Float::Single),
        Some("<f8") => (false, Float::Double),
        Some(">f2") => (true, Float::Half),
        Some(">f4") => (true, Float::Single),
        Some(">f8") => (true, Float::Double),
        _ => return Err(bad(OTHER_KIND)),
    };
    if !descr.starts_with(['\'', '"']) || descr.as_bytes().get(4) != descr.as_bytes().first() {
        return Err(bad(OTHER_KIND));
    }
    let fortran = match value("fortran_order")? {
        order if order.starts_with("True") => true,
        order if order.starts_with("False") => false,
        _ => return Err(bad("has a strange \"fortran_order\"")),
    };
    let inside = value("shape")?.strip_prefix('(').and_then(|shape| shape.split_once(')'));
    let (inside, _) = inside.ok_or_else(|| bad("has a strange \"shape\""))?;
    let sides = inside.split(',').map(str::trim).filter(|side| !side.is_empty()).map(str::parse::<usize>);
    match sides.collect::<std::result::Result<Vec<_>, _>>().as_deref() {
        Ok(&[n, d]) => Ok(Header { float, big_endian, fortran, shape: [n, d] }),
        _ => Err(bad("has a shape that is not (N, D)")),
    }
}

fn decode(bytes: &[u8], float: Float, big_endian: bool) -> Vec<f32> {
    /// Numbers of `K` bytes, by a function of their little-endian bytes.
    fn numbers<const K: usize>(bytes: &[u8], swap: bool, value: impl Fn([u8; K]) -> f32) -> Vec<f32> {
        let number = |bytes: &[u8; K]| {
            let mut bytes = *bytes;
            if swap {
                bytes.reverse();
            }
            value(bytes)
        };
        bytes.as_chunks::<K>().0.iter().map(number).collect()
    }
    match float {
        Float::Half => numbers(bytes, big_endian, |b| f16::from_le_bytes(b).to_f32()),
        Float::Single => numbers(bytes, big_endian, f32::from_le_bytes),
        Float::Double => numbers(bytes, big_endian, |b| f64::from_le_bytes(b) as f32),
    }
}
