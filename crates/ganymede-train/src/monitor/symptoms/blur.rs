//! Samples that reach all of the data and keep to none of it: most of them lie between the modes.
//!
//! It is no symptom of its own. Where the discriminator tells such samples from real ones, the generator does not follow what it says,
//! and where it does not tell, there is nothing to follow.

use crate::monitor::statistics::median;
use crate::monitor::view::{Tail, View};

/// Before so many looks samples are blurred because training has only begun; after so many, training has had its time.
const PATIENCE: usize = 24;
const OVERDUE: usize = 40;
/// The share of samples near a mode, a median of the last looks.
const LOOKS: usize = 5;
const FEW: f64 = 0.35;
/// The share that is wanted in the end.
const WANTED: f64 = 0.5;
/// Modes that are reached where samples are whole.
const WHOLE: f64 = 0.8;
/// What the last third of all looks has more than the second where samples become sharper: in parts of it, and in itself.
const GROWTH: f64 = 1.5;
const LEAST_GROWTH: f64 = 0.015;
/// Looks that say how often the discriminator tells a real sample from a generated one; below the bound, it hardly does.
const TOLD: usize = 10;
const TELLS: f64 = 0.8;

/// Blurred samples.
pub(super) struct Blur {
    pub(super) tail: Tail,
    /// The share of samples near a mode: of late, in the last third of all looks and in the second.
    pub(super) near: f64,
    now: f64,
    before: f64,
    /// How often the discriminator tells a real sample from a generated one.
    pub(super) told: f64,
    /// Whether training has had its time.
    pub(super) is_overdue: bool,
}

impl Blur {
    /// Nothing where samples are sharp, where modes are missing, or where that cannot be said yet.
    pub(super) fn of(view: &View<'_>) -> Option<Self> {
        let all: Vec<f64> =
            view.all("near_modes").iter().map(|(_, x)| *x).filter(|x| x.is_finite()).collect();
        let tail = view.tail("near_modes", LOOKS).filter(|_| all.len() >= PATIENCE)?;
        let near = tail.median();
        let whole = view.median("modes_reached", LOOKS)? >= WHOLE;
        let told = view.median("auc", TOLD)?;
        let third = all.len() / 3;
        let (now, before) = (median(&all[all.len() - third..]), median(&all[third..all.len() - third]));
        let is_overdue = all.len() >= OVERDUE;
        (whole && near < FEW).then_some(Self { tail, near, now, before, told, is_overdue })
    }

    /// Whether the discriminator sees that samples are blurred.
    pub(super) fn is_told(&self) -> bool {
        self.told >= TELLS
    }

    /// Whether samples become sharper.
    pub(super) fn is_clearing(&self) -> bool {
        self.now > GROWTH * self.before && self.now > self.before + LEAST_GROWTH
    }

    /// Whether, at this pace, most of them would still lie beside the modes after as many looks again.
    pub(super) fn is_slow(&self) -> bool {
        self.now + 3.0 * (self.now - self.before) < WANTED
    }

    /// What a rule has decided by.
    pub(super) fn values(&self) -> [(&'static str, f64); 4] {
        [
            ("near_modes", self.near),
            ("last_third", self.now),
            ("second_third", self.before),
            ("told", self.told),
        ]
    }
}
