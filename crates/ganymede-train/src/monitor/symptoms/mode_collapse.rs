//! Samples that are all alike, or of some modes only.

use super::{cures, worst};
use crate::figure::figure;
use crate::monitor::alert::Severity;
use crate::monitor::statistics::median;
use crate::monitor::symptom::{Cure, Finding, Sight, Symptom};
use crate::monitor::view::{Tail, View};

/// Looks that a median is of.
const LOOKS: usize = 3;
/// Before so many looks a generator has had no time to spread.
const PATIENCE: usize = 10;
/// Measurements of a program that has no monitor, likewise.
const MEASUREMENTS: usize = 4;
/// Shares of the modes, and of the spread of real samples.
const LOST_HALF: f64 = 0.55;
const LOST_SOME: f64 = 0.8;
const ALIKE: f64 = 0.25;
const NARROW: f64 = 0.6;
/// What is left of what there was a while ago, where it went at once; and how many looks ago.
const SUDDEN: f64 = 0.6;
const AGO: usize = 4;
/// Shares of classes that are hardly drawn.
const CLASSES_HALF: f64 = 0.5;
const CLASSES_SOME: f64 = 0.2;
/// Thorough looks at the discriminator's spectra, and the share of its layers whose spectra have collapsed.
const SPECTRA: usize = 2;
const COLLAPSED: f64 = 0.5;

pub(super) static MODE_COLLAPSE: Symptom = Symptom {
    name: "mode-collapse",
    summary: "samples are all alike (total), or some of the data's modes or classes are never drawn (partial), sudden where it came at once; or the discriminator's spectra have collapsed, with which samples do",
    paper: "Goodfellow, 2016, arXiv:1701.00160, section 5.1.1; modes as Srivastava et al., 2017, arXiv:1705.07761, section 5.1",
    needs: &[&["modes_reached"], &["diversity"], &["classes_missing"], &["coverage"], &["collapsed_d"]],
    rule,
    raise_after: 3,
    clear_after: 4,
    cures: &[
        Cure { words: "give the generator more than one number to draw from", sets: cures::wider_latents },
        Cure { words: "give the generator room to reach all of the data", sets: cures::wider_generator },
        Cure {
            words: "penalise the discriminator's gradient (R1), which keeps it from chasing one mode after the other",
            sets: cures::r1,
        },
        Cure {
            words: "let the generator's loss not saturate where the discriminator is sure",
            sets: cures::non_saturating,
        },
        Cure {
            words: "let the discriminator judge two samples together (PacGAN), so that it sees when they are alike",
            sets: cures::packs,
        },
        Cure {
            words: "give it the deviation within a batch as a feature, likewise",
            sets: cures::minibatch_deviation,
        },
        Cure { words: "hold the critic by a gradient penalty", sets: cures::gradient_penalty },
        Cure { words: "lower both learning rates", sets: cures::slower_both },
    ],
};

fn rule(view: &View<'_>) -> Sight {
    worst([modes(view), spread(view), classes(view), spectra(view)])
}

/// The last looks at a share, once there have been enough of them; and whether it fell at once.
fn share(view: &View<'_>, name: &str) -> Option<(Tail, f64, bool)> {
    view.tail(name, PATIENCE)?;
    let tail = view.tail(name, LOOKS)?;
    let now = tail.median();
    let before = view.tail(name, LOOKS + AGO + LOOKS).map(|tail| median(&tail.values[..LOOKS]));
    let sudden = before.is_some_and(|before| now < SUDDEN * before);
    Some((tail, now, sudden))
}

fn modes(view: &View<'_>) -> Sight {
    // Of another program only what was covered at its own measurements may be known.
    let monitored = share(view, "modes_reached");
    let Some((tail, reached, sudden)) = monitored.or_else(|| {
        let unmonitored = view.all("modes_reached").is_empty();
        let tail = view.tail("coverage", MEASUREMENTS).filter(|_| unmonitored)?;
        let now = tail.median();
        Some((tail, now, false))
    }) else {
        return Sight::CannotSee;
    };
    let severity = match reached {
        x if x <= LOST_HALF => Severity::Severe,
        x if x <= LOST_SOME => Severity::Warning,
        x if x < 0.999 => Severity::Note,
        _ => return Sight::Well,
    };
    let words = format!("samples reach {} % of the data's modes", figure(100.0 * reached, 0));
    Finding::new(severity, words, &tail, &[("modes_reached", reached)]).of_form(form(sudden, false)).into()
}

fn spread(view: &View<'_>) -> Sight {
    let Some((tail, diversity, sudden)) = share(view, "diversity") else { return Sight::CannotSee };
    let total = diversity < ALIKE;
    let severity = match diversity {
        _ if total => Severity::Severe,
        x if x < NARROW && sudden => Severity::Severe,
        x if x < NARROW => Severity::Warning,
        _ => return Sight::Well,
    };
    let share = figure(100.0 * diversity, 0);
    let words = match total {
        true => {
            format!("samples are all alike: two of them differ {share} % as much as two real ones")
        }
        false => format!("two samples differ only {share} % as much as two real ones"),
    };
    Finding::new(severity, words, &tail, &[("diversity", diversity)]).of_form(form(sudden, total)).into()
}

fn classes(view: &View<'_>) -> Sight {
    let Some(tail) = view.tail("classes_missing", 2) else { return Sight::CannotSee };
    let missing = tail.values.iter().copied().fold(f64::INFINITY, f64::min);
    let severity = match missing {
        x if x >= CLASSES_HALF => Severity::Severe,
        x if x >= CLASSES_SOME => Severity::Warning,
        x if x > 0.0 => Severity::Note,
        _ => return Sight::Well,
    };
    let words = format!("{} % of the data's classes are hardly ever drawn", figure(100.0 * missing, 0));
    Finding::new(severity, words, &tail, &[("classes_missing", missing)]).of_form("partial").into()
}

/// A discriminator that sees few directions any more: where its spectra collapse, samples do.
fn spectra(view: &View<'_>) -> Sight {
    let Some(tail) = view.tail("collapsed_d", SPECTRA) else { return Sight::CannotSee };
    let share = tail.values.iter().copied().fold(f64::INFINITY, f64::min);
    if share < COLLAPSED {
        return Sight::Well;
    }
    let words = format!(
        "the spectra of {} % of the discriminator's layers have collapsed: each sees one or two directions (Liu et al., 2019, \
         arXiv:1908.10999, section 3)",
        figure(100.0 * share, 0)
    );
    Finding::new(Severity::Warning, words, &tail, &[("collapsed_d", share)]).of_form("spectral").into()
}

fn form(sudden: bool, total: bool) -> &'static str {
    match (sudden, total) {
        (true, _) => "sudden",
        (false, true) => "total",
        (false, false) => "partial",
    }
}
