//! The symbols as C programs call them: arguments, triangles, leading dimensions, failures.

use std::ffi::c_char;
use std::ptr::null_mut;

// SAFETY: arguments as the library defines them.
unsafe extern "C" {
    fn dsyev_(
        jobz: *const c_char,
        uplo: *const c_char,
        n: *const i32,
        a: *mut f64,
        lda: *const i32,
        w: *mut f64,
        work: *mut f64,
        lwork: *const i32,
        info: *mut i32,
    );
    fn dpotrf_(uplo: *const c_char, n: *const i32, a: *mut f64, lda: *const i32, info: *mut i32);
    fn dgetrf_(m: *const i32, n: *const i32, a: *mut f64, lda: *const i32, ipiv: *mut i32, info: *mut i32);
    fn dgetrs_(
        trans: *const c_char,
        n: *const i32,
        nrhs: *const i32,
        a: *const f64,
        lda: *const i32,
        ipiv: *const i32,
        b: *mut f64,
        ldb: *const i32,
        info: *mut i32,
    );
    fn dgetri_(
        n: *const i32,
        a: *mut f64,
        lda: *const i32,
        ipiv: *const i32,
        work: *mut f64,
        lwork: *const i32,
        info: *mut i32,
    );
    fn dgesvd_(
        jobu: *const c_char,
        jobvt: *const c_char,
        m: *const i32,
        n: *const i32,
        a: *mut f64,
        lda: *const i32,
        s: *mut f64,
        u: *mut f64,
        ldu: *const i32,
        vt: *mut f64,
        ldvt: *const i32,
        work: *mut f64,
        lwork: *const i32,
        info: *mut i32,
    );
    fn dgesdd_(
        jobz: *const c_char,
        m: *const i32,
        n: *const i32,
        a: *mut f64,
        lda: *const i32,
        s: *mut f64,
        u: *mut f64,
        ldu: *const i32,
        vt: *mut f64,
        ldvt: *const i32,
        work: *mut f64,
        lwork: *const i32,
        iwork: *mut i32,
        info: *mut i32,
    );
}

fn letter(letter: u8) -> c_char {
    letter as c_char
}

/// What the unused triangle and the padding hold: whoever reads it spoils the result.
const POISON: f64 = f64::NAN;

fn assert_near(found: f64, wanted: f64) {
    assert!((found - wanted).abs() <= 1e-13 * (1.0 + wanted.abs()), "{found} is not {wanted}");
}

fn eigen(job: u8, uplo: u8, n: i32, a: &mut [f64], lda: i32, lwork: i32) -> (i32, Vec<f64>) {
    let (mut w, mut work, mut info) = (vec![0.0; n.max(0) as usize], 0.0, 7);
    // SAFETY: every array has the size that the tests say, or an argument is refused before it is touched.
    unsafe {
        dsyev_(
            &letter(job),
            &letter(uplo),
            &n,
            a.as_mut_ptr(),
            &lda,
            w.as_mut_ptr(),
            &mut work,
            &lwork,
            &mut info,
        )
    };

    (info, w)
}

fn cholesky(uplo: u8, n: i32, a: &mut [f64], lda: i32) -> i32 {
    let mut info = 7;
    // SAFETY: as in `eigen`.
    unsafe { dpotrf_(&letter(uplo), &n, a.as_mut_ptr(), &lda, &mut info) };

    info
}

struct Svd {
    info: i32,
    s: Vec<f64>,
    u: Vec<f64>,
    vt: Vec<f64>,
}

fn svd(jobs: [u8; 2], m: i32, n: i32, a: &mut [f64], lda: i32, ldu: i32, ldvt: i32) -> Svd {
    let k = m.min(n).max(0) as usize;
    let (mut work, mut info) = (0.0, 7);
    let (mut s, mut u, mut vt) = (vec![0.0; k], vec![POISON; 64], vec![POISON; 64]);
    // SAFETY: as in `eigen`; 64 numbers are more than any test asks for.
    unsafe {
        dgesvd_(
            &letter(jobs[0]),
            &letter(jobs[1]),
            &m,
            &n,
            a.as_mut_ptr(),
            &lda,
            s.as_mut_ptr(),
            u.as_mut_ptr(),
            &ldu,
            vt.as_mut_ptr(),
            &ldvt,
            &mut work,
            &1,
            &mut info,
        )
    };

    Svd { info, s, u, vt }
}

fn svd_dc(job: u8, m: i32, n: i32, a: &mut [f64], lda: i32, ldu: i32, ldvt: i32) -> Svd {
    let k = m.min(n).max(0) as usize;
    let (mut work, mut info) = (0.0, 7);
    let (mut s, mut u, mut vt) = (vec![0.0; k], vec![POISON; 64], vec![POISON; 64]);
    // SAFETY: as in `svd`.
    unsafe {
        dgesdd_(
            &letter(job),
            &m,
            &n,
            a.as_mut_ptr(),
            &lda,
            s.as_mut_ptr(),
            u.as_mut_ptr(),
            &ldu,
            vt.as_mut_ptr(),
            &ldvt,
            &mut work,
            &1,
            null_mut(),
            &mut info,
        )
    };

    Svd { info, s, u, vt }
}

#[test]
fn eigenvalues_of_either_triangle_with_a_leading_dimension() {
    // [[2, 1], [1, 2]] has the eigenvalues 1 and 3.
    for (uplo, stored) in
        [(b'L', [2.0, 1.0, POISON, POISON, 2.0, POISON]), (b'u', [2.0, POISON, POISON, 1.0, 2.0, POISON])]
    {
        for job in [b'N', b'V'] {
            let mut a = stored;
            let (info, w) = eigen(job, uplo, 2, &mut a, 3, 1);
            assert_eq!(info, 0);
            assert_near(w[0], 1.0);
            assert_near(w[1], 3.0);
            if job == b'V' {
                let half = 0.5_f64.sqrt();
                assert_near((a[0] * a[1]).signum(), -1.0);
                assert_near(a[3] * a[4], 0.5);
                assert_near(a[0].abs(), half);
            }
        }
    }
}

#[test]
fn sizes_0_and_1() {
    assert_eq!(eigen(b'V', b'L', 0, &mut [], 1, 1).0, 0);
    let mut one = [-4.0];
    assert_eq!(eigen(b'V', b'L', 1, &mut one, 1, 1), (0, vec![-4.0]));
    assert_near(one[0].abs(), 1.0);
    assert_eq!(cholesky(b'L', 0, &mut [], 1), 0);
    let mut nine = [9.0];
    assert_eq!(cholesky(b'U', 1, &mut nine, 1), 0);
    assert_near(nine[0], 3.0);
    assert_eq!(svd([b'N', b'N'], 0, 0, &mut [], 1, 1, 1).info, 0);
    let one = svd([b'A', b'A'], 1, 1, &mut [-2.0], 1, 1, 1);
    assert_near(one.s[0], 2.0);
    assert_near(one.u[0] * one.vt[0], -1.0);
}

#[test]
fn cholesky_of_either_triangle_leaves_the_other_alone() {
    // [[4, 2], [2, 5]] = L Lᵀ with L = [[2, 0], [1, 2]].
    let mut lower = [4.0, 2.0, 77.0, 55.0, 5.0, 77.0];
    assert_eq!(cholesky(b'L', 2, &mut lower, 3), 0);
    assert_eq!(lower, [2.0, 1.0, 77.0, 55.0, 2.0, 77.0]);
    let mut upper = [4.0, 55.0, 77.0, 2.0, 5.0, 77.0];
    assert_eq!(cholesky(b'U', 2, &mut upper, 3), 0);
    assert_eq!(upper, [2.0, 55.0, 77.0, 1.0, 2.0, 77.0]);
}

#[test]
fn cholesky_names_the_first_minor_that_is_not_positive() {
    assert_eq!(cholesky(b'L', 2, &mut [1.0, 1.0, POISON, 1.0], 2), 2);
    assert_eq!(cholesky(b'L', 2, &mut [-1.0, 0.0, 0.0, 1.0], 2), 1);
    assert_eq!(cholesky(b'U', 1, &mut [f64::NAN], 1), 1);
}

/// Sum over k of `u[:, k] s[k] vt[k, :]`, with the given leading dimensions.
fn product(svd: &Svd, ldu: usize, ldvt: usize, i: usize, j: usize) -> f64 {
    svd.s.iter().enumerate().map(|(k, s)| svd.u[i + k * ldu] * s * svd.vt[k + j * ldvt]).sum()
}

#[test]
fn singular_values_and_vectors_give_the_matrix_back() {
    // Columns (3, 4, 0) and (0, 0, 5): singular values 5 and 5; the second case has rank 1.
    for (a, s) in [
        ([3.0, 4.0, 0.0, 0.0, 0.0, 7.0], [7.0, 5.0]),
        ([1.0, 2.0, 2.0, 2.0, 4.0, 4.0], [45.0_f64.sqrt(), 0.0]),
    ] {
        for jobs in [[b'A', b'A'], [b'S', b'S'], [b'A', b'S'], [b's', b'a']] {
            let found = svd(jobs, 3, 2, &mut a.clone(), 3, 4, 3);
            assert_eq!(found.info, 0);
            assert_near(found.s[0], s[0]);
            assert_near(found.s[1], s[1]);
            (0..6).for_each(|e| assert_near(product(&found, 4, 3, e % 3, e / 3), a[e]));
            assert!(found.u[3].is_nan() && found.vt[2].is_nan(), "padding was written to");
        }
        let values = svd([b'N', b'N'], 3, 2, &mut a.clone(), 3, 1, 1);
        assert_near(values.s[0], s[0]);
        assert!(values.u[0].is_nan() && values.vt[0].is_nan());
        let found = svd_dc(b'A', 3, 2, &mut a.clone(), 3, 3, 2);
        (0..6).for_each(|e| assert_near(product(&found, 3, 2, e % 3, e / 3), a[e]));
        let wide = svd_dc(b'S', 2, 3, &mut a.clone(), 2, 2, 2);
        (0..6).for_each(|e| assert_near(product(&wide, 2, 2, e % 2, e / 2), a[e]));
        assert_near(svd_dc(b'N', 3, 2, &mut a.clone(), 3, 1, 1).s[1], s[1]);
    }
}

#[test]
fn one_side_only() {
    let mut a = [3.0, 4.0, 0.0, 0.0, 0.0, 7.0];
    let found = svd([b'A', b'N'], 3, 2, &mut a, 3, 3, 1);
    assert_eq!(found.info, 0);
    assert!(found.u[..9].iter().all(|x| x.is_finite()) && found.vt[0].is_nan());
}

#[test]
fn wrong_arguments_have_their_number() {
    assert_eq!(eigen(b'X', b'L', 1, &mut [1.0], 1, 1).0, -1);
    assert_eq!(eigen(b'N', b'X', 1, &mut [1.0], 1, 1).0, -2);
    assert_eq!(eigen(b'N', b'L', -1, &mut [1.0], 1, 1).0, -3);
    assert_eq!(eigen(b'N', b'L', 2, &mut [1.0; 4], 1, 1).0, -5);
    assert_eq!(eigen(b'N', b'L', 1, &mut [1.0], 1, 0).0, -8);
    assert_eq!(cholesky(b'X', 1, &mut [1.0], 1), -1);
    assert_eq!(cholesky(b'L', -1, &mut [1.0], 1), -2);
    assert_eq!(cholesky(b'L', 2, &mut [1.0; 4], 1), -4);
    assert_eq!(svd([b'O', b'N'], 1, 1, &mut [1.0], 1, 1, 1).info, -1);
    assert_eq!(svd([b'N', b'X'], 1, 1, &mut [1.0], 1, 1, 1).info, -2);
    assert_eq!(svd([b'N', b'N'], -1, 1, &mut [1.0], 1, 1, 1).info, -3);
    assert_eq!(svd([b'N', b'N'], 1, -1, &mut [1.0], 1, 1, 1).info, -4);
    assert_eq!(svd([b'N', b'N'], 2, 1, &mut [1.0; 2], 1, 1, 1).info, -6);
    assert_eq!(svd([b'S', b'N'], 2, 1, &mut [1.0; 2], 2, 1, 1).info, -9);
    assert_eq!(svd([b'N', b'A'], 1, 2, &mut [1.0; 2], 1, 1, 1).info, -11);
    assert_eq!(svd_dc(b'O', 1, 1, &mut [1.0], 1, 1, 1).info, -1);
    assert_eq!(svd_dc(b'N', 2, 1, &mut [1.0; 2], 1, 1, 1).info, -5);
    assert_eq!(svd_dc(b'A', 2, 1, &mut [1.0; 2], 2, 1, 1).info, -8);
    assert_eq!(svd_dc(b'A', 1, 2, &mut [1.0; 2], 1, 1, 1).info, -10);
}

#[test]
fn workspace_queries_touch_no_matrix() {
    let (mut work, mut info) = (0.0, 7);
    // SAFETY: with `lwork = -1` only the scalars and `work` are touched.
    unsafe {
        dsyev_(&letter(b'V'), &letter(b'L'), &5, null_mut(), &5, null_mut(), &mut work, &-1, &mut info);
    }

    assert_eq!((work, info), (1.0, 0));
    let (mut work, mut info) = (0.0, 7);
    // SAFETY: as above.
    unsafe { dgetri_(&5, null_mut(), &5, null_mut(), &mut work, &-1, &mut info) };

    assert_eq!((work, info), (1.0, 0));
}

#[test]
fn elimination_solves_and_inverts() {
    // Column-major [[0, 2], [4, 6]]: needs a row exchange. Inverse [[-3/4, 1/4], [1/2, 0]].
    let mut a = [0.0, 4.0, 2.0, 6.0];
    let (mut pivots, mut info) = ([0; 2], 7);
    // SAFETY: all arrays have two rows.
    unsafe { dgetrf_(&2, &2, a.as_mut_ptr(), &2, pivots.as_mut_ptr(), &mut info) };

    assert_eq!((info, pivots), (0, [2, 2]));
    for (trans, wanted) in [(b'N', [1.0, 2.0]), (b'T', [-0.5, 2.25])] {
        // A (1, 2) = (4, 16), and Aᵀ (-1/2, 9/4) = (9, 12.5).
        let mut b = if trans == b'N' { [4.0, 16.0] } else { [9.0, 12.5] };
        // SAFETY: all arrays have two rows.
        unsafe {
            dgetrs_(&letter(trans), &2, &1, a.as_ptr(), &2, pivots.as_ptr(), b.as_mut_ptr(), &2, &mut info)
        };

        assert_eq!(info, 0);
        assert_near(b[0], wanted[0]);
        assert_near(b[1], wanted[1]);
    }
    // SAFETY: all arrays have two rows.
    unsafe { dgetri_(&2, a.as_mut_ptr(), &2, pivots.as_ptr(), &mut 0.0, &1, &mut info) };

    assert_eq!(info, 0);
    [-0.75, 0.5, 0.25, 0.0].iter().zip(a).for_each(|(wanted, found)| assert_near(found, *wanted));
}

#[test]
fn a_singular_matrix_has_a_pivot_of_0() {
    let mut a = [1.0, 2.0, 2.0, 4.0];
    let (mut pivots, mut info) = ([0; 2], 7);
    // SAFETY: all arrays have two rows.
    unsafe {
        dgetrf_(&2, &2, a.as_mut_ptr(), &2, pivots.as_mut_ptr(), &mut info);
        assert_eq!(info, 2);
        dgetri_(&2, a.as_mut_ptr(), &2, pivots.as_ptr(), &mut 0.0, &1, &mut info);
    }

    assert_eq!(info, 2);
}
