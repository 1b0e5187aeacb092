//! The reference batches of guided-diffusion's evaluator: statistics of two kinds of features, and images.

use std::io::{self, Write};
use std::path::Path;

use ganymede_files::{DecodeOptions, Frame};
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{CompressionMethod, ZipWriter};

use super::MeanCov;
use super::npz::read_pair;
use crate::npz::Npz;
use crate::{ImageFolder, Result};

/// What the statistics of spatial features are called.
const SPATIAL: [&str; 2] = ["mu_s", "sigma_s"];
/// What the images are called.
const IMAGES: &str = "arr_0";
/// A header of NumPy ends at a multiple of as many bytes.
const ALIGNMENT: usize = 64;

/// The statistics of a reference batch.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct AdmStatistics {
    /// `mu` and `sigma`, of the 2,048 pool features.
    pub pool: MeanCov,
    /// `mu_s` and `sigma_s`, of 2,023 spatial features ([`SpatialTap::Mixed6`](crate::SpatialTap::Mixed6)).
    pub spatial: Option<MeanCov>,
}

/// Reads the statistics of a reference batch: `mu` and `sigma`, and `mu_s` and `sigma_s` if they are there; and in words
/// what somebody should know of them, as [`read_npz`](crate::read_npz). The images of its `arr_0` are those of an
/// [`ImageFolder`]; in the batches that OpenAI published they are 10,000, and the statistics are of many more.
///
/// # Errors
/// As [`read_npz`](crate::read_npz); one of `mu_s` and `sigma_s` without the other.
pub fn read_adm_npz(path: &Path) -> Result<(AdmStatistics, Vec<String>)> {
    let mut npz = Npz::open(path)?;
    let Some([mu, sigma]) = npz.statistics() else { return Err(npz.error(npz.of_no_use())) };
    let (pool, mut notes) = read_pair(&mut npz, mu, sigma)?;
    let spatial = match SPATIAL.map(|key| npz.entry(key).is_some()) {
        [true, true] => {
            let [mu, sigma] = SPATIAL;
            let (spatial, more) = read_pair(&mut npz, mu, sigma)?;
            notes.extend(more);
            Some(spatial)
        }
        [false, false] => None,
        _ => return Err(npz.error("it has only one of `mu_s` and `sigma_s`".into())),
    };
    Ok((AdmStatistics { pool, spatial }, notes))
}

/// A reference batch to write. Covariances are with n − 1.
#[derive(Clone, Copy, Debug)]
pub struct AdmBatch<'a> {
    /// `mu` and `sigma`.
    pub pool: &'a MeanCov,
    /// `mu_s` and `sigma_s`.
    pub spatial: Option<&'a MeanCov>,
    /// Images for `arr_0`, and which of them, in that order. The evaluator reads none but files that have it.
    pub images: Option<(&'a ImageFolder, &'a [usize])>,
}

impl AdmBatch<'_> {
    /// Writes an `.npz`, image by image: memory does not grow with their number. Numbers are f64, images (N, H, W, 3) of
    /// uint8, nothing is compressed.
    ///
    /// # Errors
    /// Those of `out`; an image cannot be decoded or is of another size than the first one, with its path.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut npz = ZipWriter::new_stream(out);
        let spatial = self.spatial.map(|spatial| (spatial, SPATIAL));
        for (stats, [mu, sigma]) in [(self.pool, ["mu", "sigma"])].into_iter().chain(spatial) {
            begin(&mut npz, mu, "<f8", &[stats.mean.len()], 8)?;
            stats.mean.iter().try_for_each(|x| npz.write_all(&x.to_le_bytes()))?;
            begin(&mut npz, sigma, "<f8", &[stats.cov.nrows(), stats.cov.ncols()], 8)?;
            stats.cov.iter().try_for_each(|x| npz.write_all(&x.to_le_bytes()))?;
        }
        if let Some((folder, rows)) = self.images {
            write_images(&mut npz, folder, rows)?;
        }
        npz.finish()?;
        Ok(())
    }
}

fn write_images<W: Write>(
    npz: &mut ZipWriter<StreamWriter<W>>,
    folder: &ImageFolder,
    rows: &[usize],
) -> io::Result<()> {
    let decode = |row: &usize| folder.frame(*row, &DecodeOptions::pil()).map_err(io::Error::other);
    let Some(first) = rows.first() else { return Err(io::Error::other("there are no images")) };
    let size = decode(first)?.size();
    let (width, height) = (size.0 as usize, size.1 as usize);
    begin(npz, IMAGES, "|u1", &[rows.len(), height, width, 3], 1)?;
    for row in rows {
        let frame = decode(row)?;
        if frame.size() != size {
            let (is, path) = (frame.size(), folder.path(*row).display());
            return Err(io::Error::other(format!(
                "{path} is {}×{}, and {} is {width}×{height}: an array has images of one size",
                is.0,
                is.1,
                folder.path(*first).display()
            )));
        }
        npz.write_all(&colours(&frame))?;
    }
    Ok(())
}

/// Red, green and blue of every pixel.
fn colours(frame: &Frame) -> Vec<u8> {
    match frame.channels() {
        1 => frame.interleaved().iter().flat_map(|level| [*level; 3]).collect(),
        _ => frame.interleaved().to_vec(),
    }
}

/// Begins an array: what is written next are its numbers, of `bytes` bytes each.
fn begin<W: Write>(
    npz: &mut ZipWriter<StreamWriter<W>>,
    key: &str,
    kind: &str,
    shape: &[usize],
    bytes: u64,
) -> io::Result<()> {
    let sides: String = shape.iter().map(|side| format!("{side}, ")).collect();
    let mut header =
        format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({}), }}", sides.trim_end());
    let prefix = 10;
    let padded = (prefix + header.len() + 1).next_multiple_of(ALIGNMENT) - prefix;
    header = format!("{header:<width$}\n", width = padded - 1);
    let size = shape.iter().fold(bytes, |size, side| size.saturating_mul(*side as u64));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .large_file(size.saturating_add(ALIGNMENT as u64 * 4) > u64::from(u32::MAX));
    npz.start_file(format!("{key}.npy"), options)?;
    npz.write_all(b"\x93NUMPY\x01\x00")?;
    npz.write_all(&(padded as u16).to_le_bytes())?;
    npz.write_all(header.as_bytes())
}
