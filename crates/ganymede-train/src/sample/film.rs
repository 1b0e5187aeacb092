//! The frames of an interpolation as a grid and as an animation.

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use ganymede_files::{AnimationConfig, AnimationEncoder, AnimationKind};
use ganymede_tensor::{Tensor, sync_folder};

use super::sheet::check_size;
use crate::error::TrainError;
use crate::pictures::{self, Pixels};

/// What becomes of frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FilmConfig {
    /// Key frames, ≥ 1.
    pub keyframes: usize,
    /// Frames from a key frame to the next, ≥ 1.
    pub frames: usize,
    /// Whether they go into `interpolation.png`, a row from each key frame to the next, both included.
    pub grid: bool,
    /// The format and the frames a second of `animation.png` or `animation.gif`, if there is to be one.
    pub animation: Option<(AnimationKind, u16)>,
}

/// Writes the frames of an [`Interpolation`](super::Interpolation). Each file appears whole or not at all.
#[derive(Debug)]
pub struct FilmWriter {
    dir: PathBuf,
    config: FilmConfig,
    grid: Vec<Pixels>,
    animation: Option<Animation>,
}

/// An animation while it grows.
#[derive(Debug)]
struct Animation {
    encoder: AnimationEncoder<BufWriter<File>>,
    file: File,
    temporary: PathBuf,
    path: PathBuf,
}

impl FilmWriter {
    /// Begins in the folder `dir`, for images of `shape` `[C, H, W]`.
    ///
    /// # Errors
    /// The samples are no grey or colour images; the grid would be too large; a file cannot be made.
    pub fn new(dir: &Path, shape: &[usize], config: FilmConfig) -> Result<Self, TrainError> {
        let columns = if config.grid { config.frames.saturating_add(1) } else { 1 };
        let [_, height, width] = check_size(shape, config.keyframes, columns)?;
        let mut animation = None;
        if let Some((kind, fps)) = config.animation {
            let frames = config.keyframes.checked_mul(config.frames).and_then(|n| u32::try_from(n).ok());
            let Some(frames) = frames else {
                let reason = format!(
                    "an animation of {} × {} frames is too long; ask for fewer",
                    config.keyframes, config.frames
                );
                return Err(TrainError::Sample { reason });
            };
            let size = pictures::frame_size(height, width);
            animation = Some(Animation::begin(dir, AnimationConfig { kind, size, frames, fps })?);
        }
        Ok(Self { dir: dir.to_owned(), config, grid: Vec::new(), animation })
    }

    /// Writes the next frames `(N, C, H, W)` in [−1, 1].
    ///
    /// # Errors
    /// They are more than were said, or of another shape; the disk is full.
    pub fn push(&mut self, frames: &Tensor) -> Result<(), TrainError> {
        let frames = Pixels::of_batch(frames)?;
        if let Some(animation) = &mut self.animation {
            for frame in &frames {
                let written = animation.encoder.push(&pictures::frame(frame));
                written.map_err(TrainError::write("write", &animation.path))?;
            }
        }
        if self.config.grid {
            self.grid.extend(frames);
        }
        Ok(())
    }

    /// Puts the files in their places, and says where.
    ///
    /// # Errors
    /// Frames are missing; a file cannot be written.
    pub fn finish(mut self) -> Result<Vec<PathBuf>, TrainError> {
        let mut written = Vec::new();
        if self.config.grid {
            let path = self.dir.join("interpolation.png");
            pictures::save_drawing(&self.rows(), &path)?;
            written.push(path);
        }
        if let Some(animation) = self.animation.take() {
            written.push(animation.finish()?);
        }
        sync_folder(&self.dir).map_err(TrainError::write("write", &self.dir))?;
        Ok(written)
    }

    /// A row from each key frame to the next.
    fn rows(&self) -> image::RgbImage {
        let each = self.config.frames;
        let row = |key: usize| {
            (0..=each).filter_map(move |i| self.grid.get((key * each + i) % self.grid.len().max(1)))
        };
        let images: Vec<&Pixels> = (0..self.config.keyframes).flat_map(row).collect();
        pictures::grid(&images, Some(each + 1))
    }
}

impl Drop for FilmWriter {
    fn drop(&mut self) {
        if let Some(animation) = &self.animation {
            let _ = fs::remove_file(&animation.temporary);
        }
    }
}

impl Animation {
    fn begin(dir: &Path, config: AnimationConfig) -> Result<Self, TrainError> {
        let name = format!("animation.{}", config.kind.extension());
        let (temporary, path) = (dir.join(format!(".{name}.tmp")), dir.join(name));
        let made = File::create(&temporary).and_then(|file| {
            let encoder = AnimationEncoder::new(BufWriter::new(file.try_clone()?), config)?;
            Ok((encoder, file))
        });
        let (encoder, file) = made.map_err(|error| {
            let _ = fs::remove_file(&temporary);
            TrainError::write("create", &path)(error)
        })?;
        Ok(Self { encoder, file, temporary, path })
    }

    fn finish(self) -> Result<PathBuf, TrainError> {
        let Self { encoder, file, temporary, path } = self;
        let whole =
            encoder.finish().and_then(|()| file.sync_all()).and_then(|()| fs::rename(&temporary, &path));
        whole.map_err(|error| {
            let _ = fs::remove_file(&temporary);
            TrainError::write("write", &path)(error)
        })?;
        Ok(path)
    }
}

#[cfg(test)]
mod tests;
