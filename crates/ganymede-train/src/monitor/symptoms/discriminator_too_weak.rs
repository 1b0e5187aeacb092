//! A discriminator that cannot tell what anybody could.

use super::blur::Blur;
use super::{cures, worst};
use crate::figure::figure;
use crate::monitor::alert::Severity;
use crate::monitor::symptom::{Cure, Finding, Sight, Symptom};
use crate::monitor::view::{Samples, Tail, View};

const LOOKS: usize = 5;
const LAST: usize = 20;
/// Before so many looks it has had no time to learn.
const PATIENCE: usize = 10;
/// The probability that a real sample scores higher than a generated one, and the share of samples on their side of the border,
/// at the most: chance is one half. Below, the discriminator is wrong more often than right, which is no better.
const AHEAD: f64 = 0.75;
const RIGHT: f64 = 0.65;
/// The share of samples near a mode where they are good one by one.
const SHARP: f64 = 0.5;

pub(super) static DISCRIMINATOR_TOO_WEAK: Symptom = Symptom {
    name: "discriminator-too-weak",
    summary: "the discriminator cannot tell real from generated, though samples are unlike the data",
    paper: "Goodfellow et al., 2014, arXiv:1406.2661, section 4: a discriminator at chance is right only where the samples are",
    needs: &[&["auc", "distance"], &["accuracy_real", "accuracy_fake", "distance"]],
    rule,
    raise_after: 4,
    clear_after: 3,
    cures: &[
        Cure { words: "raise the discriminator's learning rate", sets: cures::faster_discriminator },
        Cure { words: "make more discriminator updates a step", sets: cures::more_critic_updates },
        Cure {
            words: "penalise the critic's gradient in place of clipped weights, which leave it too little to say",
            sets: cures::gradient_penalty,
        },
    ],
};

fn rule(view: &View<'_>) -> Sight {
    worst([far(view), blurred(view)])
}

/// Samples that lie between the modes, which the discriminator does not see.
fn blurred(view: &View<'_>) -> Sight {
    let Some(blur) = Blur::of(view).filter(|blur| !blur.is_told()) else { return Sight::CannotSee };
    let severity = match (blur.is_overdue && blur.is_slow(), blur.is_clearing()) {
        (true, _) => Severity::Severe,
        (false, false) => Severity::Warning,
        (false, true) => return Sight::Well,
    };
    let words = format!(
        "samples reach all modes and stay blurred: {} % of them lie near one, which the discriminator does not see, for it puts a \
         real sample above a generated one only {} % of the time",
        figure(100.0 * blur.near, 0),
        figure(100.0 * blur.told, 0)
    );
    Finding::new(severity, words, &blur.tail, &blur.values()).of_form("blurred").into()
}

fn far(view: &View<'_>) -> Sight {
    // At rest it cannot tell, and should not.
    let Some(samples) = view.samples() else { return Sight::CannotSee };
    let Some((tail, chance, most)) = told(view) else { return Sight::CannotSee };
    if chance > most || samples == Samples::Good {
        return Sight::Well;
    }
    let distance = view.median("distance", LOOKS).unwrap_or(f64::NAN);
    // Samples that keep to the modes are only spread over them unevenly.
    let sharp = view.median("near_modes", LOOKS).is_some_and(|near| near >= SHARP);
    let severity = match (samples, view.is_improving()) {
        (Samples::Bad, Some(false)) if !sharp => Severity::Severe,
        (Samples::Bad, _) => Severity::Warning,
        _ => Severity::Note,
    };
    let words = format!(
        "the discriminator tells a real sample from a generated one {} % of the time, hardly better than chance, though \
         samples lie {} times as far from real ones as these from one another",
        figure(100.0 * chance, 0),
        figure(distance, 1)
    );
    Finding::new(severity, words, &tail, &[("told", chance), ("distance", distance)]).into()
}

/// How often it is right, and the most that is hardly better than chance.
fn told(view: &View<'_>) -> Option<(Tail, f64, f64)> {
    if !view.all("auc").is_empty() {
        view.tail("auc", PATIENCE)?;
        let tail = view.tail("auc", LOOKS)?;
        let median = tail.median();
        return Some((tail, median, AHEAD));
    }
    let (real, fake) = (view.tail("accuracy_real", LAST)?, view.tail("accuracy_fake", LAST)?);
    let right = f64::midpoint(real.mean(), fake.mean());
    Some((real, right, RIGHT))
}
