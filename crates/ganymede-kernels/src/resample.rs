//! Repeating and summing square blocks of pixels.

use rayon::prelude::*;

use super::elem::Elem;

/// Each pixel of each `h × w` plane becomes a `k × k` block.
pub fn repeat_blocks<T: Elem>(x: &[T], (h, w): (usize, usize), k: usize) -> Vec<T> {
    let mut y = vec![T::default(); x.len() * k * k];
    if y.is_empty() {
        return y;
    }
    let wide = w * k;
    y.par_chunks_mut(h * k * wide).zip(x.par_chunks(h * w)).for_each(|(y, x)| {
        for (rows, x) in y.chunks_mut(k * wide).zip(x.chunks(w)) {
            let (first, others) = rows.split_at_mut(wide);
            first.chunks_mut(k).zip(x).for_each(|(block, v)| block.fill(*v));
            others.chunks_mut(wide).for_each(|row| row.copy_from_slice(first));
        }
    });
    y
}

/// Each `k × k` block of each `h × w` plane becomes the sum of its pixels.
pub fn sum_blocks<T: Elem>(x: &[T], (h, w): (usize, usize), k: usize) -> Vec<T> {
    let mut y = vec![T::default(); x.len() / (k * k)];
    if y.is_empty() {
        return y;
    }
    let narrow = w / k;
    y.par_chunks_mut((h / k) * narrow).zip(x.par_chunks(h * w)).for_each(|(y, x)| {
        for (y, rows) in y.chunks_mut(narrow).zip(x.chunks(k * w)) {
            for row in rows.chunks(w) {
                y.iter_mut().zip(row.chunks(k)).for_each(|(y, block)| block.iter().for_each(|v| *y += *v));
            }
        }
    });
    y
}
