//! Values that leave every bound, or are none any more.

use super::cures;
use crate::figure::figure;
use crate::monitor::alert::Severity;
use crate::monitor::statistics::median;
use crate::monitor::symptom::{Cure, Finding, Sight, Symptom};
use crate::monitor::view::{Tail, View};

/// Losses and scores that are looked at.
const VALUES: [&str; 5] = ["loss_d", "loss_g", "score_real", "score_fake", "penalty"];
/// At the end, and before it the least that says what is usual.
const LAST: usize = 10;
const BEFORE: usize = 20;
/// So many times the usual size, and so large in itself, is beyond every bound.
const GROWTH: f64 = 100.0;
const LARGE: f64 = 1e3;
/// Generated samples lie so many times as far from the middle of the data as real ones.
const FLUNG: f64 = 3.0;
const LOOKS: usize = 3;

pub(crate) static DIVERGENCE: Symptom = Symptom {
    name: "divergence",
    summary: "a value is no number any more, losses or scores leave every bound, or samples are flung far from the data",
    paper: "Mescheder et al., 2018, arXiv:1801.04406, section 3: without a penalty the game need not come to rest",
    needs: &[&["loss_d"], &["loss_g"], &["score_real"], &["score_fake"], &["reach"]],
    rule,
    raise_after: 2,
    clear_after: 6,
    cures: &[
        Cure { words: "lower both learning rates to what most papers use", sets: cures::usual_rates },
        Cure { words: "penalise the discriminator's gradient at real samples (R1)", sets: cures::r1 },
        Cure {
            words: "hold the critic by a gradient penalty, not by clipped weights",
            sets: cures::gradient_penalty,
        },
        Cure { words: "shorten gradients that are too long", sets: cures::clipped_norms },
        Cure { words: "lower both learning rates", sets: cures::slower_both },
        Cure { words: "take the momentum away, which overshoots in games", sets: cures::no_momentum },
    ],
};

fn rule(view: &View<'_>) -> Sight {
    let all = || VALUES.iter().map(|name| (*name, view.all(name)));
    if let Some((name, (step, _))) =
        all().find_map(|(name, points)| Some((name, *points.last().filter(|(_, x)| !x.is_finite())?)))
    {
        let words = format!("`{name}` is not a finite number at step {step}");
        let tail = Tail { window: (step, step), values: Vec::new() };
        return Finding::new(Severity::Severe, words, &tail, &[]).of_form("not finite").into();
    }
    if let Some(tail) = view.tail("reach", LOOKS).filter(|tail| tail.median() > FLUNG) {
        let reach = tail.median();
        let words = format!(
            "generated samples lie {} times as far from the middle of the data as real ones",
            figure(reach, 2)
        );
        return Finding::new(Severity::Severe, words, &tail, &[("reach", reach)]).of_form("flung").into();
    }
    let mut seen = view.tail("reach", LOOKS).is_some();
    for (name, _) in all() {
        let Some(tail) = view.tail(name, LAST + BEFORE) else { continue };
        seen = true;
        let (now, usual) = sizes(view, name, &tail);
        if now > LARGE && now > GROWTH * usual {
            let words = format!(
                "`{name}` has grown to {} from {}, and leaves every bound",
                figure(now, 3),
                figure(usual, 3)
            );
            let values = [("now", now), ("before", usual)];
            return Finding::new(Severity::Severe, words, &tail, &values).of_form("growth").into();
        }
    }
    if seen { Sight::Well } else { Sight::CannotSee }
}

/// The typical size at the end, and over the first half of everything.
fn sizes(view: &View<'_>, name: &str, tail: &Tail) -> (f64, f64) {
    let size = |values: &[f64]| median(&values.iter().map(|x| x.abs()).collect::<Vec<_>>());
    let all: Vec<f64> = view.all(name).iter().map(|(_, x)| *x).filter(|x| x.is_finite()).collect();
    (size(&tail.values[BEFORE..]), size(&all[..all.len() / 2]))
}
