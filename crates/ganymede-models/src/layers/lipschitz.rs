//! Layers whose operator norm is at most 1 by construction, whatever their weights: a network of them is 1-Lipschitz in
//! the Euclidean norm, so that a Wasserstein critic needs neither clipping nor a penalty.
//!
//! * AOL (Prach and Lampert, 2022, arXiv:2208.03160, theorem 1): a matrix W with each row divided by the root of the
//!   absolute row sum of WWᵀ has norm at most 1; likewise its columns by WᵀW, and a convolution by the correlations of
//!   its filters. Zero padding only leaves parts of that operator out.
//! * Björck and Bowie (1971), as in Anil et al. (2019, arXiv:1811.05381): W ← W·(3/2 − WᵀW/2) moves every singular value
//!   in (0, 1] towards 1 and none beyond it. From AOL's matrix a few iterations make it nearly orthonormal. So does
//!   a convolution whose windows do not overlap, which is that matrix at each window.
//! * MaxMin, which is GroupSort of groups of 2 (Anil et al., section 4.2): unlike ReLU it keeps the norm of gradients,
//!   without which 1-Lipschitz networks cannot come near the functions that the dual of W₁ asks for.

use ganymede_tensor::{
    Builder, ConvConfig, Init, Param, Result, Tensor, add_channel_bias, bail, conv2d, linear, relu,
};

/// Added below a root.
const EPS: f64 = 1e-12;
/// Iterations of Björck and Bowie.
const ITERATIONS: usize = 6;

/// Larger and smaller of each pair of neighbouring channels: `(N, C)` or `(N, C, H, W)` with C even, to the same shape.
/// Of equals the derivative is that of the identity.
///
/// # Errors
/// The number of channels is odd.
pub fn max_min(x: &Tensor) -> Result<Tensor> {
    let dims = x.dims().to_vec();
    if dims.len() < 2 || !dims[1].is_multiple_of(2) {
        bail!("max-min: got {dims:?}, expected (N, C, ..) with an even number of channels C")
    }
    let pairs = x.contiguous()?.reshape((dims[0], dims[1] / 2, 2, dims[2..].iter().product::<usize>()))?;
    let (a, b) = (pairs.narrow(2, 0, 1)?.contiguous()?, pairs.narrow(2, 1, 1)?.contiguous()?);
    let above = relu(&(&a - &b)?)?;
    Tensor::cat(&[&(&b + &above)?, &(&a - &above)?], 2)?.reshape(dims)
}

fn absolute(x: &Tensor) -> Result<Tensor> {
    // Not `abs`, whose derivative candle takes to be 1 at 0.
    relu(x)? + relu(&x.neg()?)?
}

/// One over the root of absolute sums.
fn scale(sums: &Tensor) -> Result<Tensor> {
    (sums + EPS)?.sqrt()?.recip()
}

/// The matrix `(R, C)` with nearly orthonormal rows, or columns if there are fewer of them, and no singular value above 1.
fn orthonormal(w: &Tensor) -> Result<Tensor> {
    let (rows, columns) = w.dims2()?;
    // Rows are the fewer: the products are as small as they can be.
    let mut m = if rows <= columns { w.clone() } else { w.t()?.contiguous()? };
    let sums = absolute(&m.matmul(&m.t()?)?)?.sum(1)?;
    m = m.broadcast_mul(&scale(&sums)?.unsqueeze(1)?)?;
    for _ in 0..ITERATIONS {
        let product = m.matmul(&m.t()?)?;
        m = ((&m * 1.5)? - (product.matmul(&m)? * 0.5)?)?;
    }
    if rows <= columns { Ok(m) } else { m.t()?.contiguous() }
}

/// A linear layer with nearly orthonormal rows, or columns if there are fewer of them, and a bias: `weight` `(out, in)`
/// and `bias` `(out,)`.
#[derive(Debug)]
pub struct OrthonormalLinear {
    weight: Param,
    bias: Param,
}

impl OrthonormalLinear {
    /// A layer from `in_features` to `out_features`.
    ///
    /// # Errors
    /// A size is 0, or a name is taken.
    pub fn new(in_features: usize, out_features: usize, builder: &Builder) -> Result<Self> {
        if in_features == 0 || out_features == 0 {
            bail!("orthonormal linear: {in_features} to {out_features} features: both must be at least 1")
        }
        let weight = builder.param("weight", (out_features, in_features), Init::Orthogonal { gain: 1.0 })?;
        Ok(Self { weight, bias: builder.param("bias", out_features, Init::Zeros)? })
    }

    /// The matrix `(out, in)` that it multiplies by.
    ///
    /// # Errors
    /// The device refuses the memory.
    pub fn matrix(&self) -> Result<Tensor> {
        orthonormal(&self.weight.get())
    }

    /// `(N, in)` to `(N, out)`.
    ///
    /// # Errors
    /// `x` has another number of features, or another dtype.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let matrix = self.matrix()?;
        #[cfg(test)]
        super::tally::add(matrix.elem_count() * x.dim(0)?);
        linear(x, &matrix, Some(&self.bias.get()))
    }
}

/// A convolution whose kernel is its stride, K, and whose windows are multiplied by a nearly orthonormal matrix:
/// `weight` `(O, I, K, K)` and `bias` `(O,)`.
#[derive(Debug)]
pub struct OrthonormalConv2d {
    weight: Param,
    bias: Param,
}

impl OrthonormalConv2d {
    /// From `in_channels` to `out_channels` at a side smaller by the factor `kernel`.
    ///
    /// # Errors
    /// A size is 0, or a name is taken.
    pub fn new(in_channels: usize, out_channels: usize, kernel: usize, builder: &Builder) -> Result<Self> {
        if in_channels == 0 || out_channels == 0 || kernel == 0 {
            bail!(
                "orthonormal conv2d: {in_channels} to {out_channels} channels, kernel {kernel}: all must be at least 1"
            )
        }
        let shape = (out_channels, in_channels, kernel, kernel);
        let weight = builder.param("weight", shape, Init::Orthogonal { gain: 1.0 })?;
        Ok(Self { weight, bias: builder.param("bias", out_channels, Init::Zeros)? })
    }

    /// The matrix `(O, I·K·K)` that it multiplies windows by.
    ///
    /// # Errors
    /// The device refuses the memory.
    pub fn matrix(&self) -> Result<Tensor> {
        orthonormal(&self.weight.get().flatten_from(1)?)
    }

    /// `(N, I, H, W)` to `(N, O, H/K, W/K)`.
    ///
    /// # Errors
    /// `x` has other channels or another dtype, or is smaller than the kernel.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let weight = self.weight.get();
        let kernel = weight.dim(2)?;
        let config = ConvConfig { stride: [kernel; 2], ..ConvConfig::default() };
        let y = conv2d(x, &self.matrix()?.reshape(weight.shape())?, config)?;
        #[cfg(test)]
        super::tally::add(weight.elem_count() * y.elem_count() / weight.dim(0)?);
        add_channel_bias(&y, &self.bias.get())
    }
}

/// A convolution that keeps channels and side and is scaled by AOL: the identity plus `weight` `(C, C, K, K)`, which
/// starts at 0, K odd, and `bias` `(C,)`.
#[derive(Debug)]
pub struct AolConv2d {
    weight: Param,
    bias: Param,
    identity: Tensor,
}

impl AolConv2d {
    /// A layer of so many channels.
    ///
    /// # Errors
    /// There are no channels, the kernel is even, or a name is taken.
    pub fn new(channels: usize, kernel: usize, builder: &Builder) -> Result<Self> {
        if channels == 0 || kernel.is_multiple_of(2) {
            bail!("aol conv2d: {channels} channels, kernel {kernel}: at least one channel, and an odd kernel")
        }
        let weight = builder.param("weight", (channels, channels, kernel, kernel), Init::Zeros)?;
        let one = Tensor::eye(channels, builder.dtype(), builder.device())?.unsqueeze(2)?.unsqueeze(3)?;
        let border = kernel / 2;
        let identity = one.pad_with_zeros(2, border, border)?.pad_with_zeros(3, border, border)?;
        Ok(Self { weight, bias: builder.param("bias", channels, Init::Zeros)?, identity })
    }

    /// The kernel `(C, C, K, K)` that it convolves with.
    ///
    /// # Errors
    /// The device refuses the memory.
    pub fn kernel(&self) -> Result<Tensor> {
        let filters = (&self.weight.get() + &self.identity)?;
        let factors = scale(&correlations(&filters)?)?;
        filters.broadcast_mul(&factors.reshape((factors.elem_count(), 1, 1, 1))?)
    }

    /// `(N, C, H, W)` to the same shape.
    ///
    /// # Errors
    /// `x` has other channels or another dtype.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let border = self.identity.dim(2)? / 2;
        let config = ConvConfig { padding: [border; 2], ..ConvConfig::default() };
        let kernel = self.kernel()?;
        #[cfg(test)]
        super::tally::add(kernel.dim(0)? * kernel.dim(2)? * kernel.dim(3)? * x.elem_count());
        add_channel_bias(&conv2d(x, &kernel, config)?, &self.bias.get())
    }
}

/// For each of F filters `(F, C, K, K)` the absolute sum of its correlations with all of them, at every shift.
fn correlations(filters: &Tensor) -> Result<Tensor> {
    let (_, _, height, width) = filters.dims4()?;
    let config = ConvConfig { padding: [height - 1, width - 1], ..ConvConfig::default() };
    absolute(&conv2d(filters, filters, config)?)?.flatten_from(1)?.sum(1)
}
