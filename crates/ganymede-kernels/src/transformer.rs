//! Rows, and products of rows, as transformers use them.

use gemm::Parallelism;
use rayon::prelude::*;

use super::elem::Scratch;
use super::exponential::exp_below_0;
use super::gemm::{Shape, matmul};
use crate::simd::vectorised;

/// Each row of `width` numbers, centred, divided by its deviation, times `gain` plus `shift`.
/// Statistics are in f64.
pub fn layer_norm(x: &[f32], gain: &[f32], shift: &[f32], eps: f64) -> Vec<f32> {
    let width = gain.len();
    let mut y = vec![0.0; x.len()];
    let rows = (1usize << 13).div_ceil(width.max(1));
    y.par_chunks_mut(width).zip(x.par_chunks(width)).with_min_len(rows).for_each(|(y, x)| {
        let mean = sum(x, |v| v) / width as f64;
        let centre = mean as f32;
        let variance = sum(x, |v| (v - centre) * (v - centre)) / width as f64;
        let scale = (1.0 / (variance + eps).sqrt()) as f32;
        for (((y, x), gain), shift) in y.iter_mut().zip(x).zip(gain).zip(shift) {
            *y = (x - centre) * scale * gain + shift;
        }
    });
    y
}

/// A sum in lanes, which the compiler makes vectors of.
fn sum(x: &[f32], f: impl Fn(f32) -> f32) -> f64 {
    let (blocks, tail) = x.as_chunks::<16>();
    let mut lanes = [0.0f32; 16];
    for block in blocks {
        lanes.iter_mut().zip(block).for_each(|(lane, v)| *lane += f(*v));
    }
    tail.iter().zip(&mut lanes).for_each(|(v, lane)| *lane += f(*v));
    lanes.iter().map(|lane| f64::from(*lane)).sum()
}

/// erf by a ratio of polynomials, fitted to erf(x)/x in x² on |x| ≤ 4, beyond which erf is ±1 to
/// 2e-8. Off by less than 5e-7 in f32.
#[inline(always)]
fn erf(x: f32) -> f32 {
    const P: [f32; 6] = [
        std::f32::consts::FRAC_2_SQRT_PI,
        0.192_879_9,
        0.055_749_56,
        4.226_518_4e-3,
        4.112_727_5e-4,
        6.791_138_6e-6,
    ];
    const Q: [f32; 7] =
        [1.0, 0.504_268_8, 0.117_495_716, 0.016_295_18, 1.421_206e-3, 7.256_221e-5, 2.604_743e-7];
    // `clamp` would keep a NaN, too, but not as a vector.
    let x = if x > 4.0 { 4.0 } else { x };
    let x = if x < -4.0 { -4.0 } else { x };
    let z = x * x;
    let p = P.iter().rev().fold(0.0, |sum, c| sum * z + c);
    let q = Q.iter().rev().fold(0.0, |sum, c| sum * z + c);
    x * (p / q)
}

/// `x·Φ(x)` with the distribution function Φ of the standard normal.
#[inline(always)]
pub fn gelu(x: f32) -> f32 {
    0.5 * x * (1.0 + erf(x * std::f32::consts::FRAC_1_SQRT_2))
}

/// Sizes of a self-attention: `images × tokens × [q, k, v] × heads × dim`.
#[derive(Clone, Copy, Debug)]
pub struct Heads {
    /// Tokens of an image.
    pub tokens: usize,
    /// Heads.
    pub heads: usize,
    /// Numbers of a head.
    pub dim: usize,
}

/// `softmax(q·kᵀ)·v` of each head: `(images, tokens, 3, heads, dim)` to
/// `(images, tokens, heads, dim)`.
pub fn attention(qkv: &[f32], h: Heads) -> Vec<f32> {
    let Heads { tokens, heads, dim } = h;
    let width = heads * dim;
    let mut out = vec![0.0; qkv.len() / 3];
    if out.is_empty() {
        return out;
    }
    let square = Shape::row_major(tokens, tokens);
    let row = Shape { rows: tokens, cols: dim, row_stride: 3 * width, col_stride: 1 };
    out.par_chunks_mut(tokens * width).zip(qkv.par_chunks(3 * tokens * width)).for_each(|(out, qkv)| {
        let parts: Vec<Vec<f32>> = (0..heads)
            .into_par_iter()
            .map(|head| {
                let [q, k, v] = [0, 1, 2].map(|part| &qkv[part * width + head * dim..]);
                let mut scores = Scratch::new(tokens * tokens);
                matmul((&mut scores[..], square), (q, row), (k, row.t()), false, Parallelism::None);
                scores.chunks_exact_mut(tokens).for_each(softmax);
                let mut mixed = vec![0.0; tokens * dim];
                let shape = Shape::row_major(tokens, dim);
                matmul((&mut mixed[..], shape), (&scores[..], square), (v, row), false, Parallelism::None);
                mixed
            })
            .collect();
        for (head, part) in parts.iter().enumerate() {
            for (to, from) in out.chunks_exact_mut(width).zip(part.chunks_exact(dim)) {
                to[head * dim..][..dim].copy_from_slice(from);
            }
        }
    });
    out
}

fn softmax(row: &mut [f32]) {
    let largest = row.iter().fold(f32::NEG_INFINITY, |a, b| a.max(*b));
    vectorised(
        #[inline(always)]
        || row.iter_mut().for_each(|v| *v = exp_below_0(*v - largest)),
    );
    let scale = (1.0 / sum(row, |v| v)) as f32;
    row.iter_mut().for_each(|v| *v *= scale);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_to_one() {
        let mut row: Vec<f32> = (0..37).map(|i| (i * 7919 % 41) as f32 - 30.0).collect();
        let expected: Vec<f64> = row.iter().map(|v| (f64::from(*v) - 10.0).exp()).collect();
        let all: f64 = expected.iter().sum();
        softmax(&mut row);
        for (found, expected) in row.iter().zip(&expected) {
            assert!((f64::from(*found) - expected / all).abs() < 1e-7, "{found} for {}", expected / all);
        }
    }
}
