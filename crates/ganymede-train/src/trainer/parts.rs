//! Parts of a data set: few samples, to see how training fares with them, and samples that are never trained on, to see how
//! far the discriminator has learnt the others by heart.

use std::sync::Arc;

use ganymede_datasets::{Dataset, DatasetError};
use ganymede_tensor::Rng;

use crate::error::TrainError;

/// Some samples of a data set, as a data set.
struct Part {
    whole: Arc<dyn Dataset>,
    /// Their numbers in the whole.
    numbers: Vec<usize>,
}

/// A data set in two.
pub(crate) struct Split {
    pub(crate) trained_on: Arc<dyn Dataset>,
    /// Nothing where none are held out.
    pub(crate) held_out: Option<Arc<dyn Dataset>>,
}

/// So many samples of the whole, or all; which those are is a function of the seed.
///
/// # Errors
/// There are not so many.
pub(crate) fn some(
    whole: Arc<dyn Dataset>,
    count: Option<usize>,
    seed: u64,
) -> Result<Arc<dyn Dataset>, TrainError> {
    let Some(count) = count else { return Ok(whole) };
    let len = whole.len();
    if count > len {
        return Err(TrainError::Dataset(DatasetError::BadOption {
            option: "data.subset",
            value: count.to_string(),
            fix: format!("`{}` has {len} samples", whole.name()),
        }));
    }
    let mut numbers = Rng::stream(seed, "subset").permutation(len);
    numbers.truncate(count);
    Ok(Part::of(&whole, numbers))
}

/// The samples that [`some`] leaves out, where it does, no more than `most`.
pub(crate) fn others(
    whole: &Arc<dyn Dataset>,
    count: Option<usize>,
    most: usize,
    seed: u64,
) -> Option<Arc<dyn Dataset>> {
    let count = count.filter(|count| *count < whole.len())?;
    let numbers = Rng::stream(seed, "subset").permutation(whole.len());
    Some(Part::of(whole, numbers.into_iter().skip(count).take(most).collect()))
}

/// Holds out a share of all samples; which those are is a function of the seed.
///
/// # Errors
/// There are too few samples for one of either.
pub(crate) fn split(whole: Arc<dyn Dataset>, share: Option<f64>, seed: u64) -> Result<Split, TrainError> {
    let Some(share) = share else { return Ok(Split { trained_on: whole, held_out: None }) };
    let len = whole.len();
    if len < 2 {
        return Err(TrainError::Dataset(DatasetError::BadOption {
            option: "augment.held_out",
            value: share.to_string(),
            fix: format!("`{}` has one sample; use heuristic = \"r_t\", which holds none out", whole.name()),
        }));
    }
    let held_out = ((len as f64 * share).round() as usize).clamp(1, len - 1);
    let mut numbers = Rng::stream(seed, "held-out").permutation(len);
    let rest = numbers.split_off(held_out);
    Ok(Split { trained_on: Part::of(&whole, rest), held_out: Some(Part::of(&whole, numbers)) })
}

impl Part {
    fn of(whole: &Arc<dyn Dataset>, mut numbers: Vec<usize>) -> Arc<dyn Dataset> {
        // In the order of the data, so that reading is orderly.
        numbers.sort_unstable();
        Arc::new(Self { whole: Arc::clone(whole), numbers })
    }

    fn number(&self, index: usize) -> Result<usize, DatasetError> {
        let absent = || DatasetError::Index { name: self.name().to_owned(), index, len: self.numbers.len() };
        self.numbers.get(index).copied().ok_or_else(absent)
    }
}

impl Dataset for Part {
    fn name(&self) -> &str {
        self.whole.name()
    }

    fn len(&self) -> usize {
        self.numbers.len()
    }

    fn shape(&self) -> &[usize] {
        self.whole.shape()
    }

    fn class_names(&self) -> &[String] {
        self.whole.class_names()
    }

    fn label(&self, index: usize) -> Option<u32> {
        self.whole.label(*self.numbers.get(index)?)
    }

    fn read(&self, index: usize, out: &mut [f32]) -> Result<(), DatasetError> {
        self.whole.read(self.number(index)?, out)
    }

    fn content_hash(&self) -> String {
        self.whole.content_hash()
    }

    fn condition_shape(&self) -> Option<&[usize]> {
        self.whole.condition_shape()
    }

    fn read_condition(&self, index: usize, out: &mut [f32]) -> Result<(), DatasetError> {
        self.whole.read_condition(self.number(index)?, out)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeSet;

    use ganymede_datasets::ImageSet;

    use super::*;

    fn grey(len: u8) -> Arc<dyn Dataset> {
        Arc::new(ImageSet::new("grey", [1, 1, 1], (0..len).collect(), None).unwrap())
    }

    fn levels(part: &dyn Dataset) -> BTreeSet<u32> {
        let level = |index| {
            let mut out = [0.0];
            part.read(index, &mut out).unwrap();
            ((out[0] + 1.0) * 127.5).round() as u32
        };
        (0..part.len()).map(level).collect()
    }

    #[test]
    fn every_sample_is_on_one_side() {
        let parts = |share: f64, seed: u64| {
            let split = split(grey(20), Some(share), seed).unwrap();
            (levels(&*split.trained_on), levels(&*split.held_out.unwrap()))
        };
        for (share, count) in [(0.1, 2), (0.5, 10), (0.001, 1), (0.999, 19)] {
            let (rest, held_out) = parts(share, 1);
            assert_eq!((held_out.len(), rest.len()), (count, 20 - count));
            assert!(rest.is_disjoint(&held_out));
        }
        assert_eq!(parts(0.5, 1), parts(0.5, 1));
        assert_ne!(parts(0.5, 1), parts(0.5, 2));
    }

    #[test]
    fn a_seed_has_its_own_few_samples() {
        let few = |count, seed| levels(&*some(grey(20), Some(count), seed).unwrap());
        assert_eq!([1, 7, 20].map(|count| few(count, 1).len()), [1, 7, 20]);
        assert_eq!(few(7, 1), few(7, 1));
        assert_ne!(few(7, 1), few(7, 2));
        assert_eq!(some(grey(3), None, 1).unwrap().len(), 3);
        let Err(error) = some(grey(3), Some(4), 1) else { panic!("there are no four samples") };
        let error = error.to_string();
        assert!(error.contains("data.subset") && error.contains("3 samples"), "{error}");
    }

    #[test]
    fn what_is_not_asked_for_or_cannot_be_had() {
        let whole = split(grey(3), None, 1).unwrap();
        assert_eq!((whole.trained_on.len(), whole.held_out.is_none()), (3, true));
        let Err(error) = split(grey(1), Some(0.1), 1) else { panic!("one sample has no parts") };
        let error = error.to_string();
        assert!(error.contains("augment.held_out") && error.contains("r_t"), "{error}");
        let rest = split(grey(3), Some(0.3), 1).unwrap().trained_on;
        assert!(rest.read(2, &mut [0.0]).is_err() && rest.label(2).is_none());
    }
}
