//! Which measures a few samples allow.

use ganymede_metrics::{Convention, PRDC_NEIGHBOURS};

use crate::config::EvalMetric;
use crate::quality::LeftOut;

/// Samples that a measure needs at least: real ones, generated ones, and why.
fn least(metric: EvalMetric) -> (usize, usize, String) {
    let choices = Convention::Ganymede.choices();
    let neighbours = |k: usize| (k + 1, k + 1, format!("a sample has to have {k} others beside it"));
    match metric {
        EvalMetric::Fid => (2, 2, "one sample has no covariance".to_owned()),
        EvalMetric::Kid => (2, 2, "it compares pairs".to_owned()),
        EvalMetric::InceptionScore => {
            (0, choices.is_splits, format!("it averages over {} parts", choices.is_splits))
        }
        EvalMetric::PrecisionRecall => neighbours(choices.pr_neighbours),
        EvalMetric::DensityCoverage => neighbours(PRDC_NEIGHBOURS),
    }
}

/// What is computed of so many samples, in the order asked for, and what is left out.
pub(crate) fn choose(
    wanted: &[EvalMetric],
    real: usize,
    generated: usize,
) -> (Vec<EvalMetric>, Vec<LeftOut>) {
    let (mut possible, mut left_out) = (Vec::new(), Vec::new());
    for metric in wanted {
        let (least_real, least_generated, why) = least(*metric);
        let lacking = [("real", least_real, real), ("generated", least_generated, generated)];
        match lacking.into_iter().find(|(_, least, there)| there < least) {
            None => possible.push(*metric),
            Some((side, least, there)) => {
                let reason = format!("it needs {least} {side} samples, there are {there}: {why}");
                left_out.push(LeftOut { measure: metric.name().to_owned(), reason });
            }
        }
    }
    (possible, left_out)
}

/// The words for a data set that is smaller than a batch.
pub(crate) fn short_of_a_batch(samples: usize, batch: usize) -> Option<String> {
    (samples < batch).then(|| {
        let held = if samples == 1 { "1 sample".to_owned() } else { format!("{samples} samples") };
        let times = batch.div_ceil(samples.max(1));
        format!(
            "the data set has {held}, fewer than a batch of {batch}: each is shown up to {times} times a batch, and a \
             generator can only learn them by heart; add samples, or lower run.batch"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_measure_is_computed_from_the_number_on_that_it_needs() {
        for (metric, least) in [
            (EvalMetric::Fid, 2),
            (EvalMetric::Kid, 2),
            (EvalMetric::InceptionScore, 0),
            (EvalMetric::PrecisionRecall, 4),
            (EvalMetric::DensityCoverage, 6),
        ] {
            for real in 0..=16 {
                let (possible, left_out) = choose(&[metric], real, 10);
                assert_eq!((possible.len(), left_out.len()), if real < least { (0, 1) } else { (1, 0) });
                assert!(left_out.iter().all(|left| left.reason.contains(&format!("there are {real}"))));
            }
        }
    }
}
