//! Files of scores.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ganymede_files::Output;
use ganymede_tensor::{Checkpoint, Device, Tensor};
use serde_json::json;

use super::Scores;
use crate::error::TrainError;

/// Where scores go: tried before the work, replaced as a whole.
///
/// | suffix | what it holds |
/// |---|---|
/// | `.csv` | `file,score`, one row an image |
/// | `.json` | the summary, and `scores`: objects of `file` and `score` |
/// | `.npy` | f32 `(N,)`, or `(N, P)` of patches |
/// | `.safetensors` | the same as the tensor `scores`; the metadata have `files`, a JSON list |
///
/// Of patches `.csv` and `.json` have the mean.
#[derive(Clone, Debug)]
pub struct ScoreFile {
    path: PathBuf,
    output: Output,
    format: Format,
}

#[derive(Clone, Copy, Debug)]
enum Format {
    Csv,
    Json,
    Npy,
    Safetensors,
}

const FORMATS: [(&str, Format); 4] = [
    ("csv", Format::Csv),
    ("json", Format::Json),
    ("npy", Format::Npy),
    ("safetensors", Format::Safetensors),
];

impl ScoreFile {
    /// Looks whether the file can be written, and as what.
    ///
    /// # Errors
    /// No such format, no such folder, no permission.
    pub fn new(path: &Path) -> Result<Self, TrainError> {
        let suffix = path.extension().and_then(|suffix| suffix.to_str()).unwrap_or_default();
        let format = FORMATS.iter().find(|(known, _)| *known == suffix).map(|(_, format)| *format);
        let fail = |reason: String| TrainError::Sample { reason };
        let format = format.ok_or_else(|| {
            fail(format!("{}: scores are written as .csv, .json, .npy or .safetensors", path.display()))
        })?;
        let output = Output::new(path).map_err(|error| fail(error.to_string()))?;
        Ok(Self { path: path.to_owned(), output, format })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes all of it.
    ///
    /// # Errors
    /// Disk full; the file that was there stays.
    pub fn write(&self, scores: &Scores) -> Result<(), TrainError> {
        let bytes = match self.format {
            Format::Csv => csv(scores).into_bytes(),
            Format::Json => {
                let rows: Vec<_> =
                    scores.means().map(|(file, score)| json!({ "file": file, "score": score })).collect();
                let report = json!({ "summary": scores.summary(), "scores": rows });
                format!("{report}\n").into_bytes()
            }
            Format::Npy => npy(scores),
            Format::Safetensors => return self.safetensors(scores),
        };
        self.output.write(&bytes).map_err(|error| TrainError::Sample { reason: error.to_string() })
    }

    fn safetensors(&self, scores: &Scores) -> Result<(), TrainError> {
        let shape = shape(scores);
        let values: Vec<f32> = scores.rows.concat();
        let tensors = BTreeMap::from([("scores".to_owned(), Tensor::from_vec(values, shape, &Device::Cpu)?)]);
        let metadata = BTreeMap::from([("files".to_owned(), json!(scores.files).to_string())]);
        Ok(Checkpoint { tensors, metadata }.save(&self.path)?)
    }
}

/// `(N,)` where there is one score an image.
fn shape(scores: &Scores) -> Vec<usize> {
    match scores.rows.first().map_or(1, Vec::len) {
        1 => vec![scores.len()],
        patches => vec![scores.len(), patches],
    }
}

fn csv(scores: &Scores) -> String {
    let mut text = "file,score\n".to_owned();
    for (file, score) in scores.means() {
        match file.contains([',', '"', '\n', '\r']) {
            true => text += &format!("\"{}\",{score}\n", file.replace('"', "\"\"")),
            false => text += &format!("{file},{score}\n"),
        }
    }
    text
}

/// NumPy's format, version 1: little-endian f32, rows first.
fn npy(scores: &Scores) -> Vec<u8> {
    let shape: Vec<String> = shape(scores).iter().map(|dim| format!("{dim},")).collect();
    let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}), }}", shape.join(" "));
    // Magic, version and length take 10 bytes; data begin at a multiple of 64.
    while !(10 + header.len() + 1).is_multiple_of(64) {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(scores.rows.iter().flatten().flat_map(|score| score.to_le_bytes()));
    bytes
}
