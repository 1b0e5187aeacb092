//! Of which class the images of a folder are.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use ganymede_files::Found;

/// The class of each file, and the names of the classes: none when the images are unlabelled.
#[derive(Debug, Default)]
pub(crate) struct Classes {
    /// One a file, an index into `names`; 0 when there are none.
    pub(crate) of_files: Vec<u32>,
    pub(crate) names: Vec<String>,
}

/// Sub-folders are classes when every image is in one and there are at least two.
///
/// Files that turn out to be damaged count, so that labels do not change when one is damaged.
pub(crate) fn classes(files: &[Found]) -> Classes {
    let unlabelled = Classes { of_files: vec![0; files.len()], names: Vec::new() };
    let found: Option<Vec<PathBuf>> = files.iter().map(|file| class_of(&file.relative)).collect();
    let Some(found) = found else { return unlabelled };
    let sorted: Vec<&PathBuf> = found.iter().collect::<BTreeSet<_>>().into_iter().collect();
    if sorted.len() < 2 {
        return unlabelled;
    }
    let index = |class: &PathBuf| {
        sorted.binary_search(&class).expect("the classes were collected from these files") as u32
    };
    Classes {
        of_files: found.iter().map(index).collect(),
        names: sorted.iter().map(|class| class.to_string_lossy().into_owned()).collect(),
    }
}

/// The first folder of a relative path; `None` for a file that lies directly in the root.
fn class_of(relative: &Path) -> Option<PathBuf> {
    let mut parts = relative.components();
    let first = parts.next()?;
    parts.next().map(|_| PathBuf::from(first.as_os_str()))
}
