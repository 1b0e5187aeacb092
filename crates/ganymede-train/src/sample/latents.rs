//! Latent vectors, a batch at a time.

use std::path::{Path, PathBuf};

use ganymede_tensor::{CheckpointError, DType, Device, Rng, Tensor, TensorRows, load_weights};

use super::truncated::Draw;
use super::truncation::{Truncation, TruncationForm};
use super::{BATCH, Sampler};
use crate::error::TrainError;
use crate::finite::not_finite;

/// The tensor that a file of latent vectors keeps them under, where it holds several.
const NAME: &str = "z";

/// Where latent vectors come from.
#[derive(Clone, Debug)]
pub enum Latents {
    /// Fresh draws, of the distribution that the generator was trained on.
    Random {
        /// How many.
        count: usize,
        /// The same seed gives the same vectors.
        seed: u64,
    },
    /// `(N, Z)` or `(N, Z, 1, 1)`.
    Given(Tensor),
    /// Of the tensor `z` of a file, or its only one, of such a shape; a safetensors file is never held as a whole.
    File {
        /// The file.
        path: PathBuf,
        /// The first so many; all of them otherwise.
        count: Option<usize>,
    },
}

/// Latent vectors `(n, Z)`, at most 64 at a time: a function of their source and of the truncation alone.
#[derive(Debug)]
pub struct LatentBatches {
    source: Source,
    draw: Draw,
    z_dim: usize,
    device: Device,
    at: usize,
    count: usize,
}

#[derive(Debug)]
enum Source {
    Random(Box<Rng>),
    Tensor(Tensor),
    Rows(TensorRows),
}

fn fail(reason: String) -> TrainError {
    TrainError::Sample { reason }
}

impl LatentBatches {
    /// Checks the source, all vectors of a file included.
    pub(super) fn new(source: &Latents, sampler: &Sampler) -> Result<Self, TrainError> {
        let draw = sampler.truncated()?.drawing();
        let z_dim = sampler.z_dim();
        if !matches!(source, Latents::Random { .. }) {
            check_truncation(sampler.truncation)?;
        }
        let (origin, source, count) = match source {
            Latents::Random { count, seed } => {
                (None, Source::Random(Box::new(Rng::stream(*seed, "sample"))), *count)
            }
            Latents::Given(z) => {
                check(z.dims(), z.dtype().is_float(), z_dim, "the latent vectors")?;
                (Some("the latent vectors given".to_owned()), Source::Tensor(z.clone()), z.dim(0)?)
            }
            Latents::File { path, count } => {
                let (source, held) = open(path, z_dim)?;
                let shown = path.display();
                if let Some(count) = count.filter(|count| *count > held) {
                    return Err(fail(format!(
                        "{shown}: it holds {held} latent vectors, {count} are asked for"
                    )));
                }
                (Some(shown.to_string()), source, count.unwrap_or(held))
            }
        };
        if count == 0 {
            return Err(fail("ask for at least 1 sample".to_owned()));
        }
        let mut batches = Self { source, draw, z_dim, device: sampler.device.clone(), at: 0, count };
        if let Some(origin) = origin {
            batches.check_finite(&origin)?;
        }
        Ok(batches)
    }

    /// How many vectors there are in all.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The next vectors `(n, Z)`, n ≤ 64; nothing after the last.
    ///
    /// # Errors
    /// The file cannot be read any more; the device refuses the memory.
    pub fn next_batch(&mut self) -> Result<Option<Tensor>, TrainError> {
        let z = self.next_as_given()?;
        Ok(z.map(|z| self.draw.shortened(&z)).transpose()?)
    }

    /// The same, not scaled back.
    fn next_as_given(&mut self) -> Result<Option<Tensor>, TrainError> {
        let n = BATCH.min(self.count - self.at);
        if n == 0 {
            return Ok(None);
        }
        let shape = (n, self.z_dim);
        let z = match &mut self.source {
            Source::Random(rng) => self.draw.long(n, rng, &self.device)?,
            Source::Tensor(z) => z.narrow(0, self.at, n)?,
            Source::Rows(rows) => rows.read(self.at, n, &Device::Cpu)?,
        };
        self.at += n;
        Ok(Some(z.to_dtype(DType::F32)?.to_device(&self.device)?.reshape(shape)?))
    }

    /// Goes through all vectors once, and back to the first.
    fn check_finite(&mut self, origin: &str) -> Result<(), TrainError> {
        while let Some(z) = self.next_as_given()? {
            if let Some(found) = not_finite(&z)? {
                let vector = self.at - z.dim(0)? + found.at / self.z_dim;
                return Err(TrainError::NotFinite {
                    what: format!("{origin}: number {} of latent vector {vector}", found.at % self.z_dim),
                    value: found.value,
                    advice: "nothing was drawn; give finite vectors",
                });
            }
        }
        self.at = 0;
        Ok(())
    }
}

/// Whether vectors that are given can be truncated.
fn check_truncation(truncation: Option<Truncation>) -> Result<(), TrainError> {
    match truncation {
        Some(truncation) if truncation.form() == TruncationForm::Resample => Err(truncation.refused(
            "latent vectors that are given are not drawn again: use the form `norm`, or `w` where there is a mapping \
             network",
        )),
        _ => Ok(()),
    }
}

fn check(shape: &[usize], is_float: bool, z_dim: usize, whose: &str) -> Result<(), TrainError> {
    match *shape {
        [n, d] | [n, d, 1, 1] if d == z_dim && n > 0 => {}
        _ => return Err(fail(format!("{whose} have shape {shape:?}, this generator takes (N, {z_dim})"))),
    }
    if is_float { Ok(()) } else { Err(fail(format!("{whose} are whole numbers; save them as f32"))) }
}

/// Opens a file of latent vectors; returns how many it holds.
fn open(path: &Path, z_dim: usize) -> Result<(Source, usize), TrainError> {
    let whose = format!("the latent vectors of {}", path.display());
    match TensorRows::open(path, NAME) {
        Ok(rows) => {
            check(rows.shape(), rows.is_float(), z_dim, &whose)?;
            let held = rows.shape()[0];
            Ok((Source::Rows(rows), held))
        }
        Err(CheckpointError::KeyNotFound { available, .. }) => Err(fail(format!(
            "{}: it holds {} tensors and none is called `{NAME}`",
            path.display(),
            available.len()
        ))),
        // PyTorch's format, perhaps.
        Err(CheckpointError::NotSafetensors { .. } | CheckpointError::Truncated { .. }) => {
            let mut tensors = load_weights(path, None, &Device::Cpu)?;
            let count = tensors.len();
            let only = if count == 1 { tensors.pop_first().map(|(_, z)| z) } else { tensors.remove(NAME) };
            let z = only.ok_or_else(|| {
                fail(format!("{}: it holds {count} tensors and none is called `{NAME}`", path.display()))
            })?;
            check(z.dims(), z.dtype().is_float(), z_dim, &whose)?;
            let held = z.dim(0)?;
            Ok((Source::Tensor(z), held))
        }
        Err(other) => Err(other.into()),
    }
}
