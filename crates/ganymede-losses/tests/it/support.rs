//! Small critics and fixtures that the tests share.

use std::collections::BTreeMap;
use std::path::Path;

pub(crate) use ganymede_tensor::testing::device;
use ganymede_tensor::{
    ConvConfig, DType, Result, Rng, Tensor, add_channel_bias, conv2d, leaky_relu, linear, softplus,
    upsample_nearest2d,
};
use safetensors::{Dtype, SafeTensors};

/// The tensors of `tests/fixtures/NAME/NAME.safetensors`, in the precision that they have there.
pub(crate) fn fixture(name: &str) -> BTreeMap<String, Tensor> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
        .join(format!("{name}.safetensors"));
    let bytes = std::fs::read(&path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    file.iter()
        .map(|(key, view)| {
            let tensor = match view.dtype() {
                Dtype::F32 => {
                    let values: Vec<f32> = view
                        .data()
                        .chunks_exact(4)
                        .map(|b| f32::from_le_bytes(b.try_into().unwrap()))
                        .collect();
                    Tensor::from_vec(values, view.shape(), &device())
                }
                Dtype::F64 => {
                    let values: Vec<f64> = view
                        .data()
                        .chunks_exact(8)
                        .map(|b| f64::from_le_bytes(b.try_into().unwrap()))
                        .collect();
                    Tensor::from_vec(values, view.shape(), &device())
                }
                other => panic!("{key}: dtype {other:?} in a fixture"),
            };
            (key.to_string(), tensor.unwrap())
        })
        .collect()
}

/// A vector of f64.
pub(crate) fn vector(values: &[f64]) -> Tensor {
    Tensor::new(values, &device()).unwrap()
}

/// Standard normal numbers times `scale`, in f64.
pub(crate) fn normal(seed: u64, dims: &[usize], scale: f64) -> Tensor {
    (Rng::new(seed).normal(dims, DType::F64, &device()).unwrap() * scale).unwrap()
}

/// All elements as f64.
pub(crate) fn values(tensor: &Tensor) -> Vec<f64> {
    tensor.to_dtype(DType::F64).unwrap().flatten_all().unwrap().to_vec1().unwrap()
}

/// Two hidden layers on points `(N, F)`: w0 b0 w1 b1 w2 b2.
pub(crate) fn mlp(x: &Tensor, p: &[Tensor]) -> Result<Tensor> {
    let h = softplus(&linear(x, &p[0], Some(&p[1]))?)?;
    let h = leaky_relu(&linear(&h, &p[2], Some(&p[3]))?, 0.2)?;
    linear(&h, &p[4], Some(&p[5]))?.squeeze(1)
}

/// Two convolutions and a linear layer on images `(N, 2, 6, 6)`: w0 b0 w1 b1 w2 b2.
pub(crate) fn conv(x: &Tensor, p: &[Tensor]) -> Result<Tensor> {
    let same = ConvConfig { padding: [1, 1], ..ConvConfig::default() };
    let down = ConvConfig { stride: [2, 2], ..same };
    let h = softplus(&add_channel_bias(&conv2d(x, &p[0], same)?, &p[1])?)?;
    let h = leaky_relu(&add_channel_bias(&conv2d(&h, &p[2], down)?, &p[3])?, 0.2)?;
    linear(&h.flatten_from(1)?, &p[4], Some(&p[5]))?.squeeze(1)
}

/// A smooth critic on points `(N, 2)`: w0 (3, 2), b0 (3), w1 (1, 3). Its first weight is used twice.
pub(crate) fn smooth(x: &Tensor, p: &[Tensor]) -> Result<Tensor> {
    let h = linear(x, &p[0], Some(&p[1]))?.tanh()?;
    let skip = linear(x, &p[0], None)?;
    linear(&(h.sqr()? + skip.tanh()?)?, &p[2], None)?.squeeze(1)
}

/// Parameters of [`smooth`].
pub(crate) fn smooth_parameters() -> Vec<Tensor> {
    vec![normal(11, &[3, 2], 0.8), normal(12, &[3], 0.5), normal(13, &[1, 3], 1.0)]
}

/// An upsampling residual block on images `(N, 1, 2, 2)`: w0 (2, 1, 3, 3), w1 (2, 2, 3, 3),
/// w2 (1, 32). The result of the first convolution is used by the main path and the shortcut.
pub(crate) fn residual(x: &Tensor, p: &[Tensor]) -> Result<Tensor> {
    let same = ConvConfig { padding: [1, 1], ..ConvConfig::default() };
    let h = conv2d(x, &p[0], same)?;
    let shortcut = upsample_nearest2d(&h, 2)?;
    let main = conv2d(&upsample_nearest2d(&h.tanh()?, 2)?, &p[1], same)?;
    let out = (shortcut + main)?.tanh()?;
    linear(&out.flatten_from(1)?, &p[2], None)?.squeeze(1)
}

/// Parameters of [`residual`].
pub(crate) fn residual_parameters() -> Vec<Tensor> {
    vec![normal(21, &[2, 1, 3, 3], 0.5), normal(22, &[2, 2, 3, 3], 0.3), normal(23, &[1, 32], 0.4)]
}
