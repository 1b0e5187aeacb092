//! Spectral regularisation: a discriminator's spectra that do not collapse.
//!
//! `W ← Σ_i σ_1 · max(σ_i/σ_1, s_i) · u_i v_iᵀ`, `s_i ← max(σ_i/σ_1, s_i)`
//!
//! of the singular values `σ_1 ≥ σ_2 ≥ …` and vectors of a weight. Under spectral normalisation the largest of a weight's
//! singular values is held at 1 and the others may fall; where generators collapse, many of a discriminator's fall at about the same
//! time, so that it sees few directions. Here each one stays at or above the largest part of the first that it ever had.
//!
//! Not a loss but a change of a weight between updates, as [`clip_weights`](crate::clip_weights) is one: whoever owns the weight
//! sets it. The authors do so at every fifth of the discriminator's updates, with spectra that begin where collapse does.
//!
//! # References
//! Liu et al., ICCV 2019, arXiv:1908.10999, section 4 (dynamic compensation); their program adjusts convolutions only, and
//! the weight that is divided by its spectral norm in a pass, so that a change that leaves `σ_1` does what the paper means.

use ganymede_tensor::{DType, Device, Tensor};

use crate::LossError;

/// A weight whose spectrum was lifted, and what to give next time.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Compensated {
    /// The weight, of the shape and dtype that it had.
    pub weight: Tensor,
    /// The largest `σ_i/σ_1` so far, in falling order, f64, at most as many as the weight has rows or columns; on the CPU.
    pub spectrum: Tensor,
}

/// Lifts the singular values of a weight to those that `spectrum` remembers.
///
/// Without gradient: the weight is read back and taken apart on the CPU in f64, by a method whose time grows with the cube of the smaller
/// of its two sides; a few hundred of them take a second.
///
/// # Arguments
/// * `weight` — `(O, ..)`, seen as the matrix `(O, rest)`, not empty, all of it finite.
/// * `spectrum` — of the time before, see [`Compensated`]; none at first, where the weight comes back as it is.
///
/// # Errors
/// [`LossError::Shape`] if the weight has fewer than two axes or no elements, or the spectrum is that of another one;
/// [`LossError::Parameter`] if a number is not finite.
pub fn compensate(weight: &Tensor, spectrum: Option<&Tensor>) -> Result<Compensated, LossError> {
    if weight.rank() < 2 || weight.elem_count() == 0 {
        let expected = "(O, ..), a matrix that is not empty".into();
        return Err(LossError::Shape { what: "weight", got: weight.dims().to_vec(), expected });
    }
    let wide = weight.detach().to_device(&Device::Cpu)?.to_dtype(DType::F64)?.flatten_from(1)?;
    let turned = wide.dim(0)? > wide.dim(1)?;
    let matrix = if turned { wide.t()?.contiguous()? } else { wide };
    let rows = matrix.dim(0)?;
    let mut product = matrix.matmul(&matrix.t()?)?.to_vec2::<f64>()?;
    if let Some(&value) = product.iter().flatten().find(|value| !value.is_finite()) {
        let (parameter, expected) = ("spectral weight", "finite in every element");
        return Err(LossError::Parameter { parameter, value, expected });
    }
    let vectors = eigenvectors(&mut product);
    let left = Tensor::new(vectors.concat(), &Device::Cpu)?.reshape((rows, rows))?;
    // Lengths of what is left of the matrix along each vector, more exact than roots of eigenvalues.
    let along = left.matmul(&matrix)?;
    let lengths = along.sqr()?.sum(1)?.sqrt()?.to_vec1::<f64>()?;
    let mut order: Vec<usize> = (0..rows).collect();
    order.sort_by(|&a, &b| lengths[b].total_cmp(&lengths[a]));
    let first = lengths[order[0]];

    let known = match spectrum {
        Some(spectrum) if spectrum.dims() == [rows] => Some(spectrum.to_vec1::<f64>()?),
        None => None,
        Some(other) => {
            let (got, expected) = (other.dims().to_vec(), format!("({rows},), as many as there are"));
            return Err(LossError::Shape { what: "spectrum", got, expected });
        }
    };
    let mut lifts = vec![0.0; rows];
    let mut highest = Vec::with_capacity(rows);
    for (place, &i) in order.iter().enumerate() {
        let share = if first > 0.0 { lengths[i] / first } else { 0.0 };
        let kept = known.as_ref().map_or(share, |known| known[place].max(share));
        // A direction of length 0 is none.
        if lengths[i] > 0.0 && kept > share {
            lifts[i] = first * kept / lengths[i] - 1.0;
        }
        highest.push(kept);
    }
    let lifts = Tensor::new(lifts, &Device::Cpu)?.unsqueeze(1)?;
    let lifted = (&matrix + left.t()?.matmul(&along.broadcast_mul(&lifts)?)?)?;
    let lifted = if turned { lifted.t()?.contiguous()? } else { lifted };
    let lifted = lifted.reshape(weight.shape())?.to_dtype(weight.dtype())?.to_device(weight.device())?;
    Ok(Compensated { weight: lifted, spectrum: Tensor::new(highest, &Device::Cpu)? })
}

/// The eigenvectors of a symmetric matrix, as rows, by Jacobi's rotations; it is diagonal afterwards.
fn eigenvectors(matrix: &mut [Vec<f64>]) -> Vec<Vec<f64>> {
    let n = matrix.len();
    let mut vectors: Vec<Vec<f64>> =
        (0..n).map(|i| (0..n).map(|j| f64::from(u8::from(i == j))).collect()).collect();
    // Each sweep squares what is left beside the diagonal: far fewer are needed.
    for _ in 0..60 {
        let mut turned = false;
        for p in 0..n {
            for q in p + 1..n {
                let (app, aqq, apq) = (matrix[p][p], matrix[q][q], matrix[p][q]);
                if apq.abs() <= f64::EPSILON * (app * aqq).abs().sqrt() {
                    continue;
                }
                turned = true;
                let theta = (aqq - app) / (2.0 * apq);
                let t = theta.signum() / (theta.abs() + theta.hypot(1.0));
                let c = 1.0 / t.hypot(1.0);
                let s = t * c;
                for row in matrix.iter_mut() {
                    (row[p], row[q]) = (c * row[p] - s * row[q], s * row[p] + c * row[q]);
                }
                rotate(matrix, (p, q), (c, s));
                rotate(&mut vectors, (p, q), (c, s));
            }
        }
        if !turned {
            break;
        }
    }
    vectors
}

/// Turns rows p and q into one another.
fn rotate(rows: &mut [Vec<f64>], (p, q): (usize, usize), (c, s): (f64, f64)) {
    let (before, after) = rows.split_at_mut(q);
    for (a, b) in before[p].iter_mut().zip(&mut after[0]) {
        (*a, *b) = (c * *a - s * *b, s * *a + c * *b);
    }
}
