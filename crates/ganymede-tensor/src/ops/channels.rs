//! What operations along the channel dimension share.

use candle_core::{CpuStorage, CustomOp1, Layout, Result, Shape, Tensor, WithDType, bail};
use ganymede_kernels::channel::{self, sums};

use crate::storage::{Elem, by_dtype, contiguous};

/// `(N, C)` or `(N, C, H, W)` as `(N, C, pixels)`.
pub(super) fn layout(op: &str, x: &Tensor) -> Result<channel::Layout> {
    match x.dims() {
        &[n, c] => Ok(channel::Layout { n, c, pixels: 1 }),
        &[n, c, h, w] => Ok(channel::Layout { n, c, pixels: h * w }),
        dims => bail!("{op}: expected (N, C) or (N, C, H, W), got {dims:?}"),
    }
}

/// The numbers of a contiguous tensor on the CPU.
pub(super) fn on_cpu<T: Elem, R>(x: &Tensor, f: impl FnOnce(&[T]) -> R) -> Result<R> {
    let (storage, layout) = x.storage_and_layout();
    match &*storage {
        candle_core::Storage::Cpu(s) => Ok(f(contiguous::<T>(s, layout, "channels")?)),
        _ => bail!("expected a tensor on the CPU, got one on {:?}", x.device()),
    }
}

/// An operand of a kernel.
pub(crate) type Arg<'a> = (&'a CpuStorage, &'a Layout);

/// The sum of each channel of `x`, shape `(C,)`, on the CPU.
pub(super) fn channel_sum(x: &Tensor, l: channel::Layout) -> Result<Tensor> {
    x.contiguous()?.apply_op1(ChannelSum(l))
}

struct ChannelSum(channel::Layout);

impl CustomOp1 for ChannelSum {
    fn name(&self) -> &'static str {
        "channel_sum"
    }

    fn cpu_fwd(&self, s: &CpuStorage, l: &Layout) -> Result<(CpuStorage, Shape)> {
        fn typed<T: Elem>(layout: channel::Layout, s: &CpuStorage, l: &Layout) -> Result<CpuStorage> {
            let x = contiguous::<T>(s, l, "channel_sum")?;
            let sums = sums(layout, x, x, |_| |x, _| [x]).into_iter().map(|[s]| T::from_f64(s)).collect();
            Ok(<T as WithDType>::to_cpu_storage_owned(sums))
        }
        let y = by_dtype(self.name(), s, || typed::<f32>(self.0, s, l), || typed::<f64>(self.0, s, l))?;
        Ok((y, self.0.c.into()))
    }

    fn bwd(&self, x: &Tensor, _: &Tensor, g: &Tensor) -> Result<Option<Tensor>> {
        let column = if x.rank() == 2 { g.reshape((1, self.0.c))? } else { g.reshape((1, self.0.c, 1, 1))? };
        Ok(Some(column.broadcast_as(x.shape())?.contiguous()?))
    }
}
