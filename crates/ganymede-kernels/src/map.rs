//! Element by element, over all threads, with the widest instructions that the processor has.

use rayon::prelude::*;

use super::elem::{Elem, Room, overwritten};
use crate::simd::vectorised;

/// Elements a task: large enough to hide rayon, small enough to stay in the cache.
const CHUNK: usize = 1 << 14;

/// `f` of each element.
#[allow(unsafe_code)]
pub fn map<T: Elem>(x: &[T], f: impl Fn(T) -> T + Sync) -> Vec<T> {
    let run = |(y, x): (&mut Room<T>, &[T])| {
        vectorised(
            #[inline(always)]
            || y.iter_mut().zip(x).for_each(|(y, x)| _ = y.write(f(*x))),
        );
    };
    let fill = |y: &mut Room<T>| {
        if x.len() <= CHUNK {
            run((y, x));
        } else {
            y.par_chunks_mut(CHUNK).zip(x.par_chunks(CHUNK)).for_each(run);
        }
    };
    // SAFETY: `y` is as long as `x`, so every number of it meets one of `x` and is written.
    unsafe { overwritten(x.len(), fill) }
}

/// `f` of each pair of elements.
#[allow(unsafe_code)]
pub fn zip_map<T: Elem>(a: &[T], b: &[T], f: impl Fn(T, T) -> T + Sync) -> Vec<T> {
    assert_eq!(a.len(), b.len(), "lengths of a pair");
    let run = |((y, a), b): ((&mut Room<T>, &[T]), &[T])| {
        vectorised(
            #[inline(always)]
            || y.iter_mut().zip(a).zip(b).for_each(|((y, a), b)| _ = y.write(f(*a, *b))),
        );
    };
    let fill = |y: &mut Room<T>| {
        if a.len() <= CHUNK {
            run(((y, a), b));
        } else {
            y.par_chunks_mut(CHUNK).zip(a.par_chunks(CHUNK)).zip(b.par_chunks(CHUNK)).for_each(run);
        }
    };
    // SAFETY: `y`, `a` and `b` are of one length, so every number of `y` meets a pair and is written.
    unsafe { overwritten(a.len(), fill) }
}
