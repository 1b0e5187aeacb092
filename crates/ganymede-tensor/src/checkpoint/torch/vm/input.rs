//! The bytes of a pickle, within limits.

use std::io::{self, BufRead, Read};

use super::super::{Fault, Result};

/// No honest description of tensors (names, shapes, settings; not their data) comes near this.
const MAX_PICKLE_BYTES: u64 = 32 << 20;
/// Longest name of a module or class.
const MAX_LINE_BYTES: u64 = 4096;

/// The bytes of the pickle, counted.
pub(super) struct Input<'a> {
    inner: &'a mut dyn BufRead,
    pub(super) position: u64,
}

impl<'a> Input<'a> {
    pub(super) fn new(inner: &'a mut dyn BufRead) -> Self {
        Self { inner, position: 0 }
    }

    fn claim(&mut self, len: u64) -> Result<()> {
        self.position = self.position.saturating_add(len);
        if self.position > MAX_PICKLE_BYTES {
            return Err(Fault::malformed(format!(
                "its pickle is longer than {} MiB",
                MAX_PICKLE_BYTES >> 20
            )));
        }
        Ok(())
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        self.claim(N as u64)?;
        let mut bytes = [0; N];
        self.inner.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    pub(super) fn byte(&mut self) -> Result<u8> {
        self.array::<1>().map(|[b]| b)
    }

    pub(super) fn u32(&mut self) -> Result<u32> {
        self.array().map(u32::from_le_bytes)
    }

    /// So many bytes; memory grows with what is really there, not with what is claimed.
    pub(super) fn block(&mut self, len: u64) -> Result<Vec<u8>> {
        self.claim(len)?;
        let mut bytes = Vec::new();
        let read = (&mut *self.inner).take(len).read_to_end(&mut bytes)?;
        if read as u64 == len { Ok(bytes) } else { Err(Fault::Io(io::ErrorKind::UnexpectedEof.into())) }
    }

    pub(super) fn skip(&mut self, len: u64) -> Result<()> {
        self.claim(len)?;
        let skipped = io::copy(&mut (&mut *self.inner).take(len), &mut io::sink())?;
        if skipped == len { Ok(()) } else { Err(Fault::Io(io::ErrorKind::UnexpectedEof.into())) }
    }

    pub(super) fn line(&mut self) -> Result<String> {
        let mut bytes = Vec::new();
        let read = (&mut *self.inner).take(MAX_LINE_BYTES).read_until(b'\n', &mut bytes)?;
        self.claim(read as u64)?;
        match bytes.pop() {
            Some(b'\n') => Ok(String::from_utf8_lossy(bytes.trim_ascii()).into_owned()),
            _ => Err(Fault::malformed("a name in its pickle does not end")),
        }
    }

    pub(super) fn number(&mut self) -> Result<u32> {
        self.line()?.parse().map_err(|_| Fault::malformed("a number in its pickle is none"))
    }
}
