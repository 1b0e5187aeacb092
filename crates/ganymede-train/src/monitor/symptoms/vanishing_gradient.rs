//! A generator that is told next to nothing.

use super::{cures, worst};
use crate::figure::figure;
use crate::monitor::alert::Severity;
use crate::monitor::statistics::median;
use crate::monitor::symptom::{Cure, Finding, Sight, Symptom};
use crate::monitor::view::{Samples, View};

const LAST: usize = 10;
/// Nothing to learn from, whatever the scale of the loss; and next to nothing.
const NOTHING: f64 = 1e-6;
const LITTLE: f64 = 1e-4;
/// In parts of what the gradient was at the beginning, or at its best.
const VANISHED: f64 = 1e-3;
/// The gradient of the first layer's weight in parts of that of the last one's, over some looks.
const LAYERS: f64 = 1e-4;
const LOOKS: usize = 5;

pub(super) static VANISHING_GRADIENT: Symptom = Symptom {
    name: "vanishing-gradient",
    summary: "the generator's gradient has become a thousandth of what it was, while its samples are unlike the data",
    paper: "Arjovsky and Bottou, 2017, arXiv:1701.04862, theorem 2.4",
    needs: &[&["grad_norm_g"], &["grad_first_last_g", "distance"], &["grad_first_last_d", "distance"]],
    rule,
    raise_after: 2,
    clear_after: 3,
    cures: &[
        Cure {
            words: "let the generator's loss not saturate where the discriminator is sure",
            sets: cures::non_saturating,
        },
        Cure {
            words: "penalise the discriminator's gradient (R1), so that it cannot become a step",
            sets: cures::r1,
        },
        Cure {
            words: "hold the critic by a gradient penalty: clipped weights make gradients vanish layer by layer",
            sets: cures::gradient_penalty,
        },
        Cure { words: "make fewer discriminator updates a step", sets: cures::fewer_critic_updates },
        Cure { words: "lower the discriminator's learning rate", sets: cures::slower_discriminator },
        Cure { words: "bound the discriminator's slope (spectral normalisation)", sets: cures::spectral },
    ],
};

fn rule(view: &View<'_>) -> Sight {
    worst([whole(view), layers(view, "g", "the generator's"), layers(view, "d", "the discriminator's")])
}

/// What reaches a player's first layer.
fn layers(view: &View<'_>, end: &str, whose: &str) -> Sight {
    let name = format!("grad_first_last_{end}");
    let (Some(tail), Some(samples)) = (view.tail(&name, LOOKS), view.samples()) else {
        return Sight::CannotSee;
    };
    let share = tail.median();
    if samples != Samples::Bad || share >= LAYERS {
        return Sight::Well;
    }
    let words = format!(
        "{whose} gradient vanishes on its way: that of the first layer's weight is {} of that of the last one's",
        figure(share, 2)
    );
    Finding::new(Severity::Warning, words, &tail, &[(name.as_str(), share)]).of_form("layers").into()
}

fn whole(view: &View<'_>) -> Sight {
    let Some(tail) = view.tail("grad_norm_g", LAST) else { return Sight::CannotSee };
    let samples = view.samples();
    // At rest there is no gradient.
    if samples == Some(Samples::Good) {
        return Sight::Well;
    }
    let now = tail.median();
    let all: Vec<f64> = view.all("grad_norm_g").iter().map(|(_, x)| *x).filter(|x| x.is_finite()).collect();
    let best = all.chunks_exact(LAST).map(median).fold(0.0, f64::max);
    let factor = view.median("lr_factor", 1).unwrap_or(1.0);
    let vanished = now < NOTHING || now < VANISHED * best;
    if !vanished && now >= LITTLE {
        return Sight::Well;
    }
    let bad = vanished && samples == Some(Samples::Bad) && factor > 0.01;
    let severity = if bad { Severity::Severe } else { Severity::Warning };
    let mut words = format!(
        "the generator's gradient has a norm of {}, after {} at its best: there is next to nothing to learn from",
        figure(now, 2),
        figure(best, 2)
    );
    let mut values = vec![("grad_norm_g", now), ("best", best)];
    if let (Some(layer), Some(least)) = (view.layer("grad_least_g"), view.median("grad_least_g", 1)) {
        words += &format!("; least in `{layer}` ({})", figure(least, 2));
        values.push(("grad_least_g", least));
    }
    Finding::new(severity, words, &tail, &values).into()
}
