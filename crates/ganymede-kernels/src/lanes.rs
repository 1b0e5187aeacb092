//! A few numbers at a time: what the compiler turns into one instruction where the processor has it.

use super::elem::Elem;

/// Numbers that are handled together.
pub(crate) const LANES: usize = 16;

/// So many numbers, the same position of neighbouring tiles or channels.
pub(crate) type Lanes<T, const L: usize = LANES> = [T; L];

#[inline(always)]
pub(crate) fn add<T: Elem, const L: usize>(mut a: Lanes<T, L>, b: Lanes<T, L>) -> Lanes<T, L> {
    a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
    a
}

#[inline(always)]
pub(crate) fn sub<T: Elem, const L: usize>(mut a: Lanes<T, L>, b: Lanes<T, L>) -> Lanes<T, L> {
    a.iter_mut().zip(b).for_each(|(a, b)| *a -= b);
    a
}

/// `by·a`; `by` is nearest to it in `T`.
#[inline(always)]
pub(crate) fn scale<T: Elem, const L: usize>(by: f64, mut a: Lanes<T, L>) -> Lanes<T, L> {
    let by = T::narrow(by);
    a.iter_mut().for_each(|a| *a = by * *a);
    a
}
