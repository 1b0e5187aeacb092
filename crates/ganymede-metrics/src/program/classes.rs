//! Classes of images, by the folders that they lie in.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::Component;

use super::source::{Images, Set};

/// The class of each row of two sets, where the images of both lie in subfolders of the same names; at least two.
pub(crate) fn by_folder(sets: [&Set; 2]) -> Option<[Vec<u32>; 2]> {
    let [real, fake] = sets.map(|set| set.images.as_ref().and_then(names));
    let (real, fake) = (real?, fake?);
    let known: BTreeSet<&OsString> = real.iter().collect();
    if known.len() < 2 || fake.iter().collect::<BTreeSet<_>>() != known {
        return None;
    }
    let order: Vec<&OsString> = known.into_iter().collect();
    let number = |name: &OsString| order.binary_search(&name).map_or(0, |at| at as u32);
    Some([&real, &fake].map(|names| names.iter().map(number).collect()))
}

/// The outermost folder of each row's image; nothing where an image lies in none.
fn names(images: &Images) -> Option<Vec<OsString>> {
    let name = |row: usize| {
        let inside = images.path(row).strip_prefix(images.folder.dir()).ok()?;
        let mut parts = inside.components();
        match (parts.next()?, parts.next()) {
            (Component::Normal(folder), Some(_)) => Some(folder.to_owned()),
            _ => None,
        }
    };
    (0..images.files.len()).map(name).collect()
}
