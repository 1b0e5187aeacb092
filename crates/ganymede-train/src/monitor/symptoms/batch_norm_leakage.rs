//! Samples of a batch that know of one another.

use super::cures;
use crate::config::Run;
use crate::figure::figure;
use crate::monitor::alert::Severity;
use crate::monitor::symptom::{Cure, Finding, Sight, Symptom};
use crate::monitor::view::View;

const LOOKS: usize = 5;
/// How much the outcome for a sample changes with its companions, in parts of how much it changes with the sample.
const SOME: f64 = 0.35;
const MOST: f64 = 0.7;

pub(super) static BATCH_NORM_LEAKAGE: Symptom = Symptom {
    name: "batch-norm-leakage",
    summary: "what a network makes of a sample depends on the other samples of the batch more than it should",
    paper: "Salimans et al., 2016, arXiv:1606.03498, section 3.4; of critics with a penalty, Gulrajani et al., 2017, arXiv:1704.00028, section 4",
    needs: &[&["dependence_g"], &["dependence_d"]],
    rule,
    raise_after: 3,
    clear_after: 3,
    cures: &[
        Cure { words: "take a batch whose statistics mean something", sets: cures::larger_batch },
        Cure { words: "normalise each sample of the discriminator by itself", sets: layer_norm_d },
        Cure { words: "leave the normalisation of the discriminator out", sets: no_norm_d },
        Cure { words: "normalise the generator by a batch that was drawn once", sets: virtual_norm_g },
    ],
};

fn layer_norm_d(run: &Run) -> Option<Vec<String>> {
    run.discriminator.traits().mixes_batch.then(|| vec!["discriminator.norm=layer".to_owned()])
}

fn no_norm_d(run: &Run) -> Option<Vec<String>> {
    run.discriminator.traits().mixes_batch.then(|| vec!["discriminator.norm=none".to_owned()])
}

fn virtual_norm_g(run: &Run) -> Option<Vec<String>> {
    run.generator.traits().mixes_batch.then(|| vec!["generator.norm=virtual".to_owned()])
}

fn rule(view: &View<'_>) -> Sight {
    let both =
        [("dependence_d", "the discriminator's score of a sample"), ("dependence_g", "a generated sample")];
    let tails = both.map(|(name, words)| view.tail(name, LOOKS).map(|tail| (name, words, tail)));
    let worst = tails.into_iter().flatten().max_by(|a, b| a.2.median().total_cmp(&b.2.median()));
    let Some((name, words, tail)) = worst else { return Sight::CannotSee };
    let dependence = tail.median();
    let severity = match dependence {
        x if x > MOST => Severity::Severe,
        x if x > SOME => Severity::Warning,
        _ => return Sight::Well,
    };
    let words = format!(
        "{words} changes with its companions in the batch {} % as much as with the sample itself",
        figure(100.0 * dependence, 0)
    );
    Finding::new(severity, words, &tail, &[(name, dependence)]).of_form(name).into()
}
