//! Pairs of images in files.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ganymede_files::Scan;

use crate::conditioned::{Conditioned, Conditions};
use crate::dataset::{Dataset, ImageSet};
use crate::decoded::{Decoded, Tell, no_images};
use crate::encoded::Encoded;
use crate::error::DatasetError;
use crate::folder::search;
use crate::layout::Layout;
use crate::open::{CacheUse, Opened, SkippedFile};
use crate::options::{Channels, Direction, OpenOptions, Pairs, Split};

/// Opens a folder of pairs.
pub(crate) fn open(
    name: &str,
    dir: &Path,
    pairs: Pairs,
    options: &OpenOptions,
    progress: Tell<'_>,
) -> Result<Opened, DatasetError> {
    match pairs {
        Pairs::SideBySide(direction) => side_by_side((name, dir), direction, options, progress),
        Pairs::Folders(direction) => folders((name, dir), direction, options, progress),
        Pairs::Edges | Pairs::Downsampled { .. } => unreachable!("these lie in no files"),
    }
}

fn side_by_side(
    (name, dir): (&str, &Path),
    direction: Direction,
    options: &OpenOptions,
    progress: Tell<'_>,
) -> Result<Opened, DatasetError> {
    let encoded = Encoded::unlabelled(dir, search(dir, options)?);
    let decoded = Decoded::of(name, encoded, Layout::SideBySide, options, progress)?;
    let (skipped, cache) = (decoded.skipped(), decoded.cache().clone());
    let both = decoded.into_images(options)?;
    let side = both.image_shape()[1];
    let dataset = paired(both.columns(0, side)?, both.columns(side, side)?, direction)?;
    Ok(Opened { dataset, skipped, cache })
}

fn folders(
    (name, dir): (&str, &Path),
    direction: Direction,
    options: &OpenOptions,
    progress: Tell<'_>,
) -> Result<Opened, DatasetError> {
    let dirs = both_folders(dir, options.split)?;
    let [scan_a, scan_b] = [search(&dirs[0], options)?, search(&dirs[1], options)?];
    check_partners((&dirs[0], &scan_a), (&dirs[1], &scan_b))?;
    check_partners((&dirs[1], &scan_b), (&dirs[0], &scan_a))?;
    let total = scan_a.files.len() + scan_b.files.len();
    // The condition has the channels that its files have.
    let auto = OpenOptions { channels: Channels::Auto, ..options.clone() };
    let (of_a, of_b) = match direction {
        Direction::AtoB => (&auto, options),
        Direction::BtoA => (options, &auto),
    };
    let tell_a = |done, _| progress(done, total);
    let tell_b = |done, of_b| progress(total - of_b + done, total);
    let [encoded_a, encoded_b] =
        [Encoded::unlabelled(&dirs[0], scan_a), Encoded::unlabelled(&dirs[1], scan_b)];
    let a = Decoded::of(name, encoded_a, Layout::Single, of_a, &tell_a)?;
    let b = Decoded::of(name, encoded_b, Layout::Single, of_b, &tell_b)?;
    let skipped = skipped(&a, &b);
    let (a_left, b_left) = (left(&a, &b), left(&b, &a));
    if a_left.is_empty() {
        return Err(no_images(dir, 0, &skipped));
    }
    let cache = if matches!(b.cache(), CacheUse::Failed { .. }) { b.cache() } else { a.cache() }.clone();
    let (a, b) = (a.into_images(options)?, b.into_images(options)?);
    let dataset = paired(a.select(&a_left)?, b.select(&b_left)?, direction)?;
    Ok(Opened { dataset, skipped, cache })
}

fn paired(a: ImageSet, b: ImageSet, direction: Direction) -> Result<Arc<dyn Dataset>, DatasetError> {
    let (condition, sample) = match direction {
        Direction::AtoB => (a, b),
        Direction::BtoA => (b, a),
    };
    Ok(Arc::new(Conditioned::new(Arc::new(sample), Conditions::Images(condition))?))
}

/// `A` and `B`, or those of a part.
fn both_folders(dir: &Path, split: Split) -> Result<[PathBuf; 2], DatasetError> {
    let part = match split {
        Split::Train => Some("train"),
        Split::Test => Some("test"),
        Split::All => None,
    };
    let names = std::iter::once("").chain(part);
    let both = |prefix: &str| ["A", "B"].map(|side| dir.join(format!("{prefix}{side}")));
    let mut all = names.clone().map(both);
    all.find(|both| both.iter().all(|side| side.is_dir())).ok_or_else(|| {
        let wanted: Vec<String> = names.map(|prefix| format!("`{prefix}A` and `{prefix}B`")).collect();
        let reason = format!("it has no sub-folders {}", wanted.join(", nor "));
        let fix = "put the two images of each pair there under equal names, or choose the part with `split`";
        DatasetError::bad_file(dir, reason, fix)
    })
}

/// Every file of the one folder has to be in the other.
fn check_partners(
    (dir, scan): (&Path, &Scan),
    (other_dir, other): (&Path, &Scan),
) -> Result<(), DatasetError> {
    let there: BTreeSet<&Path> = other.files.iter().map(|file| file.relative.as_path()).collect();
    let alone: Vec<&Path> =
        scan.files.iter().map(|file| file.relative.as_path()).filter(|file| !there.contains(file)).collect();
    let Some(first) = alone.first() else { return Ok(()) };
    let and = if alone.len() > 1 { format!(" (one of {} such files)", alone.len()) } else { String::new() };
    let reason = format!("it has no partner: there is no image {}{and}", other_dir.join(first).display());
    Err(DatasetError::bad_file(
        &dir.join(first),
        reason,
        "the files of a pair have equal names: add or remove one",
    ))
}

/// The numbers of the images of `this` that are in both sets. Both scans have the same files in the same order.
fn left(this: &Decoded, other: &Decoded) -> Vec<usize> {
    let failed = |decoded: &Decoded, file| decoded.failures.iter().any(|(failed, _)| *failed == file);
    let decoded = (0..this.encoded.len()).filter(|&file| !failed(this, file));
    decoded.enumerate().filter(|&(_, file)| !failed(other, file)).map(|(image, _)| image).collect()
}

/// What is left out of both, with the partners of files that cannot be used.
fn skipped(a: &Decoded, b: &Decoded) -> Vec<SkippedFile> {
    let mut all = [a.skipped(), b.skipped()].concat();
    for (failed, partner) in [(a, b), (b, a)] {
        for &(file, _) in &failed.failures {
            if !partner.failures.iter().any(|(other, _)| *other == file) {
                let path = partner.encoded.scan.files[file].path.clone();
                all.push(SkippedFile { path, reason: "the other image of its pair cannot be used".into() });
            }
        }
    }
    all.sort_by(|a, b| a.path.cmp(&b.path));
    all
}
