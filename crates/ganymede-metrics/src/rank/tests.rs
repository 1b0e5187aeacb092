use super::*;
use crate::{Convention, find_measure};

/// Features of normal samples around a mean.
fn rows(count: usize, mean: f32, seed: u64) -> Array2<f32> {
    let mut rng = Rng::new(seed);
    Array2::from_shape_simple_fn((count, 6), || rng.standard_normal() as f32 + mean)
}

fn set(rows: &Array2<f32>) -> SampleSet<'_> {
    SampleSet { rows: Some(rows.view()), ..SampleSet::default() }
}

fn ranked(measure: &str, real: &Array2<f32>, generated: &[&Array2<f32>]) -> Result<Vec<Ranking>> {
    let choices = Convention::Ganymede.choices();
    let generated: Vec<SampleSet<'_>> = generated.iter().map(|rows| set(rows)).collect();
    let of = Comparison {
        real: set(real),
        generated: SampleSet::default(),
        unseen: None,
        extractor: "noise",
        choices: &choices,
        seed: 1,
        passes: None,
    };
    rank(find_measure(measure).unwrap(), &of, &generated, Jackknife::new(10)?, &mut || ())
}

#[test]
fn the_one_that_is_worse_by_construction_is_called_so() {
    let real = rows(400, 0.0, 1);
    let (good, as_good, bad) = (rows(300, 0.0, 2), rows(300, 0.0, 3), rows(300, 0.4, 4));
    for measure in ["fid", "kid", "prdc", "mind"] {
        let found = ranked(measure, &real, &[&good, &as_good, &bad]).unwrap();
        let of = &found[0];
        let better: Vec<Option<usize>> = of.pairs.iter().map(|pair| pair.better).collect();
        match measure {
            // Precision alone knows no mean, but more than a tenth of the samples lie outside.
            "prdc" => assert_ne!((better[1], better[2]), (Some(2), Some(2))),
            _ => assert_eq!(better, [None, Some(0), Some(1)], "{measure}: {of:?}"),
        }
        for (at, estimate) in of.generators.iter().enumerate() {
            assert!(estimate.low <= estimate.value && estimate.value <= estimate.high, "{measure} {at}");
        }
    }
}

#[test]
fn halves_of_one_set_are_seldom_told_apart() {
    let (real, both) = (rows(200, 0.0, 1), rows(300, 0.1, 2));
    for measure in ["fid", "prdc"] {
        let mut claims = 0;
        for seed in 0..20 {
            let order = Rng::new(seed).permutation(300);
            let [first, second] = [&order[..150], &order[150..]].map(|half| both.select(Axis(0), half));
            let found = ranked(measure, &real, &[&first, &second]).unwrap();
            claims += usize::from(found[0].pairs[0].better.is_some());
        }
        assert!(claims <= 3, "{measure}: {claims} of 20");
    }
}

#[test]
fn unequal_or_small_sets_are_refused() {
    let real = rows(60, 0.0, 1);
    // One generator has intervals, and nobody to be compared with.
    let alone = ranked("fid", &real, &[&rows(60, 0.5, 2)]).unwrap();
    assert!(alone[0].pairs.is_empty() && alone[0].generators[0].is_not_zero());
    assert!(ranked("fid", &real, &[&Array2::zeros((0, 6))]).is_err());
    assert!(ranked("fid", &real, &[&real, &rows(59, 0.0, 2)]).is_err());
    let few = rows(19, 0.0, 2);
    assert!(matches!(ranked("fid", &real, &[&few, &few]), Err(MetricError::Unfit(_))));
}
