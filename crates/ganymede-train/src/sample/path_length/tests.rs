use ganymede_metrics::Features;
use ndarray::Array2;

use super::super::Truncation;
use super::super::testing::{LAYERS, Toy};
use super::*;

/// Pixels themselves.
struct Pixels;

impl FeatureExtractor for Pixels {
    fn id(&self) -> &str {
        "pixels"
    }

    fn dim(&self) -> usize {
        LAYERS
    }

    fn input(&self) -> [usize; 3] {
        [1, 1, LAYERS]
    }

    fn weights_sha256(&self) -> &str {
        "none"
    }

    fn settings(&self) -> String {
        String::new()
    }

    fn features(&self, images: &Tensor) -> ganymede_metrics::Result<Features> {
        let rows = images.flatten_from(1)?.to_vec2::<f32>()?;
        let values: Vec<f32> = rows.iter().flatten().copied().collect();
        let pool = Array2::from_shape_vec((rows.len(), LAYERS), values).unwrap();
        Ok(Features { pool, logits: None, spatial: None })
    }
}

fn measured(sampler: &Sampler, options: PathLengthOptions) -> Result<PathLengthReport, TrainError> {
    let mut conditions = sampler.class_batches(None, 0).unwrap();
    let mut seen = Vec::new();
    let distance = PathDistance::Features(Box::new(Pixels));
    let report = sampler.path_length(&distance, &mut conditions, &options, &mut |pairs| seen.push(pairs))?;
    assert!(seen.first() == Some(&0) && seen.len() == options.pairs.div_ceil(BATCH), "{seen:?}");
    Ok(report)
}

/// A step that f32 shows.
fn options(space: LatentSpace) -> PathLengthOptions {
    PathLengthOptions { space, pairs: 3000, epsilon: 1e-2, ..PathLengthOptions::default() }
}

#[test]
fn the_path_length_of_a_linear_generator_is_known() {
    // A pixel moves by the mean of w₁ − w₀ over 100, which is N(0, 4·2/3) with one class for both, and three pixels do,
    // by 127.5 levels a unit: 3·1.275²·8/3 in the mean, and 0.9343 of it without the largest hundredth.
    let report = measured(&Toy::new().sampler(), options(LatentSpace::W)).unwrap();
    let expected = 3.0 * 1.275f64.powi(2) * 8.0 / 3.0 * 0.9343;
    assert!((report.value / expected - 1.0).abs() < 0.08, "{report:?} {expected}");
    assert_eq!((report.name.as_str(), report.pairs, report.kept), ("ppl-w-full-pixels", 3000, 2940 + 2));
    // In z, along great circles: the speed is the angle times the length, π/2·√3 were it always a right one.
    let end = PathLengthOptions { sampling: PathSampling::End, ..options(LatentSpace::Z) };
    let report = measured(&Toy::new().sampler(), end).unwrap();
    assert_eq!(report.name, "ppl-z-end-pixels");
    assert!((5.0..40.0).contains(&report.value), "{report:?}");
    assert_eq!(measured(&Toy::new().sampler(), end).unwrap(), report);
    assert_ne!(
        measured(&Toy::new().sampler(), PathLengthOptions { seed: 1, ..end }).unwrap().value,
        report.value
    );
}

#[test]
fn what_has_no_path_length_is_refused() {
    let refused = |sampler: &Sampler, options| measured(sampler, options).unwrap_err().to_string();
    let uniform = Toy { distribution: LatentDistribution::Uniform, ..Toy::new() }.sampler();
    assert!(refused(&uniform, options(LatentSpace::Z)).contains("great circles"));
    let plain = Toy { maps: false, ..Toy::new() }.sampler();
    assert!(refused(&plain, options(LatentSpace::W)).contains("no mapping network"));
    let truncated = Toy::new().sampler().with_truncation(Some(Truncation::Norm { psi: 1.0 })).unwrap();
    assert!(refused(&truncated, options(LatentSpace::Z)).contains("leave the truncation out"));
    let cropped = PathLengthOptions { crop: true, ..options(LatentSpace::W) };
    assert!(refused(&Toy::new().sampler(), cropped).contains("no crop"));
    let none = PathLengthOptions { pairs: 0, ..options(LatentSpace::W) };
    assert!(refused(&Toy::new().sampler(), none).contains("at least 1"));
}
