//! Where the numbers of a product go.

use super::gather::Gather;

/// Where a result goes: row `m`, position `(y, x)` of an image lands at
/// `m·channel + y·line + x·step + first`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target {
    pub(crate) image: usize,
    pub(crate) channel: usize,
    pub(crate) line: usize,
    pub(crate) step: usize,
    pub(crate) first: usize,
}

impl Target {
    /// Whether lines of the grid follow one another in the result, or where it is put together first.
    pub(super) fn one_line(&self, gather: &Gather) -> bool {
        self.step != 1 || self.line == gather.grid[1]
    }
}
