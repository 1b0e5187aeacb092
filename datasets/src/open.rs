//! From a name or a path to a data set.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ganymede_files::{ArchiveFormat, path_of_name};

use crate::catalogue::{self, Known, Maker};
use crate::cifar;
use crate::dataset::Dataset;
use crate::embedded;
use crate::error::DatasetError;
use crate::folder;
use crate::idx::{self, IdxPart};
use crate::options::{OpenOptions, Split};
use crate::pairs::{self, with_conditions};
use crate::raw::{Framing, RawImages};
use crate::stacked::StackedSet;
use crate::toys::ToySet;

/// A data set that is ready to be read, and what was left out of it.
#[derive(Clone)]
#[non_exhaustive]
pub struct Opened {
    /// The data set.
    pub dataset: Arc<dyn Dataset>,
    /// The files that could not be used, sorted by path; always empty with
    /// [`OpenOptions::strict`].
    pub skipped: Vec<SkippedFile>,
    /// What became of the cache of decoded images.
    pub cache: CacheUse,
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opened")
            .field("name", &self.dataset.name())
            .field("len", &self.dataset.len())
            .field("shape", &self.dataset.shape())
            .field("skipped", &self.skipped)
            .field("cache", &self.cache)
            .finish()
    }
}

/// A file that could not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedFile {
    /// The file.
    pub path: PathBuf,
    /// Why, in words.
    pub reason: String,
}

/// What became of the cache of decoded images.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CacheUse {
    /// The data set is not a folder or an archive of images, or [`OpenOptions::cache`] is off.
    Off,
    /// The images are read from this file.
    Hit(PathBuf),
    /// The images were decoded, and written to this file, from which they are read.
    Written(PathBuf),
    /// The images were decoded and are held in memory; writing them failed, so that the next start is as slow as this
    /// one.
    Failed {
        /// The file.
        path: PathBuf,
        /// Why it could not be written.
        reason: String,
    },
}

/// Opens a data set by its name or the path of its files.
///
/// A name known to [`list`](crate::list) wins over a folder of that name (say `./ring` for the folder). A path that is
/// not text has a name that is (`bytes:caf%E9`, see [`name_of_path`](ganymede_files::name_of_path)). A path may be
/// - a folder with IDX files (`train-images-idx3-ubyte`, `.gz` or not), or one file of IDX images;
/// - a folder with CIFAR-10's `data_batch_*.bin`, or `cifar-10-binary.tar.gz`;
/// - a folder of PNG, JPEG and WebP images, in any depth of sub-folders. Where all of them are in two
///   or more sub-folders, the first level of sub-folders names the classes, sorted; otherwise they are
///   unlabelled. Hidden files and folders are passed over, and so are files that do not call
///   themselves images. Orientation recorded in the file (EXIF) is applied; colour profiles are not. A file
///   `dataset.json` in it, as StyleGAN2-ADA's `dataset_tool.py` writes one, says the classes or the vectors instead;
/// - a `.zip` or a `.tar`, read as the folder that it would unpack to, where it lies. Images of a tar may also be PPM and
///   what else Ganymede decodes, and have their class beside them as WebDataset does: `KEY.cls`, or `cls` or `label` in
///   `KEY.json`, a whole number, where KEY is the name up to its first dot. Tars that are packed as a whole are refused;
/// - a folder without images that holds such tars: the shards of one set, in the order of their names.
///
/// Images of folders and archives are decoded once, to a file in [`OpenOptions::cache_dir`], of which one image after the
/// other is read, so that the memory that they take does not grow with the set.
///
/// What is known of each sample besides is said by [`OpenOptions::vectors`] and [`OpenOptions::pairs`].
///
/// ```
/// use ganymede_datasets::{open, OpenOptions};
/// let clothes = open("fashion-mnist-10k", &OpenOptions::default())?.dataset;
/// assert_eq!((clothes.len(), clothes.shape()), (10_000, &[1, 28, 28][..]));
/// # Ok::<(), ganymede_datasets::DatasetError>(())
/// ```
///
/// # Errors
/// Every variant of [`DatasetError`] but those of reading, loading and fetching.
pub fn open(name_or_path: &str, options: &OpenOptions) -> Result<Opened, DatasetError> {
    open_with_progress(name_or_path, options, &|_, _| {})
}

/// [`open`], calling `progress(done, total)` for each image of a folder or an archive that is decoded.
///
/// The calls come from several threads, each image once, in no order; where the disk is full they begin anew.
///
/// # Errors
/// As [`open`].
pub fn open_with_progress(
    name_or_path: &str,
    options: &OpenOptions,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Result<Opened, DatasetError> {
    options.validate()?;
    let opened = match catalogue::find(name_or_path) {
        Some(known) => refuse_stored_pairs(known.name, options).and_then(|()| open_known(known, options))?,
        None => at_path(&path_of_name(name_or_path), options, progress)?,
    };
    with_conditions(opened, options)
}

/// [`open`] for a path, which need not be text and never is the name of a known data set.
///
/// # Errors
/// As [`open`].
pub fn open_path(path: &Path, options: &OpenOptions) -> Result<Opened, DatasetError> {
    options.validate()?;
    with_conditions(at_path(path, options, &|_, _| {})?, options)
}

/// Only folders of images have pairs in files.
fn refuse_stored_pairs(name: &str, options: &OpenOptions) -> Result<(), DatasetError> {
    let Some(pairs) = options.pairs.filter(|pairs| pairs.are_stored()) else { return Ok(()) };
    Err(DatasetError::BadOption {
        option: "pairs",
        value: format!("`{}` for `{name}`", pairs.name()),
        fix: "only a folder of images has pairs in files; edges and downsampled are made of any images"
            .into(),
    })
}

fn at_path(
    path: &Path,
    options: &OpenOptions,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Result<Opened, DatasetError> {
    if path.is_dir() {
        open_dir(path, options, progress)
    } else if path.exists() {
        open_file(path, options, progress)
    } else {
        let name = path.to_string_lossy().into_owned();
        let (known, nearest) = catalogue::suggest(&name);
        let nearest = nearest.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
        Err(DatasetError::Unknown { name, nearest, known })
    }
}

fn plain(dataset: impl Dataset + 'static) -> Opened {
    Opened { dataset: Arc::new(dataset), skipped: Vec::new(), cache: CacheUse::Off }
}

fn open_known(known: &Known, options: &OpenOptions) -> Result<Opened, DatasetError> {
    let max_bytes = options.max_memory_bytes;
    let dir = options.data_dir().join(catalogue::folder_of(known.name));
    let (images, framing) = match known.maker {
        Maker::Toy(toy) => return Ok(plain(ToySet::new(toy, options.seed))),
        Maker::Embedded => (embedded::fashion_mnist_10k(max_bytes)?, Framing::PadSmall),
        Maker::Idx { class_names } => {
            (read_known(known.name, &dir, options.split, max_bytes, class_names)?, Framing::PadSmall)
        }
        Maker::Stacked => {
            let read = |part| read_known(known.name, &dir, part, max_bytes, &catalogue::DIGITS);
            return Ok(plain(StackedSet::open(&dir, options, read)?));
        }
        Maker::Cifar => match catalogue::cifar_archive(&dir) {
            Some(archive) => (cifar::read_archive(&archive, options.split, max_bytes)?, Framing::Never),
            None => {
                let batches = cifar::find_batches(&dir);
                if batches.is_empty() {
                    return Err(no_cifar(known.name, dir));
                }
                (cifar::read_batches(&batches, options.split, max_bytes)?, Framing::Never)
            }
        },
    };
    Ok(plain(images.into_set(known.name, &dir, options, framing)?))
}

/// The published files of a part.
fn read_known(
    name: &str,
    dir: &Path,
    split: Split,
    max_bytes: u64,
    class_names: &[&str],
) -> Result<RawImages, DatasetError> {
    let parts = if dir.is_dir() { idx::find_parts(dir, split)? } else { Vec::new() };
    let wanted = if split == Split::All { 2 } else { 1 };
    if parts.len() < wanted || parts.iter().any(|part| part.labels.is_none()) {
        return Err(not_fetched(name, dir.to_owned()));
    }
    read_parts(&parts, max_bytes, Some(class_names))
}

fn not_fetched(name: &str, dir: PathBuf) -> DatasetError {
    let fix = format!(
        "run `cargo xtask data fetch {name}` (or `ganymede data fetch {name}`), or set {} to the folder that holds `{}`",
        crate::options::DATA_DIR_VARIABLE,
        catalogue::folder_of(name)
    );
    DatasetError::NotFetched { name: name.to_owned(), dir, fix }
}

fn no_cifar(name: &str, dir: PathBuf) -> DatasetError {
    let fix =
        "put cifar-10-binary.tar.gz of https://www.cs.toronto.edu/~kriz/cifar.html there, packed or unpacked";
    DatasetError::NotFetched { name: name.to_owned(), dir, fix: fix.into() }
}

fn read_parts(
    parts: &[IdxPart],
    max_bytes: u64,
    class_names: Option<&[&str]>,
) -> Result<RawImages, DatasetError> {
    let (first, rest) = parts.split_first().expect("callers check that there is a part");
    let mut images = first.read(max_bytes, class_names)?;
    for part in rest {
        let more = part.read(max_bytes.saturating_sub(images.pixels.len() as u64), class_names)?;
        idx::append(&mut images, more, &part.images)?;
    }
    Ok(images)
}

fn open_dir(
    dir: &Path,
    options: &OpenOptions,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Result<Opened, DatasetError> {
    let name = name_of(dir);
    if let Some(pairs) = options.pairs.filter(|pairs| pairs.are_stored()) {
        return pairs::open(&name, dir, pairs, options, progress);
    }
    let parts = idx::find_parts(dir, options.split)?;
    if !parts.is_empty() {
        let images = read_parts(&parts, options.max_memory_bytes, None)?;
        return Ok(plain(images.into_set(&name, dir, options, Framing::PadSmall)?));
    }
    let batches = cifar::find_batches(dir);
    if !batches.is_empty() {
        let images = cifar::read_batches(&batches, options.split, options.max_memory_bytes)?;
        return Ok(plain(images.into_set(&name, dir, options, Framing::Never)?));
    }
    if !idx::find_parts(dir, Split::All)?.is_empty() {
        let reason = format!("it has IDX files, but none of the part {:?}", options.split);
        return Err(DatasetError::bad_file(dir, reason, "choose the other part with `split`"));
    }
    folder::open(&name, dir, options, progress)
}

fn open_file(
    path: &Path,
    options: &OpenOptions,
    progress: &(dyn Fn(usize, usize) + Sync),
) -> Result<Opened, DatasetError> {
    let name = name_of(path);
    refuse_stored_pairs(&name, options)?;
    if let Some(format) = ArchiveFormat::of_name(path) {
        return folder::open_archive(&name, (path, format), options, progress);
    }
    let max_bytes = options.max_memory_bytes;
    if name.ends_with(".tar.gz") || name.ends_with(".tgz") {
        let images = cifar::read_archive(path, options.split, max_bytes)?;
        return Ok(plain(images.into_set(&name, path, options, Framing::Never)?));
    }
    if name.contains("idx") {
        let images = IdxPart::beside(path.to_path_buf()).read(max_bytes, None)?;
        return Ok(plain(images.into_set(&name, path, options, Framing::PadSmall)?));
    }
    let fix = "give a folder of images, a .zip or a .tar of them, an IDX file of images (`...-images-idx3-ubyte`, .gz or not) or \
               cifar-10-binary.tar.gz";
    Err(DatasetError::bad_file(path, "a single file of this kind is no data set", fix))
}

/// The last part of a path, also of `.` and `..`.
fn name_of(path: &Path) -> String {
    let absolute = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    absolute.file_name().unwrap_or(absolute.as_os_str()).to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests;
