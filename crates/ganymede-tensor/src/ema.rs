//! Exponential moving averages of parameters.

use candle_core::{CpuStorage, InplaceOp2, Layout, Result, Tensor, bail};
use ganymede_kernels::vectorised;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::Params;

/// How a moving average of a generator is kept.
///
/// `decay` in [0, 1] is the weight of the old average; a half-life of `h` updates is
/// `decay = 0.5^(1/h)`. With `warmup` early updates weigh more, so that the random initialisation
/// fades at once: see [`EmaConfig::decay_at`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EmaConfig {
    /// The weight of the old average, in [0, 1].
    pub decay: f64,
    /// Whether the decay grows from 0.1 to `decay`.
    pub warmup: bool,
}

impl Default for EmaConfig {
    /// 0.999 with warm-up.
    fn default() -> Self {
        Self { decay: 0.999, warmup: true }
    }
}

impl EmaConfig {
    /// The decay of update number `step`, counted from 0: `min(decay, (1 + step) / (10 + step))`
    /// with warm-up, as TensorFlow's `ExponentialMovingAverage` with `num_updates`; else `decay`.
    /// StyleGAN's ramp-up limits the half-life by the images seen instead.
    ///
    /// ```
    /// # use ganymede_tensor::EmaConfig;
    /// let ema = EmaConfig { decay: 0.999, warmup: true };
    /// assert_eq!(ema.decay_at(0), 0.1);
    /// assert_eq!(ema.decay_at(1_000_000), 0.999);
    /// ```
    pub fn decay_at(&self, step: u64) -> f64 {
        if !self.warmup {
            return self.decay;
        }
        let t = step as f64;
        self.decay.min((1.0 + t) / (10.0 + t))
    }
}

/// One update of a moving average, in place: `target ← target + (1 − decay) · (source − target)` for
/// every parameter. Buffers (running statistics, spectral `u`) are copied: they are averages, or
/// integers, themselves.
///
/// `decay` 0 copies the source exactly, 1 leaves the target alone. The gradient graph is not
/// involved, and the gradients of `source` are not touched.
///
/// # Errors
/// `decay` outside [0, 1] or not a number, or models that differ in names, shapes, dtypes or device;
/// then nothing has changed.
pub fn ema_update(target: &Params, source: &Params, decay: f64) -> Result<()> {
    if !(0.0..=1.0).contains(&decay) {
        bail!("the decay of a moving average lies in [0, 1], not {decay}")
    }
    let (params, sources) = (target.params(), source.params());
    let (buffers, source_buffers) = (target.buffers(), source.buffers());
    if params.len() != sources.len() || buffers.len() != source_buffers.len() {
        bail!(
            "moving average of another model: {} parameters and {} buffers here, {} and {} there",
            params.len(),
            buffers.len(),
            sources.len(),
            source_buffers.len()
        )
    }
    for (p, s) in params.iter().zip(&sources) {
        check(p.name(), p.var(), s.name(), s.var())?;
        if !p.var().dtype().is_float() {
            bail!("{}: no moving average of {:?}", p.name(), p.var().dtype())
        }
    }
    for (b, s) in buffers.iter().zip(&source_buffers) {
        check(b.name(), &b.get(), s.name(), &s.get())?;
    }
    for (p, s) in params.iter().zip(&sources) {
        blend(p.var(), &s.var().as_detached_tensor(), decay)?;
    }
    for (b, s) in buffers.iter().zip(&source_buffers) {
        b.set(&s.get().copy()?)?;
    }
    Ok(())
}

fn check(name: &str, held: &Tensor, source_name: &str, source: &Tensor) -> Result<()> {
    if name != source_name || held.dims() != source.dims() || held.dtype() != source.dtype() {
        bail!(
            "moving average of another model: {name} {:?} {:?} here, {source_name} {:?} {:?} there",
            held.dims(),
            held.dtype(),
            source.dims(),
            source.dtype()
        )
    }
    if !held.device().same_device(source.device()) {
        bail!("moving average of a model on another device: {name}")
    }
    Ok(())
}

fn blend(target: &candle_core::Var, source: &Tensor, decay: f64) -> Result<()> {
    let op = Blend { rate: 1.0 - decay };
    if op.rate >= 1.0 {
        return target.set(source);
    }
    match (target.device().is_cpu(), target.dtype()) {
        (true, candle_core::DType::F32 | candle_core::DType::F64) => target.inplace_op2(source, &op),
        _ => {
            let old = target.as_detached_tensor();
            let new = (&old + (source - &old)?.affine(op.rate, 0.0)?)?;
            target.set(&new)
        }
    }
}

/// `t += rate · (s − t)`
struct Blend {
    rate: f64,
}

/// Fixed, so that how the work is cut does not depend on the number of threads.
const CHUNK: usize = 1 << 15;

impl InplaceOp2 for Blend {
    fn name(&self) -> &'static str {
        "ema"
    }

    fn cpu_fwd(&self, t: &mut CpuStorage, tl: &Layout, s: &CpuStorage, sl: &Layout) -> Result<()> {
        let (Some((t0, t1)), Some((s0, s1))) = (tl.contiguous_offsets(), sl.contiguous_offsets()) else {
            bail!("ema: parameters are expected to be contiguous")
        };
        match (t, s) {
            (CpuStorage::F32(t), CpuStorage::F32(s)) => {
                let rate = self.rate as f32;
                each_chunk(&mut t[t0..t1], &s[s0..s1], |t, s| *t += rate * (s - *t));
            }
            (CpuStorage::F64(t), CpuStorage::F64(s)) => {
                let rate = self.rate;
                each_chunk(&mut t[t0..t1], &s[s0..s1], |t, s| *t += rate * (s - *t));
            }
            _ => bail!("ema: expected f32 or f64 on both sides"),
        }
        Ok(())
    }
}

fn each_chunk<T: Copy + Send + Sync>(target: &mut [T], source: &[T], f: impl Fn(&mut T, T) + Sync) {
    let blend = |(target, source): (&mut [T], &[T])| {
        vectorised(|| target.iter_mut().zip(source).for_each(|(t, &s)| f(t, s)));
    };
    if target.len() <= CHUNK {
        blend((target, source));
    } else {
        target.par_chunks_mut(CHUNK).zip(source.par_chunks(CHUNK)).for_each(blend);
    }
}

#[cfg(test)]
mod tests;
