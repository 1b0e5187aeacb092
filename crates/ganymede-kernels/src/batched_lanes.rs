//! Images side by side in the lanes of a register, for images that are smaller than it.
//!
//! Lines of 4 pixels fill half of a register of 8. Where the batch is large enough, the source is laid
//! out with the images innermost instead: a register then holds the same pixel of as many images as it
//! has lanes, none is wasted, and nothing has to be packed.

use super::elem::Elem;
use super::gather::{Border, Gather};
use super::packed::Group;
use super::target::Target;

/// Side of the squares that are transposed in registers.
const SIDE: usize = 4;

/// Columns of a block of `lanes` images: a register a pixel, in the order of the grid.
pub(crate) fn groups(gather: &Gather, border: &Border, lanes: usize) -> Vec<Group> {
    let [high, wide] = gather.grid;
    let pixels = (0..high).flat_map(|y| (0..wide).map(move |x| y * border.pitch() + x));
    pixels.enumerate().map(|(i, from)| Group { from: from * lanes, to: i * lanes, len: lanes }).collect()
}

/// Copies channels `(channels, h, w)` of images, padded with zeros, `lanes` images innermost, a block of
/// them after the other.
pub(crate) fn pad<T: Elem>(border: &Border, size: [usize; 2], images: &[&[T]], lanes: usize, out: &mut [T]) {
    let channels = images[0].len() / (size[0] * size[1]);
    let blocks = out.chunks_exact_mut(channels * border.plane() * lanes);
    blocks
        .zip(images.chunks(lanes))
        .for_each(|(out, images)| surround_block(border, size, images, lanes, out));
}

fn surround_block<T: Elem>(
    border: &Border,
    [h, w]: [usize; 2],
    images: &[&[T]],
    lanes: usize,
    out: &mut [T],
) {
    out.fill(T::default());
    let columns: Vec<usize> = (0..w).map(|x| border.column(x) * lanes).collect();
    for (c, out) in out.chunks_exact_mut(border.plane() * lanes).enumerate() {
        for y in 0..h {
            let at = (c * h + y) * w;
            let out = &mut out[border.line(y) * lanes..];
            for (first, images) in (0..).step_by(SIDE).zip(images.chunks(SIDE)) {
                let (squares, rest) = columns.as_chunks::<SIDE>();
                let mut tail = 0;
                if let [a, b, c, d] = images {
                    for (x, columns) in (at..).step_by(SIDE).zip(squares) {
                        let pixels =
                            transposed([square(&a[x..]), square(&b[x..]), square(&c[x..]), square(&d[x..])]);
                        for (column, pixel) in columns.iter().zip(pixels) {
                            *out[column + first..].first_chunk_mut().expect("lanes of a pixel") = pixel;
                        }
                    }
                    tail = columns.len() - rest.len();
                }
                for (i, image) in images.iter().enumerate() {
                    let line = &image[at + tail..at + w];
                    line.iter().zip(&columns[tail..]).for_each(|(v, column)| out[column + first + i] = *v);
                }
            }
        }
    }
}

/// Writes lines of the grid, `lines` of them from `first` on, of some images: row `m` of `result` lies
/// at `m·ldc`, its pixels one after the other, images innermost.
pub(crate) fn spread<T: Elem>(
    (target, wide): (&Target, usize),
    (first, lines): (usize, usize),
    (result, ldc, lanes): (&[T], usize, usize),
    images: usize,
    out: &mut [T],
) {
    for (m, row) in result.chunks_exact(ldc).enumerate() {
        for (y, line) in row.chunks_exact(wide * lanes).take(lines).enumerate() {
            let at = m * target.channel + (first + y) * target.line + target.first;
            let line = (line, |x: usize| x * lanes);
            spread_line(line, (wide, images), (target.image, target.step), &mut out[at..]);
        }
    }
}

/// Writes a line of `wide` pixels of some images to `out[i·image + x·step]`: pixel `x` of image `i` lies
/// at `line[pixel(x) + i]`.
#[inline(always)]
pub(crate) fn spread_line<T: Elem>(
    (line, pixel): (&[T], impl Fn(usize) -> usize),
    (wide, images): (usize, usize),
    (image, step): (usize, usize),
    out: &mut [T],
) {
    for i in (0..images).step_by(SIDE) {
        let mut x = 0;
        while i + SIDE <= images && x + SIDE <= wide {
            let pixel = |k: usize| square(&line[pixel(x + k) + i..]);
            let squares = transposed([pixel(0), pixel(1), pixel(2), pixel(3)]);
            for (k, pixels) in squares.iter().enumerate() {
                let to = &mut out[(i + k) * image + x * step..];
                match step {
                    1 => *to.first_chunk_mut().expect("pixels of a line") = *pixels,
                    2 => {
                        let to: &mut [T; 2 * SIDE - 1] = to.first_chunk_mut().expect("pixels of a line");
                        [to[0], to[2], to[4], to[6]] = *pixels;
                    }
                    _ => (0..SIDE).for_each(|j| to[j * step] = pixels[j]),
                }
            }
            x += SIDE;
        }
        for x in x..wide {
            for k in i..images.min(i + SIDE) {
                out[k * image + x * step] = line[pixel(x) + k];
            }
        }
    }
}

#[inline(always)]
fn square<T: Copy>(from: &[T]) -> [T; SIDE] {
    *from.first_chunk().expect("a square inside its source")
}

#[inline(always)]
fn transposed<T: Copy>([a, b, c, d]: [[T; SIDE]; SIDE]) -> [[T; SIDE]; SIDE] {
    let column = |k: usize| [a[k], b[k], c[k], d[k]];
    [column(0), column(1), column(2), column(3)]
}
