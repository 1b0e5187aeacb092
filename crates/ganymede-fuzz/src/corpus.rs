//! The files that a target begins from.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::targets::{Target, below};

/// Larger ones make slow inputs.
const MAX_SEED: u64 = 64 << 10;

/// The seeds of one target, in the order of their names.
pub struct Corpus {
    /// Their contents.
    pub seeds: Vec<Vec<u8>>,
}

/// Where inputs that were found are put, and looked for as seeds.
pub fn found_dir(target: &str) -> PathBuf {
    below("ganymede-fuzz/seeds").join(target)
}

impl Corpus {
    /// Reads them.
    ///
    /// # Errors
    /// A folder or file cannot be read, or there is none.
    pub fn of(target: &Target) -> io::Result<Self> {
        let mut files = Vec::new();
        for place in target.seeds {
            list(&below(place), &mut files)?;
        }
        let own = found_dir(target.name);
        if own.is_dir() {
            list(&own, &mut files)?;
        }
        let mut seeds = Vec::new();
        for file in files.iter().filter(|file| suits(target.name, file)) {
            seeds.push(fs::read(file)?);
        }
        if seeds.is_empty() {
            return Err(io::Error::other(format!("`{}` has no seed", target.name)));
        }
        Ok(Self { seeds })
    }
}

fn list(place: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    if place.is_file() {
        files.push(place.to_path_buf());
        return Ok(());
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(place)? {
        let path = entry?.path();
        if path.is_file() && path.metadata()?.len() <= MAX_SEED {
            found.push(path);
        }
    }
    found.sort();
    files.append(&mut found);
    Ok(())
}

/// Folders of fixtures are shared by targets: each takes its own kind of file.
fn suits(target: &str, file: &Path) -> bool {
    let own = file.parent().is_some_and(|dir| dir.ends_with(target));
    let suffix = file.extension().unwrap_or_default().to_string_lossy().into_owned();
    let zipped = || fs::read(file).is_ok_and(|bytes| bytes.starts_with(b"PK"));
    let suffixes: &[&str] = match target {
        "png" => &["png"],
        "jpeg" => &["jpg", "jpeg"],
        "webp" => &["webp"],
        "bmp" => &["bmp"],
        "pnm" => &["ppm", "pgm", "pbm", "pam"],
        "tiff" => &["tif", "tiff"],
        "npz" => &["npz"],
        "npy" => &["npy"],
        "run-file" => &["toml"],
        "pth" => return own || zipped(),
        "pth-stream" => return own || (!zipped() && !matches!(&*suffix, "py" | "safetensors")),
        _ => return true,
    };
    own || suffixes.contains(&&*suffix)
}
