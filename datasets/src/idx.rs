//! IDX, the format of MNIST and its relatives, gzipped or not.
//!
//! Two zero bytes, a byte for the type (only 8, unsigned bytes, is known here), a byte for the number
//! of dimensions, each dimension as a big-endian `u32`, then the values, last dimension fastest.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::GzDecoder;

use crate::dataset::Labels;
use crate::error::DatasetError;
use crate::options::Split;
use crate::raw::RawImages;

const FIX: &str = "fetch or copy the file anew";

/// An array of bytes with its dimensions.
#[derive(Debug, PartialEq)]
pub(crate) struct IdxArray {
    pub(crate) dims: Vec<usize>,
    pub(crate) values: Vec<u8>,
}

/// Reads an IDX file of at most `max_bytes` values. gzip is known by its content, not by the name.
pub(crate) fn read_idx(path: &Path, max_bytes: u64) -> Result<IdxArray, DatasetError> {
    let file = File::open(path).map_err(DatasetError::io("open", path))?;
    parse_idx(&mut BufReader::new(file), path, max_bytes)
}

/// Reads IDX from a stream; `path` is for messages.
pub(crate) fn parse_idx(
    reader: &mut dyn BufRead,
    path: &Path,
    max_bytes: u64,
) -> Result<IdxArray, DatasetError> {
    let start = reader.fill_buf().map_err(DatasetError::io("read", path))?;
    if start.is_empty() {
        return Err(DatasetError::bad_file(path, "the file is empty", FIX));
    }
    if start.starts_with(&[0x1f, 0x8b]) {
        parse_values(&mut GzDecoder::new(reader), path, max_bytes)
    } else {
        parse_values(reader, path, max_bytes)
    }
}

/// The dimensions, and how many values they make; refuses more than `max_bytes` of them.
fn parse_header(
    reader: &mut (impl Read + ?Sized),
    path: &Path,
    max_bytes: u64,
) -> Result<(Vec<usize>, u64), DatasetError> {
    let bad = |reason: String| DatasetError::bad_file(path, reason, FIX);
    let header = |error: io::Error| bad(format!("the IDX header cannot be read ({error})"));
    let mut magic = [0; 4];
    reader.read_exact(&mut magic).map_err(header)?;
    let dims = match magic {
        [0, 0, 8, dims @ 1..=4] => usize::from(dims),
        [0, 0, 8, dims] => return Err(bad(format!("it has {dims} dimensions, and 1 to 4 are known"))),
        [0, 0, kind, _] => {
            return Err(bad(format!(
                "its values are of IDX type {kind:#04x}, and only 0x08 (bytes) is known"
            )));
        }
        other => return Err(bad(format!("it is not an IDX file (it begins with {other:02x?})"))),
    };
    let mut sizes = Vec::with_capacity(dims);
    for _ in 0..dims {
        let mut size = [0; 4];
        reader.read_exact(&mut size).map_err(header)?;
        sizes.push(u32::from_be_bytes(size) as usize);
    }
    let expected = sizes.iter().try_fold(1u64, |product, &size| product.checked_mul(size as u64));
    match expected.filter(|&bytes| bytes <= max_bytes) {
        Some(expected) => Ok((sizes, expected)),
        None => {
            let reason = format!(
                "it says that its dimensions are {sizes:?}, more than the limit of {max_bytes} bytes"
            );
            let fix = "raise `max_memory_bytes` if that is so, else fetch the file anew";
            Err(DatasetError::bad_file(path, reason, fix))
        }
    }
}

fn parse_values(
    reader: &mut (impl Read + ?Sized),
    path: &Path,
    max_bytes: u64,
) -> Result<IdxArray, DatasetError> {
    let bad = |reason: String| DatasetError::bad_file(path, reason, FIX);
    let (sizes, expected) = parse_header(reader, path, max_bytes)?;
    let mut values = Vec::new();
    let read = reader.take(expected + 1).read_to_end(&mut values);
    if let Err(error) = read {
        return Err(bad(format!("it is damaged after {} of {expected} values ({error})", values.len())));
    }
    match values.len() as u64 {
        len if len < expected => {
            Err(bad(format!("it is cut short: {len} of {expected} values for {sizes:?}")))
        }
        len if len > expected => Err(bad(format!("it goes on after the {expected} values of {sizes:?}"))),
        _ => Ok(IdxArray { dims: sizes, values }),
    }
}

/// Joins an array of images N H W and its labels N.
///
/// `class_names` of a known data set; without them classes are called by their numbers.
pub(crate) fn join(
    (images, images_path): (IdxArray, &Path),
    labels: Option<(IdxArray, &Path)>,
    class_names: Option<&[&str]>,
) -> Result<RawImages, DatasetError> {
    let &[n, h, w] = images.dims.as_slice() else {
        let reason = format!("its dimensions are {:?}, and images have three (N, H, W)", images.dims);
        return Err(DatasetError::bad_file(images_path, reason, "give the file of images"));
    };
    if n == 0 || h == 0 || w == 0 {
        return Err(DatasetError::bad_file(
            images_path,
            format!("it holds no image ({n} of {h} x {w})"),
            FIX,
        ));
    }
    let labels = labels.map(|(labels, path)| join_labels(labels, path, n, class_names)).transpose()?;
    Ok(RawImages { shape: [1, h, w], pixels: images.values, labels })
}

fn join_labels(
    labels: IdxArray,
    path: &Path,
    images: usize,
    class_names: Option<&[&str]>,
) -> Result<Labels, DatasetError> {
    if labels.dims != [images] {
        let reason = format!("its dimensions are {:?}, and there are {images} images", labels.dims);
        return Err(DatasetError::bad_file(path, reason, "give labels and images of the same part"));
    }
    let highest = labels.values.iter().copied().max().unwrap_or(0);
    let names: Vec<String> = match class_names {
        Some(names) => names.iter().map(|&name| name.to_owned()).collect(),
        None => (0..=highest).map(|class| class.to_string()).collect(),
    };
    if usize::from(highest) >= names.len() {
        let reason = format!("it holds the label {highest}, and there are {} classes", names.len());
        return Err(DatasetError::bad_file(path, reason, FIX));
    }
    Ok(Labels { classes: labels.values.iter().map(|&label| u32::from(label)).collect(), names })
}

/// Appends a second part of equal shape and classes.
pub(crate) fn append(first: &mut RawImages, second: RawImages, path: &Path) -> Result<(), DatasetError> {
    if first.shape != second.shape || first.labels.is_some() != second.labels.is_some() {
        let reason = format!("its images are {:?}, those of the other part {:?}", second.shape, first.shape);
        let fix = "open one part (`split`), or give both the same size and labels";
        return Err(DatasetError::bad_file(path, reason, fix));
    }
    first.pixels.extend(second.pixels);
    if let (Some(all), Some(more)) = (&mut first.labels, second.labels) {
        all.classes.extend(more.classes);
        if more.names.len() > all.names.len() {
            all.names = more.names;
        }
    }
    Ok(())
}

/// The IDX files of one part in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IdxPart {
    pub(crate) images: PathBuf,
    pub(crate) labels: Option<PathBuf>,
}

impl IdxPart {
    /// The part whose images are `images`, with the labels beside them where there are any.
    pub(crate) fn beside(images: PathBuf) -> Self {
        let file = images.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let plain = file.strip_suffix(".gz").unwrap_or(&file);
        let plain = plain.replace("images", "labels").replace("idx3", "idx1");
        let labels = [plain.clone(), format!("{plain}.gz")]
            .into_iter()
            .filter(|name| *name != file)
            .map(|name| images.with_file_name(name))
            .find(|path| path.is_file());
        Self { images, labels }
    }

    pub(crate) fn read(
        &self,
        max_bytes: u64,
        class_names: Option<&[&str]>,
    ) -> Result<RawImages, DatasetError> {
        let images = read_idx(&self.images, max_bytes)?;
        let labels = match &self.labels {
            Some(path) => Some((read_idx(path, max_bytes)?, path.as_path())),
            None => None,
        };
        join((images, &self.images), labels, class_names)
    }
}

/// Whether a file name is one under which IDX images are published (`train-images-idx3-ubyte.gz`).
pub(crate) fn is_idx_images(name: &str) -> bool {
    name.contains("images") && name.contains("idx3") && !name.ends_with(".part")
}

/// Finds the IDX files of `split` in a folder, in the order in which they are to be joined.
pub(crate) fn find_parts(dir: &Path, split: Split) -> Result<Vec<IdxPart>, DatasetError> {
    let mut names: Vec<String> = std::fs::read_dir(dir)
        .map_err(DatasetError::io("read", dir))?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| is_idx_images(name))
        .collect();
    names.sort();
    // Where a file lies both packed and unpacked, the unpacked one sorts first and is taken.
    names.dedup_by(|packed, plain| packed.strip_suffix(".gz") == Some(plain));
    let of = |wanted: Split| -> Result<Option<IdxPart>, DatasetError> {
        let found: Vec<&String> = names.iter().filter(|name| part_of(name) == wanted).collect();
        match found.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(IdxPart::beside(dir.join(one)))),
            [first, second, ..] => {
                let reason = format!("it holds several sets of images ({first}, {second})");
                Err(DatasetError::bad_file(dir, reason, "give the path of the file of images instead"))
            }
        }
    };
    let parts = match split {
        Split::All => vec![of(Split::Train)?, of(Split::Test)?],
        one => vec![of(one)?],
    };
    Ok(parts.into_iter().flatten().collect())
}

fn part_of(name: &str) -> Split {
    if !name.contains("train") && (name.contains("t10k") || name.contains("test")) {
        Split::Test
    } else {
        Split::Train
    }
}

#[cfg(test)]
mod tests;
