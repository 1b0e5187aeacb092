//! The activation behind a bias.

use candle_core::{Result, bail};

/// What [`bias_act`](crate::bias_act) does with the sum: a leaky ReLU, a factor, a bound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BiasAct {
    /// Slope of the leaky ReLU where the sum is not positive, at least 0; 1 is no activation. StyleGAN: 0.2.
    pub slope: f64,
    /// Factor of the result, above 0. StyleGAN: √2.
    pub gain: f64,
    /// The largest absolute value of the result, at least 0.
    pub clamp: Option<f64>,
}

impl BiasAct {
    /// A leaky ReLU alone.
    /// A leaky ReLU of that slope, without gain or bound; 1 is no activation, 0 ReLU.
    pub fn leaky(slope: f64) -> Self {
        Self { slope, gain: 1.0, clamp: None }
    }

    pub(super) fn check(&self, op: &str) -> Result<()> {
        let Self { slope, gain, clamp } = *self;
        if slope.is_nan() || slope < 0.0 {
            bail!("{op}: the slope {slope} must be at least 0")
        }
        if !gain.is_finite() || gain <= 0.0 {
            bail!("{op}: the gain {gain} must be above 0")
        }
        match clamp {
            Some(clamp) if clamp.is_nan() || clamp < 0.0 => {
                bail!("{op}: the bound {clamp} must be at least 0")
            }
            _ => Ok(()),
        }
    }

    /// Whether nothing happens to the sum.
    pub(super) fn is_linear(&self) -> bool {
        *self == Self::leaky(1.0)
    }
}
