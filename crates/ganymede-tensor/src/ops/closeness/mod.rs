//! How close different rows are, from their distances.

pub(super) mod composed;
mod cpu;

use candle_core::{Result, Tensor, bail};

/// e⁻ᵈ of distances `d` `(N, N, B)`, and 0 between each row and itself: what minibatch discrimination sums (Salimans et al.,
/// 2016, arXiv:1606.03498, section 3.2).
///
/// Not e⁻ᵈ less 1 there: of rows far apart that would be lost beside a 1.
///
/// # Errors
/// `d` is not `(N, N, B)`, or on the CPU is not of dtype f32 or f64.
pub fn closeness(d: &Tensor) -> Result<Tensor> {
    let (rows, columns, _) = d.dims3()?;
    if rows != columns {
        bail!(
            "closeness: distances between {rows} and {columns} rows; they have to be those within one batch"
        )
    }
    if d.device().is_cpu() { cpu::closeness(d) } else { composed::closeness(d) }
}
