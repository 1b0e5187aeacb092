//! A discriminator that is always right.

use super::blur::Blur;
use super::{cures, worst};
use crate::figure::figure;
use crate::monitor::alert::Severity;
use crate::monitor::symptom::{Cure, Finding, Sight, Symptom};
use crate::monitor::view::{Samples, Tail, View};

const LAST: usize = 20;
const LOOKS: usize = 5;
/// Shares of samples on their side.
const SURE: f64 = 0.98;
const SETTLED: f64 = 0.995;
/// The probability that a real sample scores higher than a generated one: what the same is where no score is the border.
const AHEAD: f64 = 0.975;
/// Before so many looks nobody has had time to learn.
const PATIENCE: usize = 10;

pub(super) static DISCRIMINATOR_TOO_STRONG: Symptom = Symptom {
    name: "discriminator-too-strong",
    summary: "the discriminator tells real from generated without fail, and samples do not come nearer to the data",
    paper: "Arjovsky and Bottou, 2017, arXiv:1701.04862, section 2.1",
    needs: &[&["accuracy_real", "accuracy_fake"], &["auc"]],
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
    worst([far(view), blurred(view)])
}

/// Samples that lie between the modes, and that the discriminator knows by it: the generator does not follow.
fn blurred(view: &View<'_>) -> Sight {
    let Some(blur) = Blur::of(view).filter(Blur::is_told) else { return Sight::CannotSee };
    let severity = if blur.is_overdue { Severity::Severe } else { Severity::Warning };
    let words = format!(
        "samples reach all modes and stay blurred: {} % of them lie near one, and the discriminator puts a real sample above a \
         generated one {} % of the time",
        figure(100.0 * blur.near, 0),
        figure(100.0 * blur.told, 0)
    );
    Finding::new(severity, words, &blur.tail, &blur.values()).of_form("blurred").into()
}

fn far(view: &View<'_>) -> Sight {
    let Some(told) = told(view) else { return Sight::CannotSee };
    let samples = view.samples();
    let improving = view.is_improving();
    // Along random directions samples may seem good that any network tells from real ones.
    let seems_good = samples == Some(Samples::Good);
    if !told.sure || (seems_good && !(told.settled && improving == Some(false))) {
        return Sight::Well;
    }
    // A critic of few samples is always right, and teaches all the same.
    if improving == Some(true) && samples != Some(Samples::Bad) {
        return Sight::Well;
    }
    let severity = match (samples, improving) {
        (Some(Samples::Bad), Some(false)) if told.settled => Severity::Severe,
        (Some(Samples::Bad) | None, Some(false) | None) => Severity::Warning,
        (_, Some(false)) if told.settled => Severity::Warning,
        _ => Severity::Note,
    };
    let words = format!("{}: the generator gets little to learn from", told.words);
    Finding::new(severity, words, &told.tail, &told.values).into()
}

/// How often the discriminator is right.
struct Told {
    tail: Tail,
    values: Vec<(&'static str, f64)>,
    sure: bool,
    settled: bool,
    words: String,
}

fn told(view: &View<'_>) -> Option<Told> {
    let both = view.tail("accuracy_real", LAST).zip(view.tail("accuracy_fake", LAST));
    let accuracy = both.map(|(real, fake)| (f64::midpoint(real.mean(), fake.mean()), real));
    let auc =
        view.tail("auc", PATIENCE).and_then(|_| view.tail("auc", LOOKS)).map(|tail| (tail.median(), tail));
    let values = [("accuracy", &accuracy), ("auc", &auc)];
    let values = values.into_iter().filter_map(|(name, told)| Some((name, told.as_ref()?.0))).collect();
    let (right, ahead) =
        (accuracy.as_ref().map_or(0.0, |told| told.0), auc.as_ref().map_or(0.0, |told| told.0));
    let words = match right >= SURE || auc.is_none() {
        true => format!("the discriminator is right {} % of the time", figure(100.0 * right, 1)),
        false => format!(
            "the discriminator puts a real sample above a generated one {} % of the time",
            figure(100.0 * ahead, 1)
        ),
    };
    let sure = right >= SURE || ahead >= AHEAD;
    let settled = right >= SETTLED || ahead >= SETTLED;
    let (_, tail) = accuracy.or(auc)?;
    Some(Told { tail, values, sure, settled, words })
}
