//! Transposition of matrices inside slices.

/// Side of the square that is transposed in registers.
const TILE: usize = 4;

/// Numbers of a row that are read before the next row's, a cache line of f32: rows a power of two apart share places
/// in the first-level cache, and would be fetched again for each square.
const LINE: usize = 16;

/// `to[i·width + r] = from[r·stride + i]` for `rows` rows and `len` columns.
pub(crate) fn transpose<T: Copy>(
    from: &[T],
    stride: usize,
    len: usize,
    rows: usize,
    to: &mut [T],
    width: usize,
) {
    if rows < TILE || len < TILE {
        for i in 0..len {
            (0..rows).for_each(|r| to[i * width + r] = from[r * stride + i]);
        }
        return;
    }
    // Where the size is no multiple of the tile's, the last tile overlaps the one before.
    let starts = |size: usize| (0..size.div_ceil(TILE)).map(move |t| (t * TILE).min(size - TILE));
    for first in (0..len).step_by(LINE) {
        for r in starts(rows) {
            for i in (first..len.min(first + LINE)).step_by(TILE) {
                let i = i.min(len - TILE);
                tile(&from[r * stride + i..], stride, &mut to[i * width + r..], width);
            }
        }
    }
}

#[inline(always)]
fn tile<T: Copy>(from: &[T], stride: usize, to: &mut [T], width: usize) {
    let row = |k: usize| -> [T; TILE] { *from[k * stride..].first_chunk().expect("inside the matrix") };
    let [a, b, c, d] = [row(0), row(1), row(2), row(3)];
    for k in 0..TILE {
        let line: &mut [T; TILE] = to[k * width..].first_chunk_mut().expect("inside the result");
        *line = [a[k], b[k], c[k], d[k]];
    }
}
