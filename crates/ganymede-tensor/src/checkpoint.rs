//! Files: checkpoints of our own, verified on reading, and weights that others published.
//!
//! A checkpoint is a plain safetensors file, readable by every safetensors library. Beyond that
//! * it is replaced atomically: a reader, or a run that resumes after a crash, sees the old file or
//!   the new one, never a part;
//! * its metadata carry a SHA-256 over metadata, names, dtypes, shapes and bytes, which
//!   [`Checkpoint::load`] checks;
//! * equal content gives equal bytes, so that two files can be compared by `cmp`.

use std::collections::BTreeMap;
use std::path::Path;

use candle_core::{Device, Tensor};

mod atomic;
mod container;
mod error;
mod fit;
mod mapped;
mod rows;
mod stored;
mod torch;
mod weights;

pub use atomic::{sync_folder, write_atomic};
pub use error::CheckpointError;
pub use fit::{Fits, FittedWeights, Shapes, fit_bytes, fit_weights};
pub use rows::{TensorRows, TensorWriter};
pub use weights::{load_weights, weights_from_bytes};

/// Named tensors and text, as kept in one safetensors file.
///
/// ```
/// use std::collections::BTreeMap;
/// use ganymede_tensor::{Checkpoint, Device, Tensor};
/// let dir = std::env::temp_dir().join("ganymede-doc-checkpoint");
/// std::fs::create_dir_all(&dir)?;
/// let tensors = BTreeMap::from([("w".to_string(), Tensor::new(&[1f32, 2.], &Device::Cpu)?)]);
/// let metadata = BTreeMap::from([("step".to_string(), "7".to_string())]);
/// let file = dir.join("last.safetensors");
/// Checkpoint { tensors, metadata }.save(&file)?;
/// let back = Checkpoint::load(&file, &Device::Cpu)?;
/// assert_eq!(back.metadata["step"], "7");
/// assert_eq!(back.tensors["w"].to_vec1::<f32>()?, [1., 2.]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Checkpoint {
    /// The tensors: u8, u32, i16, i32, i64, bf16, f16, f32 or f64, of any shape.
    pub tensors: BTreeMap<String, Tensor>,
    /// Text beside them: a run's state as JSON, say. Keys that begin with `ganymede.` are reserved.
    pub metadata: BTreeMap<String, String>,
}

impl Checkpoint {
    /// Writes the file, replacing an older one only when the new one is complete and on the disk.
    ///
    /// Tensors of a device are brought to memory one at a time.
    ///
    /// # Errors
    /// [`CheckpointError::Io`] (no such folder, no permission, disk full: the old file, if any,
    /// stays as it was and nothing is left behind), [`CheckpointError::UnsupportedDtype`],
    /// [`CheckpointError::ReservedName`], [`CheckpointError::Tensor`].
    pub fn save(&self, path: &Path) -> Result<(), CheckpointError> {
        container::save(self, path)
    }

    /// Reads a file that [`Checkpoint::save`] wrote, and verifies all of it. Memory stays near the
    /// size of the tensors plus that of the largest.
    ///
    /// # Errors
    /// [`CheckpointError::NotFound`], [`CheckpointError::Truncated`],
    /// [`CheckpointError::NotSafetensors`], [`CheckpointError::HashMissing`] (another program's
    /// file: use [`load_weights`]), [`CheckpointError::HashMismatch`],
    /// [`CheckpointError::UnsupportedDtype`], [`CheckpointError::Schema`].
    pub fn load(path: &Path, device: &Device) -> Result<Self, CheckpointError> {
        container::load(path, device, container::Hash::Required)
    }
}

#[cfg(test)]
mod tests;
