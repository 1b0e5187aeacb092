//! One step's arithmetic, in any float type.

use std::ops::{Add, Div, Mul, Sub};

use super::OptimizerConfig;

/// The constants of one step.
#[derive(Clone, Copy, Debug)]
pub(super) enum Rule {
    Adam {
        step_size: f64,
        decays: Decays,
        eps: f64,
        weight_decay: f64,
        keep: f64,
    },
    /// The step is `lr · correction` times that of the moments.
    OptimisticAdam {
        lr: f64,
        correction: f64,
        decays: Decays,
        eps: f64,
        weight_decay: f64,
    },
    RmsProp {
        lr: f64,
        alpha: f64,
        eps: f64,
        momentum: f64,
        centered: bool,
        weight_decay: f64,
    },
    Sgd {
        lr: f64,
        momentum: f64,
        nesterov: bool,
        weight_decay: f64,
    },
}

/// Those of Adam's moments.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decays {
    pub(super) beta1: f64,
    pub(super) beta2: f64,
    /// √(1 − β₂ᵗ)
    pub(super) root_correction: f64,
}

impl Rule {
    /// The constants of step number `step`, counted from 1.
    pub(super) fn at(config: &OptimizerConfig, step: u64) -> Self {
        match *config {
            OptimizerConfig::Adam { lr, beta1, beta2, eps, weight_decay } => {
                let step_size = lr / first_correction(beta1, step);
                let decays = Decays::at(beta1, beta2, step);
                Self::Adam { step_size, decays, eps, weight_decay, keep: 1.0 }
            }
            OptimizerConfig::AdamW { lr, beta1, beta2, eps, weight_decay } => {
                let step_size = lr / first_correction(beta1, step);
                let decays = Decays::at(beta1, beta2, step);
                Self::Adam { step_size, decays, eps, weight_decay: 0.0, keep: 1.0 - lr * weight_decay }
            }
            OptimizerConfig::OptimisticAdam { lr, beta1, beta2, eps, weight_decay } => {
                let correction = 1.0 / first_correction(beta1, step);
                let decays = Decays::at(beta1, beta2, step);
                Self::OptimisticAdam { lr, correction, decays, eps, weight_decay }
            }
            OptimizerConfig::RmsProp { lr, alpha, eps, momentum, centered, weight_decay } => {
                Self::RmsProp { lr, alpha, eps, momentum, centered, weight_decay }
            }
            OptimizerConfig::Sgd { lr, momentum, nesterov, weight_decay } => {
                Self::Sgd { lr, momentum, nesterov, weight_decay }
            }
        }
    }
}

/// Beyond two thousand million steps the power is 0 for any usable decay.
fn power(beta: f64, step: u64) -> f64 {
    beta.powi(i32::try_from(step).unwrap_or(i32::MAX))
}

/// 1 − β₁ᵗ
fn first_correction(beta1: f64, step: u64) -> f64 {
    1.0 - power(beta1, step)
}

impl Decays {
    fn at(beta1: f64, beta2: f64, step: u64) -> Self {
        Self { beta1, beta2, root_correction: (1.0 - power(beta2, step)).sqrt() }
    }
}

/// f32 or f64.
pub(super) trait Real:
    Copy
    + Default
    + PartialOrd
    + Send
    + Sync
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
{
    fn of(value: f64) -> Self;
    fn sqrt(self) -> Self;
}

impl Real for f32 {
    #[inline(always)]
    fn of(value: f64) -> Self {
        value as f32
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        f32::sqrt(self)
    }
}

impl Real for f64 {
    #[inline(always)]
    fn of(value: f64) -> Self {
        value
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        f64::sqrt(self)
    }
}

/// A piece of a parameter with its gradient and moments, in the order of
/// [`OptimizerConfig::slots`]; moments that the rule lacks are empty.
pub(super) struct Lane<'a, T> {
    pub(super) p: &'a mut [T],
    pub(super) g: &'a [T],
    pub(super) slots: [&'a mut [T]; 3],
}

impl Rule {
    /// The update of one piece: one pass, of loops that the compiler turns into vector instructions: those of the
    /// caller, since all of it is inlined there.
    #[inline(always)]
    pub(super) fn apply<T: Real>(&self, lane: Lane<'_, T>) {
        match *self {
            Self::Adam { .. } => self.adam(lane),
            Self::OptimisticAdam { .. } => self.optimistic_adam(lane),
            Self::RmsProp { momentum, centered, .. } => match (momentum != 0.0, centered) {
                (false, false) => self.rmsprop::<T, false, false>(lane),
                (false, true) => self.rmsprop::<T, false, true>(lane),
                (true, false) => self.rmsprop::<T, true, false>(lane),
                (true, true) => self.rmsprop::<T, true, true>(lane),
            },
            Self::Sgd { .. } => self.sgd(lane),
        }
    }

    #[inline(always)]
    fn adam<T: Real>(&self, lane: Lane<'_, T>) {
        let Self::Adam { step_size, decays, eps, weight_decay, keep } = *self else { return };
        let (step_size, keep, adam) = (T::of(step_size), T::of(keep), Adam::new(decays, eps));
        let decay = Decay::new(weight_decay);
        let Lane { p, g, slots: [m, v, _] } = lane;
        for (((p, &g), m), v) in p.iter_mut().zip(g).zip(m).zip(v) {
            let denominator = adam.denominator(decay.apply(g, *p), m, v);
            *p = *p * keep - step_size * *m / denominator;
        }
    }

    #[inline(always)]
    fn optimistic_adam<T: Real>(&self, lane: Lane<'_, T>) {
        let Self::OptimisticAdam { lr, correction, decays, eps, weight_decay } = *self else { return };
        let (lr, correction, adam) = (T::of(lr), T::of(correction), Adam::new(decays, eps));
        let (decay, two) = (Decay::new(weight_decay), T::of(2.0));
        let Lane { p, g, slots: [m, v, before] } = lane;
        for ((((p, &g), m), v), before) in p.iter_mut().zip(g).zip(m).zip(v).zip(before) {
            let denominator = adam.denominator(decay.apply(g, *p), m, v);
            let step = correction * *m / denominator;
            *p = *p - lr * (two * step - *before);
            *before = step;
        }
    }

    // By index: which slices exist depends on the variant, so iterators cannot be zipped in one way.
    #[inline(always)]
    fn rmsprop<T: Real, const MOMENTUM: bool, const CENTERED: bool>(&self, lane: Lane<'_, T>) {
        let Self::RmsProp { lr, alpha, eps, momentum, weight_decay, .. } = *self else { return };
        let (lr, eps, momentum) = (T::of(lr), T::of(eps), T::of(momentum));
        let (lerp, rest, alpha) = (Lerp::new(1.0 - alpha), T::of(1.0 - alpha), T::of(alpha));
        let decay = Decay::new(weight_decay);
        let Lane { p, g, slots: [square, second, third] } = lane;
        let (buffer, mean) = if MOMENTUM { (second, third) } else { (third, second) };
        // Known lengths spare the loop its bounds checks.
        let n = p.len();
        let (g, square) = (&g[..n], &mut square[..n]);
        let buffer = &mut buffer[..if MOMENTUM { n } else { 0 }];
        let mean = &mut mean[..if CENTERED { n } else { 0 }];
        for i in 0..n {
            let g = decay.apply(g[i], p[i]);
            square[i] = square[i] * alpha + rest * g * g;
            let mut variance = square[i];
            if CENTERED {
                mean[i] = lerp.apply(mean[i], g);
                variance = variance - mean[i] * mean[i];
                // Not `max`: that would turn NaN into 0 and hide a divergence.
                if variance < T::default() {
                    variance = T::default();
                }
            }
            let mut update = g / (variance.sqrt() + eps);
            if MOMENTUM {
                buffer[i] = momentum * buffer[i] + update;
                update = buffer[i];
            }
            p[i] = p[i] - lr * update;
        }
    }

    #[inline(always)]
    fn sgd<T: Real>(&self, lane: Lane<'_, T>) {
        let Self::Sgd { lr, momentum, nesterov, weight_decay } = *self else { return };
        let (lr, with_buffer, momentum) = (T::of(lr), momentum != 0.0, T::of(momentum));
        let decay = Decay::new(weight_decay);
        let Lane { p, g, slots: [buffer, ..] } = lane;
        if !with_buffer {
            for (p, &g) in p.iter_mut().zip(g) {
                *p = *p - lr * decay.apply(g, *p);
            }
            return;
        }
        for ((p, &g), b) in p.iter_mut().zip(g).zip(buffer) {
            let g = decay.apply(g, *p);
            *b = momentum * *b + g;
            let update = if nesterov { g + momentum * *b } else { *b };
            *p = *p - lr * update;
        }
    }
}

/// Adam's moments.
#[derive(Clone, Copy)]
struct Adam<T> {
    lerp: Lerp<T>,
    beta2: T,
    rest2: T,
    root_correction: T,
    eps: T,
}

impl<T: Real> Adam<T> {
    fn new(decays: Decays, eps: f64) -> Self {
        let Decays { beta1, beta2, root_correction } = decays;
        Self {
            lerp: Lerp::new(1.0 - beta1),
            beta2: T::of(beta2),
            rest2: T::of(1.0 - beta2),
            root_correction: T::of(root_correction),
            eps: T::of(eps),
        }
    }

    /// Moves both moments by a gradient; what the first one is divided by.
    #[inline(always)]
    fn denominator(self, g: T, m: &mut T, v: &mut T) -> T {
        *m = self.lerp.apply(*m, g);
        *v = *v * self.beta2 + self.rest2 * g * g;
        v.sqrt() / self.root_correction + self.eps
    }
}

/// The L2 term. Skipped when it is off, not multiplied by 0: that is PyTorch's arithmetic, too.
#[derive(Clone, Copy)]
struct Decay<T> {
    on: bool,
    weight: T,
}

impl<T: Real> Decay<T> {
    fn new(weight: f64) -> Self {
        Self { on: weight != 0.0, weight: T::of(weight) }
    }

    #[inline(always)]
    fn apply(self, g: T, p: T) -> T {
        if self.on { g + self.weight * p } else { g }
    }
}

/// `start + weight · (end − start)`, from the nearer end as PyTorch rounds it: weight 1 gives `end`.
#[derive(Clone, Copy)]
struct Lerp<T> {
    from_start: bool,
    weight: T,
    rest: T,
}

impl<T: Real> Lerp<T> {
    fn new(weight: f64) -> Self {
        let (weight, one) = (T::of(weight), T::of(1.0));
        Self { from_start: weight < T::of(0.5), weight, rest: one - weight }
    }

    #[inline(always)]
    fn apply(self, start: T, end: T) -> T {
        if self.from_start { start + self.weight * (end - start) } else { end - (end - start) * self.rest }
    }
}
