//! Weights that a run begins with.

use std::path::Path;

use ganymede_models::{Hints, NetworkKind};
use ganymede_tensor::{Device, Params};

use crate::error::TrainError;
use crate::weights::NetworkWeights;

/// Puts the weights of a file into networks of the kind: those of a checkpoint of ours (of generators the averaged one), of
/// a file that says what it holds, or of another program.
pub(super) fn load<'a>(
    networks: impl IntoIterator<Item = &'a Params>,
    kind: NetworkKind,
    path: &Path,
    device: &Device,
) -> Result<(), TrainError> {
    let weights = match NetworkWeights::of_checkpoint(path, kind.role(), false, device) {
        Ok(weights) => weights,
        Err(_) => NetworkWeights::find(path, kind, None, &Hints::default(), device)?,
    };
    weights.check(path)?;
    networks.into_iter().try_for_each(|params| weights.load_into(params, path))
}
