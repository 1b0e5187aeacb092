//! Where the weights of feature networks come from.

mod hash;

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use ganymede_files::{Download, Http, Received, part_path};
use ganymede_tensor::CheckpointError;

use crate::{MetricError, Result};

pub(crate) use hash::FileHash;

/// The environment variable that names the folder of weights and cached features.
pub const CACHE_VARIABLE: &str = "GANYMEDE_CACHE";

/// Weights that somebody published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PublishedWeights {
    /// The extractor that they are for, such as `inception2015`.
    pub extractor: &'static str,
    /// The name of the file in the cache folder.
    pub file: &'static str,
    /// Where it is published.
    pub url: &'static str,
    /// Its size in bytes and its SHA-256, where they are known. Without them nothing is fetched: the file is
    /// put into the cache folder, or named, by hand.
    pub pinned: Option<Pin>,
}

/// What a file must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pin {
    /// Its size in bytes.
    pub bytes: u64,
    /// Its SHA-256 in lower-case hexadecimal digits.
    pub sha256: &'static str,
}

/// All weights that are known by name.
///
/// The Inception network is that of 2015-12-05, which TTUR's program used, as pytorch-fid published it; torch-fidelity
/// publishes the same bytes under another name. The first digits of its hash are part of that name, as they are of
/// torchvision's VGG-16. CLIP's are those of Hugging Face, whose hashes it shows. Of the others no hash is known for
/// sure.
const PUBLISHED: &[PublishedWeights] = &[
    PublishedWeights {
        extractor: "inception2015",
        file: "pt_inception-2015-12-05-6726825d.pth",
        url: "https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/pt_inception-2015-12-05-6726825d.pth",
        pinned: Some(Pin {
            bytes: 95_628_359,
            sha256: "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2",
        }),
    },
    dinov2(
        "dinov2-s",
        "dinov2-small.safetensors",
        "https://huggingface.co/facebook/dinov2-small/resolve/main/model.safetensors",
    ),
    dinov2(
        "dinov2-b",
        "dinov2-base.safetensors",
        "https://huggingface.co/facebook/dinov2-base/resolve/main/model.safetensors",
    ),
    dinov2(
        "dinov2-l",
        "dinov2-large.safetensors",
        "https://huggingface.co/facebook/dinov2-large/resolve/main/model.safetensors",
    ),
    dinov2(
        "dinov2-g",
        "dinov2-giant.safetensors",
        "https://huggingface.co/facebook/dinov2-giant/resolve/main/model.safetensors",
    ),
    dinov2(
        "dinov2-s-reg",
        "dinov2-with-registers-small.safetensors",
        "https://huggingface.co/facebook/dinov2-with-registers-small/resolve/main/model.safetensors",
    ),
    dinov2(
        "dinov2-b-reg",
        "dinov2-with-registers-base.safetensors",
        "https://huggingface.co/facebook/dinov2-with-registers-base/resolve/main/model.safetensors",
    ),
    dinov2(
        "dinov2-l-reg",
        "dinov2-with-registers-large.safetensors",
        "https://huggingface.co/facebook/dinov2-with-registers-large/resolve/main/model.safetensors",
    ),
    dinov2(
        "dinov2-g-reg",
        "dinov2-with-registers-giant.safetensors",
        "https://huggingface.co/facebook/dinov2-with-registers-giant/resolve/main/model.safetensors",
    ),
    PublishedWeights {
        extractor: "clip-vit-b32",
        file: "clip-vit-base-patch32.pth",
        url: "https://huggingface.co/openai/clip-vit-base-patch32/resolve/main/pytorch_model.bin",
        pinned: Some(Pin {
            bytes: 605_247_071,
            sha256: "a63082132ba4f97a80bea76823f544493bffa8082296d62d71581a4feff1576f",
        }),
    },
    PublishedWeights {
        extractor: "clip-vit-l14-336",
        file: "clip-vit-large-patch14-336.pth",
        url: "https://huggingface.co/openai/clip-vit-large-patch14-336/resolve/main/pytorch_model.bin",
        pinned: Some(Pin {
            bytes: 1_711_974_081,
            sha256: "c6032c2e0caae3dc2d4fba35535fa6307dbb49df59c7e182b1bc4b3329b81801",
        }),
    },
    PublishedWeights {
        extractor: "vgg16",
        file: "vgg16-397923af.pth",
        url: "https://download.pytorch.org/models/vgg16-397923af.pth",
        pinned: Some(Pin {
            bytes: 553_433_881,
            sha256: "397923af8e79cdbb6a7127f12361acd7a2f83e06b05044ddf496e83de57a5bf0",
        }),
    },
];

const fn dinov2(extractor: &'static str, file: &'static str, url: &'static str) -> PublishedWeights {
    PublishedWeights { extractor, file, url, pinned: None }
}

/// The published weights of an extractor; `None` for one that has none.
pub fn published_weights(extractor: &str) -> Option<&'static PublishedWeights> {
    PUBLISHED.iter().find(|weights| weights.extractor == extractor)
}

/// Where to look for weights.
#[derive(Clone, Copy, Debug)]
pub struct WeightsQuery<'a> {
    /// A file that the user named: it is taken, whatever its hash, which goes into the provenance of numbers.
    pub path: Option<&'a Path>,
    /// The cache folder, such as [`cache_dir`].
    pub cache: &'a Path,
    /// Whether to fetch what is not there. Nothing is fetched unless somebody asked for it.
    pub fetch: bool,
}

/// A file of weights on this machine, whose hash is computed while it is read.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WeightsFile {
    /// Where it is.
    pub path: PathBuf,
    hash: FileHash,
    pinned: Option<Pin>,
    note: Arc<OnceLock<String>>,
}

impl WeightsFile {
    /// Any file. Its hash is computed on another thread meanwhile.
    pub fn given(path: &Path) -> Self {
        Self::new(path, FileHash::start(path), None)
    }

    fn new(path: &Path, hash: FileHash, pinned: Option<Pin>) -> Self {
        Self { path: path.to_path_buf(), hash, pinned, note: Arc::default() }
    }

    /// In words where in the file the weights were found, and what of it was left out; `None` before they were read,
    /// and where there is nothing to say.
    pub fn note(&self) -> Option<&str> {
        self.note.get().map(String::as_str)
    }

    pub(crate) fn take_note(&self, note: String) {
        // The same file gives the same note.
        let _ = self.note.set(note);
    }

    /// What is part of the program.
    pub(crate) fn known(path: &Path, sha256: String) -> Self {
        Self::new(path, FileHash::known(path, sha256), None)
    }

    /// What became of reading it. Of a file that is not the published one, that is why it could not be used.
    pub(crate) fn explain<T>(&self, result: Result<T>) -> Result<T> {
        if let Err(MetricError::Weights(CheckpointError::TorchScript { path })) = result {
            return Err(torch_script(path));
        }
        if result.is_err() && self.pinned.is_some() {
            self.sha256()?;
        }
        result
    }

    fn pinned(path: PathBuf, pinned: Option<Pin>) -> Self {
        Self::new(&path, FileHash::start(&path), pinned)
    }

    /// Its SHA-256 in hexadecimal digits, as soon as it is known: 81 MB take a machine with instructions for
    /// it 50 ms.
    ///
    /// # Errors
    /// [`MetricError::Io`] when it cannot be read; [`MetricError::File`] when it was found in the cache
    /// folder under a published name and is another file.
    pub fn sha256(&self) -> Result<&str> {
        let found = self.hash.get()?;
        match self.pinned {
            Some(pin) if pin.sha256 != found => {
                let reason = format!(
                    "its SHA-256 is {found}, and that of the published file is {}: remove it and fetch it again, or name it with `--weights` if you mean it",
                    pin.sha256
                );
                Err(MetricError::File { path: self.path.clone(), reason })
            }
            _ => Ok(found),
        }
    }
}

/// Finds weights: the file that is named, else the one in `weights` of the cache folder, else, if asked for, a
/// download into it. `progress` is told the bytes that came, and of how many.
///
/// A download goes on where an earlier one broke off, is hashed while it comes, and gets its name only when
/// it is the published file.
///
/// # Errors
/// [`MetricError::File`], which says where the weights can be had and which file to put where;
/// [`MetricError::Io`] when the cache folder cannot be written.
pub fn find_weights(
    published: &PublishedWeights,
    query: &WeightsQuery<'_>,
    progress: &mut dyn FnMut(u64, Option<u64>),
) -> Result<WeightsFile> {
    if let Some(path) = query.path {
        return match path.is_file() {
            true => Ok(WeightsFile::given(path)),
            false => {
                Err(MetricError::File { path: path.to_path_buf(), reason: "there is no such file".into() })
            }
        };
    }
    let folder = query.cache.join("weights");
    let path = folder.join(published.file);
    if path.is_file() {
        return Ok(WeightsFile::pinned(path, published.pinned));
    }
    match published.pinned {
        Some(pin) if query.fetch => {
            fetch(published, pin, &folder, progress)?;
            Ok(WeightsFile::pinned(path, published.pinned))
        }
        Some(_) => Err(missing(published, &path, "fetching was not asked for")),
        None => Err(missing(published, &path, "no hash of it is known, so that it is not fetched")),
    }
}

fn fetch(
    published: &PublishedWeights,
    pin: Pin,
    folder: &Path,
    progress: &mut dyn FnMut(u64, Option<u64>),
) -> Result<()> {
    let io = |path: &Path| {
        let path = path.to_path_buf();
        move |source| MetricError::Io { path, source }
    };
    std::fs::create_dir_all(folder).map_err(io(folder))?;
    let path = folder.join(published.file);
    let part = part_path(folder, published.file, published.url);
    let download = Download { url: published.url, part: &part, max_bytes: pin.bytes, progress };
    let check = |received: &Received| received.expect(pin.bytes, pin.sha256);
    let fetched = Http::new().fetch(download, &check);
    fetched.map_err(|error| missing(published, &path, &format!("{} gave: {error}", published.url)))?;
    std::fs::rename(&part, &path).map_err(io(&path))
}

/// StyleGAN, clean-fid and others publish their Inception as a program.
fn torch_script(path: PathBuf) -> MetricError {
    let PublishedWeights { file, url, .. } = PUBLISHED[0];
    let reason = format!(
        "a TorchScript archive: a program with its weights inside, such as the inception-2015-12-05.pt of StyleGAN and \
         clean-fid, and programs are never run here. The weights of that Inception are also published alone, as \
         {file}: {url}. Without `--weights` they are fetched and verified; of other networks, such as StyleGAN's \
         vgg16.pt and OpenAI's ViT-B-32.pt, give the state dict: in Python, \
         torch.save(torch.jit.load(\"FILE.pt\").state_dict(), \"FILE.pth\") writes it"
    );
    MetricError::File { path, reason }
}

/// The way out where there is no network.
fn missing(published: &PublishedWeights, path: &Path, why: &str) -> MetricError {
    let PublishedWeights { extractor, file, url, pinned } = published;
    let what = match pinned {
        Some(pin) => format!(" ({} bytes, SHA-256 {})", pin.bytes, pin.sha256),
        None => String::new(),
    };
    let folder = path.parent().unwrap_or(path).display();
    let reason = format!(
        "the weights of `{extractor}` are not there, and {why}. Put the file of {url}{what} there, as `{file}` in the folder {folder}, or name it with `--weights`"
    );
    MetricError::File { path: path.to_path_buf(), reason }
}

/// The folder of weights and cached features: `GANYMEDE_CACHE` where set and not empty, else `ganymede` in the
/// folder that the platform has for such things (`XDG_CACHE_HOME` or `~/.cache`, `~/Library/Caches`,
/// `%LOCALAPPDATA%`), else `./.ganymede-cache`.
pub fn cache_dir() -> PathBuf {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(dir) = set(CACHE_VARIABLE) {
        return dir;
    }
    let home = || set("HOME");
    let platform = if cfg!(windows) {
        set("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        home().map(|home| home.join("Library/Caches"))
    } else {
        set("XDG_CACHE_HOME").or_else(|| home().map(|home| home.join(".cache")))
    };
    platform.map_or_else(|| PathBuf::from(".ganymede-cache"), |dir| dir.join("ganymede"))
}

#[cfg(test)]
mod tests;
