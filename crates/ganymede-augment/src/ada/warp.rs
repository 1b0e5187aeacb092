//! Moving pixels without aliasing.

use ganymede_tensor::{
    Filter, Result, Tensor, UpFirDn, affine_grid, grid_sample, pad2d_reflect, upfirdn2d, upsample2d,
};

use super::geometry::{Matrix, product, scaled, shifted};
use super::wavelets::SYM6;
use crate::host;

/// Pixels that the filter of either resampling reaches beyond an edge.
const REACH: usize = SYM6.len() / 4;

/// Each image by the inverse of its geometry: mirrored at the edges as far as anything is read from there, enlarged twice
/// through the low-pass filter, sampled bilinearly, reduced through the same filter.
///
/// An image that is not moved comes out as it is, for the filter is orthogonal to itself shifted by two.
pub(super) fn warp(images: &Tensor, inverses: &[Matrix]) -> Result<Tensor> {
    let (n, _, h, w) = images.dims4()?;
    let filter = Filter::separable(&SYM6)?;
    let [top, bottom, left, right] = margins(inverses, [h, w]);
    let padded = pad2d_reflect(images, [top, bottom, left, right])?;
    let large = upsample2d(&padded, &filter, 2)?;
    let sampled = [(h + 2 * REACH) * 2, (w + 2 * REACH) * 2];
    let origin = [(left as f64 - right as f64) / 2.0, (top as f64 - bottom as f64) / 2.0];
    let from = [(h + top + bottom) * 2, (w + left + right) * 2];
    let rows = inverses.iter().flat_map(|inverse| {
        let theta = normalised(inverse, origin, from, sampled);
        [theta[0], theta[1]].concat()
    });
    let theta = host::tensor(rows.collect(), (n, 2, 3), images)?;
    let moved = grid_sample(&large, &affine_grid(&theta, sampled)?)?;
    let reducing = UpFirDn::downsampling(&filter, 2).padded([-2 * REACH as isize; 4]);
    upfirdn2d(&moved, &UpFirDn { flip: true, ..reducing })
}

/// Rows and columns to mirror at the top, bottom, left and right, so that no image of the batch reads beyond them; less than
/// the image has.
fn margins(inverses: &[Matrix], [h, w]: [usize; 2]) -> [usize; 4] {
    let (cx, cy) = ((w as f64 - 1.0) / 2.0, (h as f64 - 1.0) / 2.0);
    let corners = [(-cx, -cy), (cx, -cy), (cx, cy), (-cx, cy)];
    let places = inverses
        .iter()
        .flat_map(|m| corners.map(|(x, y)| [0, 1].map(|row| m[row][0] * x + m[row][1] * y + m[row][2])));
    // How far the corners go up, down, left and right.
    let farthest = places.fold([f64::NEG_INFINITY; 4], |most, [x, y]| {
        [most[0].max(-y), most[1].max(y), most[2].max(-x), most[3].max(x)]
    });
    let margin = |far: f64, half: f64, side: usize| {
        (far + 2.0 * REACH as f64 - half).clamp(0.0, side as f64 - 1.0).ceil() as usize
    };
    let [up, down, left, right] = farthest;
    [margin(up, cy, h), margin(down, cy, h), margin(left, cx, w), margin(right, cx, w)]
}

/// The inverse from coordinates in [−1, 1] of the result, which is sampled at `to`, to those of the enlarged image of `from`
/// pixels, whose middle lies at `origin` of the image's.
fn normalised(inverse: &Matrix, origin: [f64; 2], from: [usize; 2], to: [usize; 2]) -> Matrix {
    let half = |sides: [usize; 2]| [sides[1] as f64 / 2.0, sides[0] as f64 / 2.0];
    let ([fx, fy], [tx, ty]) = (half(from), half(to));
    let steps = [
        scaled(1.0 / fx, 1.0 / fy),
        // Twice as many pixels; the middle of the first of two lies a quarter of the old distance before the old one.
        shifted(-0.5, -0.5),
        scaled(2.0, 2.0),
        shifted(origin[0], origin[1]),
        *inverse,
        scaled(0.5, 0.5),
        shifted(0.5, 0.5),
        scaled(tx, ty),
    ];
    steps.into_iter().reduce(|a, b| product(&a, &b)).expect("there are eight steps")
}
