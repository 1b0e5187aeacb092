//! PyTorch's zip format: `data.pkl` and one file a storage.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{BufReader, Cursor, Read};

use candle_core::{Device, Tensor};
use flate2::Crc;
use rayon::prelude::*;
use zip::result::ZipError;
use zip::{CompressionMethod, ZipArchive};

use super::super::fit::Found;
use super::build::Budget;
use super::node::Arena;
use super::{Fault, Pick, Result, cut, vm};

/// Shares the list of its entries with its clones.
type Archive<'a> = ZipArchive<Cursor<&'a [u8]>>;

pub(super) fn read(
    file: &[u8],
    pick: &Pick<'_>,
    device: &Device,
) -> Result<(BTreeMap<String, Tensor>, Found)> {
    let mut archive = ZipArchive::new(Cursor::new(file)).map_err(zip_fault)?;
    let budget = Budget::of_file(file.len() as u64);
    let root = root(&archive)?;
    check_byte_order(&mut archive, &root)?;
    let mut arena = Arena::new();
    let top = {
        let entry = archive.by_name(&format!("{root}data.pkl")).map_err(zip_fault)?;
        vm::read(&mut BufReader::new(entry), &mut arena)?
    };
    let (wanted, how) = pick(&arena, top)?;
    // Each thread has its own place in the file. Tensors go to the device afterwards, one after the other.
    let read: Vec<Result<BTreeMap<String, Tensor>>> = wanted
        .into_par_iter()
        .map_init(
            || archive.clone(),
            |archive, (storage, of_storage)| {
                let bytes = storage_bytes(file, archive, &format!("{root}data/{storage}"), &budget)?;
                let mut tensors = BTreeMap::new();
                cut(&bytes, &of_storage, &budget, &Device::Cpu, &mut tensors)?;
                Ok(tensors)
            },
        )
        .collect();
    let mut tensors = BTreeMap::new();
    for of_storage in read {
        for (name, tensor) in of_storage? {
            let moved = tensor.to_device(device);
            let moved = moved.map_err(|source| Fault::Candle { tensor: name.clone(), source })?;
            tensors.insert(name, moved);
        }
    }
    Ok((tensors, how))
}

/// The folder that everything lies in, with its slash.
fn root(archive: &Archive<'_>) -> Result<String> {
    let mut roots = Vec::new();
    for name in archive.file_names() {
        let name = name.map_err(zip_fault)?;
        if let Some(root) = name.strip_suffix("data.pkl")
            && (root.is_empty() || root.ends_with('/'))
        {
            roots.push(root.to_string());
        }
    }
    // What `torch.jit.save` writes beside the same entry, and `torch.save` does not.
    if roots.iter().any(|root| archive.index_for_name(&format!("{root}constants.pkl")).is_some()) {
        return Err(Fault::TorchScript);
    }
    // The shortest: models packaged inside a package have deeper ones.
    roots.sort_by_key(String::len);
    let first = roots.into_iter().next();
    first.ok_or_else(|| Fault::malformed("a zip archive without `data.pkl`: not written by torch.save"))
}

fn check_byte_order(archive: &mut Archive<'_>, root: &str) -> Result<()> {
    let mut order = String::new();
    match archive.by_name(&format!("{root}byteorder")) {
        Ok(entry) => entry.take(16).read_to_string(&mut order)?,
        // Older versions wrote on little-endian machines only, and did not say so.
        Err(ZipError::FileNotFound) => return Ok(()),
        Err(e) => return Err(zip_fault(e)),
    };
    match order.trim() {
        "little" => Ok(()),
        other => {
            Err(Fault::malformed(format!("its byte order is `{other}`; only little-endian files are read")))
        }
    }
}

/// The bytes of a storage: those of the file where they are not compressed, as PyTorch writes them.
fn storage_bytes<'a>(
    file: &'a [u8],
    archive: &mut Archive<'_>,
    name: &str,
    budget: &Budget,
) -> Result<Cow<'a, [u8]>> {
    let mut entry = archive.by_name(name).map_err(|e| match e {
        ZipError::FileNotFound => Fault::malformed(format!("its storage `{name}` is missing")),
        other => zip_fault(other),
    })?;
    let size = entry.size();
    // A compressed entry can grow without bound; PyTorch does not compress, so this is generous.
    budget
        .take(size)
        .ok_or_else(|| Fault::malformed(format!("its storage `{name}` is larger than the file can hold")))?;
    if entry.compression() == CompressionMethod::Stored {
        let start = entry.data_start().and_then(|start| usize::try_from(start).ok());
        let range =
            start.zip(usize::try_from(size).ok()).and_then(|(start, n)| Some(start..start.checked_add(n)?));
        let bytes = range.and_then(|range| file.get(range));
        let bytes = bytes.ok_or_else(|| Fault::malformed(format!("its storage `{name}` is cut short")))?;
        let mut sum = Crc::new();
        sum.update(bytes);
        return match sum.sum() == entry.crc32() {
            true => Ok(Cow::Borrowed(bytes)),
            false => {
                Err(Fault::malformed(format!("its storage `{name}` is damaged; copy or download it again")))
            }
        };
    }
    let mut bytes =
        Vec::with_capacity(usize::try_from(size).map_err(|_| Fault::malformed("it is too large"))?);
    entry.by_ref().take(size).read_to_end(&mut bytes)?;
    if bytes.len() as u64 != size {
        return Err(Fault::malformed(format!("its storage `{name}` is cut short")));
    }
    Ok(Cow::Owned(bytes))
}

fn zip_fault(error: ZipError) -> Fault {
    match error {
        ZipError::Io(e) => Fault::Io(e),
        other => Fault::malformed(format!("{other} (if it was downloaded, it may be cut short)")),
    }
}
