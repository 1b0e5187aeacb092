//! The files that a target begins from.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use flate2::read::ZlibDecoder;

use crate::targets::{PICTURES, Target, below};

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
        let mut seeds = Vec::new();
        for place in target.seeds {
            match *place {
                PICTURES => seeds.append(&mut pictures(target.name)?),
                place => list(&below(place), &mut files)?,
            }
        }
        let own = found_dir(target.name);
        if own.is_dir() {
            list(&own, &mut files)?;
        }
        for file in files.iter().filter(|file| suits(target.name, file)) {
            seeds.push(fs::read(file)?);
        }
        if seeds.is_empty() {
            return Err(io::Error::other(format!("`{}` has no seed", target.name)));
        }
        Ok(Self { seeds })
    }
}

/// The files of one format in the table that the decoders are tested with: two numbers, an index, one line a file
/// (its name begins with the format, its third field is its length), and the files one after the other.
fn pictures(format: &str) -> io::Result<Vec<Vec<u8>>> {
    let mut bytes = Vec::new();
    ZlibDecoder::new(fs::File::open(below(PICTURES))?).read_to_end(&mut bytes)?;
    let cut = || io::Error::other(format!("{PICTURES} is cut short"));
    let (head, rest) = bytes.split_first_chunk::<8>().ok_or_else(cut)?;
    let length = u32::from_le_bytes([head[0], head[1], head[2], head[3]]) as usize;
    let (index, mut files) = rest.split_at_checked(length).ok_or_else(cut)?;
    let mut found = Vec::new();
    for line in String::from_utf8_lossy(index).lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let length = fields.get(2).and_then(|field| field.parse().ok()).ok_or_else(cut)?;
        let (file, rest) = files.split_at_checked(length).ok_or_else(cut)?;
        files = rest;
        if fields[0].split('/').next() == Some(format) {
            found.push(file.to_vec());
        }
    }
    Ok(found)
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
        "events" => &["tfevents"],
        "run-file" => &["toml"],
        "pth" => return own || zipped(),
        "pth-stream" => return own || (!zipped() && !matches!(&*suffix, "py" | "safetensors")),
        _ => return true,
    };
    own || suffixes.contains(&&*suffix)
}
