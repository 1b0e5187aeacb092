//! Orthogonal regularisation: filters of a layer that do not look alike.

use ganymede_tensor::{Result, Tensor, bail};

/// Σ over the weights of ‖W·Wᵀ ⊙ (1 − I)‖²_F, a scalar: the squares of the products of each row with every other one.
/// The caller multiplies by β; the paper's is 1e-4.
///
/// The diagonal is left out, so that rows have any length. A weight `(O, ..)` is the matrix `(O, rest)`, whose rows are
/// the filters of a linear layer or of a convolution; of a transposed convolution, `(I, O, ..)`, they are its inputs. The
/// paper writes Wᵀ·W of filters that are columns.
///
/// BigGAN-PyTorch adds β·2·(W·Wᵀ ⊙ (1 − I))·W to the gradient. The derivative is 4 times that product, not 2: its β is
/// half of the paper's and of ours, so that its 1e-4 is 5e-5 here.
///
/// # Arguments
/// * `weights` — of two axes or more each, not empty. Vectors of classes are left out by whoever calls, as the paper's
///   program does with those that the generator's layers share.
///
/// # Errors
/// A weight has fewer than two axes; there is none.
///
/// # References
/// Brock et al., 2019, arXiv:1809.11096, equation 3; without the mask Brock et al., 2017, arXiv:1609.07093.
pub fn orthogonal(weights: &[Tensor]) -> Result<Tensor> {
    let of_one = |weight: &Tensor| -> Result<Tensor> {
        if weight.rank() < 2 {
            bail!("orthogonal regularisation: a weight {:?} is no matrix", weight.dims())
        }
        let rows = weight.flatten_from(1)?;
        let others = (1.0 - Tensor::eye(rows.dim(0)?, rows.dtype(), rows.device())?)?;
        rows.matmul(&rows.t()?)?.mul(&others)?.sqr()?.sum_all()
    };
    let sum = weights.iter().map(of_one).reduce(|a, b| a? + b?);
    sum.unwrap_or_else(|| bail!("orthogonal regularisation: there is no weight"))
}
