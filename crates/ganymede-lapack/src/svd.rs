//! Singular value decomposition, by the two names that LAPACK has for it.

use std::ffi::c_char;

use faer::linalg::solvers::Svd;
use faer::{MatMut, MatRef};

use crate::arguments::{copy, first_wrong, letter, matrix_mut, size, slice_mut};

/// What is wanted of the vectors of one side.
#[derive(Clone, Copy, PartialEq)]
enum Vectors {
    All,
    Thin,
    None,
}

impl Vectors {
    fn of(job: u8) -> Option<Self> {
        match job {
            b'A' => Some(Self::All),
            b'S' => Some(Self::Thin),
            b'N' => Some(Self::None),
            _ => None,
        }
    }
}

/// Numbers that a call describes its arrays with.
struct Sizes {
    m: i32,
    n: i32,
    lda: i32,
    ldu: i32,
    ldvt: i32,
    lwork: i32,
}

/// Where the decomposition goes.
struct Output<'a> {
    s: &'a mut [f64],
    u: Option<MatMut<'a, f64>>,
    vt: Option<MatMut<'a, f64>>,
}

/// `A = U diag(s) Vᵀ`, s descending; which vectors is said for either side.
///
/// # Safety
/// SAFETY: the arguments are those of LAPACK's `dgesvd`: valid pointers, arrays as large as `jobu` and `jobvt` ask
/// for, `work` of one number. With `lwork = -1` only the scalars and `work` are touched.
#[unsafe(no_mangle)]
unsafe extern "C" fn dgesvd_(
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
) {
    // SAFETY: the caller passes valid scalars.
    let (ju, jvt, sizes, info) = unsafe {
        let sizes = Sizes { m: *m, n: *n, lda: *lda, ldu: *ldu, ldvt: *ldvt, lwork: *lwork };
        (Vectors::of(letter(jobu)), Vectors::of(letter(jobvt)), sizes, &mut *info)
    };

    // The numbers of the arguments m, n, lda, ldu, ldvt and lwork.
    *info = check(&[(1, ju.is_some()), (2, jvt.is_some())], [3, 4, 6, 9, 11, 13], &sizes, ju, jvt);
    if let (0, Some(ju), Some(jvt)) = (*info, ju, jvt) {
        // SAFETY: the arrays are as large as the jobs ask for, which `check` compared with the leading dimensions.
        *info = unsafe { run(&sizes, (ju, jvt), a, s, u, vt, work) };
    }
}

/// As [`dgesvd_`], with one job for both sides.
///
/// # Safety
/// SAFETY: the arguments are those of LAPACK's `dgesdd`: valid pointers, arrays as large as `jobz` asks for, `work`
/// of one number; `iwork` is not touched. With `lwork = -1` only the scalars and `work` are touched.
#[unsafe(no_mangle)]
unsafe extern "C" fn dgesdd_(
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
    _iwork: *mut i32,
    info: *mut i32,
) {
    // SAFETY: the caller passes valid scalars.
    let (job, sizes, info) = unsafe {
        let sizes = Sizes { m: *m, n: *n, lda: *lda, ldu: *ldu, ldvt: *ldvt, lwork: *lwork };
        (Vectors::of(letter(jobz)), sizes, &mut *info)
    };

    // The numbers of the arguments m, n, lda, ldu, ldvt and lwork.
    *info = check(&[(1, job.is_some())], [2, 3, 5, 8, 10, 12], &sizes, job, job);
    if let (0, Some(job)) = (*info, job) {
        // SAFETY: the arrays are as large as the job asks for, which `check` compared with the leading dimensions.
        *info = unsafe { run(&sizes, (job, job), a, s, u, vt, work) };
    }
}

fn check(
    jobs: &[(i32, bool)],
    numbers: [i32; 6],
    sizes: &Sizes,
    ju: Option<Vectors>,
    jvt: Option<Vectors>,
) -> i32 {
    let &Sizes { m, n, lda, ldu, ldvt, lwork } = sizes;
    let least_ldu = if ju == Some(Vectors::None) { 1 } else { m.max(1) };
    let least_ldvt = match jvt {
        Some(Vectors::All) => n.max(1),
        Some(Vectors::Thin) => m.min(n).max(1),
        _ => 1,
    };
    let allowed =
        [m >= 0, n >= 0, lda >= m.max(1), ldu >= least_ldu, ldvt >= least_ldvt, lwork >= 1 || lwork == -1];
    match first_wrong(jobs) {
        0 => first_wrong(&std::array::from_fn::<_, 6, _>(|i| (numbers[i], allowed[i]))),
        wrong => wrong,
    }
}

/// # Safety
/// As for [`dgesvd_`], and `check` found nothing.
unsafe fn run(
    sizes: &Sizes,
    (ju, jvt): (Vectors, Vectors),
    a: *mut f64,
    s: *mut f64,
    u: *mut f64,
    vt: *mut f64,
    work: *mut f64,
) -> i32 {
    // SAFETY: `work` holds at least one number.
    unsafe { *work = 1.0 };

    if sizes.lwork == -1 {
        return 0;
    }
    let (m, n) = (size(sizes.m), size(sizes.n));
    let k = m.min(n);
    let (u_cols, vt_rows) = (if ju == Vectors::All { m } else { k }, if jvt == Vectors::All { n } else { k });
    let (ldu, ldvt) = (size(sizes.ldu), size(sizes.ldvt));

    // SAFETY: the caller's arrays have these sizes, are distinct, and are used by this call alone.
    let (a, output) = unsafe {
        let a = matrix_mut(a, m, n, size(sizes.lda));
        let u = (ju != Vectors::None).then(|| matrix_mut(u, m, u_cols, ldu));
        let vt = (jvt != Vectors::None).then(|| matrix_mut(vt, vt_rows, n, ldvt));
        (a, Output { s: slice_mut(s, k), u, vt })
    };

    decompose(a.as_ref(), ju == Vectors::All || jvt == Vectors::All, output)
}

fn decompose(a: MatRef<'_, f64>, full: bool, output: Output<'_>) -> i32 {
    if output.u.is_none() && output.vt.is_none() {
        return match a.singular_values() {
            Ok(values) => {
                output.s.copy_from_slice(&values);
                0
            }
            Err(_) => 1,
        };
    }
    match if full { a.svd() } else { a.thin_svd() } {
        Ok(svd) => {
            write(&svd, output);
            0
        }
        Err(_) => 1,
    }
}

fn write(svd: &Svd<f64>, output: Output<'_>) {
    output.s.iter_mut().zip(svd.S().column_vector().iter()).for_each(|(to, s)| *to = *s);
    if let Some(u) = output.u {
        let cols = u.ncols();
        copy(svd.U().subcols(0, cols), u);
    }
    if let Some(vt) = output.vt {
        let rows = vt.nrows();
        copy(svd.V().subcols(0, rows).transpose(), vt);
    }
}
