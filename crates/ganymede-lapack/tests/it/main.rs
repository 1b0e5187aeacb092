//! The symbols by way of `ndarray-linalg`: every routine, both triangles, both layouts, deficient ranks.
#![allow(clippy::unwrap_used)]
// Reason: the symbols are called as C calls them, too.
#![allow(unsafe_code)]

mod symbols;

use ganymede_lapack as _;
use ndarray::{Array1, Array2, ShapeBuilder};
use ndarray_linalg::{Cholesky, EigValsh, Eigh, Inverse, JobSvd, SVD, SVDDC, Solve, UPLO};

/// Numbers in (-1, 1) of a linear congruential generator.
fn noise(rows: usize, cols: usize, seed: u64) -> Array2<f64> {
    let mut state = seed;
    Array2::from_shape_simple_fn((rows, cols), || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    })
}

/// The same matrix, column-major.
fn column_major(a: &Array2<f64>) -> Array2<f64> {
    Array2::from_shape_fn(a.raw_dim().f(), |at| a[at])
}

fn assert_near(found: &Array2<f64>, wanted: &Array2<f64>) {
    assert_eq!(found.dim(), wanted.dim());
    let worst = (found - wanted).iter().fold(0.0_f64, |worst, e| worst.max(e.abs()));
    assert!(worst <= 1e-12, "differs by {worst}");
}

/// `n x n`, symmetric, of rank `rank`, positive semi-definite.
fn gram(n: usize, rank: usize, seed: u64) -> Array2<f64> {
    let a = noise(n, rank, seed);
    a.dot(&a.t())
}

fn both_layouts(a: &Array2<f64>) -> [Array2<f64>; 2] {
    [a.clone(), column_major(a)]
}

#[test]
fn eigen_decomposition_gives_the_matrix_back() {
    for n in [1_usize, 2, 3, 17, 40] {
        for (rank, a) in
            [n, n.div_ceil(2)].into_iter().flat_map(|r| both_layouts(&gram(n, r, 3)).map(|a| (r, a)))
        {
            for uplo in [UPLO::Lower, UPLO::Upper] {
                let (values, vectors) = a.eigh(uplo).unwrap();
                assert!(values.windows(2).into_iter().all(|w| w[0] <= w[1]));
                assert_near(&vectors.dot(&Array2::from_diag(&values)).dot(&vectors.t()), &a);
                assert_near(&vectors.t().dot(&vectors), &Array2::eye(n));
                let only = a.eigvalsh(uplo).unwrap();
                assert!((&only - &values).iter().all(|e| e.abs() < 1e-12));
                assert_eq!(values.iter().filter(|v| **v > 1e-10).count(), rank);
            }
        }
    }
}

#[test]
fn cholesky_gives_the_matrix_back_and_refuses_deficient_ones() {
    for n in [1, 2, 17, 40] {
        for a in both_layouts(&(gram(n, n, 5) + Array2::<f64>::eye(n))) {
            let lower = a.cholesky(UPLO::Lower).unwrap();
            let upper = a.cholesky(UPLO::Upper).unwrap();
            assert_near(&lower.dot(&lower.t()), &a);
            assert_near(&upper.t().dot(&upper), &a);
            assert!(lower.indexed_iter().all(|((i, j), x)| j <= i || *x == 0.0));
        }
    }
    assert!(Array2::<f64>::zeros((3, 3)).cholesky(UPLO::Lower).is_err());
    assert!((-Array2::<f64>::eye(3)).cholesky(UPLO::Upper).is_err());
}

fn from_parts(u: &Array2<f64>, s: &Array1<f64>, vt: &Array2<f64>) -> Array2<f64> {
    let k = s.len();
    let u = u.slice(ndarray::s![.., ..k]);
    u.dot(&Array2::from_diag(s)).dot(&vt.slice(ndarray::s![..k, ..]))
}

#[test]
fn singular_value_decomposition_gives_the_matrix_back() {
    for (m, n) in [(1, 1), (2, 2), (1, 7), (7, 1), (5, 9), (9, 5), (33, 20), (20, 33)] {
        for a in both_layouts(&noise(m, n, 9)) {
            let (u, s, vt) = a.svd(true, true).unwrap();
            assert_near(&from_parts(&u.unwrap(), &s, &vt.unwrap()), &a);
            let (u, s_dc, vt) = a.svddc(JobSvd::Some).unwrap();
            assert_near(&from_parts(&u.unwrap(), &s_dc, &vt.unwrap()), &a);
            let (u, _, vt) = a.svddc(JobSvd::All).unwrap();
            assert_eq!((u.unwrap().dim(), vt.unwrap().dim()), ((m, m), (n, n)));
            let (_, only, _) = a.svd(false, false).unwrap();
            assert!(
                only.iter()
                    .zip(&s)
                    .zip(&s_dc)
                    .all(|((a, b), c)| (a - b).abs() < 1e-12 && (a - c).abs() < 1e-12)
            );
            assert!((a.mapv(|x| x * x).sum() - s.mapv(|x| x * x).sum()).abs() < 1e-11);
        }
    }
}

#[test]
fn singular_values_of_deficient_matrices() {
    let rank_3 = noise(12, 3, 1).dot(&noise(3, 8, 2));
    let (_, s, _) = rank_3.svd(false, false).unwrap();
    assert_eq!(s.iter().filter(|s| **s > 1e-12).count(), 3);
    assert!(Array2::<f64>::zeros((4, 6)).svd(true, true).unwrap().1.iter().all(|s| *s == 0.0));
}

#[test]
fn inverse_and_solution() {
    for n in [1, 2, 17, 40] {
        for a in both_layouts(&(noise(n, n, 11) + 3.0 * Array2::<f64>::eye(n))) {
            assert_near(&a.inv().unwrap().dot(&a), &Array2::eye(n));
            let x = Array1::from_shape_fn(n, |i| i as f64 - 3.0);
            let found = a.solve(&a.dot(&x)).unwrap();
            assert!((found - &x).iter().all(|e| e.abs() < 1e-11));
            let found = a.solve_t(&a.t().dot(&x)).unwrap();
            assert!((found - x).iter().all(|e| e.abs() < 1e-11));
        }
    }
    assert!(Array2::<f64>::zeros((3, 3)).inv().is_err());
}
