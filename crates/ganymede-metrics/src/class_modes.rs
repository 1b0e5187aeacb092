//! How many classes generated samples cover, and how evenly.

use crate::argmax::argmax_rows;
use crate::{MetricError, Result, Rows};

/// What [`class_modes`] finds.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct ClassModes {
    /// Classes that some sample is put into.
    pub modes: usize,
    /// Classes K that there are.
    pub classes: usize,
    /// Σₖ p̂ₖ ln(p̂ₖ K) ≥ 0, the divergence of the shares p̂ of classes from equal ones.
    pub kl: f64,
    /// What `kl` is on average of N samples of equally frequent classes, by sampling alone: (K − 1) / 2N, as far as N is
    /// much larger than K.
    pub floor: f64,
}

/// The classes of a network that generated samples are put into, each a mode, and the divergence of their shares from equal
/// ones, of logits `(N, K)`:
///
/// modes = #{k : nₖ > 0}, KL = Σₖ (nₖ/N) ln(nₖ K / N)
///
/// where nₖ is the number of samples whose largest logit is the k-th. Of 26,000 images of stacked MNIST, whose 1,000 classes
/// are three digits, it is the protocol of Lin et al. (2018, arXiv:1712.04086, section 4.2) after Metz et al. (2017,
/// arXiv:1611.02163) and Srivastava et al. (2017, arXiv:1705.07761). Equally frequent classes give a KL of 0.0192 there by
/// sampling alone, the digits of MNIST 0.0235.
///
/// # Errors
/// There is no row or no class, or a logit is not a number.
///
/// ```
/// use ganymede_metrics::class_modes;
/// use ndarray::arr2;
/// let found = class_modes(&arr2(&[[2.0, 1.0], [0.0, 3.0], [0.0, 1.0], [0.5, 4.0]]))?;
/// assert_eq!(found.modes, 2);
/// assert!((found.kl - (0.25 * 0.5f64.ln() + 0.75 * 1.5f64.ln())).abs() < 1e-12);
/// # Ok::<(), ganymede_metrics::MetricError>(())
/// ```
pub fn class_modes<'a>(logits: impl Into<Rows<'a>>) -> Result<ClassModes> {
    let logits = logits.into();
    let (rows, classes) = (logits.count(), logits.dim());
    if classes == 0 {
        let reason = "logits of no classes: take an extractor whose network classifies";
        return Err(MetricError::Invalid(reason.into()));
    }
    if rows == 0 {
        return Err(MetricError::Unfit("there are no generated samples that could cover a class".into()));
    }
    let mut counts = vec![0usize; classes];
    argmax_rows(logits)?.into_iter().for_each(|class| counts[class] += 1);
    let share = |count: &usize| *count as f64 / rows as f64;
    let covered = counts.iter().filter(|count| **count > 0);
    let kl: f64 = covered.clone().map(share).map(|p| p * (p * classes as f64).ln()).sum();
    Ok(ClassModes {
        modes: covered.count(),
        classes,
        kl: kl.max(0.0),
        floor: (classes - 1) as f64 / (2 * rows) as f64,
    })
}

#[cfg(test)]
mod tests {
    use ganymede_tensor::Rng;
    use ndarray::{Array2, arr2};

    use super::*;

    /// Logits that put row i into the class `classes[i]` of `k`.
    fn sure(classes: &[usize], k: usize) -> Array2<f32> {
        Array2::from_shape_fn((classes.len(), k), |(i, j)| f32::from(u8::from(classes[i] == j)))
    }

    #[test]
    fn closed_forms_are_met() {
        let even: Vec<usize> = (0..50).map(|i| i % 10).collect();
        let found = class_modes(&sure(&even, 10)).unwrap();
        assert_eq!((found.modes, found.classes, found.floor), (10, 10, 0.09));
        assert!(found.kl.abs() < 1e-14);
        let one = class_modes(&sure(&[3; 7], 10)).unwrap();
        assert!(one.modes == 1 && (one.kl - 10f64.ln()).abs() < 1e-14);
        // scipy.stats.entropy([3, 1, 4], [1 / 4] * 4 restricted to what is there): by hand.
        let some = class_modes(&sure(&[0, 0, 0, 1, 3, 3, 3, 3], 4)).unwrap();
        let want: f64 = [3.0, 1.0, 4.0].map(|n: f64| n / 8.0 * (n / 2.0).ln()).iter().sum();
        assert!(some.modes == 3 && (some.kl - want).abs() < 1e-14);
    }

    #[test]
    fn sampling_alone_gives_the_floor() {
        // The statistic 2N KL is about χ² of K − 1 degrees: mean 99, standard deviation 14 for 100 classes.
        let mut rng = Rng::new(5);
        let classes: Vec<usize> = (0..2600).map(|_| rng.below(100)).collect();
        let found = class_modes(&sure(&classes, 100)).unwrap();
        assert_eq!(found.modes, 100);
        let deviation = (2.0 * 99.0f64).sqrt() / 5200.0;
        assert!((found.kl - found.floor).abs() < 4.0 * deviation, "{found:?}");
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        assert!(class_modes(&Array2::<f32>::zeros((2, 0))).unwrap_err().to_string().contains("no classes"));
        assert!(
            class_modes(&Array2::<f32>::zeros((0, 3)))
                .unwrap_err()
                .to_string()
                .contains("no generated samples")
        );
        assert!(class_modes(&arr2(&[[0.0, f32::NAN]])).unwrap_err().to_string().contains("NaN"));
    }
}
