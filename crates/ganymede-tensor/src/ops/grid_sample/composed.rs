//! Reading between pixels from plain operations: a selection a corner.

use candle_core::{DType, Result, Tensor};

pub(in crate::ops) fn grid_sample(x: &Tensor, grid: &Tensor) -> Result<Tensor> {
    let ((n, c, h, w), (_, oh, ow, _)) = (x.dims4()?, grid.dims4()?);
    let pixels = x.permute((0, 2, 3, 1))?.contiguous()?.reshape((n * h * w, c))?;
    let columns = neighbours(&grid.narrow(3, 0, 1)?, w)?;
    let rows = neighbours(&grid.narrow(3, 1, 1)?, h)?;
    let number = |value: usize| Tensor::new(value as u32, x.device());
    let images = Tensor::arange(0u32, n as u32, x.device())?.reshape((n, 1, 1, 1))?;
    let images = images.broadcast_mul(&number(h * w)?)?;
    let corner = |row: &Neighbour, column: &Neighbour| {
        let at = (row.pixel.broadcast_mul(&number(w)?)? + &column.pixel)?.broadcast_add(&images)?;
        let share = (&row.share * &column.share)?.reshape((n * oh * ow, 1))?;
        pixels.index_select(&at.flatten_all()?, 0)?.broadcast_mul(&share)
    };
    let corners = rows.iter().flat_map(|row| columns.iter().map(move |column| (row, column)));
    let sum =
        corners.map(|(row, column)| corner(row, column)).reduce(|a, b| a? + b?).expect("four corners")?;
    sum.reshape((n, oh, ow, c))?.permute((0, 3, 1, 2))?.contiguous()
}

/// One of the two pixels around each point on an axis, and its share: 0 outside.
struct Neighbour {
    pixel: Tensor,
    share: Tensor,
}

fn neighbours(coordinate: &Tensor, len: usize) -> Result<[Neighbour; 2]> {
    let len = len as f64;
    let at = coordinate.contiguous()?.affine(len / 2.0, (len - 1.0) / 2.0)?;
    let low = at.floor()?;
    let share = (&at - &low)?;
    let one = |pixel: Tensor, share: Tensor| {
        let inside = pixel.ge(0.0)?.mul(&pixel.lt(len)?)?;
        // Not 0, so that what is no place at all shows as NaN.
        let share = inside.where_cond(&share, &(&at * 0.0)?)?;
        Ok::<_, candle_core::Error>(Neighbour {
            pixel: pixel.clamp(0.0, len - 1.0)?.to_dtype(DType::U32)?,
            share,
        })
    };
    Ok([one(low.clone(), share.affine(-1.0, 1.0)?)?, one((low + 1.0)?, share)?])
}
