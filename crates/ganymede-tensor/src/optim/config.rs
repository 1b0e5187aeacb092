//! Hyper-parameters and their limits.

use serde::{Deserialize, Serialize};

use super::OptimizerError;

/// An update rule and its hyper-parameters.
///
/// Serialised, the kind ([`OptimizerConfig::NAMES`]) is the one key of a map, and its hyper-parameters are
/// the map below it: that way the path of a faulty one can be told. One that is left out has the value that
/// adversarial training begins with, DCGAN's for Adam, WGAN's for RMSprop; PyTorch's are others where the
/// documentation of a field says so. An unknown one is refused.
///
/// Below, g is the gradient plus `weight_decay` times the parameter p (an L2 term, not decoupled).
///
/// ```
/// use ganymede_tensor::OptimizerConfig;
/// let adam: OptimizerConfig = serde_json::from_str(r#"{"adam": {"lr": 1e-3}}"#)?;
/// let (lr, beta1, beta2) = (1e-3, 0.5, 0.999);
/// assert_eq!(adam, OptimizerConfig::Adam { lr, beta1, beta2, eps: 1e-8, weight_decay: 0.0 });
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum OptimizerConfig {
    /// Adam (Kingma and Ba, 2014, arXiv:1412.6980, algorithm 1), as `torch.optim.Adam`:
    /// m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g²,
    /// p ← p − lr/(1−β₁ᵗ) · m / (√v/√(1−β₂ᵗ) + ε).
    ///
    /// TensorFlow 1 adds its ε before the bias correction ("epsilon hat"), which gives smaller
    /// steps early in a run.
    Adam {
        /// Learning rate, ≥ 0. Default 2e-4, as DCGAN (Radford et al., 2015, arXiv:1511.06434, section 4);
        /// PyTorch's is 1e-3.
        #[serde(default = "adam_lr")]
        lr: f64,
        /// Decay of the first moment, in [0, 1). Default 0.5, as DCGAN; PyTorch's is 0.9.
        #[serde(default = "adam_beta1")]
        beta1: f64,
        /// Decay of the second moment, in [0, 1). Default 0.999.
        #[serde(default = "adam_beta2")]
        beta2: f64,
        /// ε, ≥ 0. Default 1e-8.
        #[serde(default = "small")]
        eps: f64,
        /// Weight of the L2 term, ≥ 0. Default 0.
        #[serde(default)]
        weight_decay: f64,
    },
    /// Adam with decoupled weight decay (Loshchilov and Hutter, 2017, arXiv:1711.05101, algorithm 2), as
    /// `torch.optim.AdamW`: p ← (1 − lr · weight_decay) p, then Adam's step by the gradient alone.
    #[serde(rename = "adamw")]
    AdamW {
        /// Learning rate, ≥ 0. Default 2e-4; PyTorch's is 1e-3.
        #[serde(default = "adam_lr")]
        lr: f64,
        /// Decay of the first moment, in [0, 1). Default 0.5; PyTorch's is 0.9.
        #[serde(default = "adam_beta1")]
        beta1: f64,
        /// Decay of the second moment, in [0, 1). Default 0.999.
        #[serde(default = "adam_beta2")]
        beta2: f64,
        /// ε, ≥ 0. Default 1e-8.
        #[serde(default = "small")]
        eps: f64,
        /// The share of a parameter that a step of rate 1 takes away, ≥ 0. Default 0.01, as PyTorch.
        #[serde(default = "adamw_decay")]
        weight_decay: f64,
    },
    /// Optimistic Adam (Daskalakis et al., 2017, arXiv:1711.00141, algorithm 1): with u = m/(1−β₁ᵗ) / (√v/√(1−β₂ᵗ) + ε)
    /// of Adam, p ← p − lr (2u − u₋₁), u₋₁ that of the step before, 0 before the first. It takes the next gradient for the
    /// present one, and what it took too much back a step later, which damps the rotation of a game.
    ///
    /// Where the rate changes, both terms have the present one.
    OptimisticAdam {
        /// Learning rate, ≥ 0. Default 2e-4; the paper trains images with 1e-4.
        #[serde(default = "adam_lr")]
        lr: f64,
        /// Decay of the first moment, in [0, 1). Default 0.5, as the paper.
        #[serde(default = "adam_beta1")]
        beta1: f64,
        /// Decay of the second moment, in [0, 1). Default 0.999; the paper's images have 0.9.
        #[serde(default = "adam_beta2")]
        beta2: f64,
        /// ε, ≥ 0. Default 1e-8.
        #[serde(default = "small")]
        eps: f64,
        /// Weight of the L2 term, ≥ 0. Default 0.
        #[serde(default)]
        weight_decay: f64,
    },
    /// RMSprop (Tieleman and Hinton, 2012, lecture 6.5; centred: Graves, 2013, arXiv:1308.0850,
    /// eq. 38 to 45), as `torch.optim.RMSprop`: s ← αs + (1−α)g²,
    /// d = √s + ε (centred: ḡ ← αḡ + (1−α)g, d = √(s − ḡ²) + ε),
    /// b ← momentum · b + g/d, p ← p − lr · b.
    ///
    /// TensorFlow 1 has ε within the square root and starts s at 1. Where rounding makes s − ḡ²
    /// negative it counts as 0 here; PyTorch's root is then not a number.
    #[serde(rename = "rmsprop")]
    RmsProp {
        /// Learning rate, ≥ 0. Default 5e-5, as WGAN (Arjovsky et al., 2017, arXiv:1701.07875,
        /// algorithm 1); PyTorch's is 1e-2.
        #[serde(default = "rmsprop_lr")]
        lr: f64,
        /// Decay of the squared gradient's average, in [0, 1]. Default 0.99.
        #[serde(default = "rmsprop_alpha")]
        alpha: f64,
        /// ε, ≥ 0. Default 1e-8.
        #[serde(default = "small")]
        eps: f64,
        /// Momentum, in [0, 1). Default 0.
        #[serde(default)]
        momentum: f64,
        /// Whether the squared mean is subtracted: the variance in place of the second moment.
        #[serde(default)]
        centered: bool,
        /// Weight of the L2 term, ≥ 0. Default 0.
        #[serde(default)]
        weight_decay: f64,
    },
    /// Gradient descent with momentum, as `torch.optim.SGD` without dampening:
    /// b ← momentum · b + g, p ← p − lr · b, or with Nesterov's p ← p − lr · (g + momentum · b).
    Sgd {
        /// Learning rate, ≥ 0. Default 1e-2; PyTorch's is 1e-3.
        #[serde(default = "sgd_lr")]
        lr: f64,
        /// Momentum, in (−1, 1). Default 0. A negative one, which PyTorch refuses, damps the rotation
        /// of games (Gidel et al., 2018, arXiv:1807.04740).
        #[serde(default)]
        momentum: f64,
        /// Nesterov's variant; needs a momentum above 0.
        #[serde(default)]
        nesterov: bool,
        /// Weight of the L2 term, ≥ 0. Default 0.
        #[serde(default)]
        weight_decay: f64,
    },
}

const fn adam_lr() -> f64 {
    2e-4
}
const fn adam_beta1() -> f64 {
    0.5
}
const fn adam_beta2() -> f64 {
    0.999
}
const fn adamw_decay() -> f64 {
    0.01
}
const fn small() -> f64 {
    1e-8
}
const fn rmsprop_lr() -> f64 {
    5e-5
}
const fn rmsprop_alpha() -> f64 {
    0.99
}
const fn sgd_lr() -> f64 {
    1e-2
}

impl Default for OptimizerConfig {
    /// [`OptimizerConfig::ADAM`].
    fn default() -> Self {
        Self::ADAM
    }
}

impl OptimizerConfig {
    /// The kinds, in the order of the variants, as they are serialised.
    pub const NAMES: &'static [&'static str] = &["adam", "adamw", "optimistic-adam", "rmsprop", "sgd"];

    /// Adam with the defaults of its fields.
    pub const ADAM: Self = Self::Adam {
        lr: adam_lr(),
        beta1: adam_beta1(),
        beta2: adam_beta2(),
        eps: small(),
        weight_decay: 0.0,
    };
    /// RMSprop with the defaults of its fields.
    pub const RMSPROP: Self = Self::RmsProp {
        lr: rmsprop_lr(),
        alpha: rmsprop_alpha(),
        eps: small(),
        momentum: 0.0,
        centered: false,
        weight_decay: 0.0,
    };
    /// Gradient descent with the defaults of its fields.
    pub const SGD: Self = Self::Sgd { lr: sgd_lr(), momentum: 0.0, nesterov: false, weight_decay: 0.0 };

    /// The kind, one of [`OptimizerConfig::NAMES`].
    pub fn name(&self) -> &'static str {
        match self {
            Self::Adam { .. } => "adam",
            Self::AdamW { .. } => "adamw",
            Self::OptimisticAdam { .. } => "optimistic-adam",
            Self::RmsProp { .. } => "rmsprop",
            Self::Sgd { .. } => "sgd",
        }
    }

    /// The learning rate.
    pub fn lr(&self) -> f64 {
        match self {
            Self::Adam { lr, .. }
            | Self::AdamW { lr, .. }
            | Self::OptimisticAdam { lr, .. }
            | Self::RmsProp { lr, .. }
            | Self::Sgd { lr, .. } => *lr,
        }
    }

    /// The same rule at another learning rate.
    #[must_use]
    pub fn with_lr(mut self, lr: f64) -> Self {
        *self.lr_mut() = lr;
        self
    }

    /// The same rule for an optimiser whose updates are shared: a share `c` of them, in (0, 1], is made for the loss that the
    /// settings are meant for, the others for regularisers between. The rate is multiplied by c, and every decay of a moment
    /// is taken to the power c, so that the moments reach back over as many updates of that loss as before (Karras et al.,
    /// 2020, arXiv:1912.04958, appendix B).
    ///
    /// ```
    /// use ganymede_tensor::OptimizerConfig;
    /// let adam = OptimizerConfig::Adam { lr: 0.0025, beta1: 0.0, beta2: 0.99, eps: 1e-8, weight_decay: 0.0 };
    /// // StyleGAN2's discriminator, R1 in an update of its own after 16 others.
    /// assert_eq!(adam.shared_with(16.0 / 17.0).lr(), 0.0025 * 16.0 / 17.0);
    /// ```
    #[must_use]
    pub fn shared_with(mut self, c: f64) -> Self {
        if c == 1.0 {
            return self;
        }
        match &mut self {
            Self::Adam { beta1, beta2, .. }
            | Self::AdamW { beta1, beta2, .. }
            | Self::OptimisticAdam { beta1, beta2, .. } => {
                *beta1 = beta1.powf(c);
                *beta2 = beta2.powf(c);
            }
            Self::RmsProp { alpha, momentum, .. } => {
                *alpha = alpha.powf(c);
                *momentum = momentum.powf(c);
            }
            Self::Sgd { momentum, .. } => *momentum = momentum.signum() * momentum.abs().powf(c),
        }
        *self.lr_mut() *= c;
        self
    }

    pub(super) fn lr_mut(&mut self) -> &mut f64 {
        match self {
            Self::Adam { lr, .. }
            | Self::AdamW { lr, .. }
            | Self::OptimisticAdam { lr, .. }
            | Self::RmsProp { lr, .. }
            | Self::Sgd { lr, .. } => lr,
        }
    }

    /// Checks every hyper-parameter against the range that its documentation gives.
    ///
    /// # Errors
    /// [`OptimizerError::HyperParameter`] for the first one outside of its range.
    pub fn validate(&self) -> Result<(), OptimizerError> {
        let optimizer = self.name();
        let check = |ok: bool, name, value: f64, range| match ok && value.is_finite() {
            true => Ok(()),
            false => Err(OptimizerError::HyperParameter { optimizer, name, value, range }),
        };
        let positive = |name, value: f64| check(value >= 0.0, name, value, "at least 0");
        let fraction = |name, value: f64| check((0.0..1.0).contains(&value), name, value, "in [0, 1)");
        match *self {
            Self::Adam { lr, beta1, beta2, eps, weight_decay }
            | Self::AdamW { lr, beta1, beta2, eps, weight_decay }
            | Self::OptimisticAdam { lr, beta1, beta2, eps, weight_decay } => {
                positive("lr", lr)?;
                fraction("beta1", beta1)?;
                fraction("beta2", beta2)?;
                positive("eps", eps)?;
                positive("weight_decay", weight_decay)
            }
            Self::RmsProp { lr, alpha, eps, momentum, centered: _, weight_decay } => {
                positive("lr", lr)?;
                check((0.0..=1.0).contains(&alpha), "alpha", alpha, "in [0, 1]")?;
                positive("eps", eps)?;
                fraction("momentum", momentum)?;
                positive("weight_decay", weight_decay)
            }
            Self::Sgd { lr, momentum, nesterov, weight_decay } => {
                positive("lr", lr)?;
                check(momentum > -1.0 && momentum < 1.0, "momentum", momentum, "in (-1, 1)")?;
                check(!nesterov || momentum > 0.0, "momentum", momentum, "above 0 with nesterov")?;
                positive("weight_decay", weight_decay)
            }
        }
    }

    /// Refuses hyper-parameters that moments of `self` are of no use to.
    pub(super) fn check_successor(&self, next: &Self) -> Result<(), OptimizerError> {
        let optimizer = self.name();
        if optimizer != next.name() {
            return Err(OptimizerError::Kind { optimizer, asked: next.name() });
        }
        let (kept, needed) = (self.slots(), next.slots());
        let differs = |slot| kept.contains(&slot) != needed.contains(&slot);
        for (slot, name) in [("momentum_buffer", "momentum"), ("grad_avg", "centered")] {
            if differs(slot) {
                return Err(OptimizerError::OtherMoments { optimizer, name, kept, needed });
            }
        }
        Ok(())
    }

    /// The names of the moments that are kept for each parameter: PyTorch's, where it has the rule.
    pub(super) fn slots(&self) -> Vec<&'static str> {
        match *self {
            Self::Adam { .. } | Self::AdamW { .. } => vec!["exp_avg", "exp_avg_sq"],
            Self::OptimisticAdam { .. } => vec!["exp_avg", "exp_avg_sq", "step_before"],
            Self::RmsProp { momentum, centered, .. } => {
                let optional = [(momentum != 0.0, "momentum_buffer"), (centered, "grad_avg")];
                let used = optional.into_iter().filter(|&(used, _)| used).map(|(_, name)| name);
                std::iter::once("square_avg").chain(used).collect()
            }
            Self::Sgd { momentum, .. } if momentum != 0.0 => vec!["momentum_buffer"],
            Self::Sgd { .. } => Vec::new(),
        }
    }
}
