//! How programs spell spectral normalisation.
//!
//! | | weight | u | v | σ |
//! |---|---|---|---|---|
//! | `torch.nn.utils.spectral_norm`, and here | `weight_orig` | `weight_u` (C) | `weight_v` | |
//! | `torch.nn.utils.parametrizations` | `parametrizations.weight.original` | `….0._u` (C) | `….0._v` | |
//! | torch-mimicry | `weight` | `sn_u` (1, C) | | `sn_sigma` |
//! | BigGAN-PyTorch | `weight` | `u0` (1, C) | | `sv0` |
//!
//! torch-mimicry has both its own and PyTorch's, by layer. The last two make one power iteration more in evaluation, too,
//! and forget it. What is imported has made it: then σ = uᵀWv is the one that they divide by.

use ganymede_tensor::{DType, Result, Tensor};

/// Names of the tensors of a layer.
#[derive(Debug, PartialEq)]
pub(super) struct Form {
    pub(super) weight: &'static str,
    pub(super) u: &'static str,
    /// Where it is kept.
    pub(super) v: Option<&'static str>,
    /// A record of σ that nothing is computed from.
    pub(super) sigma: Option<&'static str>,
}

pub(super) static TORCH: Form =
    Form { weight: "weight_orig", u: "weight_u", v: Some("weight_v"), sigma: None };
pub(super) static PARAMETRIZED: Form = Form {
    weight: "parametrizations.weight.original",
    u: "parametrizations.weight.0._u",
    v: Some("parametrizations.weight.0._v"),
    sigma: None,
};
pub(super) static MIMICRY: Form = Form { weight: "weight", u: "sn_u", v: None, sigma: Some("sn_sigma") };
pub(super) static BIGGAN: Form = Form { weight: "weight", u: "u0", v: None, sigma: Some("sv0") };

pub(super) static FORMS: &[&Form] = &[&TORCH, &PARAMETRIZED, &MIMICRY, &BIGGAN];

/// u and v behind one power iteration from u; as in the references ε is 1e-12.
pub(super) fn moved(weight: &Tensor, u: &Tensor) -> Result<(Tensor, Tensor)> {
    let matrix = weight.to_dtype(DType::F64)?.contiguous()?.flatten_from(1)?;
    let u = u.to_dtype(DType::F64)?.flatten_all()?.unsqueeze(0)?;
    let v = unit(&u.matmul(&matrix)?)?;
    let u = unit(&v.matmul(&matrix.t()?.contiguous()?)?)?;
    let back = |x: Tensor| x.flatten_all()?.to_dtype(weight.dtype());
    Ok((back(u)?, back(v)?))
}

/// σ = uᵀWv.
pub(super) fn sigma(weight: &Tensor, u: &Tensor, v: &Tensor) -> Result<Tensor> {
    let matrix = weight.contiguous()?.flatten_from(1)?;
    let seen = matrix.matmul(&v.flatten_all()?.unsqueeze(1)?)?;
    u.flatten_all()?.unsqueeze(0)?.matmul(&seen)?.flatten_all()
}

fn unit(x: &Tensor) -> Result<Tensor> {
    let norm = x.sqr()?.sum_all()?.sqrt()?.maximum(1e-12)?;
    x.broadcast_div(&norm)
}
