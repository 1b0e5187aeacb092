//! A discriminator that knows its samples by heart.

use super::cures;
use crate::figure::figure;
use crate::monitor::alert::Severity;
use crate::monitor::statistics::median;
use crate::monitor::symptom::{Cure, Finding, Sight, Symptom};
use crate::monitor::view::{Samples, Tail, View};

const LOOKS: usize = 5;
/// Values of r_v.
const SOME: f64 = 0.3;
const MOST: f64 = 0.6;

pub(super) static DISCRIMINATOR_OVERFITTING: Symptom = Symptom {
    name: "discriminator-overfitting",
    summary: "the discriminator scores real samples that it was not trained on as it scores generated ones",
    paper: "Karras et al., 2020, arXiv:2006.06676, section 3: r_v = (E D(train) − E D(held out)) / (E D(train) − E D(generated))",
    needs: &[&["score_train", "score_unseen", "score_made"], &["score_real", "score_held_out", "score_fake"]],
    rule,
    raise_after: 3,
    clear_after: 4,
    cures: &[
        Cure {
            words: "augment all that the discriminator sees, as far as it overfits (ADA)",
            sets: cures::adaptive_augmentation,
        },
        Cure {
            words: "augment all that the discriminator sees (DiffAugment)",
            sets: cures::differentiable_augmentation,
        },
        Cure { words: "penalise the discriminator's gradient (R1)", sets: cures::r1 },
        Cure { words: "lower the discriminator's learning rate", sets: cures::slower_discriminator },
    ],
};

fn rule(view: &View<'_>) -> Sight {
    let tails = |names: [&str; 3]| -> Option<[Tail; 3]> {
        Some([view.tail(names[0], LOOKS)?, view.tail(names[1], LOOKS)?, view.tail(names[2], LOOKS)?])
    };
    let found = tails(["score_train", "score_unseen", "score_made"])
        .or_else(|| tails(["score_real", "score_held_out", "score_fake"]));
    let Some([train, unseen, made]) = found else { return Sight::CannotSee };
    let values: Vec<f64> = (0..LOOKS)
        .map(|i| (train.values[i] - unseen.values[i]) / (train.values[i] - made.values[i]))
        .filter(|r_v| r_v.is_finite())
        .collect();
    // Where it cannot tell the samples that it trains on from generated ones, there is nothing that it knows by heart.
    let gaps: Vec<f64> = (0..LOOKS).map(|i| train.values[i] - made.values[i]).collect();
    if values.len() < LOOKS || median(&gaps) <= 0.0 {
        return Sight::Well;
    }
    let r_v = median(&values);
    // While samples are good it costs nothing yet.
    let suffer = view.samples() != Some(Samples::Good);
    let severity = match r_v {
        x if x > MOST && suffer => Severity::Severe,
        x if x > SOME => Severity::Warning,
        _ => return Sight::Well,
    };
    let words = format!(
        "the discriminator knows its samples by heart: those that it never saw score {} % of the way down to generated ones",
        figure(100.0 * r_v, 0)
    );
    Finding::new(severity, words, &train, &[("r_v", r_v), ("gap", median(&gaps))]).into()
}
