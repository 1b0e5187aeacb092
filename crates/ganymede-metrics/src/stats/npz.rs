//! The statistics files of pytorch-fid, clean-fid and TTUR: `mu` and `sigma` in an `.npz`.

use std::io::Cursor;
use std::path::Path;

use ganymede_tensor::write_atomic;
use ndarray::{Array1, Array2, ArrayD, Ix1, Ix2};
use ndarray_npy::NpzWriter;

use super::MeanCov;
use crate::npy::Header;
use crate::npz::Npz;
use crate::{MetricError, Result};

/// Features beyond which a file is refused: 8192² numbers are 512 MiB.
const MAX_DIM: u64 = 8192;
/// Bytes of the widest number.
const WIDEST: u64 = 8;
/// What rounding in f32 may do to a covariance, as a share of the largest variance: a variance that small below 0
/// counts as 0, and what lies that close to its mirror image is replaced by the mean of both.
const ROUNDING: f64 = 1e-5;

/// Reads mean `(D,)` and covariance `(D, D)` as pytorch-fid, clean-fid and TTUR write them (with n − 1): `mu` and
/// `sigma`, else `mean` and `cov`, of any type of number that NumPy has in files. Such files do not say how many images
/// they are of, nor through which network and resize.
///
/// # Errors
/// As [`read_npz`].
pub fn load_npz(path: &Path) -> Result<MeanCov> {
    Ok(read_npz(path)?.0)
}

/// As [`load_npz`], and in words what somebody should know of the file: arrays that were not looked at, and what
/// rounding had done to the covariance. A variance down to −10⁻⁵ times the largest counts as 0, and an asymmetry up to
/// as much is evened out.
///
/// # Errors
/// No such file; not an `.npz`; an array that is missing, of another type or shape, or larger than 8,192 features;
/// numbers that are not finite; a variance below 0 or an asymmetry beyond rounding, with its value. Objects of Python
/// are refused and never executed.
pub fn read_npz(path: &Path) -> Result<(MeanCov, Vec<String>)> {
    let mut npz = Npz::open(path)?;
    let Some([mu, sigma]) = npz.statistics() else { return Err(npz.error(npz.of_no_use())) };
    let (stats, mut notes) = read_pair(&mut npz, mu, sigma)?;
    let others = npz.others(&[mu, sigma]);
    if !others.is_empty() {
        notes.push(format!("of it `{mu}` and `{sigma}` are read, not {}", others.join(", ")));
    }
    Ok((stats, notes))
}

/// Mean and covariance under two keys, and what rounding had done to the covariance.
pub(super) fn read_pair(npz: &mut Npz, mu: &str, sigma: &str) -> Result<(MeanCov, Vec<String>)> {
    let read = npz.read(mu, MAX_DIM * WIDEST, |x| x)?;
    let Some(mean) = vector(read) else { return Err(npz.error(format!("`{mu}` is not a vector"))) };
    let d = mean.len() as u64;
    if d == 0 || d > MAX_DIM {
        return Err(npz.error(format!("`{mu}` has {d} numbers; 1 to {MAX_DIM} are possible")));
    }
    let unfit = |held: &Header| {
        held.shape.iter().try_fold(1, |n: usize, side| n.checked_mul(*side)) != Some(mean.len().pow(2))
    };
    if let Some(held) =
        npz.entry(sigma).and_then(|entry| entry.header.as_ref().ok()).filter(|held| unfit(held))
    {
        return Err(npz.error(format!("`{mu}` has {d} numbers and `{sigma}` is {held}")));
    }
    let read = npz.read(sigma, d * d * WIDEST, |x| x)?;
    let Some(cov) = matrix(read) else { return Err(npz.error(format!("`{sigma}` is not a matrix"))) };
    if cov.dim() != (mean.len(), mean.len()) {
        return Err(npz.error(format!("`{mu}` has {d} numbers and `{sigma}` is {:?}", cov.dim())));
    }
    if !mean.iter().chain(&cov).all(|x| x.is_finite()) {
        return Err(npz.error(format!("`{mu}` or `{sigma}` hold numbers that are not finite")));
    }
    let mut stats = MeanCov { mean, cov };
    let notes =
        without_rounding(&mut stats.cov).map_err(|reason| npz.error(format!("`{sigma}`: {reason}")))?;
    Ok((stats, notes))
}

/// As NumPy's `atleast_1d`: the statistics of one feature are often written as bare numbers.
fn vector(array: ArrayD<f64>) -> Option<Array1<f64>> {
    match array.ndim() {
        0 => Some(Array1::from_iter(array)),
        _ => array.into_dimensionality::<Ix1>().ok(),
    }
}

/// As NumPy's `atleast_2d`.
fn matrix(array: ArrayD<f64>) -> Option<Array2<f64>> {
    match array.len() {
        1 if array.ndim() < 2 => Array2::from_shape_vec((1, 1), array.into_iter().collect()).ok(),
        _ => array.into_dimensionality::<Ix2>().ok(),
    }
}

/// Takes back what rounding did to a covariance, and says so; refuses what is more than rounding.
fn without_rounding(cov: &mut Array2<f64>) -> std::result::Result<Vec<String>, String> {
    let d = cov.nrows();
    let allowed = ROUNDING * cov.diag().iter().fold(0.0_f64, |a, b| a.max(*b));
    let (mut lowest, mut apart) = (0.0_f64, 0.0_f64);
    for i in 0..d {
        let variance = cov[(i, i)];
        if variance < -allowed {
            return Err(format!(
                "feature {i} has the variance {variance:e}, below 0 by more than rounding ({allowed:.1e})"
            ));
        }
        lowest = lowest.min(variance);
        cov[(i, i)] = variance.max(0.0);
        for j in 0..i {
            let (lower, upper) = (cov[(i, j)], cov[(j, i)]);
            if (lower - upper).abs() > allowed {
                return Err(format!(
                    "it is not symmetric: {lower:e} at ({i}, {j}) and {upper:e} at ({j}, {i}), more than rounding ({allowed:.1e}) apart"
                ));
            }
            if lower != upper {
                apart = apart.max((lower - upper).abs());
                let mean = lower / 2.0 + upper / 2.0;
                (cov[(i, j)], cov[(j, i)]) = (mean, mean);
            }
        }
    }
    let mut notes = Vec::new();
    if lowest < 0.0 {
        notes.push(format!("variances down to {lowest:.1e} are taken for the 0 that rounding missed"));
    }
    if apart > 0.0 {
        notes.push(format!("its covariance is symmetric but for {apart:.1e}, which is evened out"));
    }
    Ok(notes)
}

/// Writes `mu` and `sigma` in f64, which pytorch-fid and clean-fid read. They expect the covariance with n − 1
/// ([`Ddof::Sample`](crate::Ddof::Sample)).
///
/// # Errors
/// The file cannot be written; what was there before then stays.
pub fn save_npz(path: &Path, stats: &MeanCov) -> Result<()> {
    let bytes = npz_bytes(stats)?;
    write_atomic(path, |out| out.write_all(&bytes))
        .map_err(|source| MetricError::Io { path: path.to_path_buf(), source })
}

/// The bytes of [`save_npz`]'s file.
///
/// # Errors
/// [`MetricError::Invalid`] for what the format cannot hold.
pub fn npz_bytes(stats: &MeanCov) -> Result<Vec<u8>> {
    to_npz(stats).map_err(|error| MetricError::Invalid(error.to_string()))
}

fn to_npz(stats: &MeanCov) -> std::result::Result<Vec<u8>, ndarray_npy::WriteNpzError> {
    let mut writer = NpzWriter::new(Cursor::new(Vec::new()));
    writer.add_array("mu", &stats.mean)?;
    writer.add_array("sigma", &stats.cov)?;
    Ok(writer.finish()?.into_inner())
}
