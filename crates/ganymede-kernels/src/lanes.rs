//! A few numbers at a time: what the compiler turns into one instruction where the processor has it.

use super::elem::Elem;

/// Numbers that are handled together.
pub(crate) const LANES: usize = 8;

pub(crate) type Lanes<T> = [T; LANES];

#[inline(always)]
pub(crate) fn add<T: Elem>(mut a: Lanes<T>, b: Lanes<T>) -> Lanes<T> {
    a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
    a
}

#[inline(always)]
pub(crate) fn sub<T: Elem>(mut a: Lanes<T>, b: Lanes<T>) -> Lanes<T> {
    a.iter_mut().zip(b).for_each(|(a, b)| *a -= b);
    a
}

#[inline(always)]
pub(crate) fn scale<T: Elem>(by: T, mut a: Lanes<T>) -> Lanes<T> {
    a.iter_mut().for_each(|a| *a = by * *a);
    a
}
