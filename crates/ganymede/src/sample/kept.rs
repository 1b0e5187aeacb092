//! Latent vectors beside the samples that were made of them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;
use ganymede_files::Output;
use ganymede_models::Condition;
use ganymede_tensor::{Checkpoint, Device, Tensor};
use ganymede_train::{Sampler, TrainError};

use crate::words::Misuse;

/// Memory for vectors that wait to be written.
const MOST_BYTES: usize = 1 << 30;

/// A file of latent vectors, which is written when all of them are there.
pub(super) struct KeptLatents {
    path: PathBuf,
    z: Vec<Tensor>,
    /// What a mapping network makes of them.
    w: Vec<Tensor>,
}

impl KeptLatents {
    /// For `count` samples; looks whether the file can be written.
    pub(super) fn new(path: &Path, sampler: &Sampler, count: usize) -> Result<Self> {
        let room = MOST_BYTES / size_of::<f32>() / sampler.z_dim().max(1);
        if sampler.z_dim() == 0 || count > room {
            let reason = match sampler.z_dim() {
                0 => "--save-latents: this generator has no latent vector; leave it out".to_owned(),
                _ => format!(
                    "--save-latents: {count} vectors; give --num {room} or less, and another --seed for more"
                ),
            };
            return Err(Misuse(reason).into());
        }
        if Output::new(path)?.is_stdout() {
            return Err(Misuse("--save-latents -: name a file".to_owned()).into());
        }
        Ok(Self { path: path.to_owned(), z: Vec::new(), w: Vec::new() })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn push(&mut self, sampler: &Sampler, z: &Tensor, condition: &Condition) -> Result<()> {
        if sampler.layers().is_some() {
            self.w.push(sampler.w(z, condition)?.to_device(&Device::Cpu)?);
        }
        self.z.push(z.to_device(&Device::Cpu)?);
        Ok(())
    }

    pub(super) fn finish(self) -> Result<()> {
        let mut tensors = BTreeMap::from([("z".to_owned(), Tensor::cat(&self.z, 0)?)]);
        if !self.w.is_empty() {
            tensors.insert("w".to_owned(), Tensor::cat(&self.w, 0)?);
        }
        let saved = Checkpoint { tensors, metadata: BTreeMap::new() }.save(&self.path);
        Ok(saved.map_err(TrainError::from)?)
    }
}
