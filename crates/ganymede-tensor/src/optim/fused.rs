//! The CPU's way: one pass over parameter, gradient and moments.

use std::cell::RefCell;

use candle_core::{CpuStorage, InplaceOp2, Layout, Result, Tensor, Var, bail};
use ganymede_kernels::vectorised;
use rayon::prelude::*;

use super::rule::{Lane, Real, Rule};
use super::state::Slots;

/// Elements a piece of work. Fixed, so that nothing depends on the number of threads; four such
/// pieces of f32 fit into a core's own cache.
const CHUNK: usize = 1 << 14;

/// Updates a contiguous parameter in memory.
pub(super) fn update(rule: &Rule, var: &Var, grad: &Tensor, moments: &mut Slots) -> Result<()> {
    var.inplace_op2(grad, &Fused { rule, moments: RefCell::new(moments) })
}

/// candle hands over parameter and gradient; the moments ride along.
struct Fused<'a> {
    rule: &'a Rule,
    moments: RefCell<&'a mut Slots>,
}

impl InplaceOp2 for Fused<'_> {
    fn name(&self) -> &'static str {
        "optimizer-step"
    }

    fn cpu_fwd(&self, p: &mut CpuStorage, pl: &Layout, g: &CpuStorage, gl: &Layout) -> Result<()> {
        let (Some((p0, p1)), Some((g0, g1))) = (pl.contiguous_offsets(), gl.contiguous_offsets()) else {
            bail!("optimizer step: expected contiguous tensors")
        };
        match (p, g, &mut **self.moments.borrow_mut()) {
            (CpuStorage::F32(p), CpuStorage::F32(g), Slots::F32(m)) => {
                run(self.rule, &mut p[p0..p1], &g[g0..g1], m)
            }
            (CpuStorage::F64(p), CpuStorage::F64(g), Slots::F64(m)) => {
                run(self.rule, &mut p[p0..p1], &g[g0..g1], m)
            }
            _ => bail!("optimizer step: parameter, gradient and moments differ in dtype"),
        }
        Ok(())
    }
}

fn run<T: Real>(rule: &Rule, p: &mut [T], g: &[T], moments: &mut [Vec<T>]) {
    let mut lanes: Vec<Lane<T>> = p
        .chunks_mut(CHUNK)
        .zip(g.chunks(CHUNK))
        .map(|(p, g)| Lane { p, g, slots: Default::default() })
        .collect();
    for (slot, moment) in moments.iter_mut().enumerate() {
        for (lane, piece) in lanes.iter_mut().zip(moment.chunks_mut(CHUNK)) {
            lane.slots[slot] = piece;
        }
    }
    match lanes.len() {
        // Waking another thread costs more than a small bias.
        0 | 1 => lanes.into_iter().for_each(|lane| vectorised(|| rule.apply(lane))),
        _ => lanes.into_par_iter().for_each(|lane| vectorised(|| rule.apply(lane))),
    }
}
