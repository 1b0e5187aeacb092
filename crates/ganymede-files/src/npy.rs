//! NumPy's arrays in files: `.npy` (NEP 1, `numpy.lib.format`), in every form that NumPy reads without Python.
//!
//! Versions 1, 2 and 3, either byte order, either order of dimensions, headers of any alignment and those of Python 2.
//! Not `ndarray-npy`: it refuses headers that are not aligned, Python 2's long integers and `f2`.

mod header;
#[cfg(test)]
mod tests;

use std::io::{self, Read};

use half::f16;

pub use header::{Element, Header};

/// The first bytes of every `.npy`.
pub const MAGIC: &[u8] = b"\x93NUMPY";
/// Longest header that is read; NumPy's own are 128 bytes for plain arrays.
const MAX_HEADER: usize = 1 << 16;

/// Why bytes are no array that can be read, in words that name no file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NpyError(pub(crate) String);

/// Reads magic number, version and header. Gives it and where the numbers begin.
///
/// # Errors
/// It is cut short, no array of NumPy, or one of what is no number.
pub fn read_header(reader: &mut dyn Read) -> Result<(Header, u64), NpyError> {
    let (text, start) = header_text(reader).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => NpyError("it is cut short within its header".to_owned()),
        _ => NpyError(error.to_string()),
    })?;
    Ok((Header::parse(&text).map_err(NpyError)?, start))
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
///
/// # Errors
/// There are more or fewer numbers than the header says, or more than the limit.
pub fn read_numbers<T: Clone>(
    reader: &mut dyn Read,
    header: &Header,
    limit: u64,
    number: fn(f64) -> T,
) -> Result<Vec<T>, NpyError> {
    let fail = |reason: String| Err(NpyError(reason));
    let wanted = header.bytes().filter(|&bytes| bytes <= limit);
    let Some(wanted) = wanted.filter(|_| header.is_countable()) else {
        return fail(format!("{header} is larger than the {limit} bytes that it can have"));
    };
    // Part by part: the bytes of a large array beside its numbers would take as much memory again.
    let mut reader = reader.take(wanted.saturating_add(1));
    let (mut numbers, mut part, mut found) = (Vec::new(), Vec::new(), 0);
    loop {
        part.clear();
        let read = reader.by_ref().take(PART).read_to_end(&mut part);
        read.map_err(|error| NpyError(format!("its numbers cannot be read ({error})")))?;
        found += part.len() as u64;
        numbers.append(&mut decode(&part, header, number));
        if (part.len() as u64) < PART {
            break;
        }
    }
    match found {
        found if found < wanted => {
            fail(format!("it is cut short: {found} of the {wanted} bytes of {header}"))
        }
        found if found > wanted => fail(format!("it goes on after the {wanted} bytes of {header}")),
        _ if header.fortran => Ok(row_major(&numbers, &header.shape)),
        _ => Ok(numbers),
    }
}

/// Bytes that are read at once: whole numbers of any kind.
const PART: u64 = 1 << 20;

/// The first numbers after a header as they lie in the file, of at most `limit` bytes.
///
/// # Errors
/// They cannot be read.
pub fn first_numbers(reader: &mut dyn Read, header: &Header, limit: u64) -> Result<Vec<f32>, NpyError> {
    let mut bytes = Vec::new();
    let read = reader.take(limit).read_to_end(&mut bytes);
    read.map_err(|error| NpyError(format!("its numbers cannot be read ({error})")))?;
    Ok(decode(&bytes, header, |x| x as f32))
}

/// The numbers of an array whose first dimension is the fastest, with the last one as the fastest.
fn row_major<T: Clone>(numbers: &[T], shape: &[usize]) -> Vec<T> {
    let mut place = vec![0; shape.len()];
    let mut out = Vec::with_capacity(numbers.len());
    for _ in 0..numbers.len() {
        // Horner's rule from the slowest dimension of the file on.
        let at = place.iter().zip(shape).rev().fold(0, |at, (index, side)| at * side + index);
        out.push(numbers[at].clone());
        for (index, side) in place.iter_mut().zip(shape).rev() {
            *index += 1;
            if *index < *side {
                break;
            }
            *index = 0;
        }
    }
    out
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
