//! Where in a graph the first value is that is not a finite number.

use candle_core::{DType, Result, Tensor, TensorId};

/// Deep graphs are walked recursively.
const STACK: usize = 1 << 30;

/// The variable that went last into the first result of the graph of `output` that is not finite: the layer that made it, or
/// none where no variable came before. `None` where all results are finite.
///
/// Results come in an order in which each comes after all that it is computed from, so that the first that is not finite has
/// been made of finite ones.
///
/// ```
/// use ganymede_tensor::{Device, Var, first_not_finite};
/// let (a, b) = (Var::new(&[0f32], &Device::Cpu)?, Var::new(&[2f32], &Device::Cpu)?);
/// let y = (a.log()? * b.as_tensor())?;
/// assert_eq!(first_not_finite(&y)?, Some(Some(a.as_tensor().id())));
/// assert_eq!(first_not_finite(&(a.as_tensor() * b.as_tensor())?)?, None);
/// # Ok::<(), ganymede_tensor::Error>(())
/// ```
///
/// # Errors
/// A result cannot be read.
pub fn first_not_finite(output: &Tensor) -> Result<Option<Option<TensorId>>> {
    let walk = || -> Result<Option<Option<TensorId>>> {
        let mut last = None;
        for node in output.sorted_nodes().into_iter().rev() {
            if node.is_variable() {
                last = Some(node.id());
            }
            if !is_finite(node)? {
                return Ok(Some(last));
            }
        }
        // An output that depends on no variable has no graph to walk.
        Ok((!is_finite(output)?).then_some(last))
    };
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, walk)?;
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

fn is_finite(tensor: &Tensor) -> Result<bool> {
    if !tensor.dtype().is_float() || tensor.elem_count() == 0 {
        return Ok(true);
    }
    // x · 0 is 0 for finite x and NaN otherwise.
    Ok((tensor.detach() * 0.0)?.to_dtype(DType::F32)?.sum_all()?.to_scalar::<f32>()?.is_finite())
}
