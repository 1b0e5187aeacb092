//! What the numbers mean, in plain words.

use crate::figure::figure;
use crate::monitor::{Alert, Severity};
use crate::outcome::{Outcome, StopReason};
use crate::quality::{ClassShare, Quality};
use crate::record::{LogEntry, Metric};

/// Entries at the end of the log that are looked at.
const TAIL: usize = 20;
/// The least that says anything about a tendency.
const LEAST: usize = 5;

/// What the monitor knows at the end; nothing where there is none.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watched {
    /// What is raised, the worst first.
    pub(crate) alerts: Vec<Alert>,
    /// `diversity` and `modes_reached` of the last look.
    pub(crate) diversity: Option<f64>,
    pub(crate) modes_reached: Option<f64>,
}

/// Alerts that are told at the most.
const MOST_TOLD: usize = 3;
/// Shares of the spread of the data and of its modes without which no game is in balance.
const SPREAD: f64 = 0.5;
const MODES: f64 = 0.75;

/// A few sentences for a person: how it ended, how good it is, and what looks wrong.
pub(crate) fn verdict(
    outcome: &Outcome,
    log: &[LogEntry],
    metric: Option<&Metric>,
    watched: &Watched,
) -> String {
    let mut sentences = vec![ending(outcome)];
    if !matches!(outcome, Outcome::Diverged { .. }) {
        sentences.extend(metric.map(quality));
        let grave = || watched.alerts.iter().filter(|alert| alert.severity > Severity::Note);
        sentences.extend(grave().take(MOST_TOLD).map(told));
        if grave().next().is_none() {
            sentences.extend(balance(log, watched.are_spread(metric)));
        }
    }
    sentences.join(" ")
}

impl Watched {
    /// Whether samples differ as real ones do, and are of most of the modes and classes; not where nobody has looked.
    fn are_spread(&self, metric: Option<&Metric>) -> bool {
        let found = match metric {
            Some(Metric::ModeCoverage { modes_covered, modes, .. }) => {
                *modes_covered as f64 >= MODES * *modes as f64
            }
            Some(Metric::Quality(quality)) => {
                let lost = quality.classes.iter().filter(|share| is_missing(share)).count();
                (lost as f64) <= (1.0 - MODES) * quality.classes.len() as f64
            }
            Some(Metric::SlicedWasserstein { .. }) | None => true,
        };
        let reached = self.modes_reached.is_none_or(|reached| reached >= MODES);
        found && reached && self.diversity.is_some_and(|diversity| diversity >= SPREAD)
    }
}

/// An alert with its first remedy.
fn told(alert: &Alert) -> String {
    let remedy = alert.remedies.first().filter(|remedy| !remedy.set.is_empty());
    let remedy = remedy.map(|remedy| {
        let sets: Vec<String> = remedy.set.iter().map(|set| format!("--set '{set}'")).collect();
        format!(" Try {}: {}.", sets.join(" "), remedy.words)
    });
    let (severity, symptom) = (alert.severity.name(), &alert.symptom);
    format!("{symptom} ({severity}): {}.{}", alert.words, remedy.unwrap_or_default())
}

fn ending(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Completed => "The run completed.".to_owned(),
        Outcome::Stopped { reason: StopReason::Requested } => {
            "The run was interrupted and can go on from its last checkpoint.".to_owned()
        }
        Outcome::Stopped { reason: StopReason::TimeLimit } => {
            "The time limit was reached; the run can go on from its last checkpoint.".to_owned()
        }
        Outcome::Diverged { step, cause, origin } => {
            let began =
                origin.as_ref().map(|origin| format!(" It began {}.", origin.words)).unwrap_or_default();
            format!(
                "The run diverged: at step {step}, {cause} was not a finite number.{began} The last good checkpoint was \
                 kept. Try a lower learning rate, or a gradient penalty such as r1."
            )
        }
    }
}

fn quality(metric: &Metric) -> String {
    match *metric {
        Metric::ModeCoverage { modes_covered, modes, high_quality, .. } => {
            let share = 100.0 * high_quality;
            let found = format!(
                "The generator covers {modes_covered} of {modes} modes, with {share:.1} % of its samples within 3σ of one"
            );
            match modes_covered {
                n if n == modes && high_quality >= 0.9 => format!("{found}: it has learnt the distribution."),
                n if n == modes => format!("{found}: every mode is found, many samples lie between them."),
                n if n * 2 < modes => format!("{found}: mode collapse."),
                _ => format!("{found}: some modes are missing."),
            }
        }
        Metric::Quality(ref quality) => in_features(quality),
        Metric::SlicedWasserstein { distance, between_reals, .. } => {
            let pair =
                format!("sliced Wasserstein {} against {}", figure(distance, 4), figure(between_reals, 4));
            match distance / between_reals {
                times if times < MOST_TIMES => format!(
                    "Pixel by pixel, generated samples lie {times:.1} times as far from real ones as real ones from one \
                     another ({pair}); look at the pictures to judge them."
                ),
                // Nothing to compare with: one sample, or all of them equal.
                _ => format!(
                    "Pixel by pixel, real samples hardly differ from one another, so that there is no measure for how \
                     far generated ones lie from them ({pair}); look at the pictures to judge them."
                ),
            }
        }
    }
}

/// A greater ratio of distances says only that there is no spread to compare with.
const MOST_TIMES: f64 = 1e4;

/// Share of real samples of a class below which nobody would miss it in generated ones.
pub(crate) const RARE: f64 = 0.02;

fn in_features(quality: &Quality) -> String {
    let mut parts: Vec<String> =
        quality.values.iter().map(|value| format!("{} is {}", value.name, figure(value.value, 4))).collect();
    if let (Some(first), Some(real)) = (parts.first_mut(), quality.between_reals) {
        *first += &format!(" ({} between real samples)", figure(real, 4));
    }
    let missing: Vec<&str> =
        quality.classes.iter().filter(|share| is_missing(share)).map(|share| share.class.as_str()).collect();
    let mut text = if parts.is_empty() { String::new() } else { format!("{}.", parts.join(", ")) };
    if !quality.left_out.is_empty() {
        let names: Vec<&str> = quality.left_out.iter().map(|left| left.measure.as_str()).collect();
        text += &format!(" Not measured: {}.", names.join(", "));
    }
    if !missing.is_empty() {
        text += &format!(" Hardly drawn at all: {}; that is mode collapse.", missing.join(", "));
    }
    text
}

fn is_missing(share: &ClassShare) -> bool {
    share.real >= RARE && share.generated < share.real / 10.0
}

/// `are_spread`: whether the samples are as manifold as the data, as far as anybody has looked.
fn balance(log: &[LogEntry], are_spread: bool) -> Option<String> {
    let tail = &log[log.len().saturating_sub(TAIL)..];
    if tail.len() < LEAST {
        return None;
    }
    let mean = |name: &str| {
        let values: Vec<f64> = tail.iter().filter_map(|entry| entry.get(name)).collect();
        (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
    };
    let norm_g = mean("grad_norm_g")?;
    if norm_g < 1e-5 {
        return Some(
            "The generator's gradient has vanished: it learns nothing more. Try the non-saturating or hinge loss, or \
             a penalty on the discriminator."
                .to_owned(),
        );
    }
    let (real, fake) = (mean("accuracy_real")?, mean("accuracy_fake")?);
    let right = 50.0 * (real + fake);
    Some(match right {
        r if r > 99.0 => format!(
            "The discriminator tells real from generated {r:.0} % of the time: the generator gets little to learn \
             from. Try a penalty (r1), or a lower discriminator learning rate."
        ),
        r if r > 95.0 => {
            format!("The discriminator is right {r:.0} % of the time: it is well ahead of the generator.")
        }
        r if r < 52.0 => format!(
            "The discriminator is right only {r:.0} % of the time: it cannot tell real from generated any more."
        ),
        r if are_spread => {
            format!("The discriminator is right {r:.0} % of the time: the players are in balance.")
        }
        r => format!("The discriminator is right {r:.0} % of the time."),
    })
}

#[cfg(test)]
mod tests {
    use ganymede_metrics::{Convention, Provenance};

    use super::*;
    use crate::monitor::{Alert, AlertState, Evidence, Severity};
    use crate::outcome::Origin;
    use crate::quality::QualityValue;

    fn entry(accuracy: f64, grad_norm_g: f64) -> LogEntry {
        let values = [
            ("loss_d", 1.0),
            ("loss_g", 1.0),
            ("accuracy_real", accuracy),
            ("accuracy_fake", accuracy),
            ("grad_norm_d", 1.0),
            ("grad_norm_g", grad_norm_g),
        ];
        let values = values.map(|(name, value)| (name.to_owned(), value)).into();
        LogEntry { step: 1, images: 1, values }
    }

    #[test]
    fn names_what_it_sees() {
        let spread = Watched { diversity: Some(0.9), ..Watched::default() };
        let check = |log: &[LogEntry], metric: Option<&Metric>, want: &str| {
            let text = verdict(&Outcome::Completed, log, metric, &spread);
            assert!(text.contains(want), "{text:?} should say {want:?}");
        };
        check(&vec![entry(0.7, 1.0); 20], None, "in balance");
        check(&vec![entry(1.0, 1.0); 20], None, "little to learn");
        check(&vec![entry(0.7, 1e-7); 20], None, "vanished");
        let coverage = |modes_covered, high_quality| Metric::ModeCoverage {
            modes_covered,
            modes: 8,
            high_quality,
            min_count: 16,
            modes_hit: None,
            reverse_kl: None,
            samples: 2500,
        };
        check(&[], Some(&coverage(8, 0.95)), "has learnt");
        check(&[], Some(&coverage(2, 0.95)), "mode collapse");
        check(&[], Some(&coverage(7, 0.95)), "missing");
        // Modes that are lost are no balance, nor are samples that are alike, that nobody has looked at, or of which
        // something is raised.
        let log = vec![entry(0.7, 1.0); 20];
        let never = |metric: Option<&Metric>, watched: &Watched| {
            let text = verdict(&Outcome::Completed, &log, metric, watched);
            assert!(!text.contains("in balance"), "{text:?}");
            text
        };
        never(Some(&coverage(4, 0.95)), &spread);
        never(None, &Watched::default());
        never(None, &Watched { diversity: Some(0.1), ..Watched::default() });
        never(None, &Watched { modes_reached: Some(0.5), ..spread.clone() });
        let alert = Alert {
            step: 5,
            symptom: "oscillation".to_owned(),
            state: AlertState::Raised,
            severity: Severity::Warning,
            evidence: Evidence::default(),
            words: "it swings (a paper)".to_owned(),
            remedies: Vec::new(),
        };
        let text = never(None, &Watched { alerts: vec![alert], ..spread });
        assert!(text.contains("oscillation (warning): it swings (a paper)."), "{text}");
    }

    #[test]
    fn classes_that_are_hardly_drawn_are_a_collapse() {
        let share = |class: &str, generated| ClassShare { class: class.into(), generated, real: 0.5 };
        let quality = Quality {
            values: vec![QualityValue {
                name: "fid-x-2k".into(),
                measure: "fid".into(),
                value: 12.5,
                lower_is_better: true,
            }],
            left_out: Vec::new(),
            between_reals: Some(0.25),
            classes: vec![share("Bag", 0.99), share("Shirt", 0.01)],
            provenance: Provenance::new("x", "", Convention::Ganymede),
        };
        let text = verdict(&Outcome::Completed, &[], Some(&Metric::Quality(quality)), &Watched::default());
        assert!(text.contains("fid-x-2k is 12.5000 (0.2500 between real samples)"), "{text}");
        assert!(text.contains("Hardly drawn at all: Shirt;") && !text.contains("Bag"), "{text}");
    }

    #[test]
    fn there_is_no_ratio_where_there_is_no_spread() {
        let text = |distance, between_reals| {
            let metric = Metric::SlicedWasserstein { distance, between_reals, samples: 512, directions: 256 };
            verdict(&Outcome::Completed, &[], Some(&metric), &Watched::default())
        };
        assert!(text(0.5, 0.25).contains("2.0 times as far"));
        for (distance, between) in [(0.5, 0.0), (0.0, 0.0), (1e30, 1e-30), (0.5, 1e-300), (f64::MAX, 1.0)] {
            let text = text(distance, between);
            assert!(text.contains("hardly differ") && text.len() < 300, "{text}");
        }
    }

    #[test]
    fn divergence_says_step_and_remedy() {
        let origin = Origin {
            term: None,
            step: 37,
            player: "discriminator",
            part: "loss",
            parameter: Some("discriminator.main.0.weight".to_owned()),
            words: "in step 37".to_owned(),
        };
        let cause = "the generator's loss".to_owned();
        let outcome = Outcome::Diverged { step: 40, cause, origin: Some(origin) };
        let text = verdict(&outcome, &[], None, &Watched::default());
        let wants = ["step 40", "It began in step 37.", "lower learning rate"];
        assert!(wants.iter().all(|want| text.contains(want)), "{text}");
    }
}
