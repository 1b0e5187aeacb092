//! Precision, recall, density, coverage, realism and memorisation.

use ganymede_metrics::{FeatureSets, MetricError, improved_precision_recall, memorisation, prdc, realism};
use ndarray::{Array2, ArrayView2, Axis, concatenate, s};
use proptest::prelude::*;
use safetensors::{Dtype, SafeTensors};

use crate::support::{fixture_path, portable};

fn rows<'a, T>(real: &'a Array2<T>, generated: &'a Array2<T>) -> FeatureSets<'a, T> {
    FeatureSets { real: real.view(), generated: generated.view() }
}

fn assert_all_close(got: &[f64], want: &[f64], tolerance: f64, what: &str) {
    assert_eq!(got.len(), want.len(), "{what}");
    for (got, want) in got.iter().zip(want) {
        assert!((got - want).abs() <= tolerance, "{what}: got {got}, want {want}");
    }
}

fn four<T: ganymede_metrics::Scalar>(rows: FeatureSets<'_, T>, k: usize) -> [f64; 4] {
    let p = prdc(rows, k).unwrap();
    [p.precision, p.recall, p.density, p.coverage]
}

#[test]
fn portable_numbers_are_those_of_the_reference_programs() {
    let (real, fake) = (portable(1, 200, 16, 1.0, 0.0), portable(2, 160, 16, 0.8, 0.15));
    assert_all_close(
        &[real[(0, 0)], real[(199, 15)], fake[(0, 0)], fake[(159, 15)]],
        &[-0.03616060177187541, 0.2636566382180132, 0.7429854839685022, 0.6441085587291344],
        1e-15,
        "generator",
    );
    let both = rows(&real, &fake);
    assert_all_close(&four(both, 5), &[0.975, 0.505, 2.00625, 0.97], 1e-9, "k = 5");
    assert_all_close(&four(both, 3), &[0.9625, 0.395, 1.95, 0.925], 1e-9, "k = 3");
    assert_all_close(&four(rows(&real, &real), 5), &[1.0; 4], 1e-9, "with itself");
    let improved = improved_precision_recall(both, 3).unwrap();
    assert_all_close(&[improved.precision, improved.recall], &[0.9625, 0.395], 1e-9, "improved");
    let itself = improved_precision_recall(rows(&real, &real), 3).unwrap();
    assert_all_close(
        &[itself.precision, itself.recall, itself.f_score()],
        &[1.0; 3],
        1e-9,
        "improved, itself",
    );
}

fn f64s(file: &SafeTensors<'_>, key: &str) -> Vec<f64> {
    let view = file.tensor(key).unwrap();
    match view.dtype() {
        Dtype::F64 => {
            view.data().chunks_exact(8).map(|b| f64::from_le_bytes(b.try_into().unwrap())).collect()
        }
        Dtype::F32 => {
            let f32s = view.data().chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap()));
            f32s.map(f64::from).collect()
        }
        Dtype::I64 => {
            view.data().chunks_exact(8).map(|b| i64::from_le_bytes(b.try_into().unwrap()) as f64).collect()
        }
        other => panic!("{key}: dtype {other:?}"),
    }
}

fn matrix(file: &SafeTensors<'_>, key: &str) -> Array2<f64> {
    let shape = file.tensor(key).unwrap().shape().to_vec();
    Array2::from_shape_vec((shape[0], shape[1]), f64s(file, key)).unwrap()
}

#[test]
fn fixtures_of_prdc_and_torch_fidelity_are_met() {
    let bytes = std::fs::read(fixture_path("prdc", "prdc.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    for case in ["normal", "shrunk", "distant", "few", "collapsed"] {
        let real = matrix(&file, &format!("{case}/real"));
        let fake = matrix(&file, &format!("{case}/generated"));
        let (real32, fake32) = (real.mapv(|x| x as f32), fake.mapv(|x| x as f32));
        for k in [1, 3, 5] {
            let want = f64s(&file, &format!("{case}/f64/prdc-{k}"));
            assert_all_close(&four(rows(&real, &fake), k), &want, 1e-13, &format!("{case}, f64, k = {k}"));
            let want = f64s(&file, &format!("{case}/f32/prdc-{k}"));
            assert_all_close(
                &four(rows(&real32, &fake32), k),
                &want,
                1e-13,
                &format!("{case}, f32, k = {k}"),
            );
        }
        // Far from the origin torch-fidelity's products in f32 lose the digits that decide.
        for k in if case == "distant" { vec![] } else { vec![1, 3] } {
            let want = f64s(&file, &format!("{case}/torch-fidelity-{k}"));
            let got = improved_precision_recall(rows(&real32, &fake32), k).unwrap();
            assert_all_close(
                &[got.precision, got.recall],
                &want,
                1e-6,
                &format!("{case}, torch-fidelity, {k}"),
            );
        }
        let found = memorisation(rows(&real32, &fake32)).unwrap();
        let indices: Vec<f64> = found.nearest.iter().map(|n| n.index as f64).collect();
        assert_all_close(&indices, &f64s(&file, &format!("{case}/nearest")), 0.0, case);
        assert_all_close(&[found.authentic_percent], &f64s(&file, &format!("{case}/authpct")), 1e-12, case);
    }
}

/// The definitions, over the whole matrix.
fn by_definition(real: ArrayView2<'_, f64>, fake: ArrayView2<'_, f64>, k: usize) -> [f64; 4] {
    let apart = |a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>| {
        Array2::from_shape_fn((a.nrows(), b.nrows()), |(i, j)| {
            a.row(i).iter().zip(b.row(j)).map(|(x, y)| (x - y).powi(2)).sum::<f64>().sqrt()
        })
    };
    let radius = |set: ArrayView2<'_, f64>| -> Vec<f64> {
        let sorted = |row: ndarray::ArrayView1<'_, f64>| {
            let mut row = row.to_vec();
            row.sort_by(f64::total_cmp);
            row[k]
        };
        apart(set, set).outer_iter().map(sorted).collect()
    };
    let (d, of_real, of_fake) = (apart(real, fake), radius(real), radius(fake));
    let in_real = d.map(|_| 0.0) + Array2::from_shape_fn(d.dim(), |(i, j)| f64::from(d[(i, j)] < of_real[i]));
    let in_fake = Array2::from_shape_fn(d.dim(), |(i, j)| f64::from(d[(i, j)] < of_fake[j]));
    let share = |m: &Array2<f64>, axis| {
        let any = m.map_axis(Axis(axis), |line| f64::from(line.iter().any(|x| *x > 0.0)));
        any.mean().unwrap()
    };
    let density = in_real.sum() / (k as f64 * d.ncols() as f64);
    [share(&in_real, 0), share(&in_fake, 1), density, share(&in_real, 1)]
}

#[test]
fn many_blocks_give_what_the_definition_gives() {
    // More than two blocks each way, and columns that are not in one piece.
    let wide = portable(5, 1100, 12, 1.0, 3.0);
    let real = wide.slice(s![.., ..;2]);
    let fake = portable(6, 1030, 6, 0.9, 3.1);
    let got = four(FeatureSets { real, generated: fake.view() }, 4);
    assert_all_close(&got, &by_definition(real, fake.view(), 4), 1e-12, "1100 × 1030");
}

#[test]
fn a_generator_that_repeats_itself_is_measured_by_exact_zeros() {
    // More copies than candidates are kept open, so that they have to be settled on the way.
    let real = portable(7, 700, 4, 1.0, 0.0).mapv(|x| x as f32);
    let one = real.slice(s![..1, ..]).to_owned();
    let fake = one.broadcast((900, 4)).unwrap().to_owned().into_shape_with_order((900, 4)).unwrap();
    let got = prdc(rows(&real, &fake), 5).unwrap();
    // All copies lie in the balls that hold real sample 0, and their own balls are empty.
    assert_eq!((got.precision, got.recall), (1.0, 0.0));
    // With `≤` the copies' balls hold the one real sample.
    let improved = improved_precision_recall(rows(&real, &fake), 3).unwrap();
    assert_all_close(&[improved.precision, improved.recall], &[1.0, 1.0 / 700.0], 1e-12, "improved");
    let found = memorisation(rows(&real, &fake)).unwrap();
    assert_eq!((found.authentic_percent, found.memorised), (0.0, 1.0));
    assert!(found.nearest.iter().all(|n| n.index == 0 && n.distance == 0.0));
    let scores = realism(rows(&real, &fake), 3).unwrap();
    assert!(scores.iter().all(|score| *score == scores[0]));
}

#[test]
fn huge_and_tiny_features_keep_their_neighbours() {
    let (real, fake) = (portable(1, 200, 16, 1.0, 0.0), portable(2, 160, 16, 0.8, 0.15));
    let want = four(rows(&real, &fake), 5);
    for scale in [1e-14, 1e14] {
        let (real, fake) = (real.mapv(|x| (x * scale) as f32), fake.mapv(|x| (x * scale) as f32));
        assert_all_close(&four(rows(&real, &fake), 5), &want, 1e-12, "scaled");
    }
    // Far from the origin: plain products in f32 would have lost all digits of the distances.
    let (real, fake) = (real.mapv(|x| x + 1e6), fake.mapv(|x| x + 1e6));
    assert_all_close(&four(rows(&real, &fake), 5), &want, 1e-12, "moved");
}

#[test]
fn realism_is_the_largest_ratio_over_the_denser_half() {
    let real = ndarray::arr2(&[[0.0], [1.0], [10.0], [10.5], [20.0], [24.0], [31.0]]);
    let fake = ndarray::arr2(&[[0.25], [10.25], [10.5], [27.0]]);
    // Radii 1 1 0.5 0.5 4 4 7, median 1: only the balls at 10 and 10.5 count.
    let got = realism(rows(&real, &fake), 1).unwrap();
    assert_all_close(&got[..2], &[0.5 / 9.75, 2.0], 1e-12, "realism");
    assert!(got[2].is_infinite());
    assert_all_close(&got[3..], &[0.5 / 16.5], 1e-12, "realism");
}

#[test]
fn memorised_samples_are_told_from_typical_ones() {
    let real = ndarray::arr2(&[[0.0f32, 0.0], [4.0, 0.0], [0.0, 4.0]]);
    let fake = ndarray::arr2(&[[0.1f32, 0.0], [2.0, 2.0], [9.0, 0.0]]);
    let found = memorisation(rows(&real, &fake)).unwrap();
    // Distances 0.1, 2.8 and 5 against 4 between real ones.
    assert_all_close(&[found.authentic_percent, found.memorised], &[100.0 / 3.0, 1.0 / 3.0], 1e-12, "shares");
    let indices: Vec<usize> = found.nearest.iter().map(|n| n.index).collect();
    // Of equally near ones the first.
    assert_eq!(indices, [0, 0, 1]);
    assert_all_close(&[found.nearest[1].next_distance], &[8f64.sqrt()], 1e-6, "next");
}

#[test]
fn what_makes_no_sense_is_refused_with_its_reason() {
    let ok = portable(1, 10, 3, 1.0, 0.0);
    let message =
        |real: &Array2<f64>, fake: &Array2<f64>, k| prdc(rows(real, fake), k).unwrap_err().to_string();
    let none = Array2::zeros((0, 3));
    assert!(message(&ok, &none, 3).contains("no generated features"));
    assert!(message(&none, &ok, 3).contains("no real features"));
    let one = portable(1, 1, 3, 1.0, 0.0);
    assert!(message(&ok, &one, 3).contains("need at least 4 generated samples, got 1"));
    assert!(message(&ok, &ok, 10).contains("need at least 11 real samples, got 10"));
    assert!(message(&ok, &ok, 0).contains("k = 0"));
    assert!(message(&ok, &portable(1, 10, 4, 1.0, 0.0), 3).contains("different extractors"));
    assert!(message(&Array2::zeros((5, 0)), &Array2::zeros((5, 0)), 3).contains("1 column"));
    assert!(memorisation(rows(&one, &ok)).unwrap_err().to_string().contains("at least 2"));
    let alike = Array2::<f64>::zeros((6, 2));
    assert!(realism(rows(&alike, &alike), 2).unwrap_err().to_string().contains("closer together"));
    let mut broken = ok.clone();
    broken[(4, 2)] = f64::NAN;
    let error = improved_precision_recall(rows(&ok, &broken), 3).unwrap_err();
    assert!(matches!(error, MetricError::NotFinite { row: 4, column: 2, .. }), "{error}");
    assert!(error.to_string().contains("generated"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn precision_and_recall_swap_with_their_arguments(
        seed in 0u64..1000, n in 6usize..60, m in 6usize..60, d in 1usize..20, k in 1usize..5
    ) {
        let (real, fake) = (portable(seed, n, d, 1.0, 0.0), portable(seed + 1, m, d, 0.9, 0.1));
        let (there, back) = (prdc(rows(&real, &fake), k).unwrap(), prdc(rows(&fake, &real), k).unwrap());
        prop_assert_eq!((there.precision, there.recall), (back.recall, back.precision));
        let there = improved_precision_recall(rows(&real, &fake), k).unwrap();
        let back = improved_precision_recall(rows(&fake, &real), k).unwrap();
        prop_assert_eq!((there.precision, there.recall), (back.recall, back.precision));
        let want = by_definition(real.view(), fake.view(), k);
        let got = four(rows(&real, &fake), k);
        prop_assert!(got.iter().zip(&want).all(|(a, b)| (a - b).abs() < 1e-12), "{:?} {:?}", got, want);
    }

    #[test]
    fn copies_have_ties_and_ties_are_exact(seed in 0u64..1000, copies in 2usize..5, k in 1usize..4) {
        // Whole numbers: distances tie all the time, and the definition's are exact too.
        let grid = portable(seed, 20, 3, 2.0, 0.0).mapv(f64::round);
        let repeated = vec![grid.view(); copies];
        let real = concatenate(Axis(0), &repeated).unwrap();
        let fake = portable(seed + 7, 30, 3, 2.0, 0.0).mapv(f64::round);
        prop_assert_eq!(four(rows(&real, &fake), k), by_definition(real.view(), fake.view(), k));
    }
}
