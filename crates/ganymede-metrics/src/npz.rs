//! NumPy's archives (`.npz`): a zip of arrays, each under its key.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use ndarray::ArrayD;
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use crate::npy::{self, Header};
use crate::{MetricError, Result};

/// Arrays beyond these are not listed, and not looked for.
const MAX_ENTRIES: usize = 1024;
/// Arrays that a message names.
const SHOWN: usize = 12;

/// An open archive, and what its arrays are like.
pub(crate) struct Npz {
    path: PathBuf,
    archive: ZipArchive<BufReader<File>>,
    pub(crate) arrays: Vec<Entry>,
}

/// One array of an archive.
pub(crate) struct Entry {
    /// Its key, as NumPy says it.
    pub(crate) key: String,
    /// What its header says, or why that cannot be read.
    pub(crate) header: Result<Header, String>,
    index: usize,
}

/// Where the numbers of an array lie as they are: in an entry that is not compressed.
pub(crate) struct Stored {
    /// The first byte of the numbers.
    pub(crate) start: u64,
}

/// What an archive is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NpzKind {
    /// Mean and covariance: [`load_npz`](crate::load_npz).
    Statistics,
    /// Images `(N, H, W, C)`: [`ImageFolder`](crate::ImageFolder).
    Images,
    /// Rows of features `(N, D)`: [`FeatureFile`](crate::FeatureFile).
    Features,
}

/// Looks what an `.npz` holds, by keys, types and shapes.
///
/// # Errors
/// It cannot be read, or holds nothing of use; the message says what it holds and what is wanted.
pub fn npz_kind(path: &Path) -> Result<NpzKind> {
    let npz = Npz::open(path)?;
    if npz.statistics().is_some() {
        return Ok(NpzKind::Statistics);
    }
    if npz.images().is_some() {
        return Ok(NpzKind::Images);
    }
    match npz.features() {
        Some(_) => Ok(NpzKind::Features),
        None => Err(npz.error(npz.of_no_use())),
    }
}

/// Whether an `.npz` holds images, be it beside statistics: a reference batch of guided-diffusion's evaluator does.
///
/// # Errors
/// It cannot be read.
pub fn npz_has_images(path: &Path) -> Result<bool> {
    Ok(Npz::open(path)?.images().is_some())
}

impl Npz {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let io = |source| MetricError::Io { path: path.to_path_buf(), source };
        let refuse = |reason: String| MetricError::File { path: path.to_path_buf(), reason };
        let file = File::open(path).map_err(io)?;
        let mut archive = match ZipArchive::new(BufReader::new(file)) {
            Ok(archive) => archive,
            Err(ZipError::Io(source)) if source.kind() != std::io::ErrorKind::UnexpectedEof => {
                return Err(io(source));
            }
            Err(error) => return Err(refuse(not_an_archive(path, &error))),
        };
        let mut arrays = Vec::new();
        for index in 0..archive.len().min(MAX_ENTRIES) {
            let mut entry = archive.by_index(index).map_err(|error| refuse(error.to_string()))?;
            let name = entry.name().map_err(|error| refuse(error.to_string()))?.into_owned();
            let header = npy::read_header(&mut entry).map(|(header, _)| header);
            let key = name.strip_suffix(".npy").unwrap_or(&name).to_owned();
            arrays.push(Entry { key, header, index });
        }
        Ok(Self { path: path.to_path_buf(), archive, arrays })
    }

    /// Mean and covariance, under the names that programs give them.
    pub(crate) fn statistics(&self) -> Option<[&'static str; 2]> {
        let pairs = [["mu", "sigma"], ["mean", "cov"]];
        pairs.into_iter().find(|pair| pair.iter().all(|key| self.entry(key).is_some()))
    }

    /// The array of images: `arr_0`, or the only one of whole bytes and three or four dimensions.
    pub(crate) fn images(&self) -> Option<&Entry> {
        let looks = |entry: &&Entry| {
            let header = entry.header.as_ref().ok();
            // Floats of that shape are images that were not converted: they are taken up, to be refused with a word.
            header.is_some_and(|header| match header.shape.len() {
                4 => true,
                3 => !header.element.is_float(),
                _ => false,
            })
        };
        let mut fit = self.arrays.iter().filter(|entry| looks(entry));
        let (first, others) = (fit.next()?, fit.count());
        if others == 0 { Some(first) } else { self.entry("arr_0").filter(looks) }
    }

    /// The array of features: `features`, else `arr_0`. By name only: a covariance without its mean is floats in two
    /// dimensions, too.
    pub(crate) fn features(&self) -> Option<&Entry> {
        let looks = |entry: &&Entry| {
            entry.header.as_ref().is_ok_and(|header| header.shape.len() == 2 && header.element.is_float())
        };
        ["features", "arr_0"].into_iter().find_map(|key| self.entry(key).filter(looks))
    }

    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        self.arrays.iter().find(|entry| entry.key == key)
    }

    /// The numbers of an array: at most `limit` bytes, whatever the archive claims.
    pub(crate) fn read<T: Clone>(
        &mut self,
        key: &str,
        limit: u64,
        number: fn(f64) -> T,
    ) -> Result<ArrayD<T>> {
        let Some(entry) = self.entry(key) else { return Err(self.error(format!("it has no `{key}`"))) };
        let read = match entry.header.clone() {
            Ok(header) => self.numbers(entry.index, &header, limit, number),
            Err(reason) => Err(reason),
        };
        read.map_err(|reason| self.error(format!("`{key}`: {reason}")))
    }

    fn numbers<T: Clone>(
        &mut self,
        index: usize,
        header: &Header,
        limit: u64,
        number: fn(f64) -> T,
    ) -> Result<ArrayD<T>, String> {
        let mut entry = self.archive.by_index(index).map_err(|error| error.to_string())?;
        npy::read_header(&mut entry)?;
        npy::read_numbers(&mut entry, header, limit, number)
    }

    /// The first numbers of an array as they lie, of at most `limit` bytes.
    pub(crate) fn first(&mut self, key: &str, limit: u64) -> Result<Vec<f32>, String> {
        let index = self.entry(key).map(|entry| entry.index).ok_or("it is not there")?;
        let mut entry = self.archive.by_index(index).map_err(|error| error.to_string())?;
        let (header, _) = npy::read_header(&mut entry)?;
        npy::first_numbers(&mut entry, &header, limit)
    }

    /// Reads an array to its end, so that its checksum is known to hold; says where its numbers lie if they are not
    /// compressed, else gives them, at most `limit` bytes.
    pub(crate) fn verify(&mut self, key: &str, limit: u64) -> Result<Result<Stored, Vec<u8>>, String> {
        let index = self.entry(key).map(|entry| entry.index).ok_or("it is not there")?;
        let mut entry = self.archive.by_index(index).map_err(|error| error.to_string())?;
        let begin = entry.data_start().filter(|_| entry.compression() == CompressionMethod::Stored);
        let damaged = |error: std::io::Error| format!("it is damaged ({error})");
        let (header, offset) = npy::read_header(&mut entry)?;
        let wanted = header.bytes().filter(|&bytes| bytes <= limit || begin.is_some());
        let wanted = wanted.ok_or_else(|| {
            format!(
                "{header} is compressed and larger than the {limit} bytes that fit: write it with np.savez"
            )
        })?;
        let mut numbers = Vec::new();
        let found = match begin {
            Some(_) => std::io::copy(&mut entry, &mut std::io::sink()).map_err(damaged)?,
            None => entry.take(wanted + 1).read_to_end(&mut numbers).map_err(damaged)? as u64,
        };
        if found != wanted {
            return Err(format!("it has {found} bytes, and {header} has {wanted}"));
        }
        Ok(match begin {
            Some(begin) => Ok(Stored { start: begin + offset }),
            None => Err(numbers),
        })
    }

    /// The arrays other than those, for a message.
    pub(crate) fn others(&self, but: &[&str]) -> Vec<String> {
        let others = self.arrays.iter().filter(|entry| !but.contains(&entry.key.as_str()));
        others.take(SHOWN).map(|entry| format!("`{}`", entry.key)).collect()
    }

    pub(crate) fn error(&self, reason: String) -> MetricError {
        MetricError::File { path: self.path.clone(), reason }
    }

    /// What it holds, and what would be of use.
    pub(crate) fn of_no_use(&self) -> String {
        let about = |entry: &Entry| match &entry.header {
            Ok(header) => format!("`{}` {header}", entry.key),
            Err(reason) => format!("`{}` ({reason})", entry.key),
        };
        let held: Vec<String> = self.arrays.iter().take(SHOWN).map(about).collect();
        let more = self.arrays.len().saturating_sub(SHOWN);
        let held = match (held.is_empty(), more) {
            (true, _) => "nothing".to_owned(),
            (_, 0) => held.join(", "),
            _ => format!("{} and {more} more", held.join(", ")),
        };
        format!(
            "it holds {held}; wanted are statistics (`mu` (D,) and `sigma` (D, D), or `mean` and `cov`), images \
             (one array (N, H, W, 3) or (N, H, W) of uint8, or `arr_0` of several) or features (`features` or `arr_0`, \
             (N, D), of floats)"
        )
    }
}

/// What a file with that suffix is instead.
fn not_an_archive(path: &Path, error: &ZipError) -> String {
    let mut head = Vec::new();
    // What cannot be read has no first bytes.
    let _ = File::open(path).and_then(|file| file.take(6).read_to_end(&mut head));
    match head.as_slice() {
        [] => "not an .npz file: it is empty".to_owned(),
        head if head == npy::MAGIC => "not an .npz file but a single array: name it .npy".to_owned(),
        [0x80, ..] => "not an .npz file but a pickle of Python, which is never executed: load it where it was made, and \
             write it with np.savez(file, mu=mu, sigma=sigma)"
            .to_owned(),
        _ => format!("not an .npz file (a zip of arrays): {error}"),
    }
}
