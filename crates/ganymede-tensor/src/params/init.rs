//! How a parameter starts.

use candle_core::{DType, Device, Result, Shape, Tensor, bail};

use crate::Rng;

/// The distribution of a parameter's first value.
///
/// Fans follow PyTorch: for a weight `(O, I, k…)`, fan-in is `I·∏k` and fan-out `O·∏k`. For the
/// `(I, O, k…)` weight of a transposed convolution PyTorch computes them the same way, which swaps
/// the meaning; so do we.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Init {
    /// All 0.
    Zeros,
    /// All 1.
    Ones,
    /// All the given value.
    Const(f64),
    /// N(`mean`, `std`²).
    Normal {
        /// The mean.
        mean: f64,
        /// The standard deviation.
        std: f64,
    },
    /// U[`lo`, `hi`).
    Uniform {
        /// The lower end.
        lo: f64,
        /// The upper end.
        hi: f64,
    },
    /// U(±1/√fan-in): what PyTorch's `Linear` and `Conv2d` do unless told otherwise.
    FanInUniform,
    /// N(0, gain²/fan-in) (He et al., 2015, arXiv:1502.01852, eq. 10).
    KaimingNormal {
        /// √2 before a ReLU.
        gain: f64,
    },
    /// U(±gain·√(6/(fan-in + fan-out))) (Glorot and Bengio, 2010, eq. 16).
    XavierUniform {
        /// 1 for a linear layer, √2 before a ReLU.
        gain: f64,
    },
    /// N(0, 2·gain²/(fan-in + fan-out)).
    XavierNormal {
        /// 1 for a linear layer, √2 before a ReLU.
        gain: f64,
    },
    /// A random orthogonal matrix times `gain`, over the weight as `(O, rest)`
    /// (Saxe et al., 2014, arXiv:1312.6120).
    Orthogonal {
        /// The common singular value.
        gain: f64,
    },
    /// N(0, std²) cut off at two standard deviations.
    TruncatedNormal {
        /// The standard deviation before the cut.
        std: f64,
    },
}

impl Init {
    pub(crate) fn draw(self, shape: &Shape, rng: &mut Rng, dtype: DType, device: &Device) -> Result<Tensor> {
        let (fan_in, fan_out) = fans(shape);
        let normal =
            |rng: &mut Rng, mean: f64, std: f64| rng.normal(shape.clone(), dtype, device)?.affine(std, mean);
        let uniform = |rng: &mut Rng, bound: f64| rng.uniform(-bound, bound, shape.clone(), dtype, device);
        match self {
            Init::Zeros => Tensor::zeros(shape.clone(), dtype, device),
            Init::Ones => Tensor::ones(shape.clone(), dtype, device),
            Init::Const(value) => Tensor::full(value, shape.clone(), device)?.to_dtype(dtype)?.contiguous(),
            Init::Normal { mean, std } => normal(rng, mean, std),
            Init::Uniform { lo, hi } => rng.uniform(lo, hi, shape.clone(), dtype, device),
            Init::FanInUniform => uniform(rng, 1.0 / fan_in.sqrt()),
            Init::KaimingNormal { gain } => normal(rng, 0.0, gain / fan_in.sqrt()),
            Init::XavierUniform { gain } => uniform(rng, gain * (6.0 / (fan_in + fan_out)).sqrt()),
            Init::XavierNormal { gain } => normal(rng, 0.0, gain * (2.0 / (fan_in + fan_out)).sqrt()),
            Init::Orthogonal { gain } => orthogonal(shape, gain, rng)?.to_dtype(dtype)?.to_device(device),
            Init::TruncatedNormal { std } => {
                rng.truncated_normal(2.0, shape.clone(), dtype, device)?.affine(std, 0.0)
            }
        }
    }
}

/// Fan-in and fan-out; a vector has the fan of its length.
fn fans(shape: &Shape) -> (f64, f64) {
    match shape.dims() {
        [] => (1.0, 1.0),
        &[n] => (n as f64, n as f64),
        &[o, i, ref kernel @ ..] => {
            let area = kernel.iter().product::<usize>();
            ((i * area).max(1) as f64, (o * area).max(1) as f64)
        }
    }
}

/// Gram–Schmidt, twice for accuracy, over the shorter side of the matrix.
fn orthogonal(shape: &Shape, gain: f64, rng: &mut Rng) -> Result<Tensor> {
    let Some((&rows, rest)) = shape.dims().split_first() else {
        bail!("orthogonal initialisation needs at least one dimension")
    };
    let cols: usize = rest.iter().product();
    let (count, length) = (rows.min(cols), rows.max(cols));
    let mut basis: Vec<Vec<f64>> = Vec::with_capacity(count);
    while basis.len() < count {
        let mut v: Vec<f64> = (0..length).map(|_| rng.standard_normal()).collect();
        for _ in 0..2 {
            for b in &basis {
                let dot: f64 = v.iter().zip(b).map(|(x, y)| x * y).sum();
                v.iter_mut().zip(b).for_each(|(x, y)| *x -= dot * y);
            }
        }
        let norm = v.iter().map(|x| x * x).sum::<f64>().sqrt();
        // A draw that lies in the span of the others has probability 0; draw again all the same.
        if norm > 1e-8 {
            basis.push(v.into_iter().map(|x| x / norm).collect());
        }
    }
    let flat: Vec<f64> = basis.into_iter().flatten().map(|x| gain * x).collect();
    let matrix = Tensor::from_vec(flat, (count, length), &Device::Cpu)?;
    let matrix = if rows <= cols { matrix } else { matrix.t()? };
    matrix.contiguous()?.reshape(shape.clone())
}
