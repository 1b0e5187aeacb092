//! Published weights, taken out of their file name by name.

use std::collections::BTreeMap;
use std::path::Path;

use ganymede_files::to_hex;
use ganymede_tensor::{CheckpointError, DType, Device, Shapes, Tensor, fit_weights, weights_from_bytes};
use sha2::{Digest, Sha256};

use crate::{MetricError, Result, WeightsFile};

/// Numbers that are looked at together.
const PIECE: usize = 1024;
/// What to do about a file whose tensors are others.
const OTHER: &str = "it is incomplete or of another network; give `--weights` the file of this extractor";

/// The tensors of one file that no layer has taken yet.
pub(super) struct Weights {
    file: WeightsFile,
    tensors: BTreeMap<String, Tensor>,
}

impl Weights {
    /// Reads a PyTorch or safetensors file, while its hash is computed.
    ///
    /// A state dict with all of these names is the network's, wherever it lies in the file. It must hold nothing else:
    /// a tensor that no layer takes may be one of a network that computes something else.
    pub(super) fn open(file: &WeightsFile, names: &[&[&str]]) -> Result<Self> {
        Self::open_beside(file, names, |_| false)
    }

    /// As [`Weights::open`], where tensors that `beside` knows by name may be there as well, and are left out.
    pub(super) fn open_beside(
        file: &WeightsFile,
        names: &[&[&str]],
        beside: fn(&str) -> bool,
    ) -> Result<Self> {
        let fits = |shapes: &Shapes| {
            let has_all = |names: &&[&str]| names.iter().all(|name| shapes.contains_key(*name));
            let is_extra = |name: &str, shape: &[usize]| is_counter(name, shape) || beside(name);
            let extra = || shapes.iter().filter(|(name, shape)| is_extra(name, shape));
            names.iter().any(has_all).then(|| extra().map(|(name, _)| name.clone()).collect())
        };
        let found = fit_weights(&file.path, None, &fits, &Device::Cpu).map_err(|error| match error {
            CheckpointError::Ambiguous { path, keys } => {
                let keys: Vec<String> = keys.iter().take(8).map(|key| format!("`{key}`")).collect();
                let reason = format!(
                    "holds several state dicts: {}; give a file with the one that is meant, saved alone",
                    keys.join(", ")
                );
                MetricError::File { path, reason }
            }
            other => other.into(),
        })?;
        if let Some(note) = found.note {
            file.take_note(note);
        }
        Ok(Self { file: file.clone(), tensors: found.tensors })
    }

    /// Tensors that are part of the program, as the bytes of a safetensors file.
    pub(super) fn from_bytes(path: &Path, bytes: &[u8]) -> Result<Self> {
        let tensors = weights_from_bytes(bytes, path, None, &Device::Cpu)?;
        Ok(Self::new(path, to_hex(&Sha256::digest(bytes)), tensors))
    }

    pub(super) fn new(path: &Path, sha256: String, tensors: BTreeMap<String, Tensor>) -> Self {
        Self { file: WeightsFile::known(path, sha256), tensors }
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.tensors.contains_key(key)
    }

    /// The shape of a tensor that has not been taken.
    pub(super) fn shape(&self, key: &str) -> Option<&[usize]> {
        self.tensors.get(key).map(Tensor::dims)
    }

    /// Takes the numbers of the tensor `key`, which has to have this shape and only finite numbers, as f32.
    pub(super) fn numbers(&mut self, key: &str, shape: &[usize]) -> Result<Vec<f32>> {
        let Some(tensor) = self.tensors.remove(key) else {
            let seen = self.seen();
            return Err(self.error(format!("has no tensor {key:?} of shape {shape:?}{seen}: {OTHER}")));
        };
        if tensor.dims() != shape {
            let found = tensor.dims();
            return Err(
                self.error(format!("tensor {key:?} has shape {found:?}, expected {shape:?}: {OTHER}"))
            );
        }
        let numbers = tensor.to_dtype(DType::F32)?.flatten_all()?.to_vec1::<f32>()?;
        match first_not_finite(&numbers) {
            None => Ok(numbers),
            Some((at, value)) => Err(self.error(format!(
                "tensor {key:?} is not finite: number {at} is {value}; copy or download the file again"
            ))),
        }
    }

    /// As [`Weights::numbers`], as a tensor.
    pub(super) fn take(&mut self, key: &str, shape: &[usize]) -> Result<Tensor> {
        Ok(Tensor::from_vec(self.numbers(key, shape)?, shape, &Device::Cpu)?)
    }

    /// Forgets the tensors that inference does not need.
    pub(super) fn discard(&mut self, unneeded: impl Fn(&str) -> bool) {
        self.tensors.retain(|key, _| !unneeded(key));
    }

    /// SHA-256 of the file, as soon as it is known.
    ///
    /// Refuses tensors that no layer took: the file is of another network. `network` names ours.
    pub(super) fn finish(self, network: &str) -> Result<String> {
        let mut left = self.tensors.iter();
        let Some((key, tensor)) = left.next() else { return Ok(self.file.sha256()?.to_owned()) };
        let others = match left.len() {
            0 => String::new(),
            n => format!(" (and {n} others)"),
        };
        let shape = tensor.dims();
        Err(self.error(format!("tensor {key:?} of shape {shape:?}{others} is none of {network}'s: {OTHER}")))
    }

    pub(super) fn error(&self, reason: String) -> MetricError {
        MetricError::File { path: self.file.path.clone(), reason }
    }

    fn seen(&self) -> String {
        match self.tensors.keys().next() {
            Some(first) => format!("; it has {} others, such as {first:?}", self.tensors.len()),
            None => String::new(),
        }
    }
}

/// A counter of steps or batches: no network computes with it.
fn is_counter(name: &str, shape: &[usize]) -> bool {
    shape.is_empty() && (name.ends_with("num_batches_tracked") || name == "n_averaged")
}

/// The place and the value of the first number that is none: a rectifier may hide it from all that follows.
fn first_not_finite(numbers: &[f32]) -> Option<(usize, f32)> {
    // Without an early exit inside of a piece the comparison is made of vectors.
    let is_whole = |piece: &[f32]| piece.iter().fold(true, |all, v| all & v.is_finite());
    let piece = numbers.chunks(PIECE).position(|piece| !is_whole(piece))?;
    let rest = numbers.iter().enumerate().skip(piece * PIECE);
    rest.map(|(at, value)| (at, *value)).find(|(_, value)| !value.is_finite())
}
