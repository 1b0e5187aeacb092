//! Of which class images in folders are.

use std::collections::BTreeSet;
use std::path::Path;

use super::Known;
use crate::dataset::Labels;

/// Sub-folders are classes when every image is in one and there are at least two.
///
/// Files that turn out to be damaged count, so that labels do not change when one is damaged.
pub(super) fn of_folders<'a>(files: impl Iterator<Item = &'a Path>) -> Known {
    let Some(found) = files.map(class_of).collect::<Option<Vec<&Path>>>() else { return Known::Nothing };
    let sorted: Vec<&Path> = found.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
    if sorted.len() < 2 {
        return Known::Nothing;
    }
    let index =
        |class| sorted.binary_search(class).expect("the classes were collected from these files") as u32;
    Known::Classes(Labels {
        classes: found.iter().map(index).collect(),
        names: sorted.iter().map(|class| class.to_string_lossy().into_owned()).collect(),
    })
}

/// The first folder of a relative path; `None` for a file that lies directly in the root.
fn class_of(relative: &Path) -> Option<&Path> {
    let mut parts = relative.components();
    let first = parts.next()?;
    parts.next().map(|_| Path::new(first.as_os_str()))
}
