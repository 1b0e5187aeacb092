//! The safetensors container: header, data, content hash.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use candle_core::{Device, Tensor};
use safetensors::Dtype;
use safetensors::tensor::{Metadata, TensorInfo};
use serde::ser::{Serialize, SerializeMap, Serializer};
use sha2::{Digest, Sha256};

use super::mapped::Mapped;
use super::stored::{self, Stored};
use super::{Checkpoint, CheckpointError, atomic};

const HASH_KEY: &str = "ganymede.sha256";
const SCHEMA_KEY: &str = "ganymede.schema";
const RESERVED: &str = "ganymede.";
/// The container's own name for its metadata, never that of a tensor.
const METADATA_KEY: &str = "__metadata__";
/// Version of the hash and of the reserved keys.
const SCHEMA: u32 = 1;
/// What every safetensors library refuses beyond.
const MAX_HEADER_BYTES: u64 = 100_000_000;

/// Whether a file must carry our content hash. One that is there is always checked.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Hash {
    Required,
    IfPresent,
}

/// One tensor on its way to the file.
struct Entry<'a> {
    name: &'a str,
    tensor: &'a Tensor,
    info: TensorInfo,
}

/// Where writing can fail.
enum Failure {
    Io(io::Error),
    Tensor { name: String, source: candle_core::Error },
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

pub(super) fn save(checkpoint: &Checkpoint, path: &Path) -> Result<(), CheckpointError> {
    if let Some(name) = checkpoint.metadata.keys().find(|k| k.starts_with(RESERVED)) {
        return Err(CheckpointError::ReservedName { path: path.to_path_buf(), name: name.clone() });
    }
    let entries = entries(checkpoint, path)?;
    atomic::replace(path, |file| write(file, &checkpoint.metadata, &entries)).map_err(|failure| match failure
    {
        Failure::Io(source) => CheckpointError::io(path, "write", source),
        Failure::Tensor { name, source } => {
            CheckpointError::Tensor { path: path.to_path_buf(), tensor: name, source: Box::new(source) }
        }
    })
}

/// The tensors in file order: widest elements first, then by name, as the reference library sorts
/// them, so that every tensor is aligned for readers that map the file.
fn entries<'a>(checkpoint: &'a Checkpoint, path: &Path) -> Result<Vec<Entry<'a>>, CheckpointError> {
    let mut entries = Vec::with_capacity(checkpoint.tensors.len());
    for (name, tensor) in &checkpoint.tensors {
        if name == METADATA_KEY {
            return Err(CheckpointError::ReservedName { path: path.to_path_buf(), name: name.clone() });
        }
        let dtype =
            stored::safetensors_dtype(tensor.dtype()).ok_or_else(|| CheckpointError::UnsupportedDtype {
                path: path.to_path_buf(),
                tensor: name.clone(),
                dtype: tensor.dtype().as_str().to_string(),
            })?;
        let info = TensorInfo { dtype, shape: tensor.dims().to_vec(), data_offsets: (0, 0) };
        entries.push(Entry { name, tensor, info });
    }
    // Stable: names are sorted already.
    entries.sort_by_key(|e| std::cmp::Reverse(e.info.dtype));
    let mut offset = 0;
    for entry in &mut entries {
        let end = offset + entry.tensor.elem_count() * entry.tensor.dtype().size_in_bytes();
        entry.info.data_offsets = (offset, end);
        offset = end;
    }
    Ok(entries)
}

fn write(file: &mut File, metadata: &BTreeMap<String, String>, entries: &[Entry]) -> Result<(), Failure> {
    // The hash is known only after the data went by. Its length is, so the header is written
    // twice, in the same place.
    let placeholder = "0".repeat(64);
    file.write_all(&header(metadata, entries, &placeholder)?)?;
    let mut hasher = ContentHash::new(metadata, entries.len());
    for entry in entries {
        let failed = |source| Failure::Tensor { name: entry.name.to_string(), source };
        let tensor = entry.tensor.to_device(&Device::Cpu).and_then(|t| t.contiguous()).map_err(failed)?;
        hasher.begin(entry.name, entry.info.dtype, &entry.info.shape);
        stored::encode(&tensor, |bytes| {
            hasher.bytes(bytes);
            file.write_all(bytes)
        })
        .map_err(failed)??;
    }
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&header(metadata, entries, &hasher.finish())?)?;
    Ok(())
}

fn header(metadata: &BTreeMap<String, String>, entries: &[Entry], hash: &str) -> io::Result<Vec<u8>> {
    let entries: Vec<_> = entries.iter().map(|entry| (entry.name, &entry.info)).collect();
    serialise(metadata, &entries, hash)
}

/// The length and the JSON header, padded with spaces to a multiple of eight bytes.
///
/// Not by the library's serialiser: its metadata are a hash map, in another order at every run.
fn serialise(
    metadata: &BTreeMap<String, String>,
    entries: &[(&str, &TensorInfo)],
    hash: &str,
) -> io::Result<Vec<u8>> {
    let mut all = metadata.clone();
    all.insert(HASH_KEY.to_string(), hash.to_string());
    all.insert(SCHEMA_KEY.to_string(), SCHEMA.to_string());
    let mut json = serde_json::to_vec(&Header { metadata: &all, entries })?;
    json.resize(json.len().next_multiple_of(8), b' ');
    if json.len() as u64 > MAX_HEADER_BYTES {
        let message =
            format!("names and metadata take {} bytes, {MAX_HEADER_BYTES} are possible", json.len());
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    let mut bytes = (json.len() as u64).to_le_bytes().to_vec();
    bytes.append(&mut json);
    Ok(bytes)
}

struct Header<'a> {
    metadata: &'a BTreeMap<String, String>,
    entries: &'a [(&'a str, &'a TensorInfo)],
}

impl Serialize for Header<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1 + self.entries.len()))?;
        map.serialize_entry(METADATA_KEY, self.metadata)?;
        for (name, info) in self.entries {
            map.serialize_entry(name, info)?;
        }
        map.end()
    }
}

/// The header of a file with one tensor and no metadata but our own.
pub(super) fn header_of_one(name: &str, info: &TensorInfo, hash: &str) -> io::Result<Vec<u8>> {
    serialise(&BTreeMap::new(), &[(name, info)], hash)
}

/// SHA-256 over metadata, then name, dtype, shape and bytes of each tensor in file order. Every
/// variable part is preceded by its length, so that no two contents give the same stream.
#[derive(Debug)]
pub(super) struct ContentHash(Sha256);

impl ContentHash {
    pub(super) fn new(metadata: &BTreeMap<String, String>, tensors: usize) -> Self {
        let mut hash = Self(Sha256::new());
        hash.0.update(b"ganymede checkpoint 1\n");
        hash.number(metadata.len());
        for (key, value) in metadata {
            hash.text(key);
            hash.text(value);
        }
        hash.number(tensors);
        hash
    }

    pub(super) fn begin(&mut self, name: &str, dtype: Dtype, shape: &[usize]) {
        self.text(name);
        self.text(&dtype.to_string());
        self.number(shape.len());
        for &dim in shape {
            self.number(dim);
        }
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// In hexadecimal.
    pub(super) fn finish(&self) -> String {
        self.0.clone().finalize().iter().map(|b| format!("{b:02x}")).collect()
    }

    fn text(&mut self, text: &str) {
        self.number(text.len());
        self.0.update(text.as_bytes());
    }

    fn number(&mut self, n: usize) {
        self.0.update((n as u64).to_le_bytes());
    }
}

pub(super) fn load(path: &Path, device: &Device, policy: Hash) -> Result<Checkpoint, CheckpointError> {
    let file = Mapped::open(path).map_err(|e| CheckpointError::io(path, "read", e))?;
    read(&file, path, device, policy)
}

/// The tensors of a file that anybody wrote. A content hash that is there is checked. Tensors of a dtype that cannot be
/// had are left out where others are there: whoever needs one of them misses it by name.
pub(super) fn weights(
    file: &[u8],
    path: &Path,
    device: &Device,
) -> Result<BTreeMap<String, Tensor>, CheckpointError> {
    let (header, data) = read_header(file, path)?;
    if header.metadata().as_ref().is_some_and(|metadata| metadata.contains_key(HASH_KEY)) {
        return Ok(read(file, path, device, Hash::IfPresent)?.tensors);
    }
    let (mut tensors, mut refused) = (BTreeMap::new(), None);
    for name in header.offset_keys() {
        let info = header.info(&name).expect("the names are those of the header");
        let bytes = &data[info.data_offsets.0..info.data_offsets.1];
        match tensor(bytes, &name, info, device, path) {
            Ok(tensor) => {
                tensors.insert(name, tensor);
            }
            Err(error @ CheckpointError::UnsupportedDtype { .. }) => refused = Some(error),
            Err(error) => return Err(error),
        }
    }
    match refused {
        Some(error) if tensors.is_empty() => Err(error),
        _ => Ok(tensors),
    }
}

/// As [`load`], of the bytes of the file.
pub(super) fn read(
    file: &[u8],
    path: &Path,
    device: &Device,
    policy: Hash,
) -> Result<Checkpoint, CheckpointError> {
    let (header, data) = read_header(file, path)?;
    let mut metadata: BTreeMap<String, String> =
        header.metadata().iter().flatten().map(|(k, v)| (k.clone(), v.clone())).collect();
    let expected = metadata.remove(HASH_KEY);
    check_schema(metadata.remove(SCHEMA_KEY), path)?;
    if expected.is_none() && policy == Hash::Required {
        return Err(CheckpointError::HashMissing { path: path.to_path_buf() });
    }
    let names = header.offset_keys();
    let mut hasher = ContentHash::new(&metadata, names.len());
    let mut tensors = BTreeMap::new();
    for name in names {
        let info = header.info(&name).expect("the names are those of the header");
        // Within the data: the header was checked against the length of the file.
        let bytes = &data[info.data_offsets.0..info.data_offsets.1];
        let tensor = tensor(bytes, &name, info, device, path)?;
        // Hashing takes longer than reading: only where there is something to compare with.
        if expected.is_some() {
            hasher.begin(&name, info.dtype, &info.shape);
            hasher.bytes(bytes);
        }
        tensors.insert(name, tensor);
    }
    if let Some(expected) = expected {
        let found = hasher.finish();
        if expected != found {
            return Err(CheckpointError::HashMismatch { path: path.to_path_buf(), expected, found });
        }
    }
    Ok(Checkpoint { tensors, metadata })
}

/// A tensor from its bytes.
fn tensor(
    bytes: &[u8],
    name: &str,
    info: &TensorInfo,
    device: &Device,
    path: &Path,
) -> Result<Tensor, CheckpointError> {
    let stored = Stored::from_safetensors(info.dtype).ok_or_else(|| CheckpointError::UnsupportedDtype {
        path: path.to_path_buf(),
        tensor: name.to_string(),
        dtype: info.dtype.to_string(),
    })?;
    stored.decode(bytes, &info.shape, device).map_err(|source| CheckpointError::Tensor {
        path: path.to_path_buf(),
        tensor: name.to_string(),
        source: Box::new(source),
    })
}

/// The header, and the data after it. Lengths are checked against the file.
fn read_header<'a>(file: &'a [u8], path: &Path) -> Result<(Metadata, &'a [u8]), CheckpointError> {
    let length = header_length(file.get(..8), file.len() as u64, path)?;
    let (json, data) = file[8..].split_at(length);
    Ok((header_of(json, file.len() as u64, path)?, data))
}

/// As [`read_header`], of a file that is not mapped: the header, and where the data begin.
pub(super) fn head_of_file(file: &mut File, path: &Path) -> Result<(Metadata, u64), CheckpointError> {
    let failed = |error| CheckpointError::io(path, "read", error);
    let total = file.metadata().map_err(failed)?.len();
    let mut start = Vec::new();
    file.take(8).read_to_end(&mut start).map_err(failed)?;
    let length = header_length(start.get(..8), total, path)?;
    let mut json = vec![0; length];
    file.read_exact(&mut json).map_err(failed)?;
    Ok((header_of(&json, total, path)?, 8 + length as u64))
}

/// From the first bytes of a file of `found` bytes.
fn header_length(first: Option<&[u8]>, found: u64, path: &Path) -> Result<usize, CheckpointError> {
    let cut = |expected| CheckpointError::Truncated { path: path.to_path_buf(), expected, found };
    let first = first.and_then(|bytes| bytes.first_chunk::<8>()).ok_or_else(|| cut(8))?;
    let length = u64::from_le_bytes(*first);
    if length > MAX_HEADER_BYTES {
        let reason = format!("its header would take {length} bytes");
        return Err(CheckpointError::NotSafetensors { path: path.to_path_buf(), reason });
    }
    if 8 + length > found {
        return Err(cut(8 + length));
    }
    Ok(usize::try_from(length).expect("checked against the limit above"))
}

fn header_of(json: &[u8], found: u64, path: &Path) -> Result<Metadata, CheckpointError> {
    let wrong = |reason: String| CheckpointError::NotSafetensors { path: path.to_path_buf(), reason };
    let header = parse_header(json).map_err(|e| wrong(format!("its header: {e}")))?;
    let expected = (8 + json.len() as u64).saturating_add(header.data_len() as u64);
    match expected.cmp(&found) {
        std::cmp::Ordering::Greater => {
            Err(CheckpointError::Truncated { path: path.to_path_buf(), expected, found })
        }
        std::cmp::Ordering::Less => Err(wrong(format!("{} bytes after its end", found - expected))),
        std::cmp::Ordering::Equal => Ok(header),
    }
}

/// The format has texts as metadata; some programs put numbers and lists there, which become their JSON.
fn parse_header(json: &[u8]) -> serde_json::Result<Metadata> {
    let strict = serde_json::from_slice(json);
    let Err(error) = strict else { return strict };
    let Ok(mut header) = serde_json::from_slice::<serde_json::Value>(json) else { return Err(error) };
    match header.get_mut(METADATA_KEY) {
        Some(serde_json::Value::Object(metadata)) => {
            for value in metadata.values_mut().filter(|value| !value.is_string()) {
                *value = value.to_string().into();
            }
        }
        Some(other) if !other.is_null() => *other = serde_json::json!({}),
        _ => return Err(error),
    }
    serde_json::from_value(header)
}

fn check_schema(found: Option<String>, path: &Path) -> Result<(), CheckpointError> {
    match found {
        Some(found) if found != SCHEMA.to_string() => {
            Err(CheckpointError::Schema { path: path.to_path_buf(), found, supported: SCHEMA })
        }
        _ => Ok(()),
    }
}
