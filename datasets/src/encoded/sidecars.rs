//! WebDataset's samples: files of one name and several suffixes, such as `000017.jpg`, `000017.cls` and `000017.json`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use ganymede_files::{Archive, Scan};
use serde_json::Value;

use super::Known;
use super::archives::bad_entry;
use super::labels::{MOST_CLASSES, numbered};
use crate::error::DatasetError;

/// What is said of one sample is not longer.
const MOST_BYTES: u64 = 1 << 20;
/// A file of this suffix is a class and nothing else.
const CLS: &str = "cls";
/// Where a class may lie; the first that is beside images counts.
const SUFFIXES: [&str; 2] = [CLS, "json"];
/// Keys of a `.json` that may hold a class; the first that is there counts.
const KEYS: [&str; 2] = ["cls", "label"];

/// A sample of a shard: its name up to the first dot of its last part.
type Key = (usize, PathBuf);

/// An entry of one of several archives.
type Place = (usize, usize);

/// The classes that lie beside images, in a `.cls` each or else in a `.json` each. Nothing where none does.
pub(super) fn known(
    archives: &[Archive],
    images: &[Place],
    scan: &Scan,
) -> Result<Option<Known>, DatasetError> {
    for suffix in SUFFIXES {
        let beside = beside(archives, suffix);
        let partners: Vec<Option<Place>> =
            images.iter().map(|&image| beside.get(&key(archives, image)).copied()).collect();
        let class =
            |partner: &Option<Place>| partner.map_or(Ok(None), |entry| class(archives, entry, suffix));
        let classes = partners.iter().map(class).collect::<Result<Vec<_>, _>>()?;
        if classes.iter().all(Option::is_none) {
            continue;
        }
        if let Some(image) = classes.iter().position(Option::is_none) {
            return Err(odd_one(archives, images[image], "has no class beside it, and others have"));
        }
        refuse_doubles(archives, images)?;
        if suffix == CLS {
            refuse_orphans(archives, &beside, partners.into_iter().flatten().collect(), scan)?;
        }
        return Ok(Some(numbered(classes.into_iter().flatten().collect())));
    }
    Ok(None)
}

/// A class is that of one image.
fn refuse_doubles(archives: &[Archive], images: &[Place]) -> Result<(), DatasetError> {
    let mut seen = BTreeSet::new();
    match images.iter().find(|&&image| !seen.insert(key(archives, image))) {
        Some(&image) => Err(odd_one(archives, image, "is a second image beside one class")),
        None => Ok(()),
    }
}

/// A class has to be that of an image, if only of one that cannot be used.
fn refuse_orphans(
    archives: &[Archive],
    beside: &BTreeMap<Key, Place>,
    partners: BTreeSet<Place>,
    scan: &Scan,
) -> Result<(), DatasetError> {
    let skipped: BTreeSet<PathBuf> = scan.skipped.iter().map(|file| split(&file.path).0).collect();
    let path = |&(archive, entry): &Place| archives[archive].path_of(&archives[archive].entries()[entry]);
    let is_orphan = |place: &&Place| !partners.contains(place) && !skipped.contains(&split(&path(place)).0);
    match beside.values().find(is_orphan) {
        Some(&place) => Err(odd_one(archives, place, "belongs to no image")),
        None => Ok(()),
    }
}

/// The entries of a suffix, by their keys.
fn beside(archives: &[Archive], suffix: &str) -> BTreeMap<Key, Place> {
    let mut beside = BTreeMap::new();
    for (number, archive) in archives.iter().enumerate() {
        for (entry, it) in archive.entries().iter().enumerate().filter(|(_, it)| it.problem.is_none()) {
            if split(&it.name).1.eq_ignore_ascii_case(suffix) {
                beside.insert(key(archives, (number, entry)), (number, entry));
            }
        }
    }
    beside
}

fn odd_one(archives: &[Archive], (archive, entry): Place, what: &str) -> DatasetError {
    let archive = &archives[archive];
    let reason = format!("`{}` {what}", archive.entries()[entry].name.display());
    DatasetError::bad_file(archive.path(), reason, "a sample has one image, and all have a class or none has")
}

/// The class that an entry holds.
fn class(archives: &[Archive], (archive, entry): Place, suffix: &str) -> Result<Option<u32>, DatasetError> {
    let archive = &archives[archive];
    let name = archive.path_of(&archive.entries()[entry]);
    let bytes = archive.read(entry, MOST_BYTES).map_err(|error| bad_entry(&name, &error))?;
    class_in(&bytes, suffix).map_err(|reason| {
        DatasetError::bad_file(
            &name,
            reason,
            format!("classes are whole numbers from 0 to {}", MOST_CLASSES - 1),
        )
    })
}

/// The class that the bytes of a `.cls` or a `.json` say; a `.json` may say none.
pub(crate) fn class_in(bytes: &[u8], suffix: &str) -> Result<Option<u32>, String> {
    let value = match suffix {
        CLS => Value::from(std::str::from_utf8(bytes).ok().and_then(|text| text.trim().parse::<i64>().ok())),
        _ => {
            let read: Value =
                serde_json::from_slice(bytes).map_err(|error| format!("it is no JSON: {error}"))?;
            let Some(value) = KEYS.iter().find_map(|key| read.get(key)) else { return Ok(None) };
            value.clone()
        }
    };
    let class =
        value.as_u64().and_then(|class| u32::try_from(class).ok()).filter(|&class| class < MOST_CLASSES);
    match (class, suffix) {
        (Some(class), _) => Ok(Some(class)),
        (None, CLS) => Err("it holds no class".into()),
        (None, _) => Err(format!("its class is {value}")),
    }
}

fn key(archives: &[Archive], (archive, entry): Place) -> Key {
    (archive, split(&archives[archive].entries()[entry].name).0)
}

/// The name up to the first dot of its last part, and what follows it. What is no text has no such suffix.
fn split(name: &Path) -> (PathBuf, &str) {
    let last = name.file_name().and_then(|last| last.to_str()).unwrap_or_default();
    match last.split_once('.') {
        Some((stem, suffix)) => (name.with_file_name(stem), suffix),
        None => (name.to_path_buf(), ""),
    }
}
