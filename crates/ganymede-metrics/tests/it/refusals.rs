//! Input that no measure can do anything with.

use ganymede_metrics::{
    Bootstrap, Ddof, FeatureStats, KidSubset, MeanCov, MetricError, Result, Split, class_frechet_distance,
    draw_subsets, fid_infinity, frechet_distance, frechet_distance_rows, inception_score, kid, kid_all,
    kid_blocks, vendi_score,
};
use ganymede_tensor::Rng;
use ndarray::{Array1, Array2, array};

use crate::support::{assert_relative, portable, portable_fake, portable_real};

fn refused<T: std::fmt::Debug>(result: Result<T>, wanted: &str) {
    let text = result.unwrap_err().to_string();
    assert!(text.contains(wanted), "`{text}` says nothing of `{wanted}`");
}

#[test]
fn too_few_rows() {
    let rows = portable(1, 10, 3, 1.0, 0.0);
    for n in [0_usize, 1] {
        let few = rows.slice(ndarray::s![..n, ..]);
        refused(frechet_distance_rows(few, &rows, Ddof::Sample), "at least 2");
        refused(frechet_distance_rows(&rows, few, Ddof::Population), "at least 2");
        refused(kid_all(few, &rows), "at least 2");
        let mut stats = FeatureStats::new(3).unwrap();
        stats.push(few).unwrap();
        refused(stats.mean_cov(Ddof::Population), "at least 2");
    }
    refused(inception_score(rows.slice(ndarray::s![..0, ..]), None, Split::Even(1), Ddof::Sample), "0 rows");
    refused(inception_score(&rows, None, Split::Even(11), Ddof::Sample), "11 splits");
    refused(inception_score(&rows, None, Split::Even(0), Ddof::Sample), "0 splits");
    refused(vendi_score(&Array2::<f32>::zeros((0, 4))), "0 rows");
    refused(fid_infinity(&rows, &rows, Ddof::Sample, &mut Rng::new(0)), "at least 30");
}

#[test]
fn two_rows_are_enough() {
    let two = portable(1, 2, 3, 1.0, 0.0);
    assert!(frechet_distance_rows(&two, &two, Ddof::Sample).unwrap().distance < 1e-13);
    assert!(kid_all(&two, &two).unwrap().is_finite());
    assert_relative(vendi_score(&two.slice(ndarray::s![..1, ..]).to_owned()).unwrap(), 1.0, 1e-12);
}

#[test]
fn numbers_that_are_not_finite_have_a_row_and_a_column() {
    for wrong in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        let good = portable(1, 9, 4, 1.0, 0.0).mapv(|x| x as f32);
        let mut bad = good.clone();
        bad[(7, 2)] = wrong;
        let at = |result: Result<f64>, row: usize| match result.unwrap_err() {
            MetricError::NotFinite { row: r, column: 2, .. } => assert_eq!(r, row),
            other => panic!("{other}"),
        };
        at(frechet_distance_rows(&good, &bad, Ddof::Sample).map(|d| d.distance), 7);
        at(kid_all(&bad, &good), 7);
        at(inception_score(&bad, None, Split::Even(1), Ddof::Sample).map(|s| s.mean), 7);
        at(vendi_score(&bad), 7);
        let mut stats = FeatureStats::new(4).unwrap();
        stats.push(&good).unwrap();
        at(stats.push(&bad).map(|()| 0.0), 16);
        assert_eq!(stats.count(), 9, "a refused batch is not half added");
    }
}

#[test]
fn different_dimensions() {
    let (a, b) = (portable(1, 9, 4, 1.0, 0.0), portable(1, 9, 5, 1.0, 0.0));
    refused(frechet_distance_rows(&a, &b, Ddof::Sample), "same extractor");
    refused(kid_all(&a, &b), "same extractor");
    let mut stats = FeatureStats::new(4).unwrap();
    refused(stats.push(&b), "5 columns");
    refused(stats.merge(&FeatureStats::new(5).unwrap()), "cannot be merged");
    refused(FeatureStats::new(0), "1 to 65536");
    let square = |d| MeanCov { mean: Array1::zeros(d), cov: Array2::eye(d) };
    refused(frechet_distance(&square(3), &square(4)), "same extractor");
}

#[test]
fn what_is_no_covariance() {
    let good = MeanCov { mean: Array1::zeros(2), cov: Array2::eye(2) };
    let with = |cov| MeanCov { cov, ..good.clone() };
    for (bad, wanted) in [
        (with(Array2::eye(3)), "do not belong together"),
        (with(array![[1.0, f64::NAN], [0.0, 1.0]]), "not finite"),
        (with(array![[1.0, 0.0], [0.0, -1.0]]), "negative variance"),
        (with(array![[1.0, 0.5], [0.0, 1.0]]), "no covariance"),
        (with(array![[1.0, 2.0], [2.0, 1.0]]), "no covariance"),
    ] {
        refused(frechet_distance(&good, &bad), wanted);
        refused(frechet_distance(&bad, &good), wanted);
    }
}

#[test]
fn classes_that_are_missing_or_small() {
    let rows = portable(1, 12, 2, 1.0, 0.0);
    let labels = |split: usize| (0..12).map(|i| u32::from(i >= split)).collect::<Vec<_>>();
    let run = |a: &[u32], b: &[u32], least| class_frechet_distance(&rows, a, &rows, b, least, Ddof::Sample);
    refused(run(&labels(6), &labels(12), 2), "class 1 has 0 generated rows");
    refused(run(&labels(12), &labels(6), 2), "class 1 has 0 real rows");
    refused(run(&labels(11), &labels(6), 0), "class 1 has 1 real rows");
    refused(run(&labels(6), &labels(6), 7), "at least 7");
    refused(run(&labels(6)[..5], &labels(6), 2), "5 labels for 12 rows");
    assert!(run(&labels(6), &labels(6), 2).unwrap().mean < 1e-12);
}

#[test]
fn classes_are_averaged() {
    let (real, fake) = (portable_real(), portable_fake());
    let labels = |n: usize| (0..n).map(|i| (i % 3) as u32).collect::<Vec<_>>();
    let found = class_frechet_distance(&real, &labels(200), &fake, &labels(160), 2, Ddof::Sample).unwrap();
    let of = |class: usize| {
        let part = |rows: &Array2<f64>| {
            let numbers: Vec<usize> = (class..rows.nrows()).step_by(3).collect();
            rows.select(ndarray::Axis(0), &numbers)
        };
        frechet_distance_rows(&part(&real), &part(&fake), Ddof::Sample).unwrap().distance
    };
    assert_eq!(
        found.classes.iter().map(|(class, d)| (*class as usize, d.distance)).collect::<Vec<_>>(),
        [(0, of(0)), (1, of(1)), (2, of(2))]
    );
    assert_relative(found.mean, (of(0) + of(1) + of(2)) / 3.0, 1e-14);
}

#[test]
fn subsets_that_cannot_be() {
    let rows = portable(1, 12, 2, 1.0, 0.0);
    refused(draw_subsets(12, 10, 3, 11, &mut Rng::new(0)), "2 to 10");
    refused(draw_subsets(12, 10, 3, 1, &mut Rng::new(0)), "2 to 10");
    refused(draw_subsets(12, 10, 0, 5, &mut Rng::new(0)), "at least one");
    refused(kid(&rows, &rows, &[]), "no subset");
    let subset = |real: &[usize], fake: &[usize]| KidSubset { real: real.to_vec(), fake: fake.to_vec() };
    refused(kid(&rows, &rows, &[subset(&[0, 12], &[0, 1])]), "real row 12");
    refused(kid(&rows, &rows, &[subset(&[0, 1], &[3])]), "1 generated rows");
    refused(kid_blocks(&rows, &rows, 1), "fewer than 2");
    refused(kid_blocks(&rows, &rows, 0), "fewer than 2");
}

#[test]
fn other_settings_that_cannot_be() {
    let rows = portable(1, 12, 2, 1.0, 0.0);
    refused(inception_score(&rows, Some(&[0, 12]), Split::Even(1), Ddof::Sample), "row 12");
    for bootstrap in [
        Bootstrap { resamples: 1, level: 0.9 },
        Bootstrap { resamples: 9, level: 1.0 },
        Bootstrap { resamples: 9, level: f64::NAN },
    ] {
        refused(bootstrap.frechet(&rows, &rows, Ddof::Sample, &mut Rng::new(0)), "level");
    }
    let one = rows.slice(ndarray::s![..1, ..]);
    refused(
        Bootstrap { resamples: 3, level: 0.9 }.frechet(one, &rows, Ddof::Sample, &mut Rng::new(0)),
        "at least 2",
    );
    refused(vendi_score(&array![[1.0, 0.0], [0.0, 0.0]]), "row 1");
}
