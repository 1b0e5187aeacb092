//! Dropout whose draws are made before the forward pass.

use ganymede_tensor::{Device, Result, Rng, Shape, Tensor, bail};

/// y = x·m/(1 − p), with a mask m that is 0 with probability p and 1 else, each element by itself: the mean of y is x.
///
/// Nothing is drawn in a forward pass: masks come from [`Dropout::draw`]. The same in training and in evaluation; who
/// wants none leaves it out. `torch.nn.Dropout` draws in each forward pass of training and is the identity else.
///
/// ```
/// use ganymede_models::Dropout;
/// use ganymede_tensor::{DType, Device, Rng, Tensor};
/// let dropout = Dropout::new(0.5)?;
/// let x = Tensor::ones((2, 3), DType::F32, &Device::Cpu)?;
/// let mask = dropout.draw(x.shape(), &mut Rng::new(0), &Device::Cpu)?;
/// let y = dropout.forward(&x, &mask)?.flatten_all()?.to_vec1::<f32>()?;
/// assert!(y.iter().all(|y| [0.0, 2.0].contains(y)));
/// # Ok::<(), ganymede_tensor::Error>(())
/// ```
///
/// # References
/// Srivastava et al., 2014, Journal of Machine Learning Research 15, section 4, who scale in evaluation instead.
#[derive(Clone, Copy, Debug)]
pub struct Dropout {
    rate: f64,
}

impl Dropout {
    /// Dropout with probability p = `rate`.
    ///
    /// # Errors
    /// The rate is not in [0, 1).
    pub fn new(rate: f64) -> Result<Self> {
        if !(0.0..1.0).contains(&rate) {
            bail!("dropout: rate = {rate}: it must be at least 0 and below 1")
        }
        Ok(Self { rate })
    }

    /// A mask of a shape, of dtype u8.
    ///
    /// # Errors
    /// The device refuses the memory.
    pub fn draw(&self, shape: impl Into<Shape>, rng: &mut Rng, device: &Device) -> Result<Tensor> {
        let shape = shape.into();
        let kept: Vec<u8> = (0..shape.elem_count()).map(|_| u8::from(rng.coin(1.0 - self.rate))).collect();
        Tensor::from_vec(kept, shape, device)
    }

    /// `x` under a mask of its shape, of zeros and ones of any dtype.
    ///
    /// # Errors
    /// The mask has another shape.
    pub fn forward(&self, x: &Tensor, mask: &Tensor) -> Result<Tensor> {
        if mask.dims() != x.dims() {
            bail!("dropout: the mask is {:?}, expected {:?}", mask.dims(), x.dims())
        }
        x.mul(&(mask.detach().to_dtype(x.dtype())? / (1.0 - self.rate))?)
    }
}
