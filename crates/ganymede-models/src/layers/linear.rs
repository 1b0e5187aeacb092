//! y = xWᵀ + b.

use ganymede_tensor::{Builder, Result, Tensor, bail, linear};

use super::weight::{Bias, LayerConfig, Weight};
use crate::Mode;

/// A linear layer: y = xWᵀ + b with `weight` `(out, in)` and `bias` `(out,)`.
///
/// ```
/// use ganymede_models::{LayerConfig, Linear, Mode};
/// use ganymede_tensor::{DType, Device, Params, Rng, Tensor};
/// let params = Params::new();
/// let builder = params.builder(Rng::new(0), DType::F32, &Device::Cpu);
/// let layer = Linear::new(3, 5, &LayerConfig::default(), &builder.pp("main").pp(0))?;
/// let x = Tensor::zeros((2, 3), DType::F32, &Device::Cpu)?;
/// assert_eq!(layer.forward(&x, Mode::Eval)?.dims(), [2, 5]);
/// assert!(params.state_dict().contains_key("main.0.bias"));
/// # Ok::<(), ganymede_tensor::Error>(())
/// ```
#[derive(Debug)]
pub struct Linear {
    weight: Weight,
    bias: Option<Bias>,
    in_features: usize,
}

impl Linear {
    /// A layer from `in_features` to `out_features`.
    ///
    /// # Errors
    /// A size is 0, or a name is taken.
    pub fn new(
        in_features: usize,
        out_features: usize,
        config: &LayerConfig,
        builder: &Builder,
    ) -> Result<Self> {
        if in_features == 0 || out_features == 0 {
            bail!("linear: {in_features} to {out_features} features: both must be at least 1")
        }
        let shape = [out_features, in_features];
        let weight = Weight::new(builder, &shape, 0, config)?;
        let bias = config.build_bias(builder, out_features, (&weight, &shape))?;
        Ok(Self { weight, bias, in_features })
    }

    /// `(N, in)` to `(N, out)`.
    ///
    /// # Errors
    /// `x` is not `(N, in)`, or of another dtype than the weight.
    pub fn forward(&self, x: &Tensor, mode: Mode) -> Result<Tensor> {
        self.check(x)?;
        let weight = self.weight.get(mode)?;
        #[cfg(test)]
        super::tally::add(weight.elem_count() * x.dim(0)?);
        let bias = self.bias.as_ref().map(Bias::get).transpose()?;
        linear(x, &weight, bias.as_ref())
    }

    /// What [`Self::forward`] refuses of a shape, for networks that must not have moved statistics by then.
    pub(crate) fn check(&self, x: &Tensor) -> Result<()> {
        match x.dims() {
            &[_, features] if features == self.in_features => Ok(()),
            dims => bail!("linear: got {dims:?}, expected (N, {})", self.in_features),
        }
    }
}
