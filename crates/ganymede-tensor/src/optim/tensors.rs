//! The way of other devices and dtypes: the same rules in tensor operations.

use candle_core::{Result, Tensor, Var};

use super::rule::Rule;

/// Updates a parameter and replaces its moments. Everything here is detached from any graph: the
/// gradient by the caller, the parameter below, and the moments came from these two.
pub(super) fn update(rule: &Rule, var: &Var, grad: &Tensor, moments: &mut [Tensor]) -> Result<()> {
    // candle gives an empty tensor itself as the result of an operation, and a variable cannot be set
    // to itself.
    if var.elem_count() == 0 {
        return Ok(());
    }
    let p = var.as_detached_tensor();
    let new = match *rule {
        Rule::Adam { step_size, beta1, beta2, root_correction, eps, weight_decay } => {
            let g = decayed(grad, &p, weight_decay)?;
            moments[0] = lerp(&moments[0], &g, 1.0 - beta1)?;
            moments[1] = ((&moments[1] * beta2)? + (g.sqr()? * (1.0 - beta2))?)?;
            let denominator = (moments[1].sqrt()? / root_correction)?.affine(1.0, eps)?;
            (p - ((&moments[0] * step_size)? / denominator)?)?
        }
        Rule::RmsProp { lr, alpha, eps, momentum, centered, weight_decay } => {
            let g = decayed(grad, &p, weight_decay)?;
            moments[0] = ((&moments[0] * alpha)? + (g.sqr()? * (1.0 - alpha))?)?;
            let mut variance = moments[0].clone();
            if centered {
                let mean = moments.last_mut().expect("a centred rule keeps the mean last");
                *mean = lerp(mean, &g, 1.0 - alpha)?;
                variance = positive(&(variance - mean.sqr()?)?)?;
            }
            let mut update = (g / variance.sqrt()?.affine(1.0, eps)?)?;
            if momentum != 0.0 {
                moments[1] = ((&moments[1] * momentum)? + update)?;
                update = moments[1].clone();
            }
            (p - (update * lr)?)?
        }
        Rule::Sgd { lr, momentum, nesterov, weight_decay } => {
            let mut update = decayed(grad, &p, weight_decay)?;
            if momentum != 0.0 {
                moments[0] = ((&moments[0] * momentum)? + &update)?;
                update = if nesterov { (update + (&moments[0] * momentum)?)? } else { moments[0].clone() };
            }
            (p - (update * lr)?)?
        }
    };
    var.set(&new)
}

fn decayed(grad: &Tensor, p: &Tensor, weight_decay: f64) -> Result<Tensor> {
    if weight_decay == 0.0 { Ok(grad.clone()) } else { grad + (p * weight_decay)? }
}

/// From the nearer end, as the fused rule.
fn lerp(start: &Tensor, end: &Tensor, weight: f64) -> Result<Tensor> {
    if weight < 0.5 { start + ((end - start)? * weight)? } else { end - ((end - start)? * (1.0 - weight))? }
}

/// Negative values as 0; NaN stays.
fn positive(x: &Tensor) -> Result<Tensor> {
    x.lt(0f64)?.where_cond(&x.zeros_like()?, x)
}
