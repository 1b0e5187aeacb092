//! `dataset.json`, by which StyleGAN2-ADA's `dataset_tool.py` says the classes or the vectors of images.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use ganymede_files::Scan;
use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};

use super::Known;
use crate::dataset::Labels;
use crate::error::DatasetError;
use crate::vectors::{MOST_VECTOR, Vectors};

/// The name of the file, beside the images.
pub(crate) const FILE: &str = "dataset.json";
/// A million vectors of 50 numbers; 20 million classes.
pub(super) const MOST_BYTES: u64 = 1 << 30;
/// Classes of images that a number names.
pub(crate) const MOST_CLASSES: u32 = 65_536;
const FIX: &str = "write it as dataset_tool.py does: {\"labels\": [[\"00000/img00000000.png\", 6], …]} with one row an image, \
                   or {\"labels\": null}; or remove it";

#[derive(Deserialize)]
struct DatasetJson {
    /// It has to be there, and may be null.
    #[serde(deserialize_with = "Option::deserialize")]
    labels: Option<Vec<(String, Label)>>,
}

/// What a row says of its image.
#[derive(Debug)]
enum Label {
    Class(u32),
    Vector(Vec<f32>),
}

/// What the file of a folder says.
pub(super) fn of_file(root: &Path, scan: &Scan, max_bytes: u64) -> Result<Known, DatasetError> {
    let path = &root.join(FILE);
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(DatasetError::io("read", path))?;
    let read = file.take(MOST_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(DatasetError::io("read", path))?;
    parse(&bytes, root, scan, max_bytes)
}

/// What the bytes of the file say that lies in `root`, a folder or an archive, of images by their paths in it.
pub(crate) fn parse(bytes: &[u8], root: &Path, scan: &Scan, max_bytes: u64) -> Result<Known, DatasetError> {
    let bad = |reason: String| DatasetError::bad_file(&root.join(FILE), reason, FIX);
    if bytes.len() as u64 > MOST_BYTES {
        return Err(bad(format!("it has more than {MOST_BYTES} bytes")));
    }
    let read: DatasetJson = serde_json::from_slice(bytes)
        .map_err(|error| bad(format!("it is not what it should be: {error}")))?;
    let Some(rows) = read.labels else { return Ok(Known::Nothing) };
    let labels = in_order(rows, root, scan).map_err(bad)?;
    match labels.first() {
        Some(Label::Vector(first)) => vectors(first.len(), &labels, scan, max_bytes).map_err(bad),
        _ => classes(&labels, scan).map_err(bad),
    }
}

/// The label of each image of the scan.
fn in_order(rows: Vec<(String, Label)>, root: &Path, scan: &Scan) -> Result<Vec<Label>, String> {
    let mut of_names = BTreeMap::new();
    for (name, label) in rows {
        let path = PathBuf::from(&name);
        if of_names.insert(path, label).is_some() {
            return Err(format!("it labels `{name}` twice"));
        }
    }
    let mut labels = Vec::with_capacity(scan.files.len());
    let mut missing = Vec::new();
    for file in &scan.files {
        match of_names.remove(&file.relative) {
            Some(label) => labels.push(label),
            None => missing.push(&file.relative),
        }
    }
    if let Some(first) = missing.first() {
        let (count, all) = (missing.len(), scan.files.len());
        return Err(format!("it has no label of `{}` ({count} of {all} images have none)", first.display()));
    }
    // An image that cannot be used may have a label.
    let skipped: BTreeSet<&Path> =
        scan.skipped.iter().filter_map(|file| file.path.strip_prefix(root).ok()).collect();
    match of_names.keys().find(|name| !skipped.contains(name.as_path())) {
        Some(name) => {
            let count = of_names.len();
            Err(format!("it labels `{}`, and there is no such image ({count} such rows)", name.display()))
        }
        None => Ok(labels),
    }
}

fn classes(labels: &[Label], scan: &Scan) -> Result<Known, String> {
    let class = |(label, index): (&Label, usize)| match label {
        Label::Class(class) => Ok(*class),
        Label::Vector(_) => Err(format!("{} has a vector, and the first image a class", name(scan, index))),
    };
    let classes: Vec<u32> = labels.iter().zip(0..).map(class).collect::<Result<_, _>>()?;
    Ok(numbered(classes))
}

/// Classes that are called by their numbers, up to the largest that occurs.
pub(super) fn numbered(classes: Vec<u32>) -> Known {
    let count = classes.iter().max().map_or(0, |largest| largest + 1);
    let names = (0..count).map(|class| class.to_string()).collect();
    Known::Classes(Labels { classes, names })
}

fn vectors(dim: usize, labels: &[Label], scan: &Scan, max_bytes: u64) -> Result<Known, String> {
    if dim == 0 || dim > MOST_VECTOR {
        return Err(format!(
            "{} has a vector of {dim} numbers, and 1 to {MOST_VECTOR} are read",
            name(scan, 0)
        ));
    }
    let bytes = (labels.len() as u64).saturating_mul(4 * dim as u64);
    if bytes > max_bytes {
        return Err(format!("its vectors take {bytes} bytes of memory, and the limit is {max_bytes}"));
    }
    let mut values: Vec<f32> = Vec::with_capacity(labels.len() * dim);
    for (index, label) in labels.iter().enumerate() {
        match label {
            Label::Vector(vector) if vector.len() == dim => values.extend(vector),
            Label::Vector(vector) => {
                let (name, length) = (name(scan, index), vector.len());
                return Err(format!(
                    "{name} has a vector of {length} numbers, and the first image one of {dim}"
                ));
            }
            Label::Class(_) => {
                return Err(format!("{} has a class, and the first image a vector", name(scan, index)));
            }
        }
    }
    match values.iter().position(|x| !x.is_finite()) {
        Some(at) => {
            Err(format!("the vector of {} has a number that is infinite as an f32", name(scan, at / dim)))
        }
        None => Ok(Known::Vectors(Vectors::of_rows(dim, values))),
    }
}

fn name(scan: &Scan, index: usize) -> String {
    format!("`{}`", scan.files[index].relative.display())
}

impl<'de> Deserialize<'de> for Label {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LabelVisitor)
    }
}

struct LabelVisitor;

impl<'de> Visitor<'de> for LabelVisitor {
    type Value = Label;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a class, a whole number from 0 to {}, or a vector, a list of numbers", MOST_CLASSES - 1)
    }

    fn visit_u64<E: de::Error>(self, class: u64) -> Result<Label, E> {
        let class = u32::try_from(class).ok().filter(|&class| class < MOST_CLASSES);
        class
            .map(Label::Class)
            .ok_or_else(|| E::invalid_value(de::Unexpected::Other("a class beyond that"), &self))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut numbers: A) -> Result<Label, A::Error> {
        let mut vector = Vec::new();
        while let Some(number) = numbers.next_element::<f64>()? {
            vector.push(number as f32);
        }
        Ok(Label::Vector(vector))
    }
}
