use std::collections::BTreeSet;

use ganymede_tensor::Rng;
use ndarray::{Array2, Array4};

use super::*;
use crate::{Convention, Features, MetricError};

/// Images of noise.
struct Noise(usize);

impl ImageSource for Noise {
    fn size(&self) -> Option<(u32, u32)> {
        Some((16, 16))
    }

    fn draw(&self, _: (u32, u32), limit: usize, seed: u64) -> Result<DrawnImages> {
        let mut rng = Rng::stream(seed, "noise");
        let shape = (self.0.min(limit), 1, 16, 16);
        let images = Array4::from_shape_simple_fn(shape, || 255.0 * rng.unit() as f32);
        Ok(DrawnImages { images, of: self.0 })
    }
}

/// A set of `n` samples that has everything.
struct Set {
    features: Features,
    images: Noise,
    labels: Vec<u32>,
}

impl Set {
    fn new(n: usize, seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let mut rows =
            |columns| Array2::from_shape_simple_fn((n, columns), || rng.standard_normal() as f32 + 2.0);
        let features = Features { pool: rows(3), logits: Some(rows(4)), spatial: Some(rows(5)) };
        Self { features, images: Noise(n), labels: (0..n).map(|i| i as u32 % 2).collect() }
    }

    fn samples(&self) -> SampleSet<'_> {
        let (images, labels) = (Some(&self.images as &dyn ImageSource), Some(self.labels.as_slice()));
        SampleSet { images, labels, ..SampleSet::from(&self.features) }
    }
}

fn compare(real: &Set, generated: &Set, look: impl FnOnce(&Comparison<'_>)) {
    let choices = Convention::Ganymede.choices();
    let (real, generated) = (real.samples(), generated.samples());
    let seed = 3;
    look(&Comparison {
        real,
        generated,
        unseen: None,
        extractor: "noise",
        choices: &choices,
        seed,
        passes: None,
    });
}

#[test]
fn every_name_is_found_and_is_nobody_elses() {
    let mut seen = BTreeSet::new();
    for measure in MEASURES {
        for name in measure.aliases.iter().chain([&measure.name]) {
            assert!(seen.insert(*name), "{name} twice");
            assert_eq!(find_measure(name).unwrap(), *measure);
        }
        if let [only] = measure.values {
            assert_eq!(only.name, measure.name);
        }
        assert!(!measure.summary.is_empty() && !measure.paper.is_empty());
        let Some(whole) = measure.part_of else { continue };
        let whole = find_measure(whole).unwrap();
        assert!(measure.values.iter().all(|value| whole.values.contains(value)), "{measure:?}");
    }
    // As the programs had them.
    for (old, now) in [("precision-recall", "pr"), ("density-coverage", "density-coverage"), ("is", "is")] {
        assert_eq!(find_measure(old).unwrap().name, now);
    }
    assert_eq!(
        find_measure("precision").unwrap_err().to_string(),
        "there is no measure `precision`; did you mean `precision-recall`?"
    );
}

#[test]
fn every_measure_can_be_taken_of_as_many_samples_as_it_says_and_of_no_fewer() {
    let choices = Convention::Ganymede.choices();
    for measure in MEASURES {
        let least = (measure.least)(&choices);
        let take = |real: usize, generated: usize| {
            let mut found = None;
            compare(&Set::new(real, 1), &Set::new(generated, 2), |of| found = Some(measure.take(of)));
            found.unwrap()
        };
        let enough = take(least.real.max(1), least.generated);
        let taken = enough.unwrap_or_else(|error| panic!("{measure:?}: {error}"));
        assert_eq!(measure.too_few(least.real, least.generated, &choices), None);
        let sides = [
            (least.real.checked_sub(1), Some(least.generated)),
            (Some(least.real.max(1)), least.generated.checked_sub(1)),
        ];
        for (real, generated) in sides.into_iter().filter_map(|(real, generated)| Some((real?, generated?))) {
            let error = take(real, generated).unwrap_err();
            assert!(matches!(error, MetricError::Unfit(_)), "{measure:?} of {real} and {generated}: {error}");
            assert!(measure.too_few(real, generated, &choices).unwrap().contains("samples, there are"));
        }
        let kinds: Vec<&ValueKind> = taken.values.iter().map(|reading| reading.kind).collect();
        assert_eq!(kinds, measure.values.iter().collect::<Vec<_>>());
        for (reading, line) in taken.values.iter().zip(&taken.lines) {
            assert_eq!(line.value, reading.kind.scale * reading.value);
            assert_eq!(line.better, reading.kind.better.words());
        }
        let json = taken.json();
        let names: Vec<&str> = measure.values.iter().map(|value| value.name).collect();
        let keys = if names.len() == 1 { vec!["value"] } else { names };
        assert!(json.keys().zip(&keys).all(|(found, key)| found == key), "{measure:?}: {json:?}");
    }
}

#[test]
fn what_is_not_there_is_named() {
    let (real, generated) = (Set::new(40, 1), Set::new(40, 2));
    compare(&real, &generated, |of| {
        for measure in MEASURES {
            assert_eq!(measure.missing(of), None);
            let nothing = Comparison { real: SampleSet::default(), generated: SampleSet::default(), ..*of };
            let first = measure.missing(&nothing).unwrap();
            assert_eq!(first, measure.needs[0]);
            let error = measure.take(&nothing).unwrap_err();
            assert!(
                matches!(&error, MetricError::Unfit(reason) if reason.contains(first.words())),
                "{error}"
            );
        }
        let unlabelled = Comparison { generated: SampleSet { labels: None, ..of.generated }, ..*of };
        let missing: Vec<&str> =
            MEASURES.iter().filter(|m| m.missing(&unlabelled).is_some()).map(|m| m.name).collect();
        assert_eq!(missing, ["class-agreement", "class-fid", "cas"]);
    });
}

#[test]
fn several_measures_give_their_values_and_the_reasons_of_others() {
    let wanted = ["fid", "is", "precision-recall", "density-coverage", "swd", "class-agreement"];
    let wanted: Vec<_> = wanted.iter().map(|name| find_measure(name).unwrap()).collect();
    let (real, generated) = (Set::new(20, 1), Set::new(5, 2));
    compare(&real, &generated, |of| {
        let blind = SampleSet { images: None, ..of.generated };
        let round = take_each(&wanted, &Comparison { generated: blind, ..*of }).unwrap();
        let values: Vec<_> =
            round.values.iter().map(|v| (v.reading.kind.name, v.reading.kind.better.is_lower())).collect();
        let kept = [("fid", true), ("precision", false), ("recall", false), ("class-agreement", false)];
        assert_eq!(values, kept);
        let left: Vec<&str> = round.left_out.iter().map(|left| left.measure).collect();
        assert_eq!(left, ["is", "density-coverage", "swd"]);
        assert_eq!(round.left_out[2].reason, "it needs generated images");
    });
    // Other errors are no reasons.
    let mut broken = Set::new(5, 2);
    broken.features.pool[(1, 1)] = f32::NAN;
    compare(&real, &broken, |of| {
        assert!(matches!(take_each(&wanted, of), Err(MetricError::NotFinite { row: 1, .. })));
    });
}

#[test]
fn what_fits_is_known_before_anything_is_generated() {
    let wanted: Vec<_> = ["fid", "kid", "is", "pr", "density-coverage", "class-agreement"]
        .iter()
        .map(|name| find_measure(name).unwrap())
        .collect();
    let choices = Convention::Ganymede.choices();
    for (real, generated, fit) in [
        (0, 0, &[][..]),
        (0, 10, &["is", "class-agreement"]),
        (2, 2, &["fid", "kid", "class-agreement"]),
        (4, 10, &["fid", "kid", "is", "pr", "class-agreement"]),
        (6, 6, &["fid", "kid", "pr", "density-coverage", "class-agreement"]),
    ] {
        let (found, left_out) = those_that_fit(&wanted, real, generated, &choices);
        assert_eq!(found.iter().map(|m| m.name).collect::<Vec<_>>(), fit, "{real} {generated}");
        assert_eq!(found.len() + left_out.len(), wanted.len());
    }
    let (_, left_out) = those_that_fit(&wanted[4..5], 5, 9, &choices);
    let reason = "it needs 6 real samples, there are 5: a sample has to have 5 others beside it";
    assert_eq!((left_out[0].measure, left_out[0].reason.as_str()), ("density-coverage", reason));
}

#[test]
fn a_part_is_equal_to_its_whole() {
    let (real, generated) = (Set::new(60, 1), Set::new(50, 2));
    compare(&real, &generated, |of| {
        for part in MEASURES.iter().filter(|measure| measure.part_of.is_some()) {
            let whole = find_measure(part.part_of.unwrap()).unwrap().take(of).unwrap();
            for reading in part.take(of).unwrap().values {
                assert!(whole.values.contains(&reading), "{part:?} {reading:?}");
            }
        }
    });
}

#[test]
fn counted_features_give_the_distance_of_their_rows() {
    let (real, generated) = (Set::new(60, 1), Set::new(50, 2));
    let counted = |set: &Set| {
        let mut stats = crate::FeatureStats::new(3).unwrap();
        stats.push(&set.features.pool).unwrap();
        stats
    };
    let (a, b) = (counted(&real), counted(&generated));
    let fid = find_measure("fid").unwrap();
    compare(&real, &generated, |of| {
        let of_rows = fid.take(of).unwrap();
        let real = SampleSet { stats: Some(&a), ..SampleSet::default() };
        for rows in [None, of.generated.rows] {
            let generated = SampleSet { rows, stats: Some(&b), ..SampleSet::default() };
            assert_eq!(fid.take(&Comparison { real, generated, unseen: None, ..*of }).unwrap(), of_rows);
        }
    });
}
