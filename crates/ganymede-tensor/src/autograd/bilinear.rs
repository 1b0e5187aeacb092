//! Gradients of bilinear operations.

use candle_core::{CustomOp2, Result, Tensor};

use super::{creates_graph, wanted, wanted_by_nobody};

/// The gradient in `of`, which `op` makes of `a` and `b`, or none where nobody asks for it. Where no graph is wanted
/// the operands are detached first, so that none is built.
pub(crate) fn bilinear_gradient(
    of: &Tensor,
    a: &Tensor,
    b: &Tensor,
    op: impl CustomOp2 + Send + Sync + 'static,
) -> Result<Option<Tensor>> {
    if !wanted(of) {
        return Ok(None);
    }
    if wanted_by_nobody(of) {
        return of.zeros_like().map(Some);
    }
    let (a, b) = (a.contiguous()?, b.contiguous()?);
    let result = if creates_graph() { a.apply_op2(&b, op)? } else { a.apply_op2_no_bwd(&b, &op)? };
    Ok(Some(result))
}
