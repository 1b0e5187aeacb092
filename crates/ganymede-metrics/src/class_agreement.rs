//! Whether generated samples are of the class that was asked for.

use crate::argmax::argmax_rows;
use crate::{MetricError, Result, Rows};

/// The share of generated samples that a classifier puts into the class that the generator was asked for:
///
/// A = 1/N Σₙ \[argmaxₖ ℓₙₖ = yₙ]
///
/// with logits ℓ `(N, K)` of the generated samples and the labels y `(N,)` that they were made for. The lowest class
/// wins where logits are equal. In `0..=1`, higher is better. Chance is 1/K for labels that are drawn evenly; a perfect
/// generator reaches the classifier's own accuracy on real samples, which is below 1, and one that exaggerates its
/// classes goes beyond it. Logits may be infinite: only their order counts.
///
/// It is the *GAN-test* of Shmelkov, Schmid and Alahari, 2018, "How good is my GAN?", arXiv:1807.09499, section 3: the
/// classifier is trained on real samples and tested on generated ones, and here it is the extractor's, which may know
/// other images than these. Odena, Olah and Shlens, 2017, arXiv:1610.09585, section 4.1, measure the same by Inception
/// and call it discriminability. The *classification accuracy score* (Ravuri and Vinyals, 2019, arXiv:1905.10887, and
/// the GAN-train of Shmelkov et al.) goes the other way, training on generated samples and testing on real ones, so that
/// it falls where variety is missing. This measure does not: one good sample a class, repeated, is perfect. Measures
/// within classes, such as [`class_frechet_distance`](crate::class_frechet_distance), see that.
///
/// # Errors
/// There is no row or no class, the labels are not as many as the rows, a label is not below K, or a logit is not a
/// number.
///
/// ```
/// use ganymede_metrics::class_agreement;
/// use ndarray::arr2;
/// let logits = arr2(&[[2.0, -1.0], [0.5, 0.7], [3.0, 3.0], [0.0, 9.0]]);
/// assert_eq!(class_agreement(&logits, &[0, 1, 0, 0])?, 0.75);
/// # Ok::<(), ganymede_metrics::MetricError>(())
/// ```
pub fn class_agreement<'a>(logits: impl Into<Rows<'a>>, labels: &[u32]) -> Result<f64> {
    let logits = logits.into();
    let (count, classes) = (logits.count(), logits.dim());
    if labels.len() != count {
        return Err(MetricError::Invalid(format!(
            "{} labels for {count} rows of logits: give the class that was asked for of each sample",
            labels.len()
        )));
    }
    if classes == 0 {
        return Err(MetricError::Invalid(
            "logits of no classes: take an extractor whose network classifies".into(),
        ));
    }
    if count == 0 {
        return Err(MetricError::Unfit("there are no generated samples whose class could agree".into()));
    }
    let is_known = |label: u32| usize::try_from(label).is_ok_and(|label| label < classes);
    if let Some((row, label)) = labels.iter().enumerate().find(|(_, label)| !is_known(**label)) {
        return Err(MetricError::Invalid(format!(
            "sample {row} was asked for in class {label}, and the classifier has the classes 0 to {}: data and extractor \
             have other classes",
            classes - 1
        )));
    }
    let found = argmax_rows(logits)?;
    let agreeing = found.iter().zip(labels).filter(|(found, label)| **found == **label as usize).count();
    Ok(agreeing as f64 / count as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, arr2};

    #[track_caller]
    fn check(logits: &Array2<f32>, labels: &[u32], want: f64) {
        assert_eq!(class_agreement(logits, labels).unwrap(), want);
        assert_eq!(class_agreement(&logits.mapv(f64::from), labels).unwrap(), want);
    }

    #[test]
    fn it_is_the_share_of_agreeing_rows() {
        let identity = Array2::<f32>::eye(7);
        let own: Vec<u32> = (0..7).collect();
        check(&identity, &own, 1.0);
        // Any increasing function of the logits changes nothing.
        check(&identity.mapv(|x| (3.0 * x).exp() - 8.0), &own, 1.0);
        for wrong in 1..7 {
            let labels: Vec<u32> = (0..7).map(|i| if i < wrong { (i + 1) % 7 } else { i }).collect();
            check(&identity, &labels, f64::from(7 - wrong) / 7.0);
        }
        check(&arr2(&[[0.2, 0.9]]), &[1], 1.0);
        check(&arr2(&[[0.2, 0.9]]), &[0], 0.0);
        // With one class there is nothing to get wrong.
        check(&arr2(&[[-3.0], [8.0]]), &[0, 0], 1.0);
    }

    #[test]
    fn of_equal_logits_the_lowest_class_wins() {
        let flat = Array2::<f32>::zeros((3, 3));
        check(&flat, &[0, 1, 2], 1.0 / 3.0);
        check(&arr2(&[[1.0, 5.0, 5.0], [5.0, 1.0, 5.0]]), &[1, 0], 1.0);
        check(&arr2(&[[1.0, 5.0, 5.0], [-0.0, -1.0, 0.0]]), &[2, 2], 0.0);
    }

    #[test]
    fn saturated_logits_are_ordered_as_others() {
        let (most, infinite) = (f32::MAX, f32::INFINITY);
        let logits = arr2(&[
            [100.0, -100.0, 99.999_99],
            [-most, most, 0.0],
            [0.0, infinite, most],
            [-infinite, -infinite, -infinite],
        ]);
        check(&logits, &[0, 1, 1, 0], 1.0);
        // A difference that only f64 sees counts there.
        let close = arr2(&[[1.0, 1.0 + 1e-12]]);
        assert_eq!(class_agreement(&close, &[1]).unwrap(), 1.0);
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_the_way_out() {
        let check = |logits: &Array2<f32>, labels: &[u32], want: &str| {
            let error = class_agreement(logits, labels).unwrap_err().to_string();
            assert!(error.contains(want), "{error}");
        };
        let two = arr2(&[[0.0, 1.0], [1.0, 0.0]]);
        check(&two, &[0], "1 labels for 2 rows");
        check(&two, &[0, 2], "sample 1 was asked for in class 2, and the classifier has the classes 0 to 1");
        check(&two, &[u32::MAX, 0], "sample 0 was asked for in class 4294967295");
        check(&Array2::zeros((2, 0)), &[0, 0], "no classes");
        check(&Array2::zeros((0, 2)), &[], "no generated samples");
        check(&arr2(&[[0.0, 1.0], [9.0, f32::NAN]]), &[1, 0], "row 1, column 1 is NaN");
    }
}
