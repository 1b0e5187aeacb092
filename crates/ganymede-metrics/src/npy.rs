//! NumPy's arrays in files: `.npy` (NEP 1, `numpy.lib.format`), in every form that NumPy reads without Python.
//!
//! Versions 1, 2 and 3, either byte order, either order of dimensions, headers of any alignment and those of Python 2.
//! Not `ndarray-npy`: it refuses headers that are not aligned, Python 2's long integers and `f2`.

mod header;
#[cfg(test)]
mod tests;

use std::io::{self, Read};

use half::f16;
use ndarray::{ArrayD, IxDyn, ShapeBuilder};

pub(crate) use header::{Element, Header};

/// The first bytes of every `.npy`.
pub(crate) const MAGIC: &[u8] = b"\x93NUMPY";
/// Longest header that is read; NumPy's own are 128 bytes for plain arrays.
const MAX_HEADER: usize = 1 << 16;

/// Reads magic number, version and header. Gives it and where the numbers begin.
pub(crate) fn read_header(reader: &mut dyn Read) -> Result<(Header, u64), String> {
    let (text, start) = header_text(reader).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => "it is cut short within its header".to_owned(),
        _ => error.to_string(),
    })?;
    Ok((Header::parse(&text)?, start))
}

fn header_text(reader: &mut dyn Read) -> io::Result<(String, u64)> {
    let invalid = |what: &str| io::Error::new(io::ErrorKind::InvalidData, what.to_owned());
    let mut head = [0; 8];
    reader.read_exact(&mut head)?;
    if !head.starts_with(MAGIC) {
        return Err(invalid("it is no array of NumPy: its first bytes are others"));
    }
    let (length, prefix) = match head[6] {
        1 => {
            let mut length = [0; 2];
            reader.read_exact(&mut length)?;
            (usize::from(u16::from_le_bytes(length)), 10)
        }
        2 | 3 => {
            let mut length = [0; 4];
            reader.read_exact(&mut length)?;
            (u32::from_le_bytes(length) as usize, 12)
        }
        version => {
            return Err(invalid(&format!("its format has the version {version}; 1 to 3 are read")));
        }
    };
    if length > MAX_HEADER {
        return Err(invalid("its header is too long"));
    }
    let mut text = vec![0; length];
    reader.read_exact(&mut text)?;
    Ok((String::from_utf8_lossy(&text).into_owned(), (prefix + length) as u64))
}

/// The numbers after a header, in row-major order: at most `limit` bytes, and no more memory than is really there.
pub(crate) fn read_numbers<T: Clone>(
    reader: &mut dyn Read,
    header: &Header,
    limit: u64,
    number: fn(f64) -> T,
) -> Result<ArrayD<T>, String> {
    let wanted = header.bytes().filter(|&bytes| bytes <= limit);
    let wanted =
        wanted.ok_or_else(|| format!("{header} is larger than the {limit} bytes that it can have"))?;
    let mut bytes = Vec::new();
    let read = reader.take(wanted + 1).read_to_end(&mut bytes);
    read.map_err(|error| format!("its numbers cannot be read ({error})"))?;
    match bytes.len() as u64 {
        found if found < wanted => {
            return Err(format!("it is cut short: {found} of the {wanted} bytes of {header}"));
        }
        found if found > wanted => return Err(format!("it goes on after the {wanted} bytes of {header}")),
        _ => {}
    }
    let numbers = decode(&bytes, header, number);
    let shape = IxDyn(&header.shape).set_f(header.fortran);
    let array = ArrayD::from_shape_vec(shape, numbers).map_err(|error| format!("{header}: {error}"))?;
    Ok(if array.is_standard_layout() { array } else { array.as_standard_layout().into_owned() })
}

/// The first numbers after a header as they lie in the file, of at most `limit` bytes.
pub(crate) fn first_numbers(reader: &mut dyn Read, header: &Header, limit: u64) -> Result<Vec<f32>, String> {
    let mut bytes = Vec::new();
    let read = reader.take(limit).read_to_end(&mut bytes);
    read.map_err(|error| format!("its numbers cannot be read ({error})"))?;
    Ok(decode(&bytes, header, |x| x as f32))
}

/// Every number by way of f64, which holds all but the largest integers of 64 bits exactly.
fn decode<T>(bytes: &[u8], header: &Header, number: fn(f64) -> T) -> Vec<T> {
    fn each<T, const K: usize>(bytes: &[u8], swap: bool, value: impl Fn([u8; K]) -> T) -> Vec<T> {
        let one = |bytes: &[u8; K]| {
            let mut bytes = *bytes;
            if swap {
                bytes.reverse();
            }
            value(bytes)
        };
        bytes.as_chunks::<K>().0.iter().map(one).collect()
    }
    let swap = header.big_endian;
    match header.element {
        Element::Bool => each(bytes, swap, |[b]| number(f64::from(u8::from(b != 0)))),
        Element::U8 => each(bytes, swap, |[b]| number(f64::from(b))),
        Element::I8 => each(bytes, swap, |b| number(f64::from(i8::from_le_bytes(b)))),
        Element::U16 => each(bytes, swap, |b| number(f64::from(u16::from_le_bytes(b)))),
        Element::I16 => each(bytes, swap, |b| number(f64::from(i16::from_le_bytes(b)))),
        Element::U32 => each(bytes, swap, |b| number(f64::from(u32::from_le_bytes(b)))),
        Element::I32 => each(bytes, swap, |b| number(f64::from(i32::from_le_bytes(b)))),
        Element::U64 => each(bytes, swap, |b| number(u64::from_le_bytes(b) as f64)),
        Element::I64 => each(bytes, swap, |b| number(i64::from_le_bytes(b) as f64)),
        Element::F16 => each(bytes, swap, |b| number(f16::from_le_bytes(b).to_f64())),
        Element::F32 => each(bytes, swap, |b| number(f64::from(f32::from_le_bytes(b)))),
        Element::F64 => each(bytes, swap, |b| number(f64::from_le_bytes(b))),
    }
}
