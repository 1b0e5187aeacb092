//! What the passes of batch normalisation know of a channel.

use crate::storage::Elem;
use ganymede_kernels::channel;

/// The moments of one forward pass, and the slope of the activation that follows.
#[derive(Clone)]
pub(super) struct Stats {
    pub(super) l: channel::Layout,
    pub(super) eps: f64,
    pub(super) slope: f64,
    pub(super) mean: Vec<f64>,
    pub(super) rstd: Vec<f64>,
}

/// What a pass needs of a channel: `x̂ = (x − mean)·rstd`, `y = (x − mean)·scale + bias`.
#[derive(Clone, Copy)]
pub(super) struct Channel<T> {
    pub(super) mean: T,
    pub(super) rstd: T,
    pub(super) scale: T,
    pub(super) bias: T,
}

impl<T: Elem> Channel<T> {
    #[inline(always)]
    pub(super) fn normalised(self, x: T) -> T {
        (x - self.mean) * self.scale + self.bias
    }

    /// The gradient `g` of the activation's output, taken through the activation.
    #[inline(always)]
    pub(super) fn through(self, g: T, x: T, slope: T) -> T {
        if self.normalised(x) > T::default() { g } else { slope * g }
    }
}

impl Stats {
    /// `w·rstd·(g − m(g) − x̂·m(g·x̂))` as `a·g + b·x + c`, one multiply-add each for `g` and `x`: the
    /// coefficients of a channel, from its means `[m(g), m(g·x̂)]`.
    pub(super) fn projection(&self, channel: usize, w: f64, [plain, products]: [f64; 2]) -> [f64; 3] {
        let (mean, rstd) = (self.mean[channel], self.rstd[channel]);
        let scale = w * rstd;
        let slope = -scale * rstd * products;
        [scale, slope, -scale * plain - slope * mean]
    }

    pub(super) fn channels<T: Elem>(&self, w: &[T], b: &[T]) -> Vec<Channel<T>> {
        (0..self.l.c)
            .map(|c| {
                let rstd = T::from_f64(self.rstd[c]);
                Channel { mean: T::from_f64(self.mean[c]), rstd, scale: rstd * w[c], bias: b[c] }
            })
            .collect()
    }
}
