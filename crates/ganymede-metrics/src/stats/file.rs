//! Our own statistics file: everything that a shard needs to be merged later, and where it came from.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use ganymede_tensor::write_atomic;
use ndarray::{Array1, Array2};
use safetensors::tensor::{Metadata, TensorView};
use safetensors::{Dtype, SafeTensors, serialize};

use super::moments::Moments;
use super::{FeatureStats, MetricError, Result};
use crate::Provenance;

/// Version of the file. Readers accept this one.
const SCHEMA: &str = "1";
const SCHEMA_KEY: &str = "ganymede.statistics.schema";
const COUNT_KEY: &str = "count";
const PROVENANCE_KEY: &str = "provenance";
/// A list, absent from files of the first versions.
const CONTENTS_KEY: &str = "contents";

impl FeatureStats {
    /// Writes count, mean, scatter and, if kept, the rows to a safetensors file, with `provenance` as JSON.
    ///
    /// Tensors: `mean` `(D,)` and `scatter` `(D, D)` = Σ (x − mean)(x − mean)ᵀ in f64, `rows` `(N, D)` in f32.
    /// Metadata: `ganymede.statistics.schema` (1), `count`, `provenance`, `contents`.
    ///
    /// # Errors
    /// The file cannot be written; what was there before then stays.
    pub fn save(&self, path: &Path, provenance: &Provenance) -> Result<()> {
        let refuse = |reason: String| MetricError::File { path: path.to_path_buf(), reason };
        let bytes = self.to_file(provenance).map_err(refuse)?;
        write_atomic(path, |out| out.write_all(&bytes))
            .map_err(|source| MetricError::Io { path: path.to_path_buf(), source })
    }

    /// The bytes of [`FeatureStats::save`]'s file.
    ///
    /// # Errors
    /// [`MetricError::Invalid`] for what a file cannot hold.
    pub fn to_bytes(&self, provenance: &Provenance) -> Result<Vec<u8>> {
        self.to_file(provenance).map_err(MetricError::Invalid)
    }

    fn to_file(&self, provenance: &Provenance) -> std::result::Result<Vec<u8>, String> {
        let Moments { count, mean, mut scatter } = self.whole();
        crate::linalg::mirror(&mut scatter);
        let d = self.dim();
        let (mean, scatter) =
            (bytes_of(mean.iter(), f64::to_le_bytes), bytes_of(scatter.iter(), f64::to_le_bytes));
        let rows = self.kept.as_ref().map(|rows| bytes_of(rows.iter(), f32::to_le_bytes));
        let view = |dtype, shape, data| TensorView::new(dtype, shape, data).map_err(|e| e.to_string());
        let mut tensors = vec![
            ("mean", view(Dtype::F64, vec![d], &mean)?),
            ("scatter", view(Dtype::F64, vec![d, d], &scatter)?),
        ];
        if let Some(rows) = &rows {
            tensors.push(("rows", view(Dtype::F32, vec![rows.len() / (4 * d), d], rows)?));
        }
        let provenance = serde_json::to_string(provenance).map_err(|e| e.to_string())?;
        let metadata = HashMap::from([
            (SCHEMA_KEY.to_string(), SCHEMA.to_string()),
            (COUNT_KEY.to_string(), count.to_string()),
            (PROVENANCE_KEY.to_string(), provenance),
            (CONTENTS_KEY.to_string(), serde_json::to_string(&self.parts).map_err(|e| e.to_string())?),
        ]);
        in_order(serialize(tensors, Some(metadata)).map_err(|e| e.to_string())?)
    }

    /// Reads what [`FeatureStats::save`] wrote. Going on from there, or merging, continues as if the rows were there;
    /// the last bits may differ, since an unfinished block has been closed.
    ///
    /// # Errors
    /// No such file; another kind of file, or another schema; shapes, counts or numbers that make no sense.
    pub fn load(path: &Path) -> Result<(Self, Provenance)> {
        let bytes =
            std::fs::read(path).map_err(|source| MetricError::Io { path: path.to_path_buf(), source })?;
        from_bytes(&bytes).map_err(|reason| MetricError::File { path: path.to_path_buf(), reason })
    }
}

/// A safetensors file with the keys of its header in order, so that equal statistics are equal bytes: the library's metadata
/// are a hash map, in another order each time.
fn in_order(mut file: Vec<u8>) -> std::result::Result<Vec<u8>, String> {
    let length = file.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes) as usize);
    let header = file.get_mut(8..8 + length).ok_or("the header is cut short")?;
    let keys: BTreeMap<String, BTreeMap<String, serde_json::Value>> =
        serde_json::from_slice(header).map_err(|e| e.to_string())?;
    let sorted = serde_json::to_vec(&keys).map_err(|e| e.to_string())?;
    // The same text in another order, and the spaces behind it.
    header.fill(b' ');
    header.get_mut(..sorted.len()).ok_or("the header grew")?.copy_from_slice(&sorted);
    Ok(file)
}

/// Numbers one after another, in `N` bytes each.
fn bytes_of<'a, T: Copy + 'a, const N: usize>(
    numbers: impl ExactSizeIterator<Item = &'a T>,
    to_bytes: fn(T) -> [u8; N],
) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(numbers.len() * N);
    numbers.for_each(|x| bytes.extend_from_slice(&to_bytes(*x)));
    bytes
}

fn from_bytes(bytes: &[u8]) -> std::result::Result<(FeatureStats, Provenance), String> {
    let other = |error| format!("not a statistics file: {error}");
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(other)?;
    let file = SafeTensors::deserialize(bytes).map_err(other)?;
    let (count, provenance) = metadata(&header)?;
    let parts = contents(&header)?;
    let mean = numbers(&file, "mean", Dtype::F64, f64::from_le_bytes)?;
    let d = mean.len();
    let scatter = numbers(&file, "scatter", Dtype::F64, f64::from_le_bytes)?;
    let scatter = Array2::from_shape_vec((d, d), scatter)
        .map_err(|_| format!("`scatter` does not belong to a mean of {d} numbers"))?;
    let kept = match file.tensor("rows") {
        Ok(_) => Some(numbers(&file, "rows", Dtype::F32, f32::from_le_bytes)?),
        Err(_) => None,
    };
    let all_finite = mean.iter().chain(&scatter).all(|x| x.is_finite())
        && kept.iter().flatten().all(|x| x.is_finite())
        && scatter.diag().iter().all(|x| *x >= 0.0);
    if !all_finite {
        return Err("it holds numbers that are not finite, or a negative variance".into());
    }
    if kept.as_ref().is_some_and(|rows| Some(rows.len() as u64) != count.checked_mul(d as u64)) {
        return Err(format!("`rows` are not {count} rows of {d} numbers"));
    }
    let mut stats = FeatureStats::new(d).map_err(|e| e.to_string())?;
    stats.moments = Moments { count, mean: Array1::from_vec(mean), scatter };
    stats.kept = kept;
    stats.parts = parts;
    Ok((stats, provenance))
}

fn metadata(header: &Metadata) -> std::result::Result<(u64, Provenance), String> {
    let empty = HashMap::new();
    let entries = header.metadata().as_ref().unwrap_or(&empty);
    match entries.get(SCHEMA_KEY).map(String::as_str) {
        Some(SCHEMA) => {}
        Some(other) => return Err(format!("statistics of schema {other}; this version reads {SCHEMA}")),
        None => return Err("a safetensors file, but not one of statistics".into()),
    }
    let count = entries.get(COUNT_KEY).and_then(|text| text.parse().ok());
    let count = count.ok_or("the number of rows is missing")?;
    let text = entries.get(PROVENANCE_KEY).ok_or("the provenance is missing")?;
    let provenance = serde_json::from_str(text).map_err(|error| format!("its provenance: {error}"))?;
    Ok((count, provenance))
}

fn contents(header: &Metadata) -> std::result::Result<BTreeSet<String>, String> {
    let text = header.metadata().as_ref().and_then(|entries| entries.get(CONTENTS_KEY));
    let read = |text: &String| serde_json::from_str(text).map_err(|error| format!("its contents: {error}"));
    text.map_or(Ok(BTreeSet::new()), read)
}

fn numbers<T, const N: usize>(
    file: &SafeTensors<'_>,
    name: &str,
    dtype: Dtype,
    read: fn([u8; N]) -> T,
) -> std::result::Result<Vec<T>, String> {
    let view = file.tensor(name).map_err(|_| format!("`{name}` is missing"))?;
    if view.dtype() != dtype {
        return Err(format!("`{name}` is {:?} where {dtype:?} is needed", view.dtype()));
    }
    let (chunks, _) = view.data().as_chunks::<N>();
    Ok(chunks.iter().map(|bytes| read(*bytes)).collect())
}
