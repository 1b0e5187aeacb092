//! The run folder: where everything lies, and the rules under which it is created and reopened.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use ganymede_tensor::write_atomic;

use crate::error::TrainError;

/// A folder that holds one run.
///
/// | file | what it is |
/// |---|---|
/// | `run.toml` | the whole configuration |
/// | `run.lock` | locked while a process trains here; says which |
/// | `data.path`, `vectors.path` | where the data and their vectors were, for data that lie in a place |
/// | `log.jsonl` | losses, scores and gradient norms; a function of the configuration alone |
/// | `metrics.jsonl` | how good the samples are, likewise |
/// | `monitor.jsonl` | what a look at the players showed, likewise |
/// | `alerts.jsonl` | what goes wrong with the run, likewise; empty when all is well |
/// | `timing.jsonl` | what the clock said |
/// | `samples/` | pictures from fixed latent vectors, `real.png`, and of a page `interpolation.png` |
/// | `curves.png` | the log as curves |
/// | `checkpoints/` | `last`, `best` and every Nth, each one safetensors file |
/// | `tensorboard/` | what is logged, for TensorBoard |
/// | `summary.json` | how it went |
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunFolder {
    root: PathBuf,
}

impl RunFolder {
    /// A folder that is or will be that of a run.
    pub(crate) fn at(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    pub(crate) fn create_parts(&self) -> Result<(), TrainError> {
        for dir in [self.samples(), self.checkpoints()] {
            fs::create_dir_all(&dir).map_err(TrainError::write("create", &dir))?;
        }
        Ok(())
    }

    /// Reopens the folder of a run that was begun.
    ///
    /// # Errors
    /// [`TrainError::NotARun`] if there is no `run.toml` in it.
    pub fn open(root: &Path) -> Result<Self, TrainError> {
        let folder = Self::at(root);
        if !folder.config().is_file() {
            return Err(TrainError::NotARun { path: root.to_owned() });
        }
        Ok(folder)
    }

    /// Removes the half-written files that a kill in the midst of a write has left: `.NAME.XXXXXX.tmp`.
    pub(crate) fn sweep(&self) -> Result<(), TrainError> {
        for dir in [self.root.clone(), self.samples(), self.checkpoints()] {
            let entries = match fs::read_dir(&dir) {
                // A run that begins has no parts yet.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                entries => entries.map_err(TrainError::write("read", &dir))?,
            };
            for path in entries.flatten().map(|entry| entry.path()) {
                let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
                if name.starts_with('.') && name.ends_with(".tmp") && path.is_file() {
                    fs::remove_file(&path).map_err(TrainError::write("remove", &path))?;
                }
            }
        }
        Ok(())
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// `run.toml`
    pub fn config(&self) -> PathBuf {
        self.root.join("run.toml")
    }

    /// `log.jsonl`
    pub fn log(&self) -> PathBuf {
        self.root.join("log.jsonl")
    }

    /// `metrics.jsonl`
    pub fn metrics(&self) -> PathBuf {
        self.root.join("metrics.jsonl")
    }

    /// `monitor.jsonl`
    pub fn monitor(&self) -> PathBuf {
        self.root.join("monitor.jsonl")
    }

    /// `alerts.jsonl`
    pub fn alerts(&self) -> PathBuf {
        self.root.join("alerts.jsonl")
    }

    /// `timing.jsonl`
    pub fn timing(&self) -> PathBuf {
        self.root.join("timing.jsonl")
    }

    /// `summary.json`
    pub fn summary(&self) -> PathBuf {
        self.root.join("summary.json")
    }

    /// `curves.png`
    pub fn curves(&self) -> PathBuf {
        self.root.join("curves.png")
    }

    /// `tensorboard/`
    pub fn tensorboard(&self) -> PathBuf {
        self.root.join("tensorboard")
    }

    /// `samples/`
    pub fn samples(&self) -> PathBuf {
        self.root.join("samples")
    }

    /// `samples/real.png`: what the generator is to imitate.
    pub fn real_picture(&self) -> PathBuf {
        self.samples().join("real.png")
    }

    /// `samples/interpolation.png`
    pub fn interpolation(&self) -> PathBuf {
        self.samples().join("interpolation.png")
    }

    /// `samples/step-NNNNNN.png`
    pub fn picture(&self, step: u64) -> PathBuf {
        self.samples().join(format!("step-{step:06}.png"))
    }

    /// `data.path`: the absolute path of the data, as `name_of_path` of ganymede-files writes it.
    pub(crate) fn data_path(&self) -> PathBuf {
        self.root.join("data.path")
    }

    /// `vectors.path`: likewise of the file of vectors.
    pub(crate) fn vectors_path(&self) -> PathBuf {
        self.root.join("vectors.path")
    }

    /// `checkpoints/`
    pub fn checkpoints(&self) -> PathBuf {
        self.root.join("checkpoints")
    }

    /// `checkpoints/last.safetensors`
    pub fn last_checkpoint(&self) -> PathBuf {
        self.checkpoints().join("last.safetensors")
    }

    /// `checkpoints/best.safetensors`
    pub fn best_checkpoint(&self) -> PathBuf {
        self.checkpoints().join("best.safetensors")
    }

    /// `checkpoints/step-NNNNNN.safetensors`
    pub fn kept_checkpoint(&self, step: u64) -> PathBuf {
        self.checkpoints().join(format!("step-{step:06}.safetensors"))
    }

    /// The checkpoints beside the last one, the best first, then those that were kept, the newest first.
    pub(crate) fn other_checkpoints(&self) -> Vec<PathBuf> {
        let mut kept: Vec<(u64, PathBuf)> = Vec::new();
        for path in fs::read_dir(self.checkpoints()).into_iter().flatten().flatten().map(|entry| entry.path())
        {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let step = name.strip_prefix("step-").and_then(|name| name.strip_suffix(".safetensors"));
            if let Some(step) = step.and_then(|step| step.parse().ok()) {
                kept.push((step, path));
            }
        }
        kept.sort_by(|a, b| b.cmp(a));
        let best = Some(self.best_checkpoint()).filter(|path| path.exists());
        best.into_iter().chain(kept.into_iter().map(|(_, path)| path)).collect()
    }

    /// The path as seen from the run folder, for summaries that survive a move of it.
    pub fn relative(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).display().to_string()
    }
}

/// Makes sure that a folder is there and holds nothing.
pub(crate) fn create_empty(dir: &Path) -> Result<(), TrainError> {
    match fs::read_dir(dir) {
        Ok(mut entries) => match entries.next() {
            None => Ok(()),
            Some(_) => {
                let holds_run = dir.join("run.toml").exists();
                Err(TrainError::OutNotEmpty { path: dir.to_owned(), holds_run })
            }
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir_all(dir).map_err(TrainError::write("create", dir))
        }
        Err(error) => Err(TrainError::write("use", dir)(error)),
    }
}

/// Replaces a file by `bytes`, at once or not at all.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), TrainError> {
    write_atomic(path, |out: &mut dyn Write| out.write_all(bytes)).map_err(TrainError::write("write", path))
}
