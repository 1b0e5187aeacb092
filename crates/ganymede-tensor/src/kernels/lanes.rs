//! A few numbers at a time: what the compiler turns into one instruction where the processor has it.

use super::elem::Elem;

/// Numbers that are handled together.
pub(crate) const LANES: usize = 8;

pub(crate) type Lanes<T> = [T; LANES];

#[inline(always)]
pub(crate) fn add<T: Elem>(a: Lanes<T>, b: Lanes<T>) -> Lanes<T> {
    std::array::from_fn(|i| a[i] + b[i])
}

#[inline(always)]
pub(crate) fn sub<T: Elem>(a: Lanes<T>, b: Lanes<T>) -> Lanes<T> {
    std::array::from_fn(|i| a[i] - b[i])
}
