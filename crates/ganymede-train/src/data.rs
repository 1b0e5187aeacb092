//! The data of a run: opened by what was typed, and found again from any working folder.
//!
//! `run.toml` says what was typed, so that it stays the same wherever the run is begun. Where that was is kept beside
//! it in `data.path`. What counts is the content: its hash stands in every checkpoint.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ganymede_datasets::{Channels, OpenOptions, Opened, Presence, list, open, open_path};
use ganymede_files::{name_of_path, path_of_name};

use crate::config::Run;
use crate::error::TrainError;
use crate::folder::{RunFolder, replace};

/// The data by what was typed. The run folder, which may lie inside, is left out of the search.
pub(crate) fn open_data(run: &Run, folder: Option<&RunFolder>) -> Result<Opened, TrainError> {
    Ok(open(&run.data.name, &options(run, folder, First::Typed)?)?)
}

/// Where the vectors of data are looked for first; then in the other place.
#[derive(Clone, Copy, PartialEq)]
enum First {
    Typed,
    Remembered,
}

/// The data of a run that was begun.
pub(crate) struct Reopened {
    pub(crate) opened: Opened,
    /// Whether they were found by what was typed, not where they were.
    pub(crate) by_name: bool,
}

/// The data that a run was begun with: where they were, else by what was typed.
///
/// # Errors
/// [`TrainError::DataMoved`] if they are in neither place, [`TrainError::DataChanged`] if their hash is not `wanted`.
pub(crate) fn reopen_data(
    run: &Run,
    folder: &RunFolder,
    wanted: Option<&str>,
) -> Result<Reopened, TrainError> {
    let place = recorded(&folder.data_path())?;
    let remembered = place.as_deref().filter(|place| place.exists());
    let found = remembered.map(|place| check(run, open_at(run, folder, place)?, wanted, place));
    let first = match found {
        Some(Ok(opened)) => return Ok(Reopened { opened, by_name: false }),
        Some(Err(error)) => Some(error),
        None => None,
    };
    match (open_by_name(run, folder, First::Remembered, wanted), first, place) {
        (Ok(opened), ..) => Ok(Reopened { opened, by_name: true }),
        // They are still where they were: that place is meant.
        (Err(_), Some(first), _) => Err(first),
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
    open_by_name(run, folder, First::Typed, wanted)
}

fn open_by_name(
    run: &Run,
    folder: &RunFolder,
    vectors: First,
    wanted: Option<&str>,
) -> Result<Opened, TrainError> {
    let opened = open(&run.data.name, &options(run, Some(folder), vectors)?)?;
    check(run, opened, wanted, &path_of_name(&run.data.name))
}

fn check(run: &Run, opened: Opened, wanted: Option<&str>, place: &Path) -> Result<Opened, TrainError> {
    match wanted {
        Some(wanted) if opened.dataset.content_hash() != wanted => {
            let beside = run.data.vectors.is_some();
            Err(TrainError::DataChanged { place: place.to_owned(), with_vectors: beside })
        }
        _ => Ok(opened),
    }
}

/// Writes down where the data are, if they are in a place.
pub(crate) fn record_place(run: &Run, folder: &RunFolder) -> Result<(), TrainError> {
    record(&folder.data_path(), place_of(&run.data.name))?;
    let vectors = run.data.vectors.as_deref().map(path_of_name);
    record(&folder.vectors_path(), vectors.and_then(|path| std::path::absolute(path).ok()))
}

fn record(path: &Path, place: Option<PathBuf>) -> Result<(), TrainError> {
    match place {
        Some(place) => replace(path, name_of_path(&place).as_bytes()),
        // What is left of another start would mislead.
        None if path.exists() => fs::remove_file(path).map_err(TrainError::write("remove", path)),
        None => Ok(()),
    }
}

/// The absolute path of the data; nothing for those that are built in or computed.
fn place_of(name: &str) -> Option<PathBuf> {
    let known = list(&OpenOptions::default().data_dir()).into_iter().find(|entry| entry.name == name);
    let place = match known.map(|entry| entry.presence) {
        Some(Presence::Embedded | Presence::Computed) => return None,
        Some(Presence::Present(dir) | Presence::Absent { dir, .. }) => dir,
        None => path_of_name(name).into_owned(),
    };
    std::path::absolute(place).ok()
}

fn recorded(path: &Path) -> Result<Option<PathBuf>, TrainError> {
    match fs::read_to_string(path) {
        Ok(name) => Ok(Some(path_of_name(&name).into_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(TrainError::write("read", path)(error)),
    }
}

fn open_at(run: &Run, folder: &RunFolder, place: &Path) -> Result<Opened, TrainError> {
    let mut options = options(run, Some(folder), First::Remembered)?;
    if list(&options.data_dir()).iter().any(|entry| entry.name == run.data.name) {
        options.data_dir = place.parent().map(Path::to_owned);
        return Ok(open(&run.data.name, &options)?);
    }
    Ok(open_path(place, &options)?)
}

fn vectors(run: &Run, folder: Option<&RunFolder>, first: First) -> Result<Option<PathBuf>, TrainError> {
    let Some(typed) = run.data.vectors.as_deref().map(path_of_name) else { return Ok(None) };
    if first == First::Typed && typed.exists() {
        return Ok(Some(typed.into_owned()));
    }
    let remembered = match folder {
        Some(folder) => recorded(&folder.vectors_path())?.filter(|place| place.exists()),
        None => None,
    };
    Ok(Some(remembered.unwrap_or_else(|| typed.into_owned())))
}

/// How images of a run are fitted that are given by themselves.
pub(crate) fn fitting(run: &Run, channels: usize) -> OpenOptions {
    OpenOptions {
        resolution: run.data.resolution,
        channels: if channels == 1 { Channels::Grey } else { Channels::Rgb },
        crop: run.data.crop,
        pairs: run.data.pairs,
        ..OpenOptions::default()
    }
}

fn options(run: &Run, folder: Option<&RunFolder>, first: First) -> Result<OpenOptions, TrainError> {
    Ok(OpenOptions {
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
        vectors: vectors(run, folder, first)?,
        pairs: run.data.pairs,
        ..OpenOptions::default()
    })
}
