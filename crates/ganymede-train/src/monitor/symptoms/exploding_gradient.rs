//! Gradients that grow by orders of magnitude.

use super::cures;
use crate::figure::figure;
use crate::monitor::alert::Severity;
use crate::monitor::statistics::median;
use crate::monitor::symptom::{Cure, Finding, Sight, Symptom};
use crate::monitor::view::View;

const LAST: usize = 10;
/// Times what is usual for the run, and how large at the least.
const GROWTH: f64 = 30.0;
const LARGE: f64 = 100.0;
/// Large whatever was usual.
const HUGE: f64 = 1e4;

pub(super) static EXPLODING_GRADIENT: Symptom = Symptom {
    name: "exploding-gradient",
    summary: "a player's gradient is larger than it was by orders of magnitude, or than any loss explains",
    paper: "Gulrajani et al., 2017, arXiv:1704.00028, section 3.2, of clipped weights; Brock et al., 2018, arXiv:1809.11096, section 4.1",
    needs: &[&["grad_norm_d"], &["grad_norm_g"]],
    rule,
    raise_after: 2,
    clear_after: 3,
    cures: &[
        Cure {
            words: "hold the critic by a gradient penalty, not by clipped weights",
            sets: cures::gradient_penalty,
        },
        Cure { words: "lower both learning rates to what most papers use", sets: cures::usual_rates },
        Cure { words: "penalise the discriminator's gradient (R1)", sets: cures::r1 },
        Cure { words: "shorten gradients that are too long", sets: cures::clipped_norms },
        Cure { words: "bound the discriminator's slope (spectral normalisation)", sets: cures::spectral },
        Cure { words: "lower both learning rates", sets: cures::slower_both },
    ],
};

fn rule(view: &View<'_>) -> Sight {
    let mut seen = false;
    for (name, greatest, words) in [
        ("grad_norm_g", "grad_greatest_g", "the generator's"),
        ("grad_norm_d", "grad_greatest_d", "the discriminator's"),
    ] {
        let Some(tail) = view.tail(name, LAST) else { continue };
        seen = true;
        let now = tail.median();
        let all: Vec<f64> = view.all(name).iter().map(|(_, x)| *x).filter(|x| x.is_finite()).collect();
        let usual = if all.len() >= 3 * LAST { median(&all[..all.len() / 2]) } else { f64::INFINITY };
        let grown = now > LARGE && now > GROWTH * usual;
        if now > HUGE || grown {
            let severe = now > HUGE || now > GROWTH * GROWTH * usual;
            let severity = if severe { Severity::Severe } else { Severity::Warning };
            let before =
                if usual.is_finite() { format!(", {} before", figure(usual, 2)) } else { String::new() };
            let mut words = format!("{words} gradient has a norm of {}{before}", figure(now, 2));
            let mut values = vec![("grad_norm", now)];
            values.extend(usual.is_finite().then_some(("before", usual)));
            if let (Some(layer), Some(most)) = (view.layer(greatest), view.median(greatest, 1)) {
                words += &format!(", most of it in `{layer}` ({})", figure(most, 2));
                values.push((greatest, most));
            }
            return Finding::new(severity, words, &tail, &values).of_form(name).into();
        }
    }
    if seen { Sight::Well } else { Sight::CannotSee }
}
