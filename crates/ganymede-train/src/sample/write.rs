//! Samples into a folder, a batch at a time.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use ganymede_models::Condition;
use ganymede_tensor::{Tensor, sync_folder};
use rayon::prelude::*;

use super::sheet::check_size;
use crate::error::TrainError;
use crate::folder::create_empty;
use crate::numbered::make_numbered;
use crate::pictures::{self, Pixels};
use crate::plot::{Scatter, draw_scatter};
use crate::trainer::points;

/// Images in `grid.png`.
const GRID: usize = 64;
/// Columns of `grid.png` where images stand beside samples: four pairs.
const PAIRED_COLUMNS: usize = 8;
/// Points in `scatter.png`: more would hide one another.
const SCATTER: usize = 10_000;

/// A folder that samples are written into: images `(N, C, H, W)` in [−1, 1] as `000000.png` …, grey ones as grey, and
/// the first of them in `grid.png`; points `(N, 2)` as `points.csv` and `scatter.png`.
///
/// Each PNG appears whole or not at all. They are not flushed to the disk one by one: samples can be drawn again.
#[derive(Debug)]
pub struct SampleWriter {
    dir: PathBuf,
    /// Whether it was made here.
    is_new: bool,
    with_grid: bool,
    written: usize,
    grid: Vec<Pixels>,
    /// How many images the grid takes, and in rows of how many, unless that follows from their number.
    room: (usize, Option<usize>),
    /// Whether each sample of the grid stands beside the image that it was made from.
    in_pairs: bool,
    table: Option<Table>,
}

/// `points.csv` while it grows.
#[derive(Debug)]
struct Table {
    temporary: PathBuf,
    out: BufWriter<File>,
    first: Vec<[f32; 2]>,
}

impl SampleWriter {
    /// Makes `dir`, which must be empty or new, for samples of `shape` (`[C, H, W]` or `[2]`).
    ///
    /// # Errors
    /// The folder holds something or cannot be written to; samples of the shape are neither images nor points.
    pub fn create(dir: &Path, shape: &[usize], with_grid: bool) -> Result<Self, TrainError> {
        check_shape(shape)?;
        let is_new = !dir.exists();
        create_empty(dir)?;
        Self::begin(dir.to_owned(), is_new, shape, with_grid)
    }

    /// As [`SampleWriter::create`], in `base/name-N` with the smallest N that nobody has.
    ///
    /// # Errors
    /// As [`SampleWriter::create`].
    pub fn create_numbered(
        base: &Path,
        name: &str,
        shape: &[usize],
        with_grid: bool,
    ) -> Result<Self, TrainError> {
        check_shape(shape)?;
        Self::begin(make_numbered(base, name)?, true, shape, with_grid)
    }

    fn begin(dir: PathBuf, is_new: bool, shape: &[usize], with_grid: bool) -> Result<Self, TrainError> {
        let (grid, in_pairs) = (Vec::new(), false);
        let room = (GRID, None);
        let mut writer = Self { dir, is_new, with_grid, written: 0, grid, room, in_pairs, table: None };
        // Tried now, not after the first samples have been made.
        let temporary = writer.dir.join(".points.csv.tmp");
        let made = File::create(&temporary).and_then(|file| {
            let mut out = BufWriter::new(file);
            writeln!(out, "x,y")?;
            Ok(out)
        });
        let out = made.map_err(TrainError::write("create", &temporary))?;
        if shape.len() == 1 {
            writer.table = Some(Table { temporary, out, first: Vec::new() });
        } else {
            drop(out);
            fs::remove_file(&temporary).map_err(TrainError::write("remove", &temporary))?;
        }
        Ok(writer)
    }

    /// The same with so many rows of so many images in `grid.png`, in place of the first 64.
    ///
    /// # Errors
    /// The picture would be too large; samples are points.
    pub fn with_rows(mut self, shape: &[usize], rows: usize, columns: usize) -> Result<Self, TrainError> {
        if self.with_grid {
            check_size(shape, rows, columns)?;
        }
        self.room = (rows * columns, Some(columns));
        Ok(self)
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Samples that are whole.
    pub fn written(&self) -> usize {
        self.written
    }

    /// Writes a batch.
    ///
    /// # Errors
    /// A file cannot be written; those before it are whole.
    pub fn push(&mut self, samples: &Tensor) -> Result<(), TrainError> {
        self.push_made_from(samples, Condition::none())
    }

    /// Writes a batch of samples. Where they were made from images, these stand beside them in `grid.png`.
    ///
    /// # Errors
    /// As [`SampleWriter::push`].
    pub fn push_made_from(&mut self, samples: &Tensor, condition: &Condition) -> Result<(), TrainError> {
        match &mut self.table {
            Some(table) => table.push(samples)?,
            None => self.push_images(samples, condition)?,
        }
        self.written += samples.dim(0)?;
        Ok(())
    }

    fn push_images(&mut self, samples: &Tensor, condition: &Condition) -> Result<(), TrainError> {
        let pixels = Pixels::of_batch(samples)?;
        pixels.par_iter().enumerate().try_for_each(|(i, image)| {
            let name = format!("{:06}.png", self.written + i);
            put(&self.dir, &name, &image.to_png())
        })?;
        let room = self.room.0.saturating_sub(self.grid.len());
        if !self.with_grid || room == 0 {
            return Ok(());
        }
        if let Condition::Images(images) = condition {
            self.in_pairs = true;
            let pairs = Pixels::of_batch(images)?.into_iter().zip(pixels);
            self.grid.extend(pairs.flat_map(|(known, made)| [known, made]).take(room));
        } else {
            self.grid.extend(pixels.into_iter().take(room));
        }
        Ok(())
    }

    /// Writes the overview of what was written, and flushes the folder. Returns the number of samples.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn finish(mut self) -> Result<usize, TrainError> {
        if let Some(table) = self.table.take() {
            table.finish(&self.dir, self.written, self.with_grid)?;
        } else if !self.grid.is_empty() {
            let images: Vec<&Pixels> = self.grid.iter().collect();
            let paired = self.in_pairs.then_some(PAIRED_COLUMNS.min(images.len()));
            let columns = self.room.1.or(paired);
            pictures::save_drawing(&pictures::grid(&images, columns), &self.dir.join("grid.png"))?;
        }
        sync_folder(&self.dir).map_err(TrainError::write("write", &self.dir))?;
        Ok(self.written)
    }
}

impl Drop for SampleWriter {
    /// A folder in which nothing came to be is no use to anybody.
    fn drop(&mut self) {
        if let Some(table) = self.table.take() {
            let _ = fs::remove_file(&table.temporary);
        }
        if self.is_new && self.written == 0 {
            let _ = fs::remove_dir(&self.dir);
        }
    }
}

impl Table {
    fn push(&mut self, samples: &Tensor) -> Result<(), TrainError> {
        let new = points(samples)?;
        for [x, y] in &new {
            writeln!(self.out, "{x},{y}").map_err(TrainError::write("write", &self.temporary))?;
        }
        let room = SCATTER.saturating_sub(self.first.len());
        self.first.extend(new.into_iter().take(room));
        Ok(())
    }

    fn finish(mut self, dir: &Path, written: usize, with_picture: bool) -> Result<(), TrainError> {
        let path = dir.join("points.csv");
        let flushed = self.out.flush().and_then(|()| fs::rename(&self.temporary, &path));
        flushed.map_err(TrainError::write("write", &path))?;
        if !with_picture {
            return Ok(());
        }
        let title = match self.first.len() {
            shown if shown < written => format!("{written} generated points, the first {shown}"),
            _ => format!("{written} generated points"),
        };
        let scatter = Scatter { title, real: &[], generated: &self.first, centres: &[] };
        draw_scatter(&scatter, &dir.join("scatter.png"))
    }
}

fn check_shape(shape: &[usize]) -> Result<(), TrainError> {
    match shape {
        [1 | 3, _, _] | [2] => Ok(()),
        _ => {
            let reason = format!("samples of shape {shape:?} are neither grey or colour images nor points");
            Err(TrainError::Sample { reason })
        }
    }
}

/// A file that appears whole.
fn put(dir: &Path, name: &str, bytes: &[u8]) -> Result<(), TrainError> {
    let (temporary, path) = (dir.join(format!(".{name}.tmp")), dir.join(name));
    let written = fs::write(&temporary, bytes).and_then(|()| fs::rename(&temporary, &path));
    written.map_err(|error| {
        let _ = fs::remove_file(&temporary);
        TrainError::write("write", &path)(error)
    })
}
