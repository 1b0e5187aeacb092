//! The header of an `.npy`: a dictionary in Python's notation.

use std::fmt;

/// The type of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    /// `bool`
    Bool,
    /// `uint8`
    U8,
    /// `uint16`
    U16,
    /// `uint32`
    U32,
    /// `uint64`
    U64,
    /// `int8`
    I8,
    /// `int16`
    I16,
    /// `int32`
    I32,
    /// `int64`
    I64,
    /// `float16`
    F16,
    /// `float32`
    F32,
    /// `float64`
    F64,
}

impl Element {
    const ALL: [(Self, &'static str, &'static str, u64); 12] = [
        (Self::Bool, "b1", "bool", 1),
        (Self::U8, "u1", "uint8", 1),
        (Self::U16, "u2", "uint16", 2),
        (Self::U32, "u4", "uint32", 4),
        (Self::U64, "u8", "uint64", 8),
        (Self::I8, "i1", "int8", 1),
        (Self::I16, "i2", "int16", 2),
        (Self::I32, "i4", "int32", 4),
        (Self::I64, "i8", "int64", 8),
        (Self::F16, "f2", "float16", 2),
        (Self::F32, "f4", "float32", 4),
        (Self::F64, "f8", "float64", 8),
    ];

    fn entry(self) -> (Self, &'static str, &'static str, u64) {
        Self::ALL.into_iter().find(|(element, ..)| *element == self).expect("all are listed")
    }

    /// NumPy's name.
    pub fn name(self) -> &'static str {
        self.entry().2
    }

    /// Bytes of one.
    pub fn size(self) -> u64 {
        self.entry().3
    }

    /// Whether it has a fraction.
    pub fn is_float(self) -> bool {
        matches!(self, Self::F16 | Self::F32 | Self::F64)
    }
}

/// What a header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The type of its numbers.
    pub element: Element,
    /// Whether the first byte of a number is the highest.
    pub big_endian: bool,
    /// Whether the first dimension is the fastest.
    pub fortran: bool,
    /// The sides.
    pub shape: Vec<usize>,
}

impl fmt::Display for Header {
    /// `float64 (2048, 2048)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let comma = if self.shape.len() == 1 { "," } else { "" };
        let shape: Vec<String> = self.shape.iter().map(ToString::to_string).collect();
        write!(f, "{} ({}{comma})", self.element.name(), shape.join(", "))
    }
}

impl Header {
    /// Reads `{'descr': '<f4', 'fortran_order': False, 'shape': (3L, 4L), }`, keys in any order.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let shown: String = text.trim().chars().take(120).collect();
        let mut cursor = Cursor { rest: text };
        let header = cursor.header().map_err(|what| format!("the header {shown:?} {what}"))?;
        if header.shape.len() > 32 {
            return Err(format!("the header {shown:?} has more than 32 dimensions"));
        }
        Ok(header)
    }

    /// Bytes of all numbers; nothing where they are too many to count.
    pub fn bytes(&self) -> Option<u64> {
        let product = self.shape.iter().try_fold(1u64, |n, &side| n.checked_mul(side as u64));
        product?.checked_mul(self.element.size())
    }

    /// Whether an index into it can be computed, also where one of its sides is 0.
    pub(super) fn is_countable(&self) -> bool {
        let sides = self.shape.iter().filter(|side| **side > 0);
        let product = sides.copied().try_fold(1usize, usize::checked_mul);
        product.is_some_and(|n| n <= isize::MAX as usize)
    }
}

/// What remains to be read.
struct Cursor<'a> {
    rest: &'a str,
}

impl<'a> Cursor<'a> {
    fn header(&mut self) -> Result<Header, String> {
        let (mut descr, mut fortran, mut shape) = (None, None, None);
        self.expect('{')?;
        while !self.eat('}') {
            let key = self.text()?;
            self.expect(':')?;
            match key {
                "descr" => descr = Some(self.descr()?),
                "fortran_order" => fortran = Some(self.truth()?),
                "shape" => shape = Some(self.shape()?),
                other => return Err(format!("has the key {other:?}")),
            }
            if !self.eat(',') {
                self.expect('}')?;
                break;
            }
        }
        let lacks = |key: &str| format!("has no {key:?}");
        let (big_endian, element) = descr.ok_or_else(|| lacks("descr"))?;
        Ok(Header {
            element,
            big_endian,
            fortran: fortran.ok_or_else(|| lacks("fortran_order"))?,
            shape: shape.ok_or_else(|| lacks("shape"))?,
        })
    }

    fn eat(&mut self, wanted: char) -> bool {
        self.rest = self.rest.trim_start();
        let after = self.rest.strip_prefix(wanted);
        self.rest = after.unwrap_or(self.rest);
        after.is_some()
    }

    fn expect(&mut self, wanted: char) -> Result<(), String> {
        if self.eat(wanted) { Ok(()) } else { Err(format!("lacks a {wanted:?}")) }
    }

    /// A string in either quotes; `u` and `b` may stand before it.
    fn text(&mut self) -> Result<&'a str, String> {
        let rest = self.rest.trim_start();
        let rest = rest.strip_prefix(['u', 'b']).unwrap_or(rest);
        let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"'));
        let inside = quote.and_then(|quote| rest[1..].split_once(quote));
        let (text, rest) = inside.ok_or("has something else where a string should be")?;
        self.rest = rest;
        Ok(text)
    }

    /// Byte order and type, as `<f8`.
    fn descr(&mut self) -> Result<(bool, Element), String> {
        if self.rest.trim_start().starts_with(['[', '(']) {
            return Err("is that of records with fields (a structured array): save the field itself".into());
        }
        let text = self.text()?;
        let (big_endian, kind) = match text.as_bytes().first() {
            Some(b'>') => (true, &text[1..]),
            Some(b'<' | b'|' | b'=') => (false, &text[1..]),
            _ => (false, text),
        };
        let known = Element::ALL.into_iter().find(|(_, code, ..)| *code == kind);
        match known {
            Some((element, ..)) => Ok((big_endian, element)),
            None => Err(refusal(text, kind)),
        }
    }

    fn truth(&mut self) -> Result<bool, String> {
        for (word, value) in [("True", true), ("False", false)] {
            if let Some(rest) = self.rest.trim_start().strip_prefix(word) {
                self.rest = rest;
                return Ok(value);
            }
        }
        Err("has a strange \"fortran_order\"".into())
    }

    /// A tuple of sizes; Python 2 writes an `L` after each.
    fn shape(&mut self) -> Result<Vec<usize>, String> {
        let bad = || "has a strange \"shape\"".to_owned();
        let inside = self.rest.trim_start().strip_prefix('(').and_then(|rest| rest.split_once(')'));
        let (inside, rest) = inside.ok_or_else(bad)?;
        self.rest = rest;
        let sides = inside.split(',').map(str::trim).filter(|side| !side.is_empty());
        let side = |side: &str| side.strip_suffix(['L', 'l']).unwrap_or(side).parse().map_err(|_| bad());
        sides.map(side).collect()
    }
}

/// Why numbers of that type are not read.
fn refusal(descr: &str, kind: &str) -> String {
    let what = match kind.as_bytes().first() {
        Some(b'O') => "objects of Python (a pickle), which are never read: save plain numbers",
        Some(b'c') => "complex numbers: save their real part",
        Some(b'f') if kind[1..].bytes().all(|byte| byte.is_ascii_digit()) => {
            "numbers that not every machine has: save x.astype('float64')"
        }
        Some(b'S' | b'U' | b'a') => "text",
        Some(b'M' | b'm') => "dates",
        Some(b'V') => "raw bytes (`bfloat16` is saved so): save x.astype('float32')",
        _ => "unknown",
    };
    format!("has the type {descr:?}, which is {what}")
}
