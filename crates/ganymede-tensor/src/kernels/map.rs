//! Element by element, over all threads.

use rayon::prelude::*;

use super::elem::Elem;

/// Elements a task: large enough to hide rayon, small enough to stay in the cache.
const CHUNK: usize = 1 << 14;

/// `f` of each element.
pub(crate) fn map<T: Elem>(x: &[T], f: impl Fn(T) -> T + Sync) -> Vec<T> {
    let mut y = vec![T::default(); x.len()];
    let run = |(y, x): (&mut [T], &[T])| y.iter_mut().zip(x).for_each(|(y, x)| *y = f(*x));
    if x.len() <= CHUNK {
        run((&mut y, x));
    } else {
        y.par_chunks_mut(CHUNK).zip(x.par_chunks(CHUNK)).for_each(run);
    }
    y
}

/// `f` of each pair of elements.
pub(crate) fn zip_map<T: Elem>(a: &[T], b: &[T], f: impl Fn(T, T) -> T + Sync) -> Vec<T> {
    let mut y = vec![T::default(); a.len()];
    let run = |((y, a), b): ((&mut [T], &[T]), &[T])| {
        y.iter_mut().zip(a).zip(b).for_each(|((y, a), b)| *y = f(*a, *b));
    };
    if a.len() <= CHUNK {
        run(((&mut y, a), b));
    } else {
        y.par_chunks_mut(CHUNK).zip(a.par_chunks(CHUNK)).zip(b.par_chunks(CHUNK)).for_each(run);
    }
    y
}
