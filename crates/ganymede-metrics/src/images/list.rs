//! Lists of images: the path of one a line.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use ganymede_files::path_of_bytes;

use super::store::{Listed, Place};
use crate::{MetricError, Result};

/// Bytes of a list; as many as ten million paths have.
const MOST_BYTES: u64 = 1 << 30;
/// Bytes of a path; no system has longer ones.
const MOST_PATH: usize = 4096;

/// The files that a list names, in its order, each as often as it does. Paths are bytes, relative to the folder of the
/// list; lines end in a newline, in all of them after a carriage return or in none; empty lines are passed over, and
/// there are no comments.
///
/// # Errors
/// The list cannot be read, is too long to be one, or names no file; one that it names is not there or no regular file:
/// the line is said.
pub(super) fn read(list: &Path) -> Result<Vec<Listed>> {
    let io = |source| MetricError::Io { path: list.to_path_buf(), source };
    let refuse = |reason: String| MetricError::File { path: list.to_path_buf(), reason };
    let mut bytes = Vec::new();
    File::open(list).map_err(io)?.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(refuse(format!("it has more than {MOST_BYTES} bytes, and is no list of paths")));
    }
    let base = list.parent().unwrap_or(Path::new(""));
    let lines = || bytes.split(|byte| *byte == b'\n').enumerate();
    // A name may end in a carriage return, so that one line does not tell.
    let returns = lines().filter(|(_, line)| !line.is_empty()).all(|(_, line)| line.ends_with(b"\r"));
    let mut files = Vec::new();
    for (number, line) in lines() {
        let line = if returns { line.strip_suffix(b"\r").unwrap_or(line) } else { line };
        if !line.is_empty() {
            let path = one(base, line).map_err(|reason| refuse(format!("line {}: {reason}", number + 1)))?;
            files.push(Listed { path, place: Place::default() });
        }
    }
    match files.is_empty() {
        true => Err(refuse("it names no file: give the path of an image a line".into())),
        false => Ok(files),
    }
}

fn one(base: &Path, line: &[u8]) -> Result<PathBuf, String> {
    if line.len() > MOST_PATH {
        return Err(format!("{} bytes are no path: give that of an image a line", line.len()));
    }
    let named = path_of_bytes(line.to_vec()).ok_or("it is not UTF-8, as paths of this system are")?;
    let path = base.join(named);
    match std::fs::metadata(&path) {
        Ok(there) if there.is_file() => Ok(path),
        Ok(there) if there.is_dir() => Err(format!("{} is a folder: list its files", path.display())),
        Ok(_) => Err(format!("{} is not a regular file", path.display())),
        Err(error) => Err(format!("{}: {error}", path.display())),
    }
}
