//! The data of a run: opened by what was typed, and found again from any working folder.
//!
//! `run.toml` says what was typed, so that it stays the same wherever the run is begun. Where that was is kept beside
//! it in `data.path`. What counts is the content: its hash stands in every checkpoint.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ganymede_datasets::{Channels, OpenOptions, Opened, Presence, list, open, open_path};

use crate::config::Run;
use crate::error::TrainError;
use crate::folder::{RunFolder, replace};

/// The data by what was typed. The run folder, which may lie inside, is left out of the search.
pub(crate) fn open_data(run: &Run, folder: Option<&RunFolder>) -> Result<Opened, TrainError> {
    Ok(open(&run.data.name, &options(run, folder))?)
}

/// The data that a run was begun with: where they were, else by what was typed.
///
/// # Errors
/// [`TrainError::DataMoved`] if they are in neither place, [`TrainError::DataChanged`] if their hash is not `wanted`.
pub(crate) fn reopen_data(run: &Run, folder: &RunFolder, wanted: Option<&str>) -> Result<Opened, TrainError> {
    let mut changed = None;
    if let Some(place) = recorded(folder)?
        && place.exists()
    {
        let opened = open_at(run, folder, &place)?;
        match check(opened, wanted, &place) {
            Ok(opened) => return Ok(opened),
            Err(error) => changed = Some(error),
        }
    }
    match (open_data(run, Some(folder)), changed, recorded(folder)?) {
        (Ok(opened), None, _) => check(opened, wanted, Path::new(&run.data.name)),
        (Ok(opened), Some(changed), _) => {
            check(opened, wanted, Path::new(&run.data.name)).map_err(|_| changed)
        }
        (Err(_), Some(changed), _) => Err(changed),
        (Err(TrainError::Dataset(error)), None, Some(place)) if error.is_absent() => {
            Err(TrainError::DataMoved { name: run.data.name.clone(), place })
        }
        (Err(error), None, _) => Err(error),
    }
}

/// The data by what was typed, if they are those that the run was begun with.
///
/// # Errors
/// [`TrainError::DataChanged`].
pub(crate) fn open_same_data(
    run: &Run,
    folder: &RunFolder,
    wanted: Option<&str>,
) -> Result<Opened, TrainError> {
    check(open_data(run, Some(folder))?, wanted, Path::new(&run.data.name))
}

fn check(opened: Opened, wanted: Option<&str>, place: &Path) -> Result<Opened, TrainError> {
    match wanted {
        Some(wanted) if opened.dataset.content_hash() != wanted => {
            Err(TrainError::DataChanged { place: place.to_owned() })
        }
        _ => Ok(opened),
    }
}

/// Writes down where the data are, if they are in a place.
pub(crate) fn record_place(run: &Run, folder: &RunFolder) -> Result<(), TrainError> {
    let Some(place) = place_of(&run.data.name) else { return Ok(()) };
    if recorded(folder)?.as_ref() == Some(&place) {
        return Ok(());
    }
    match to_bytes(&place) {
        Some(bytes) => replace(&folder.data_path(), bytes),
        None => Ok(()),
    }
}

/// The absolute path of the data; nothing for those that are built in or computed.
fn place_of(name: &str) -> Option<PathBuf> {
    let known = list(&OpenOptions::default().data_dir()).into_iter().find(|entry| entry.name == name);
    let place = match known.map(|entry| entry.presence) {
        Some(Presence::Embedded | Presence::Computed) => return None,
        Some(Presence::Present(dir) | Presence::Absent { dir, .. }) => dir,
        None => PathBuf::from(name),
    };
    std::path::absolute(place).ok()
}

fn recorded(folder: &RunFolder) -> Result<Option<PathBuf>, TrainError> {
    let path = folder.data_path();
    match fs::read(&path) {
        Ok(bytes) => Ok(from_bytes(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(TrainError::write("read", &path)(error)),
    }
}

fn open_at(run: &Run, folder: &RunFolder, place: &Path) -> Result<Opened, TrainError> {
    let mut options = options(run, Some(folder));
    if list(&options.data_dir()).iter().any(|entry| entry.name == run.data.name) {
        options.data_dir = place.parent().map(Path::to_owned);
        return Ok(open(&run.data.name, &options)?);
    }
    Ok(open_path(place, &options)?)
}

fn options(run: &Run, folder: Option<&RunFolder>) -> OpenOptions {
    OpenOptions {
        resolution: run.data.resolution,
        channels: match run.data.channels {
            None => Channels::Auto,
            Some(1) => Channels::Grey,
            Some(_) => Channels::Rgb,
        },
        crop: run.data.crop,
        split: run.data.split,
        strict: run.data.strict,
        seed: run.seed,
        exclude: folder.map(|folder| folder.root().to_owned()),
        ..OpenOptions::default()
    }
}

#[cfg(unix)]
fn to_bytes(path: &Path) -> Option<&[u8]> {
    use std::os::unix::ffi::OsStrExt as _;
    Some(path.as_os_str().as_bytes())
}

#[cfg(unix)]
fn from_bytes(bytes: Vec<u8>) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStringExt as _;
    Some(PathBuf::from(std::ffi::OsString::from_vec(bytes)))
}

#[cfg(not(unix))]
fn to_bytes(path: &Path) -> Option<&[u8]> {
    path.to_str().map(str::as_bytes)
}

#[cfg(not(unix))]
fn from_bytes(bytes: Vec<u8>) -> Option<PathBuf> {
    String::from_utf8(bytes).ok().map(PathBuf::from)
}
