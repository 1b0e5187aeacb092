//! Which files of a folder the programs of the literature take.

use std::path::Path;

use ganymede_files::Found;

use super::SkippedImage;
use crate::Convention;

const BELOW: &str = "does not search sub-folders";
const SUFFIX: &str = "does not take this suffix";
const ABOVE: &str = "takes images in class folders only";
/// The suffixes of pytorch-fid, which clean-fid has from it.
const PYTORCH_FID: [&str; 9] = ["bmp", "jpg", "jpeg", "pgm", "png", "ppm", "tif", "tiff", "webp"];

/// Takes out of `files` what the program of a convention would not take, and says so.
pub(super) fn leave_out(files: &mut Vec<Found>, convention: Convention) -> Vec<SkippedImage> {
    // StudioGAN ends where there is no class folder; a flat folder is then taken as it is.
    if convention == Convention::Studiogan && files.iter().all(|file| depth(&file.relative) == 1) {
        return Vec::new();
    }
    let mut left_out = Vec::new();
    files.retain(|file| match objection(convention, &file.relative) {
        None => true,
        Some(why) => {
            let reason = format!("{} {why}", convention.name());
            left_out.push(SkippedImage { path: file.path.clone(), reason });
            false
        }
    });
    left_out
}

fn depth(relative: &Path) -> usize {
    relative.components().count()
}

/// Why a program would not take a file. They look for names by patterns; some mind upper case.
fn objection(convention: Convention, relative: &Path) -> Option<&'static str> {
    let suffix = relative.extension().unwrap_or_default().to_string_lossy();
    let lower = suffix.to_lowercase();
    let is_below = depth(relative) > 1;
    let unless = |known: bool| (!known).then_some(SUFFIX);
    match convention {
        Convention::Ganymede | Convention::Stylegan => None,
        Convention::Clean => {
            unless(PYTORCH_FID.contains(&&*suffix) || ["JPEG", "JPG", "PNG"].contains(&&*suffix))
        }
        Convention::Studiogan if !is_below => Some(ABOVE),
        Convention::Studiogan => unless(PYTORCH_FID.contains(&&*lower)),
        Convention::PytorchFid | Convention::TorchFidelity | Convention::Ttur if is_below => Some(BELOW),
        Convention::PytorchFid => unless(PYTORCH_FID.contains(&&*suffix)),
        Convention::TorchFidelity => unless(["png", "jpg", "jpeg"].contains(&&*lower)),
        Convention::Ttur => unless(["jpg", "png"].contains(&&*suffix)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Who takes which file.
    #[test]
    fn every_program_has_its_own_files() {
        use Convention::{Clean, Ganymede, PytorchFid, Studiogan, Stylegan, TorchFidelity, Ttur};
        let cases: &[(&str, &[Convention])] = &[
            ("a.png", &[Ganymede, PytorchFid, TorchFidelity, Clean, Stylegan, Ttur]),
            ("a.jpeg", &[Ganymede, PytorchFid, TorchFidelity, Clean, Stylegan]),
            ("a.webp", &[Ganymede, PytorchFid, Clean, Stylegan]),
            ("a.PNG", &[Ganymede, TorchFidelity, Clean, Stylegan]),
            ("a.Png", &[Ganymede, TorchFidelity, Stylegan]),
            ("a.BMP", &[Ganymede, Stylegan]),
            ("a.pbm", &[Ganymede, Stylegan]),
            ("cat/a.png", &[Ganymede, Clean, Stylegan, Studiogan]),
            ("cat/b/a.TIF", &[Ganymede, Stylegan, Studiogan]),
        ];
        for (name, takers) in cases {
            let takes = |c: &&Convention| objection(**c, Path::new(name)).is_none();
            let found: Vec<Convention> = Convention::ALL.iter().filter(takes).copied().collect();
            let expected: Vec<Convention> =
                Convention::ALL.iter().filter(|c| takers.contains(c)).copied().collect();
            assert_eq!(found, expected, "{name}");
        }
    }
}
