//! The words for few samples.

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
