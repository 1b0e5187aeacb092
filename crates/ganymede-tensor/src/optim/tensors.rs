//! The rules in tensor operations: for other devices and dtypes, and as functions that can be
//! differentiated.

use candle_core::{Result, Tensor};

use super::rule::{Decays, Rule};

/// A parameter and its moments after an update.
pub(super) type Updated = (Tensor, Vec<Tensor>);

/// The update of a parameter: a function of parameter, gradient and moments, with their graphs.
pub(super) fn update(rule: &Rule, p: &Tensor, grad: &Tensor, moments: &[Tensor]) -> Result<Updated> {
    match *rule {
        Rule::Adam { weight_decay, .. }
        | Rule::OptimisticAdam { weight_decay, .. }
        | Rule::RmsProp { weight_decay, .. }
        | Rule::Sgd { weight_decay, .. } => {
            let g = if weight_decay == 0.0 { grad.clone() } else { (grad + (p * weight_decay)?)? };
            let (step, moments) = step(rule, &g, moments)?;
            let kept = match *rule {
                Rule::Adam { keep, .. } if keep != 1.0 => (p * keep)?,
                _ => p.clone(),
            };
            Ok(((kept - step)?, moments))
        }
    }
}

/// What is subtracted from the parameter, and the new moments.
fn step(rule: &Rule, g: &Tensor, moments: &[Tensor]) -> Result<Updated> {
    match *rule {
        Rule::Adam { step_size, decays, eps, .. } => adam(g, moments, decays, step_size, eps),
        Rule::OptimisticAdam { lr, correction, decays, eps, .. } => {
            let (step, mut new) = adam(g, moments, decays, correction, eps)?;
            let optimistic = ((&step * 2.0)? - &moments[2])?;
            new.push(step);
            Ok(((optimistic * lr)?, new))
        }
        Rule::RmsProp { lr, alpha, eps, momentum, centered, .. } => {
            let mut new = vec![((&moments[0] * alpha)? + (g.sqr()? * (1.0 - alpha))?)?];
            let mut variance = new[0].clone();
            let mean = match moments.last() {
                Some(mean) if centered => Some(lerp(mean, g, 1.0 - alpha)?),
                _ => None,
            };
            if let Some(mean) = &mean {
                variance = positive(&(variance - mean.sqr()?)?)?;
            }
            let mut update = (g / root(&variance)?.affine(1.0, eps)?)?;
            if momentum != 0.0 {
                update = ((&moments[1] * momentum)? + update)?;
                new.push(update.clone());
            }
            new.extend(mean);
            Ok(((update * lr)?, new))
        }
        Rule::Sgd { lr, momentum: 0.0, .. } => Ok(((g * lr)?, Vec::new())),
        Rule::Sgd { lr, momentum, nesterov, .. } => {
            let buffer = ((&moments[0] * momentum)? + g)?;
            let update = if nesterov { (g + (&buffer * momentum)?)? } else { buffer.clone() };
            Ok(((update * lr)?, vec![buffer]))
        }
    }
}

/// Adam's step at such a rate, and its moments.
fn adam(g: &Tensor, moments: &[Tensor], decays: Decays, rate: f64, eps: f64) -> Result<Updated> {
    let Decays { beta1, beta2, root_correction } = decays;
    let mean = lerp(&moments[0], g, 1.0 - beta1)?;
    let square = ((&moments[1] * beta2)? + (g.sqr()? * (1.0 - beta2))?)?;
    let denominator = (root(&square)? / root_correction)?.affine(1.0, eps)?;
    Ok((((&mean * rate)? / denominator)?, vec![mean, square]))
}

/// √x, with gradient 0 where x is 0: a parameter without a gradient would make it 0·∞.
fn root(x: &Tensor) -> Result<Tensor> {
    if !x.track_op() {
        return x.sqrt();
    }
    let zero = x.detach().eq(&x.zeros_like()?)?;
    let root = zero.where_cond(&x.ones_like()?, x)?.sqrt()?;
    zero.where_cond(&x.zeros_like()?, &root)
}

/// From the nearer end, as the fused rule.
fn lerp(start: &Tensor, end: &Tensor, weight: f64) -> Result<Tensor> {
    if weight < 0.5 { start + ((end - start)? * weight)? } else { end - ((end - start)? * (1.0 - weight))? }
}

/// Negative values as 0; NaN stays.
fn positive(x: &Tensor) -> Result<Tensor> {
    x.detach().lt(0f64)?.where_cond(&x.zeros_like()?, x)
}
