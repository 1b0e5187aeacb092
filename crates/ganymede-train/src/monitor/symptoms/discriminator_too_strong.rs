//! A discriminator that is always right.

use super::cures;
use crate::figure::figure;
use crate::monitor::alert::Severity;
use crate::monitor::symptom::{Cure, Finding, Sight, Symptom};
use crate::monitor::view::{Samples, View};

const LAST: usize = 20;
const LOOKS: usize = 5;
/// Shares of samples on their side.
const SURE: f64 = 0.98;
const SETTLED: f64 = 0.995;

pub(super) static DISCRIMINATOR_TOO_STRONG: Symptom = Symptom {
    name: "discriminator-too-strong",
    summary: "the discriminator tells real from generated without fail, and samples do not come nearer to the data",
    paper: "Arjovsky and Bottou, 2017, arXiv:1701.04862, section 2.1",
    needs: &[&["accuracy_real", "accuracy_fake"]],
    rule,
    raise_after: 3,
    clear_after: 3,
    cures: &[
        Cure { words: "penalise the discriminator's gradient (R1)", sets: cures::r1 },
        Cure {
            words: "let the generator's loss not saturate where the discriminator is sure",
            sets: cures::non_saturating,
        },
        Cure { words: "make fewer discriminator updates a step", sets: cures::fewer_critic_updates },
        Cure { words: "lower the discriminator's learning rate", sets: cures::slower_discriminator },
        Cure {
            words: "raise the generator's learning rate to the discriminator's",
            sets: cures::far_faster_generator,
        },
        Cure { words: "bound the discriminator's slope (spectral normalisation)", sets: cures::spectral },
    ],
};

fn rule(view: &View<'_>) -> Sight {
    let (Some(real), Some(fake)) = (view.tail("accuracy_real", LAST), view.tail("accuracy_fake", LAST))
    else {
        return Sight::CannotSee;
    };
    let right = f64::midpoint(real.mean(), fake.mean());
    let samples = view.samples();
    if right < SURE || samples == Some(Samples::Good) {
        return Sight::Well;
    }
    let improving = view.is_improving();
    // A critic of few samples is always right, and teaches all the same.
    if improving == Some(true) && samples != Some(Samples::Bad) {
        return Sight::Well;
    }
    let auc = view.median("auc", LOOKS);
    let severity = match (samples, improving) {
        (Some(Samples::Bad), Some(false)) if right >= SETTLED => Severity::Severe,
        (Some(Samples::Bad) | None, Some(false) | None) => Severity::Warning,
        _ => Severity::Note,
    };
    let words = format!(
        "the discriminator is right {} % of the time: the generator gets little to learn from",
        figure(100.0 * right, 1)
    );
    let mut values = vec![("accuracy", right)];
    values.extend(auc.map(|auc| ("auc", auc)));
    Finding::new(severity, words, &real, &values).into()
}
