//! SHA-256 over fields that cannot run into each other.

use std::io::{self, Read};

use sha2::Digest as _;
use sha2::Sha256;

/// A running hash of length-prefixed fields, so that `"ab", "c"` and `"a", "bc"` differ.
#[derive(Clone, Debug)]
pub struct Digest(Sha256);

impl Digest {
    /// Starts a hash for one purpose; different purposes never collide.
    pub fn new(purpose: &str) -> Self {
        let mut digest = Self(Sha256::new());
        digest.bytes(purpose.as_bytes());
        digest
    }

    /// Adds a field of bytes.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.update(bytes);
    }

    /// Adds bytes of a field whose length was added before, by [`Digest::number`]: all of them make [`Digest::bytes`].
    pub fn part(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// Adds a number.
    pub fn number(&mut self, number: u64) {
        self.0.update(number.to_le_bytes());
    }

    /// The hash in lower-case hexadecimal digits.
    pub fn hex(self) -> String {
        to_hex(&self.0.finalize())
    }
}

/// Bytes as lower-case hexadecimal digits.
pub fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The CRC-32 of zip, gzip and PNG (polynomial 0xEDB88320): it tells damage, not intent.
pub fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = flate2::Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// The length and the SHA-256, in lower-case hexadecimal digits, of what `reader` gives: up to one byte more
/// than `limit`, so that what is too long can be told without reading all of it.
///
/// # Errors
/// Those of the reader.
pub fn sha256(reader: impl Read, limit: u64) -> io::Result<(u64, String)> {
    let mut hash = Sha256::new();
    let total = feed(&mut hash, reader.take(limit.saturating_add(1)))?;
    Ok((total, to_hex(&hash.finalize())))
}

/// Hashes all that `reader` gives, and says how much that was.
pub(crate) fn feed(hash: &mut Sha256, mut reader: impl Read) -> io::Result<u64> {
    let mut buffer = vec![0; 1 << 16];
    let mut total = 0;
    loop {
        match reader.read(&mut buffer)? {
            0 => return Ok(total),
            count => {
                hash.update(&buffer[..count]);
                total += count as u64;
            }
        }
    }
}
