//! What holds for any features.

use ganymede_metrics::{
    Bootstrap, Ddof, KidSubset, MeanCov, Split, draw_subsets, fid_infinity, frechet_distance,
    frechet_distance_rows, inception_score, kid, kid_all, vendi_score,
};
use ganymede_tensor::Rng;
use ndarray::{Array1, Array2, concatenate, s};
use proptest::prelude::{ProptestConfig, prop_assert, proptest};

use crate::support::{assert_relative, portable};

fn diagonal(mean: &[f64], variances: &[f64]) -> MeanCov {
    MeanCov {
        mean: Array1::from_vec(mean.to_vec()),
        cov: Array2::from_diag(&Array1::from_vec(variances.to_vec())),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn kernel_distances_are_symmetric(
        seed in 0_u64..1000, n in 2_usize..60, m in 2_usize..60, d in 1_usize..24,
    ) {
        let (a, b) = (portable(seed, n, d, 1.0, 0.0), portable(seed + 7, m, d, 0.5, 0.3));
        let (ab, ba) = (kid_all(&a, &b).unwrap(), kid_all(&b, &a).unwrap());
        prop_assert!((ab - ba).abs() <= 1e-12);
    }

    #[test]
    fn over_all_split_halves_the_unbiased_kernel_distance_is_0(
        seed in 0_u64..1000, half in 2_usize..5, d in 1_usize..9, shift in 0.0_f64..3.0,
    ) {
        // Each pair of rows falls into one half as often as it weighs less than a pair across: for any rows, exactly.
        let rows = portable(seed, 2 * half, d, 1.0, shift);
        let halves = (0_u32..1 << (2 * half)).filter(|set| set.count_ones() as usize == half);
        let subsets: Vec<KidSubset> = halves
            .map(|set| {
                let (real, fake) = (0..2 * half).partition(|row| set >> row & 1 == 1);
                KidSubset { real, fake }
            })
            .collect();
        let found = kid(&rows, &rows, &subsets).unwrap();
        let largest = found.values.iter().fold(0.0_f64, |a, b| a.max(b.abs()));
        prop_assert!(found.mean.abs() <= 1e-12 * largest.max(1.0), "{} of {largest}", found.mean);
    }

    #[test]
    fn diagonal_gaussians_have_a_closed_form(
        means in proptest::collection::vec((-3.0_f64..3.0, -3.0_f64..3.0), 9),
        variances in proptest::collection::vec((1e-3_f64..4.0, 1e-3_f64..4.0), 9),
    ) {
        let unzip = |pairs: &[(f64, f64)]| -> (Vec<f64>, Vec<f64>) { pairs.iter().copied().unzip() };
        let ((m1, m2), (v1, v2)) = (unzip(&means), unzip(&variances));
        let wanted: f64 = means.iter().map(|(a, b): &(f64, f64)| (a - b).powi(2)).sum::<f64>()
            + variances.iter().map(|(a, b): &(f64, f64)| (a.sqrt() - b.sqrt()).powi(2)).sum::<f64>();
        let found = frechet_distance(&diagonal(&m1, &v1), &diagonal(&m2, &v2)).unwrap().distance;
        prop_assert!((found - wanted).abs() <= 1e-10 * wanted.max(1e-3), "{found} {wanted}");
    }

    #[test]
    fn rows_and_covariances_agree_for_any_rank(seed in 0_u64..1000, n in 2_usize..40, m in 2_usize..40) {
        let (a, b) = (portable(seed, n, 20, 1.0, 0.0), portable(seed + 1, m, 20, 1.5, 0.1));
        let stats = [&a, &b].map(|rows| {
            let mut stats = ganymede_metrics::FeatureStats::new(20).unwrap();
            stats.push(rows).unwrap();
            stats.mean_cov(Ddof::Population).unwrap()
        });
        let by_rows = frechet_distance_rows(&a, &b, Ddof::Population).unwrap().distance;
        let by_cov = frechet_distance(&stats[0], &stats[1]).unwrap().distance;
        prop_assert!((by_rows - by_cov).abs() <= 1e-6 * by_rows, "{by_rows} {by_cov}");
    }

    #[test]
    fn as_many_one_hot_classes_score_their_number(k in 2_usize..30, copies in 1_usize..5) {
        let logits = Array2::from_shape_fn((k * copies, k), |(i, j)| if i % k == j { 1000.0_f32 } else { 0.0 });
        let found = inception_score(&logits, None, Split::Even(1), Ddof::Population).unwrap();
        prop_assert!((found.mean - k as f64).abs() <= 1e-12 * k as f64, "{}", found.mean);
        prop_assert!((vendi_score(&logits).unwrap() - k as f64).abs() <= 1e-12 * k as f64);
    }
}

#[test]
fn known_gaussians_from_samples() {
    // Mean 0 against 1 in 8 dimensions with covariance 1 against 4: 8 + 8 (1 + 4 - 2*2).
    let mut rng = Rng::new(3);
    let mut draw = |scale: f64, shift: f64| {
        Array2::from_shape_simple_fn((20_000, 8), || rng.standard_normal() * scale + shift)
    };
    let (a, b) = (draw(1.0, 0.0), draw(2.0, 1.0));
    assert_relative(frechet_distance_rows(&a, &b, Ddof::Sample).unwrap().distance, 16.0, 0.03);
}

#[test]
fn equal_covariances_leave_the_distance_of_the_means() {
    // pytorch-fid's own test has 2048 features.
    let [a, b] = [0.0, 1.0].map(|mean| diagonal(&[mean; 300], &[1.0; 300]));
    assert_eq!(frechet_distance(&a, &b).unwrap().distance, 300.0);
}

#[test]
fn kernel_distance_of_split_halves_averages_to_0() {
    let rows = portable(9, 600, 6, 1.0, 0.2);
    let mut rng = Rng::new(1);
    let subsets: Vec<KidSubset> = (0..400)
        .map(|_| {
            let order = rng.permutation(600);
            KidSubset { real: order[..300].to_vec(), fake: order[300..].to_vec() }
        })
        .collect();
    let found = kid(&rows, &rows, &subsets).unwrap();
    let error = found.std / (400.0_f64).sqrt();
    assert!(found.mean.abs() <= 4.0 * error, "{} against {error}", found.mean);
    assert!(found.values.iter().any(|v| *v < 0.0) && found.values.iter().any(|v| *v > 0.0));
}

#[test]
fn tiles_make_no_difference() {
    let (a, b) = (portable(1, 2100, 3, 1.0, 0.0), portable(2, 1500, 3, 1.1, 0.1));
    let whole = KidSubset { real: (0..2100).collect(), fake: (0..1500).collect() };
    let kernel =
        |x: ndarray::ArrayView1<'_, f64>, y: ndarray::ArrayView1<'_, f64>| (x.dot(&y) / 3.0 + 1.0).powi(3);
    let sum = |a: &Array2<f64>, b: &Array2<f64>| -> f64 {
        a.rows().into_iter().map(|x| b.rows().into_iter().map(|y| kernel(x, y)).sum::<f64>()).sum()
    };
    let own = |a: &Array2<f64>| {
        let n = a.nrows() as f64;
        let diagonal: f64 = a.rows().into_iter().map(|x| kernel(x, x)).sum();
        (sum(a, a) - diagonal) / (n * (n - 1.0))
    };
    let wanted = own(&a) + own(&b) - 2.0 * sum(&a, &b) / (2100.0 * 1500.0);
    assert_relative(kid_all(&a, &b).unwrap(), wanted, 1e-9);
    assert_relative(kid(&a, &b, &[whole]).unwrap().mean, wanted, 1e-9);
}

#[test]
fn draws_are_seeded_and_without_replacement() {
    let draw = |seed| draw_subsets(50, 40, 5, 30, &mut Rng::new(seed)).unwrap();
    assert_eq!(draw(1), draw(1));
    assert_ne!(draw(1), draw(2));
    for subset in draw(3) {
        for (rows, total) in [(subset.real, 50), (subset.fake, 40)] {
            let distinct: std::collections::BTreeSet<usize> = rows.iter().copied().collect();
            assert!(distinct.len() == 30 && rows.iter().all(|row| *row < total));
        }
    }
}

#[test]
fn extrapolation_takes_off_the_bias() {
    // Both sets are N(0, 1) in 20 dimensions; what 400 generated rows make too large goes away.
    let mut rng = Rng::new(8);
    let mut draw = |n: usize| Array2::from_shape_simple_fn((n, 20), || rng.standard_normal());
    let (real, fake) = (draw(20_000), draw(1000));
    let plain = frechet_distance_rows(&real, &fake, Ddof::Sample).unwrap().distance;
    let found = fid_infinity(&real, &fake, Ddof::Sample, &mut Rng::new(2)).unwrap();
    let last = found.points.last().unwrap();
    assert_eq!((last.0, found.points.len()), (1000, 15));
    assert_relative(last.1, plain, 1e-9);
    assert!(found.slope > 0.0 && found.r_squared > 0.9);
    assert!(found.distance.abs() < 0.3 * plain, "{} of {plain}", found.distance);
    assert_eq!(fid_infinity(&real, &fake, Ddof::Sample, &mut Rng::new(2)).unwrap(), found);
}

#[test]
fn intervals_hold_the_estimate_and_narrow_with_samples() {
    let bootstrap = Bootstrap { resamples: 60, level: 0.9 };
    let width = |n: usize| {
        let (a, b) = (portable(1, n, 4, 1.0, 0.0), portable(2, n, 4, 1.0, 0.5));
        let found = bootstrap.frechet(&a, &b, Ddof::Sample, &mut Rng::new(4)).unwrap();
        assert_eq!(found, bootstrap.frechet(&a, &b, Ddof::Sample, &mut Rng::new(4)).unwrap());
        assert!(found.low < found.estimate && found.estimate < found.high && found.bias > 0.0);
        found.high - found.low
    };
    let ratio = width(100) / width(900);
    assert!((1.5..6.0).contains(&ratio), "{ratio} is far from 3");
    let logits = portable(3, 200, 5, 2.0, 0.0);
    let found = bootstrap.inception_score(&logits, &mut Rng::new(4)).unwrap();
    assert!(found.low < found.estimate && found.estimate < found.high);
}

#[test]
fn constant_features_add_nothing_but_their_mean() {
    let (a, b) = (portable(1, 60, 5, 1.0, 0.0), portable(2, 70, 5, 0.7, 0.2));
    let plain = frechet_distance_rows(&a, &b, Ddof::Sample).unwrap().distance;
    let with = |rows: &Array2<f64>, value: f64| {
        concatenate![
            ndarray::Axis(1),
            rows.slice(s![.., ..2]),
            Array2::from_elem((rows.nrows(), 1), value),
            rows.slice(s![.., 2..])
        ]
    };
    let found = frechet_distance_rows(&with(&a, 3.0), &with(&b, 5.0), Ddof::Sample).unwrap();
    assert_relative(found.distance, plain + 4.0, 1e-12);
    let constant = Array2::from_elem((9, 4), 2.5_f32);
    assert_eq!(frechet_distance_rows(&constant, &constant, Ddof::Sample).unwrap().distance, 0.0);
    assert_relative(
        frechet_distance_rows(&constant, &Array2::from_elem((2, 4), 1.5_f32), Ddof::Sample).unwrap().distance,
        4.0,
        1e-12,
    );
}
