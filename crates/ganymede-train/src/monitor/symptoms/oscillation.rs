//! Players that chase one another round and round.

use super::cures;
use crate::figure::figure;
use crate::monitor::alert::Severity;
use crate::monitor::statistics::{detrended, deviation, peak};
use crate::monitor::symptom::{Cure, Finding, Sight, Symptom};
use crate::monitor::view::{Samples, Tail, View};

/// Points that are looked at; fewer say nothing of a period.
const POINTS: usize = 32;
/// The share of the periodogram's peak, and the least and the most periods in the window: slower is drift, faster is noise.
const SHARE: f64 = 0.6;
const PERIODS: std::ops::RangeInclusive<usize> = 3..=10;
/// How far the middle of the samples swings, as a deviation in units of the data's spread.
const SWING: f64 = 0.15;
const WIDE: f64 = 0.4;
/// How far scores and losses swing, in parts of their usual size.
const RELATIVE: f64 = 0.15;
/// What is left of the swing in the second half of the window, where it does not die down.
const LASTS: f64 = 0.7;

pub(super) static OSCILLATION: Symptom = Symptom {
    name: "oscillation",
    summary: "samples, scores or losses swing with a period, and the swings do not die down",
    paper: "Mescheder et al., 2017, arXiv:1705.10461, section 3: eigenvalues with large imaginary parts",
    needs: &[&["centre_0"], &["centre_1"], &["score_real"], &["score_fake"], &["loss_g"], &["loss_d"]],
    rule,
    raise_after: 3,
    clear_after: 4,
    cures: &[
        Cure { words: "penalise the discriminator's gradient (R1), which damps the game", sets: cures::r1 },
        Cure {
            words: "take the momentum away: in games it should be zero or negative",
            sets: cures::no_momentum,
        },
        Cure { words: "look a step ahead (extra-gradient)", sets: cures::extra_gradient },
        Cure { words: "lower both learning rates", sets: cures::slower_both },
        Cure { words: "draw samples from the average over many steps", sets: cures::average },
    ],
};

fn rule(view: &View<'_>) -> Sight {
    let mut seen = false;
    for name in ["centre_0", "centre_1"] {
        let Some(tail) = view.tail(name, POINTS) else { continue };
        seen = true;
        if let Some(swing) = Swing::of(&tail).filter(|swing| swing.deviation > SWING) {
            let wide = swing.deviation > WIDE && view.samples() == Some(Samples::Bad);
            let severity = if wide { Severity::Severe } else { Severity::Warning };
            let words = format!(
                "the middle of the samples swings by {} of the data's spread, {} times in {POINTS} looks",
                figure(swing.deviation, 2),
                swing.periods
            );
            return swing.finding(severity, words, &tail, name).into();
        }
    }
    for name in ["score_fake", "score_real", "loss_g", "loss_d"] {
        let Some(tail) = view.tail(name, 2 * POINTS) else { continue };
        seen = true;
        let size = tail.values.iter().map(|x| x.abs()).sum::<f64>() / tail.values.len() as f64;
        if let Some(swing) = Swing::of(&tail).filter(|swing| swing.deviation > RELATIVE * size) {
            let words = format!("`{name}` swings {} times in {} entries", swing.periods, 2 * POINTS);
            return swing.finding(Severity::Note, words, &tail, name).into();
        }
    }
    if seen { Sight::Well } else { Sight::CannotSee }
}

/// A swing that does not die down.
struct Swing {
    deviation: f64,
    share: f64,
    periods: usize,
}

impl Swing {
    fn of(tail: &Tail) -> Option<Self> {
        let peak = peak(&tail.values).filter(|peak| peak.share > SHARE && PERIODS.contains(&peak.periods))?;
        let rest = detrended(&tail.values);
        let (first, second) = rest.split_at(rest.len() / 2);
        let lasts = deviation(second) > LASTS * deviation(first);
        lasts.then(|| Self { deviation: deviation(&rest), share: peak.share, periods: peak.periods })
    }

    fn finding(&self, severity: Severity, words: String, tail: &Tail, name: &str) -> Finding {
        let values = [("deviation", self.deviation), ("peak", self.share), ("periods", self.periods as f64)];
        Finding::new(severity, words, tail, &values).of_form(name)
    }
}
