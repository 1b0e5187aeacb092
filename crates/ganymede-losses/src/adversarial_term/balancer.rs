//! The loss balancer of EnCodec.

use ganymede_tensor::{Tensor, l2_norm};

use crate::LossError;
use crate::error::{check_non_negative, check_positive};
use crate::scores::check_same_shape;

/// Added to norms that are divided by.
const EPS: f64 = 1e-12;

/// Gives each of several losses a share of the gradient at the output that all of them are losses of.
///
/// `Σ_i total · w_i / Σw · g_i / ⟨‖g_i‖⟩`
///
/// with `⟨‖g_i‖⟩` the moving average of the gradient's norm of a sample, the mean over the batch. A weight is then the part of the
/// whole gradient that its loss makes up, whatever the loss's own scale.
///
/// # References
/// Défossez et al., 2022, arXiv:2210.13438, section 3.4, total 1 and decay 0.999; in audiocraft weights of 4 for the adversarial loss and for
/// matching features, 0.1 for L1 and 2 for spectra.
///
/// # Differs from reference implementations
/// As in audiocraft with `per_batch_item`, and its averages: corrected for their start, so that the first step divides by its
/// own norm. There a loss that is left out keeps its average; here all are given each time.
#[derive(Clone, Debug, PartialEq)]
pub struct Balancer {
    /// A weight for each loss, at least 0, not all of them 0.
    pub weights: Vec<f64>,
    /// What norms would add up to, above 0.
    pub total: f64,
    /// What is left of the averages a step later, in `[0, 1)`.
    pub decay: f64,
}

/// Moving averages of a [`Balancer`], which the caller keeps.
#[derive(Clone, Debug)]
pub struct BalancerState {
    /// The sum of each loss's norms so far, each decayed since, `(L,)`.
    pub sums: Tensor,
    /// The sum of as many ones, decayed likewise.
    pub count: f64,
}

/// What [`Balancer::balance`] gives.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Balanced {
    /// The gradient at the output, of its shape, detached: for [`with_gradient`](crate::with_gradient).
    pub gradient: Tensor,
    /// What each loss was multiplied by, `(L,)`, detached, for logs.
    pub scales: Tensor,
    /// To give next time.
    pub state: BalancerState,
}

impl Balancer {
    /// A balancer with a total of 1 and a decay of 0.999, as in EnCodec.
    #[must_use]
    pub fn new(weights: Vec<f64>) -> Self {
        Self { weights, total: 1.0, decay: 0.999 }
    }

    /// Refuses settings that are out of range.
    ///
    /// # Errors
    /// [`LossError::Parameter`], naming the setting.
    pub fn validate(&self) -> Result<(), LossError> {
        self.weights.iter().try_for_each(|&weight| check_non_negative("balancer weight", weight))?;
        check_positive("balancer sum of weights", self.weights.iter().sum())?;
        check_positive("balancer total", self.total)?;
        if (0.0..1.0).contains(&self.decay) {
            return Ok(());
        }
        let (parameter, expected) = ("balancer decay", "at least 0, below 1");
        Err(LossError::Parameter { parameter, value: self.decay, expected })
    }

    /// Puts the gradients of all losses together.
    ///
    /// # Arguments
    /// * `gradients` — of each loss at the output, `(N, ..)`, in the order of the weights; detached.
    /// * `state` — of the step before; none at first.
    ///
    /// # Errors
    /// Those of [`validate`](Self::validate); [`LossError::Shape`] if there are not as many gradients or sums as weights, or
    /// gradients are no batch of samples of one shape.
    pub fn balance(
        &self,
        gradients: &[Tensor],
        state: Option<&BalancerState>,
    ) -> Result<Balanced, LossError> {
        self.validate()?;
        self.check(gradients)?;
        let norms: Vec<Tensor> = gradients
            .iter()
            .map(|gradient| l2_norm(&gradient.detach(), 0.0)?.mean_all())
            .collect::<ganymede_tensor::Result<_>>()?;
        let norms = Tensor::stack(&norms, 0)?;
        let state = match state {
            None => BalancerState { sums: norms, count: 1.0 },
            Some(before) => {
                check_same_shape("state.sums", &before.sums, &norms)?;
                let sums = ((before.sums.detach() * self.decay)? + norms)?;
                BalancerState { sums, count: before.count * self.decay + 1.0 }
            }
        };
        let sum: f64 = self.weights.iter().sum();
        let shares: Vec<f64> = self.weights.iter().map(|weight| self.total * weight / sum).collect();
        let shares = Tensor::new(shares, state.sums.device())?.to_dtype(state.sums.dtype())?;
        let scales = (shares / ((&state.sums * (1.0 / state.count))? + EPS)?)?;
        let scaled = gradients
            .iter()
            .enumerate()
            .map(|(i, gradient)| gradient.detach().broadcast_mul(&scales.get(i)?));
        let gradient = scaled.reduce(|a, b| a? + b?).unwrap_or_else(|| scales.sum_all())?;
        Ok(Balanced { gradient, scales, state })
    }

    fn check(&self, gradients: &[Tensor]) -> Result<(), LossError> {
        let first = match gradients.first() {
            Some(first) if gradients.len() == self.weights.len() => first,
            _ => {
                let expected = format!("one for each of {} weights", self.weights.len());
                return Err(LossError::Shape { what: "gradients", got: vec![gradients.len()], expected });
            }
        };
        if first.rank() < 2 || first.elem_count() == 0 {
            return Err(LossError::Shape {
                what: "gradients[0]",
                got: first.dims().to_vec(),
                expected: "(N, ..) with N >= 1 and at least one element a sample".into(),
            });
        }
        gradients.iter().try_for_each(|gradient| check_same_shape("gradients", gradient, first))
    }
}
