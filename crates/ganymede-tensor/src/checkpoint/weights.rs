//! Weights that others published.

use std::collections::BTreeMap;
use std::path::Path;

use candle_core::{Device, Tensor};

use super::mapped::Mapped;
use super::{CheckpointError, container, fit, torch};

/// What a file is, told by its first bytes: publishers' suffixes say little.
pub(super) enum Kind {
    Safetensors,
    TorchZip,
    TorchStream,
}

/// Reads named tensors from a safetensors file of any publisher, or from a PyTorch file
/// (`.pth`, `.pt`, `.tar`, `.pth.tar`, …: `torch.save` in its zip and in its older format).
///
/// Nothing in a file is executed: the pickle inside PyTorch's is read by a small interpreter that
/// knows tensors, containers and a few inert classes; any other class is refused by name. Memory is
/// bounded by a small multiple of the file's size whatever the file claims. The file is mapped, not read: its
/// numbers are copied once, into the tensors; it must not be cut short meanwhile.
///
/// * In a PyTorch file the state dict may lie under any nested keys (`state_dict`, `netG`,
///   `G_ema`, …). It is found when there is only one; else `key` names it. Optimiser states are
///   never candidates. Entries that are not tensors (epochs, settings) are left out.
/// * `key` is a path of dictionary keys joined by dots. What remains of it selects tensors by the
///   beginning of their names, and is stripped: `state_dict.generator` gives `main.0.weight` from
///   the name `generator.main.0.weight` in `state_dict`. In a safetensors file, which has names
///   only, all of the key is such a beginning. A key may also name one tensor.
/// * `module.` (left by `DataParallel`) and `_orig_mod.` (by `torch.compile`) are stripped where
///   every name begins with it.
/// * Views come contiguous. f64, f32, f16, bf16, u8, i16, i32, i64, u32 keep their dtype; bool
///   becomes u8, i8 becomes i16, u16 becomes u32.
///
/// Where a network is known, [`fit_weights`](super::fit_weights) finds its weights under any key and prefix.
///
/// A checkpoint of [`Checkpoint::save`](super::Checkpoint::save) can be read, too; its content hash
/// is then verified.
///
/// # Errors
/// See [`CheckpointError`]: missing, truncated or damaged files, several state dicts and no `key`,
/// an unknown `key`, a refused class, a dtype or a layout that cannot be had.
pub fn load_weights(
    path: &Path,
    key: Option<&str>,
    device: &Device,
) -> Result<BTreeMap<String, Tensor>, CheckpointError> {
    let file = Mapped::open(path).map_err(|e| CheckpointError::io(path, "read", e))?;
    weights_from_bytes(&file, path, key, device)
}

/// As [`load_weights`], of the bytes of a file, such as one that is part of a program. `path` is what errors call it.
///
/// # Errors
/// As [`load_weights`].
pub fn weights_from_bytes(
    file: &[u8],
    path: &Path,
    key: Option<&str>,
    device: &Device,
) -> Result<BTreeMap<String, Tensor>, CheckpointError> {
    let tensors = match kind(file, path)? {
        Kind::Safetensors => {
            let all = container::weights(file, path, device)?;
            match key {
                Some(key) => select(all, key, path)?,
                None => all,
            }
        }
        Kind::TorchZip => torch::load(torch::Container::Zip, file, path, key, device)?,
        Kind::TorchStream => torch::load(torch::Container::Stream, file, path, key, device)?,
    };
    Ok(strip_wrappers(tensors))
}

pub(super) fn kind(file: &[u8], path: &Path) -> Result<Kind, CheckpointError> {
    let unknown = |hint: &'static str| Err(CheckpointError::NotRecognised { path: path.to_path_buf(), hint });
    let head = &file[..file.len().min(512)];
    // A suffix that leaves no doubt gives the better message for a damaged file.
    if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("safetensors")) && !head.starts_with(b"PK") {
        return Ok(Kind::Safetensors);
    }
    let lower = head.trim_ascii_start().get(..14).unwrap_or_default().to_ascii_lowercase();
    match head {
        [b'P', b'K', 3 | 5, 4 | 6, ..] => Ok(Kind::TorchZip),
        // The pickle opcode PROTO and a protocol.
        [0x80, 1..=5, ..] => Ok(Kind::TorchStream),
        [_, _, _, _, _, _, _, _, b'{', ..] => Ok(Kind::Safetensors),
        [] => unknown(": it is empty"),
        _ if head.starts_with(b"version https://git-lfs") => {
            unknown(": a Git LFS pointer; fetch the file itself with `git lfs pull`")
        }
        _ if lower.starts_with(b"<!doctype html") || lower.starts_with(b"<html") => {
            unknown(": a web page, perhaps in place of a download")
        }
        _ if head.get(257..262) == Some(b"ustar") => {
            unknown(": a tar archive; unpack it, or save it again with PyTorch 0.1.10 or later")
        }
        _ => unknown(""),
    }
}

/// The tensors whose names begin with `key.`, without it, or the one of that name.
pub(super) fn select(
    all: BTreeMap<String, Tensor>,
    key: &str,
    path: &Path,
) -> Result<BTreeMap<String, Tensor>, CheckpointError> {
    let available = || {
        let mut firsts: Vec<String> =
            all.keys().map(|k| k.split('.').next().unwrap_or_default().to_string()).collect();
        firsts.dedup();
        firsts
    };
    let available = available();
    if let Some((name, tensor)) = all.get_key_value(key) {
        let last = name.rsplit('.').next().unwrap_or(name);
        return Ok(BTreeMap::from([(last.to_string(), tensor.clone())]));
    }
    let chosen: BTreeMap<String, Tensor> = all
        .into_iter()
        .filter_map(|(name, tensor)| Some((name.strip_prefix(key)?.strip_prefix('.')?.to_string(), tensor)))
        .collect();
    if chosen.is_empty() {
        return Err(CheckpointError::KeyNotFound {
            path: path.to_path_buf(),
            key: key.to_string(),
            available,
        });
    }
    Ok(chosen)
}

/// Takes off what wrappers of a module put before all of its names.
pub(super) fn strip_wrappers(mut tensors: BTreeMap<String, Tensor>) -> BTreeMap<String, Tensor> {
    let prefixes = fit::WRAPPERS.map(|wrapper| format!("{wrapper}."));
    while let Some(prefix) =
        prefixes.iter().find(|p| !tensors.is_empty() && tensors.keys().all(|k| k.starts_with(*p)))
    {
        tensors =
            tensors.into_iter().map(|(name, tensor)| (name[prefix.len()..].to_string(), tensor)).collect();
    }
    tensors
}
