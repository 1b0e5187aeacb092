//! Weighted sums of slices of pixels.

use super::elem::Elem;

/// `out` becomes Σᵢ weights\[i\]·slice(i), each slice at least as long.
///
/// Four at a time: one would load and store the sum for each product.
#[inline(always)]
pub(crate) fn combine<'a, T: Elem, const L: usize>(
    out: &mut [[T; L]],
    weights: &[T],
    slice: impl Fn(usize) -> &'a [[T; L]],
) {
    let out = out.as_flattened_mut();
    let (fours, rest) = weights.as_chunks::<4>();
    let at = |i: usize| (weights[i], slice(i).as_flattened());
    for i in 0..fours.len() {
        sum(out, [at(4 * i), at(4 * i + 1), at(4 * i + 2), at(4 * i + 3)], i > 0);
    }
    let (i, begun) = (4 * fours.len(), !fours.is_empty());
    match rest.len() {
        1 => sum(out, [at(i)], begun),
        2 => sum(out, [at(i), at(i + 1)], begun),
        3 => sum(out, [at(i), at(i + 1), at(i + 2)], begun),
        _ if begun => {}
        _ => out.fill(T::default()),
    }
}

/// Adds to `out`, or overwrites it.
#[inline(always)]
fn sum<T: Elem, const K: usize>(out: &mut [T], terms: [(T, &[T]); K], add: bool) {
    let len = out.len();
    // Of one length, so that no bound is checked in the loop.
    let terms = terms.map(|(weight, slice)| (weight, &slice[..len]));
    let total = |i: usize| {
        let (weight, slice) = terms[0];
        terms[1..].iter().fold(weight * slice[i], |sum, (weight, slice)| sum + *weight * slice[i])
    };
    if add {
        for (i, out) in out.iter_mut().enumerate() {
            *out += total(i);
        }
    } else {
        for (i, out) in out.iter_mut().enumerate() {
            *out = total(i);
        }
    }
}
