//! A generator that does not move.

use super::cures;
use crate::figure::figure;
use crate::monitor::alert::Severity;
use crate::monitor::symptom::{Cure, Finding, Sight, Symptom};
use crate::monitor::view::{Samples, View};

/// Looks at the length of updates; entries with gradients.
const LOOKS: usize = 5;
const ENTRIES: usize = 20;
/// Updates shorter than this, in parts of the weights and of what the schedule leaves of the rate, move nothing within a run.
const STILL: f64 = 2e-5;
/// A rate that the schedule has brought so low is meant to move nothing.
const ENDED: f64 = 0.01;

pub(super) static DEAD_GENERATOR: Symptom = Symptom {
    name: "dead-generator",
    summary: "the generator does not change: its updates are next to nothing, or its gradient is exactly zero",
    paper: "Arjovsky and Bottou, 2017, arXiv:1701.04862, theorem 2.4, for the gradient; updates of about a thousandth of the weights are usual",
    needs: &[&["update_g"], &["grad_norm_g"]],
    rule,
    raise_after: 2,
    clear_after: 3,
    cures: &[
        Cure {
            words: "raise the generator's learning rate to the discriminator's",
            sets: cures::far_faster_generator,
        },
        Cure { words: "let the generator's loss not saturate", sets: cures::non_saturating },
        Cure {
            words: "penalise the discriminator's gradient (R1), so that there is one to follow",
            sets: cures::r1,
        },
        Cure { words: "lower the discriminator's learning rate", sets: cures::slower_discriminator },
    ],
};

fn rule(view: &View<'_>) -> Sight {
    let factor = view.median("lr_factor", 1).unwrap_or(1.0);
    if factor < ENDED || view.samples() == Some(Samples::Good) {
        return Sight::Well;
    }
    let zero = view.tail("grad_norm_g", ENTRIES).filter(|tail| tail.values.iter().all(|norm| *norm == 0.0));
    if let Some(tail) = zero {
        let words = "the generator's gradient is exactly zero: it learns nothing".to_owned();
        return Finding::new(Severity::Severe, words, &tail, &[("grad_norm_g", 0.0)]).of_form("zero").into();
    }
    match view.tail("update_g", LOOKS) {
        Some(tail) if tail.median() / factor < STILL => {
            let update = tail.median();
            let words = format!(
                "the generator stands still: a step changes its weights by {} of themselves",
                figure(update, 2)
            );
            Finding::new(Severity::Severe, words, &tail, &[("update_g", update)]).of_form("still").into()
        }
        Some(_) => Sight::Well,
        None if view.tail("grad_norm_g", ENTRIES).is_some() => Sight::Well,
        None => Sight::CannotSee,
    }
}
