//! Folding the columns of a convolution back into an image.

use super::elem::Elem;
use super::geometry::Geometry;

/// For one axis: which output positions `0..out` read inside the image for a kernel offset, and
/// where the first of them reads.
fn valid_range(out: usize, size: usize, stride: usize, padding: usize, offset: usize) -> (usize, usize) {
    // Position i reads i·stride + offset − padding, which has to lie in 0..size.
    let first = padding.saturating_sub(offset).div_ceil(stride);
    let last = (size + padding).saturating_sub(offset).div_ceil(stride);
    let last = last.min(out);
    (first.min(last), last)
}

/// Calls `visit(column row, output row, image offset of the first valid element, valid range)` for
/// each row of each kernel tap. Rows that fall outside the image come with an empty range.
fn for_each_row(g: &Geometry, channels: usize, mut visit: impl FnMut(usize, usize, usize, (usize, usize))) {
    let [sh, sw] = g.cfg.stride;
    let [ph, pw] = g.cfg.padding;
    let [dh, dw] = g.cfg.dilation;
    for c in 0..channels {
        for i in 0..g.kh {
            let rows = valid_range(g.oh, g.h, sh, ph, i * dh);
            for j in 0..g.kw {
                let cols = valid_range(g.ow, g.w, sw, pw, j * dw);
                let tap = (c * g.kh + i) * g.kw + j;
                for y in 0..g.oh {
                    if y < rows.0 || y >= rows.1 || cols.0 == cols.1 {
                        visit(tap, y, 0, (0, 0));
                    } else {
                        let line = c * g.h + y * sh + i * dh - ph;
                        visit(tap, y, line * g.w + cols.0 * sw + j * dw - pw, cols);
                    }
                }
            }
        }
    }
}

/// Adds the columns of one image back to the places that they came from.
pub(crate) fn col2im<T: Elem>(g: &Geometry, channels: usize, columns: &[T], stride: usize, image: &mut [T]) {
    let step = g.cfg.stride[1];
    for_each_row(g, channels, |tap, y, from, (start, end)| {
        let at = tap * stride + y * g.ow;
        let row = &columns[at + start..at + end];
        match step {
            _ if row.is_empty() => {}
            1 => image[from..from + row.len()].iter_mut().zip(row).for_each(|(d, s)| *d += *s),
            _ => image[from..].iter_mut().step_by(step).zip(row).for_each(|(d, s)| *d += *s),
        }
    });
}
