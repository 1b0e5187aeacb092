//! Which sample comes when, as a pure function of the seed and the cursor.

use ganymede_tensor::{Rng, RngState};

/// 32-bit words that one coin takes.
const WORDS_PER_COIN: u64 = 2;

/// The order of samples; it keeps the permutation of the epoch that was asked for last.
pub(crate) struct Order {
    seed: u64,
    len: usize,
    epoch: Option<u64>,
    permutation: Vec<usize>,
    flips: RngState,
}

impl Order {
    /// The order of `len` samples, at least 1.
    pub(crate) fn new(seed: u64, len: usize) -> Self {
        let flips = Rng::stream(seed, "flip").state();
        Self { seed, len, epoch: None, permutation: Vec::new(), flips }
    }

    /// The index of the sample at cursor `number`.
    pub(crate) fn index(&mut self, number: u64) -> usize {
        let len = self.len as u64;
        let epoch = number / len;
        if self.epoch != Some(epoch) {
            self.permutation = Rng::stream(self.seed, &format!("shuffle/{epoch}")).permutation(self.len);
            self.epoch = Some(epoch);
        }
        self.permutation[(number % len) as usize]
    }

    /// Whether the image at cursor `number` is mirrored.
    pub(crate) fn flip(&self, number: u64) -> bool {
        let position = number.wrapping_mul(WORDS_PER_COIN);
        Rng::from_state(&RngState { position, ..self.flips }).coin(0.5)
    }
}
