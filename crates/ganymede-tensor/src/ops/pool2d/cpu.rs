//! Pooling on the CPU, plane by plane, for frozen networks.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, WithDType};
use ganymede_kernels::window::{Windows, pool};

use super::config::Pooling;
use crate::storage::{Elem, by_dtype, contiguous};

pub(super) fn pool2d(x: &Tensor, pooling: Pooling, g: Windows) -> Result<Tensor> {
    x.contiguous()?.apply_op1_no_bwd(&Pool(pooling, g))
}

struct Pool(Pooling, Windows);

impl Pool {
    fn run<T: Elem>(&self, s: &CpuStorage, l: &Layout) -> Result<CpuStorage> {
        let x = contiguous::<T>(s, l, self.name())?;
        let y = match self.0 {
            Pooling::Max => pool(self.1, x, larger, |v, _| v),
            Pooling::MeanInside => {
                let area = self.1.kernel[0] * self.1.kernel[1];
                let shares: Vec<T> = (0..=area).map(|n| T::from_f64(1.0 / n.max(1) as f64)).collect();
                pool(self.1, x, |a, b| a + b, |v, n| v * shares[n])
            }
        };
        Ok(<T as WithDType>::to_cpu_storage_owned(y))
    }
}

impl CustomOp1 for Pool {
    fn name(&self) -> &'static str {
        "pool2d"
    }

    fn cpu_fwd(&self, s: &CpuStorage, l: &Layout) -> Result<(CpuStorage, Shape)> {
        let (n, c, _, _) = l.shape().dims4()?;
        let y = by_dtype(self.name(), s, || self.run::<f32>(s, l), || self.run::<f64>(s, l))?;
        Ok((y, (n, c, self.1.oh, self.1.ow).into()))
    }
}

/// The larger of two numbers; NaN if either is.
#[allow(clippy::eq_op)] // Reason: only NaN differs from itself, and this becomes a vector compare.
fn larger<T: Elem>(a: T, b: T) -> T {
    if a > b || a != a { a } else { b }
}
