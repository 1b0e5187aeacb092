//! Event files of TensorBoard: curves, and the grids of samples among its pictures.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use ganymede_files::events::EventScalars;

use super::gathered::Columns;
use super::grids::Grid;
use super::samples::{Samples, is_of_real};

/// What event files gave.
#[derive(Debug, Default)]
pub(super) struct Events {
    pub(super) columns: Columns,
    pub(super) samples: Samples,
    pub(super) remarks: Vec<String>,
}

/// Reads a file, or all event files of a folder.
pub(super) fn read(path: &Path, tile: Option<u32>) -> Result<Events> {
    let mut found = Events::default();
    let samples = &mut found.samples;
    let scalars = EventScalars::read_with_pictures(path, &mut |step, tag, encoded| {
        // A picture of something else is no grid.
        match Grid::decode(encoded, tile) {
            Ok(grid) if is_of_real(tag) => samples.real(&grid),
            Ok(grid) => samples.push(tag, u64::try_from(step).unwrap_or(0), &grid),
            Err(_) => {}
        }
    })?;
    found.remarks = scalars.remarks;
    for (tag, points) in &scalars.tags {
        for point in points {
            found.columns.push(tag, u64::try_from(point.step).unwrap_or(0), point.value)?;
        }
    }
    Ok(found)
}

/// The event files of a place, in the order of their names.
pub(super) fn files(path: &Path) -> Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    for entry in std::fs::read_dir(path).with_context(|| path.display().to_string())? {
        let file = entry?.path();
        if is_events(&file) {
            found.push(file);
        }
    }
    found.sort();
    Ok(found)
}

/// By its name, as TensorBoard knows them.
pub(super) fn is_events(path: &Path) -> bool {
    path.is_file() && path.file_name().is_some_and(|name| name.to_string_lossy().contains("tfevents"))
}
