//! The statistics files of pytorch-fid, clean-fid and TTUR: `mu` and `sigma` in an `.npz`.

use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek};
use std::path::Path;

use ganymede_tensor::write_atomic;
use ndarray::{ArrayD, ArrayViewD, Ix1, Ix2};
use ndarray_npy::{NpzWriter, ViewNpyError, ViewNpyExt};
use zip::ZipArchive;

use super::MeanCov;
use crate::{MetricError, Result};

/// Features beyond which a file is refused: 8192² numbers are 512 MiB.
const MAX_DIM: u64 = 8192;
/// More than any header of an `.npy` needs.
const HEADER: u64 = 1 << 16;

/// Reads `mu` `(D,)` and `sigma` `(D, D)`, f64 or f32, as pytorch-fid, clean-fid and TTUR write them (with n − 1).
/// Such files do not say how many images they are of, nor through which network and resize.
///
/// # Errors
/// No such file; not an `.npz`; an array that is missing, of another type or shape, or larger than 8,192 features;
/// numbers that are not finite.
pub fn load_npz(path: &Path) -> Result<MeanCov> {
    let refuse = |reason: String| MetricError::File { path: path.to_path_buf(), reason };
    let file = File::open(path).map_err(|source| MetricError::Io { path: path.to_path_buf(), source })?;
    let mut archive = ZipArchive::new(BufReader::new(file))
        .map_err(|error| refuse(format!("not an .npz file with `mu` and `sigma`: {error}")))?;
    let mu = entry(&mut archive, "mu", MAX_DIM * 8 + HEADER).map_err(refuse)?;
    let mean = mu.into_dimensionality::<Ix1>().map_err(|_| refuse("`mu` is not a vector".into()))?;
    let d = mean.len() as u64;
    if d == 0 || d > MAX_DIM {
        return Err(refuse(format!("`mu` has {d} numbers; 1 to {MAX_DIM} are possible")));
    }
    let sigma = entry(&mut archive, "sigma", d * d * 8 + HEADER).map_err(refuse)?;
    let cov = sigma.into_dimensionality::<Ix2>().map_err(|_| refuse("`sigma` is not a matrix".into()))?;
    if cov.dim() != (mean.len(), mean.len()) {
        return Err(refuse(format!("`mu` has {d} numbers and `sigma` is {:?}", cov.dim())));
    }
    if !mean.iter().chain(&cov).all(|x| x.is_finite()) {
        return Err(refuse("`mu` or `sigma` hold numbers that are not finite".into()));
    }
    Ok(MeanCov { mean, cov: cov.as_standard_layout().into_owned() })
}

/// An array of at most `limit` bytes, whatever the archive claims: a small file can unpack to a huge one.
fn entry(
    archive: &mut ZipArchive<impl Read + Seek>,
    name: &str,
    limit: u64,
) -> std::result::Result<ArrayD<f64>, String> {
    let file_name = format!("{name}.npy");
    let file = archive.by_name(&file_name).map_err(|error| format!("no readable `{name}`: {error}"))?;
    let mut bytes = Vec::new();
    file.take(limit + 1).read_to_end(&mut bytes).map_err(|error| format!("`{name}`: {error}"))?;
    if bytes.len() as u64 > limit {
        return Err(format!("`{name}` is larger than the {limit} bytes that it can have"));
    }
    match ArrayViewD::<f64>::view_npy(&bytes) {
        Ok(array) => Ok(array.to_owned()),
        Err(ViewNpyError::WrongDescriptor(_)) => ArrayViewD::<f32>::view_npy(&bytes)
            .map(|array| array.mapv(f64::from))
            .map_err(|error| format!("`{name}`: {error}; f64 and f32 can be read, objects of Python never")),
        Err(error) => Err(format!("`{name}`: {error}")),
    }
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
