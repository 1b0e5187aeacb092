//! All symptoms, a file each.

mod batch_norm_leakage;
mod blur;
mod cures;
mod dead_generator;
mod discriminator_overfitting;
mod discriminator_too_strong;
mod discriminator_too_weak;
mod divergence;
mod exploding_gradient;
mod mode_collapse;
mod oscillation;
mod rates_too_high;
#[cfg(test)]
mod tests;
mod vanishing_gradient;

use super::symptom::{Sight, Symptom};

pub(crate) use divergence::DIVERGENCE;

/// What a doctor looks for.
pub static SYMPTOMS: &[&Symptom] = &[
    &DIVERGENCE,
    &mode_collapse::MODE_COLLAPSE,
    &dead_generator::DEAD_GENERATOR,
    &vanishing_gradient::VANISHING_GRADIENT,
    &exploding_gradient::EXPLODING_GRADIENT,
    &discriminator_too_strong::DISCRIMINATOR_TOO_STRONG,
    &discriminator_too_weak::DISCRIMINATOR_TOO_WEAK,
    &discriminator_overfitting::DISCRIMINATOR_OVERFITTING,
    &batch_norm_leakage::BATCH_NORM_LEAKAGE,
    &oscillation::OSCILLATION,
    &rates_too_high::RATES_TOO_HIGH,
];

/// The worst of what several parts of a rule say; well where one can see and none finds anything.
fn worst(sights: impl IntoIterator<Item = Sight>) -> Sight {
    let mut worst = Sight::CannotSee;
    for sight in sights {
        worst = match (worst, sight) {
            (Sight::Ill(one), Sight::Ill(other)) if other.severity > one.severity => other.into(),
            (Sight::Ill(one), _) => one.into(),
            (_, Sight::Ill(other)) => other.into(),
            (Sight::Well, _) | (_, Sight::Well) => Sight::Well,
            (Sight::CannotSee, Sight::CannotSee) => Sight::CannotSee,
        };
    }
    worst
}
