//! What holds for the Fréchet distance of any sets, whatever their rank, size and scale.

use ganymede_metrics::{
    Ddof, FeatureStats, MeanCov, frechet_distance, frechet_distance_rows, frechet_distance_stats,
};
use ndarray::{Array1, Array2, Axis, array, s};
use proptest::prelude::{ProptestConfig, prop_assert, prop_oneof, proptest};
use proptest::strategy::Just;

use crate::support::portable;

fn stats(rows: &Array2<f64>) -> FeatureStats {
    let mut stats = FeatureStats::new(rows.ncols()).unwrap();
    stats.push(rows).unwrap();
    stats
}

fn mean_cov(rows: &Array2<f64>, ddof: Ddof) -> MeanCov {
    stats(rows).mean_cov(ddof).unwrap()
}

/// The distances of every route, of which some see rows and others covariances.
fn every_route(a: &Array2<f64>, b: &Array2<f64>, ddof: Ddof) -> [f64; 3] {
    [
        frechet_distance_rows(a, b, ddof).unwrap().distance,
        frechet_distance(&mean_cov(a, ddof), &mean_cov(b, ddof)).unwrap().distance,
        frechet_distance_stats(&stats(a), &stats(b), ddof).unwrap().distance,
    ]
}

/// A reflection: what is symmetric and orthogonal.
fn reflection(seed: u64, d: usize) -> Array2<f64> {
    let axis = portable(seed, d, 1, 1.0, 0.1);
    let length = axis.mapv(|x| x * x).sum();
    Array2::eye(d) - axis.dot(&axis.t()) * (2.0 / length)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_is_far_from_itself(
        seed in 0_u64..1000,
        n in prop_oneof![Just(2_usize), Just(3), 4_usize..90],
        d in 1_usize..40,
        scale in prop_oneof![Just(1e-6), Just(1.0), Just(1e6)],
        // Features that repeat others make a covariance singular whatever n is.
        repeated in 0_usize..3,
    ) {
        let mut rows = portable(seed, n, d, scale, 0.3 * scale);
        for column in (0..d.min(repeated * 4)).skip(1) {
            let first = rows.column(0).to_owned();
            rows.column_mut(column).assign(&first);
        }
        // The same rows in another order have other roundings: no shortcut sees that they are the same.
        let mut reversed = rows.clone();
        reversed.invert_axis(Axis(0));
        for ddof in [Ddof::Sample, Ddof::Population] {
            let trace = mean_cov(&rows, ddof).cov.diag().sum();
            for other in [&rows, &reversed] {
                for found in every_route(&rows, other, ddof) {
                    prop_assert!((0.0..=1e-7 * trace).contains(&found), "{found} of {trace}");
                }
            }
        }
    }

    #[test]
    fn the_order_of_the_sets_does_not_matter(
        seed in 0_u64..1000, n in 2_usize..60, m in 2_usize..60, d in 1_usize..40,
    ) {
        let (a, b) = (portable(seed, n, d, 1.0, 0.0), portable(seed + 7, m, d, 0.5, 0.3));
        let (there, back) = (every_route(&a, &b, Ddof::Sample), every_route(&b, &a, Ddof::Sample));
        for (there, back) in there.iter().zip(&back) {
            prop_assert!((there - back).abs() <= 1e-7 * there, "{there} {back}");
        }
        // And every route comes to the same.
        let spread = there.iter().fold(0.0_f64, |worst, x| worst.max((x - there[0]).abs()));
        prop_assert!(spread <= 1e-6 * there[0], "{there:?}");
    }

    #[test]
    fn gaussians_with_the_same_axes_have_a_closed_form(
        seed in 0_u64..1000,
        variances in proptest::collection::vec((variance(), variance()), 1..24),
    ) {
        // Σ = Q diag(v) Q: the distance is ‖μ − ν‖² + Σ (√v − √w)², also where some v are 0.
        let d = variances.len();
        let (q, means) = (reflection(seed, d), portable(seed + 1, 2, d, 1.0, 0.0));
        let gaussian = |which: usize, variances: Vec<f64>| MeanCov {
            mean: means.row(which).to_owned(),
            cov: symmetric(&q.dot(&Array2::from_diag(&Array1::from_vec(variances))).dot(&q)),
        };
        let (v, w): (Vec<f64>, Vec<f64>) = variances.iter().copied().unzip();
        let apart = (&means.row(0) - &means.row(1)).mapv(|x| x * x).sum();
        let wanted = apart + v.iter().zip(&w).map(|(v, w)| (v.sqrt() - w.sqrt()).powi(2)).sum::<f64>();
        let scale = wanted + v.iter().chain(&w).sum::<f64>();
        let found = frechet_distance(&gaussian(0, v), &gaussian(1, w)).unwrap().distance;
        prop_assert!((found - wanted).abs() <= 1e-7 * scale, "{found} {wanted}");
    }

    #[test]
    fn any_two_gaussians_of_the_plane_have_a_closed_form(
        a in (0.1_f64..3.0, -2.0_f64..2.0, 0.1_f64..3.0), b in (0.1_f64..3.0, -2.0_f64..2.0, 0.1_f64..3.0),
    ) {
        // In two dimensions tr (S T)^½ = √(tr S T + 2 √(det S det T)), and these do not commute.
        let gaussian = |(x, y, z): (f64, f64, f64)| {
            let root = array![[x, 0.0], [y, z]];
            MeanCov { mean: array![x, y], cov: root.dot(&root.t()) }
        };
        let (s, t) = (gaussian(a), gaussian(b));
        let roots = a.0 * a.2 * b.0 * b.2;
        let trace = (s.cov.dot(&t.cov).diag().sum() + 2.0 * roots).sqrt();
        let apart = (&s.mean - &t.mean).mapv(|x| x * x).sum();
        let wanted = apart + s.cov.diag().sum() + t.cov.diag().sum() - 2.0 * trace;
        let scale = wanted + s.cov.diag().sum() + t.cov.diag().sum();
        let found = frechet_distance(&s, &t).unwrap().distance;
        prop_assert!((found - wanted).abs() <= 1e-7 * scale, "{found} {wanted}");
    }

    #[test]
    fn shards_in_any_cut_are_as_far_as_the_whole(
        seed in 0_u64..1000, n in 4_usize..1400, cuts in proptest::collection::vec(0.0_f64..1.0, 0..6), d in 1_usize..12,
    ) {
        let (rows, other) = (portable(seed, n, d, 1.0, 20.0), portable(seed + 1, 300, d, 0.8, 20.2));
        let mut ends: Vec<usize> = cuts.iter().map(|share| (share * n as f64) as usize).chain([n]).collect();
        ends.sort_unstable();
        let (mut merged, mut start) = (FeatureStats::new(d).unwrap(), 0);
        for end in ends {
            merged.merge(&stats(&rows.slice(s![start..end, ..]).to_owned())).unwrap();
            start = end;
        }
        let (whole, other) = (stats(&rows), stats(&other));
        prop_assert!(merged.count() == n as u64);
        let of = |set: &FeatureStats| frechet_distance_stats(set, &other, Ddof::Sample).unwrap().distance;
        prop_assert!((of(&merged) - of(&whole)).abs() <= 1e-9 * of(&whole), "{} {}", of(&merged), of(&whole));
        // To each other they are at no distance.
        let none = frechet_distance_stats(&merged, &whole, Ddof::Sample).unwrap().distance;
        let trace = whole.mean_cov(Ddof::Sample).unwrap().cov.diag().sum();
        prop_assert!(none <= 1e-7 * trace, "{none} of {trace}");
    }

    #[test]
    fn constants_are_as_far_apart_as_their_numbers(
        n in 2_usize..700, m in 2_usize..700, d in 1_usize..9, c in -9.0_f64..9.0, step in -3.0_f64..3.0,
    ) {
        // Sums of what binary numbers cannot hold are rounded, and must not become a variance.
        let (a, b) = (Array2::from_elem((n, d), c), Array2::from_elem((m, d), c + step));
        let apart = (c + step) - c;
        let wanted = d as f64 * apart * apart;
        for found in every_route(&a, &b, Ddof::Sample) {
            prop_assert!((found - wanted).abs() <= 1e-14 * wanted, "{found} {wanted}");
        }
        let same = Array2::from_elem((m, d), c);
        prop_assert!(every_route(&a, &same, Ddof::Sample) == [0.0; 3]);
        prop_assert!(mean_cov(&a, Ddof::Sample).cov.iter().all(|x| *x == 0.0));
    }
}

/// A variance, which may be none.
fn variance() -> impl proptest::strategy::Strategy<Value = f64> {
    prop_oneof![1 => Just(0.0), 4 => 1e-3_f64..4.0]
}

/// Without the rounding that tells the triangles apart.
fn symmetric(m: &Array2<f64>) -> Array2<f64> {
    (m + &m.t()) / 2.0
}
