//! SHA-256 over fields that cannot run into each other.

use sha2::Digest as _;
use sha2::Sha256;

/// A running hash of length-prefixed fields, so that `"ab", "c"` and `"a", "bc"` differ.
pub(crate) struct Digest(Sha256);

impl Digest {
    /// Starts a hash for one purpose; different purposes never collide.
    pub(crate) fn new(purpose: &str) -> Self {
        let mut digest = Self(Sha256::new());
        digest.bytes(purpose.as_bytes());
        digest
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.0.update(bytes);
    }

    pub(crate) fn number(&mut self, number: u64) {
        self.0.update(number.to_le_bytes());
    }

    pub(crate) fn hex(self) -> String {
        to_hex(&self.0.finalize())
    }
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
