//! Resampling from plain operations: a convolution of each plane.

use candle_core::{Result, Tensor};
use ganymede_kernels::upfirdn::Taps;
use ganymede_kernels::{Axis, ConvConfig};

use crate::conv::composed::conv2d;

pub(in crate::ops) fn upfirdn2d(x: &Tensor, [rows, columns]: [Axis; 2], taps: &Taps) -> Result<Tensor> {
    let (n, c, h, w) = x.dims4()?;
    let [high, wide] = taps.size();
    let planes = x.contiguous()?.reshape((n * c, 1, h, w))?;
    let planes = framed(&framed(&planes, 2, rows, high)?, 3, columns, wide)?;
    let weight = |taps: &[f64], size: (usize, usize)| {
        Tensor::from_slice(taps, (1, 1, size.0, size.1), &candle_core::Device::Cpu)?
            .to_dtype(x.dtype())?
            .to_device(x.device())
    };
    let every = |stride: [usize; 2]| ConvConfig { stride, ..ConvConfig::default() };
    let y = match taps {
        Taps::Separable([down, across]) => {
            let tall = conv2d(&planes, &weight(down, (high, 1))?, every([rows.down, 1]))?;
            conv2d(&tall, &weight(across, (1, wide))?, every([1, columns.down]))?
        }
        Taps::Full(taps, _) => {
            conv2d(&planes, &weight(taps, (high, wide))?, every([rows.down, columns.down]))?
        }
    };
    y.reshape((n, c, rows.out, columns.out))
}

/// Along `dim` zeros after each number, then a border such that the last position of the filter ends with it.
fn framed(x: &Tensor, dim: usize, axis: Axis, taps: usize) -> Result<Tensor> {
    let Axis { len, out, up, down, before } = axis;
    let mut dims = x.dims().to_vec();
    dims[dim] = len * up;
    let apart = x.unsqueeze(dim + 1)?.pad_with_zeros(dim + 1, 0, up - 1)?.reshape(dims)?;
    let reach = (out - 1) * down + taps;
    let cut = (-before).max(0) as usize;
    let padded = apart.pad_with_zeros(dim, before.max(0) as usize, cut + reach)?;
    padded.narrow(dim, cut, reach)?.contiguous()
}
