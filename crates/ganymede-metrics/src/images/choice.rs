//! Which files of a folder the programs of the literature take.

use std::path::Path;

use ganymede_files::Found;

use super::SkippedImage;
use crate::Convention;

const BELOW: &str = "does not search sub-folders";
const SUFFIX: &str = "does not take this suffix";
const DEEP: &str = "does not search below class folders";
const ABOVE: &str = "takes images in class folders only";
/// The suffixes of pytorch-fid, which clean-fid has from it.
const PYTORCH_FID: [&str; 9] = ["bmp", "jpg", "jpeg", "pgm", "png", "ppm", "tif", "tiff", "webp"];

/// Takes out of `files` what the program of a convention would not take, and says so.
pub(super) fn leave_out<T>(files: &mut Vec<(Found, T)>, convention: Convention) -> Vec<SkippedImage> {
    // StudioGAN ends where there is no class folder; a flat folder is then taken as it is.
    if convention == Convention::Studiogan && files.iter().all(|(file, _)| depth(&file.relative) == 1) {
        return Vec::new();
    }
    // dgm-eval looks into class folders where there is no image outside of them.
    let is_flat = files.iter().any(|(file, _)| depth(&file.relative) == 1 && is_of_dgm_eval(&file.relative));
    let mut left_out = Vec::new();
    files.retain(|(file, _)| match objection(convention, &file.relative, is_flat) {
        None => true,
        Some(why) => {
            let reason = format!("{} {why}", convention.name());
            left_out.push(SkippedImage { path: file.path.clone(), reason });
            false
        }
    });
    left_out
}

fn is_of_dgm_eval(relative: &Path) -> bool {
    objection(Convention::DgmEval, relative, false).is_none()
}

fn depth(relative: &Path) -> usize {
    relative.components().count()
}

/// Why a program would not take a file; `is_flat` says that images lie in the folder itself. They look for names by
/// patterns; some mind upper case.
fn objection(convention: Convention, relative: &Path, is_flat: bool) -> Option<&'static str> {
    let suffix = relative.extension().unwrap_or_default().to_string_lossy();
    let lower = suffix.to_lowercase();
    let is_below = depth(relative) > 1;
    let unless = |known: bool| (!known).then_some(SUFFIX);
    match convention {
        // guided-diffusion takes arrays alone, so that of a folder nothing is left out.
        Convention::Ganymede | Convention::Stylegan | Convention::Edm2 | Convention::Adm => None,
        Convention::Clean => {
            unless(PYTORCH_FID.contains(&&*suffix) || ["JPEG", "JPG", "PNG"].contains(&&*suffix))
        }
        Convention::DgmEval if is_below && is_flat => Some(BELOW),
        Convention::DgmEval if depth(relative) > 2 => Some(DEEP),
        Convention::DgmEval => unless(PYTORCH_FID.contains(&&*suffix)),
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
        use Convention::{
            Adm, Clean, DgmEval, Edm2, Ganymede, PytorchFid, Studiogan, Stylegan, TorchFidelity, Ttur,
        };
        let cases: &[(&str, &[Convention])] = &[
            ("a.png", &[Ganymede, Adm, Edm2, DgmEval, PytorchFid, TorchFidelity, Clean, Stylegan, Ttur]),
            ("a.jpeg", &[Ganymede, Adm, Edm2, DgmEval, PytorchFid, TorchFidelity, Clean, Stylegan]),
            ("a.webp", &[Ganymede, Adm, Edm2, DgmEval, PytorchFid, Clean, Stylegan]),
            ("a.PNG", &[Ganymede, Adm, Edm2, TorchFidelity, Clean, Stylegan]),
            ("a.Png", &[Ganymede, Adm, Edm2, TorchFidelity, Stylegan]),
            ("a.BMP", &[Ganymede, Adm, Edm2, Stylegan]),
            ("a.pbm", &[Ganymede, Adm, Edm2, Stylegan]),
            ("cat/a.png", &[Ganymede, Adm, Edm2, DgmEval, Clean, Stylegan, Studiogan]),
            ("cat/b/a.TIF", &[Ganymede, Adm, Edm2, Stylegan, Studiogan]),
        ];
        for (name, takers) in cases {
            let takes = |c: &&Convention| objection(**c, Path::new(name), false).is_none();
            let found: Vec<Convention> = Convention::ALL.iter().filter(takes).copied().collect();
            let expected: Vec<Convention> =
                Convention::ALL.iter().filter(|c| takers.contains(c)).copied().collect();
            assert_eq!(found, expected, "{name}");
        }
        let beside = |name: &str| objection(DgmEval, Path::new(name), true);
        assert_eq!([beside("a.png"), beside("cat/a.png")], [None, Some(BELOW)]);
    }
}
