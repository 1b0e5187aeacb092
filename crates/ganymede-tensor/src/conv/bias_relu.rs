//! Convolution, bias and ReLU, which frozen networks run in one operation.

use candle_core::{CpuStorage, CustomOp3, Layout, Result, Shape, Tensor, WithDType, bail};
use ganymede_kernels::{ConvConfig, Geometry};
use rayon::prelude::*;

use super::composed;
use super::cpu::Forward;
use super::geometry::conv_geometry;
use crate::storage::{Elem, by_dtype, contiguous};

/// `max(conv2d(x, w) + b, 0)`, with `b` of shape `(O,)`: [`conv2d`](crate::conv2d),
/// [`add_channel_bias_leaky_relu`](crate::add_channel_bias_leaky_relu) with slope 0.
///
/// Gradients are exact to any order. On the CPU, where no gradient is tracked, there is no intermediate
/// result.
///
/// # Errors
/// As [`conv2d`](crate::conv2d), or the bias has another shape or dtype.
pub fn conv2d_bias_relu(x: &Tensor, w: &Tensor, b: &Tensor, cfg: ConvConfig) -> Result<Tensor> {
    let g = conv_geometry(x, w, cfg)?;
    if b.dims() != [g.o] || b.dtype() != x.dtype() {
        bail!("conv2d_bias_relu: bias {:?} of {:?} for weight {:?}", b.dims(), b.dtype(), w.dims())
    }
    if !x.device().is_cpu() {
        return composed::conv2d_bias_relu(x, w, b, cfg);
    }
    let (x, w) = (x.contiguous()?, w.contiguous()?);
    if [&x, &w, b].iter().any(|t| t.track_op()) {
        return crate::add_channel_bias_leaky_relu(&x.apply_op2(&w, Forward(g))?, b, 0.0);
    }
    x.apply_op3_no_bwd(&w, &b.contiguous()?, &BiasRelu(g))
}

struct BiasRelu(Geometry);

impl BiasRelu {
    fn run<T: Elem>(&self, args: [(&CpuStorage, &Layout); 3]) -> Result<CpuStorage> {
        let [x, w, b] = args.map(|(s, l)| contiguous::<T>(s, l, self.name()));
        let (g, b) = (&self.0, b?);
        let mut y = ganymede_kernels::conv2d(g, x?, w?);
        if !y.is_empty() {
            let pixels = g.oh * g.ow;
            let planes = (1usize << 13).div_ceil(pixels);
            y.par_chunks_mut(pixels).enumerate().with_min_len(planes).for_each(|(i, plane)| {
                let (b, zero) = (b[i % g.o], T::default());
                // A NaN is not below zero: it stays.
                plane.iter_mut().for_each(|v| {
                    let sum = *v + b;
                    *v = if sum < zero { zero } else { sum };
                });
            });
        }
        Ok(<T as WithDType>::to_cpu_storage_owned(y))
    }
}

impl CustomOp3 for BiasRelu {
    fn name(&self) -> &'static str {
        "conv2d_bias_relu"
    }

    fn cpu_fwd(
        &self,
        x: &CpuStorage,
        lx: &Layout,
        w: &CpuStorage,
        lw: &Layout,
        b: &CpuStorage,
        lb: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let args = [(x, lx), (w, lw), (b, lb)];
        let y = by_dtype(self.name(), x, || self.run::<f32>(args), || self.run::<f64>(args))?;
        let g = &self.0;
        Ok((y, (g.n, g.o, g.oh, g.ow).into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Tol, assert_close};
    use crate::{Rng, add_channel_bias, conv2d, relu};
    use candle_core::{DType, Device};

    fn case(dtype: DType) -> (Tensor, Tensor, Tensor, ConvConfig) {
        let mut rng = Rng::stream(3, "bias-relu");
        let mut normal = |shape: &[usize]| rng.normal(shape, dtype, &Device::Cpu).unwrap();
        let cfg = ConvConfig { stride: [2, 1], padding: [0, 1], groups: 2, ..ConvConfig::default() };
        (normal(&[3, 4, 9, 8]), normal(&[6, 2, 2, 3]), normal(&[6]), cfg)
    }

    #[test]
    fn it_equals_its_three_steps() {
        for (dtype, tol) in [(DType::F32, Tol::F32), (DType::F64, Tol::F64)] {
            let (x, w, b, cfg) = case(dtype);
            let steps = relu(&add_channel_bias(&conv2d(&x, &w, cfg).unwrap(), &b).unwrap()).unwrap();
            assert_close(&conv2d_bias_relu(&x, &w, &b, cfg).unwrap(), &steps, tol);
        }
    }

    #[test]
    fn a_nan_shows() {
        let (x, w, _, cfg) = case(DType::F32);
        let b = Tensor::full(f32::NAN, 6, &Device::Cpu).unwrap();
        let y = conv2d_bias_relu(&x, &w, &b, cfg).unwrap().flatten_all().unwrap();
        assert!(y.to_vec1::<f32>().unwrap().iter().all(|v| v.is_nan()));
    }

    #[test]
    fn other_biases_are_refused() {
        let (x, w, b, cfg) = case(DType::F32);
        assert!(conv2d_bias_relu(&x, &w, &b.narrow(0, 0, 5).unwrap(), cfg).is_err());
        assert!(conv2d_bias_relu(&x, &w, &b.to_dtype(DType::F64).unwrap(), cfg).is_err());
    }
}
