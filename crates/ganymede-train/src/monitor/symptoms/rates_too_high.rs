//! Steps that are long beside the weights.

use super::cures;
use crate::figure::figure;
use crate::monitor::alert::Severity;
use crate::monitor::symptom::{Cure, Finding, Sight, Symptom};
use crate::monitor::view::{Samples, View};

const LOOKS: usize = 5;
/// Before so many looks weights are as small as they were drawn, and every step is long beside them.
const PATIENCE: usize = 10;
/// The length of an update in parts of the weights. A thousandth is usual, a hundredth is fast.
const LONG: f64 = 0.03;
const FAR_TOO_LONG: f64 = 0.1;

pub(super) static RATES_TOO_HIGH: Symptom = Symptom {
    name: "rates-too-high",
    summary: "each step changes a player's weights by several hundredths of themselves, so that nothing learned is kept",
    paper: "You et al., 2017, arXiv:1708.03888, section 4, of updates in parts of the weights",
    needs: &[&["update_g"], &["update_d"]],
    rule,
    raise_after: 3,
    clear_after: 3,
    cures: &[
        Cure { words: "lower both learning rates to what most papers use", sets: cures::usual_rates },
        Cure {
            words: "hold the critic by a gradient penalty: beside clipped weights every step is long",
            sets: cures::gradient_penalty,
        },
        Cure { words: "lower both learning rates", sets: cures::slower_both },
    ],
};

fn rule(view: &View<'_>) -> Sight {
    let players = [("update_g", "the generator's"), ("update_d", "the discriminator's")];
    let all = players.into_iter().filter_map(|(name, whose)| {
        view.tail(name, PATIENCE)?;
        let tail = view.tail(name, LOOKS)?;
        Some((tail.median(), name, whose, tail))
    });
    let Some((update, name, whose, tail)) = all.max_by(|a, b| a.0.total_cmp(&b.0)) else {
        return Sight::CannotSee;
    };
    if update <= LONG {
        return Sight::Well;
    }
    let lost = view.samples() == Some(Samples::Bad) && view.is_improving() == Some(false);
    let severity = if lost && update > FAR_TOO_LONG { Severity::Severe } else { Severity::Warning };
    let words = format!("each step changes {whose} weights by {} % of themselves", figure(100.0 * update, 1));
    Finding::new(severity, words, &tail, &[(name, update)]).of_form(name).into()
}
