//! The table of parsers.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use ganymede_files::events::EventScalars;
use ganymede_files::{Alpha, DecodeOptions, Depth, Formats, decode_bytes};
use ganymede_metrics::{
    FeatureFile, FeatureStats, ImageFolder, npz_has_images, npz_kind, read_adm_npz, read_npz,
};
use ganymede_tensor::{Checkpoint, Device, Shapes, fit_bytes, load_weights, weights_from_bytes};
use ganymede_train::{Layers, Sampler};

/// A parser under test.
pub struct Target {
    /// Its name on the command line.
    pub name: &'static str,
    /// Folders and files below `crates/` to begin from; those in `seeds/NAME` come besides.
    pub seeds: &'static [&'static str],
    /// What its files are made of.
    pub shape: Shape,
    /// Parses one input; whether that was accepted says nothing.
    pub run: fn(&[u8], &Scratch),
}

/// How a file is put together, so that mutants get past lengths and checksums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Bytes without a frame.
    Bytes,
    /// Text: numbers and words are exchanged.
    Text,
    /// A zip: an entry is changed, and the archive written anew.
    Zip,
    /// Chunks with checksums.
    Png,
    /// A length, JSON, numbers.
    Safetensors,
    /// Blocks with a sum in each header; perhaps packed by gzip.
    Tar,
    /// Perhaps packed by gzip.
    Gzip,
    /// Records of TensorFlow, each with a length and checksums.
    Records,
}

/// A folder in memory, for parsers that take a path.
pub struct Scratch {
    dir: tempfile::TempDir,
    model: Checkpoint,
}

impl Scratch {
    /// A new folder.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn new() -> io::Result<Self> {
        let memory = Path::new("/dev/shm");
        let place = if memory.is_dir() { memory.to_path_buf() } else { std::env::temp_dir() };
        let dir = tempfile::Builder::new().prefix("ganymede-fuzz-").tempdir_in(place)?;
        let model = Checkpoint::load(&below("ganymede-fuzz/model.safetensors"), &Device::Cpu);
        Ok(Self { dir, model: model.unwrap_or_default() })
    }

    /// The input as a file of that name.
    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::write(&path, bytes).expect("the scratch folder can be written");
        path
    }
}

/// A path below `crates/`.
pub(crate) fn below(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new(".")).join(path)
}

const PTH: &[&str] = &["ganymede-tensor/tests/fixtures/pth", "ganymede/tests/fixtures/wrapped"];
/// One file that holds those of the test of decoders: see [`crate::Corpus`].
pub(crate) const PICTURES: &str = "ganymede-files/tests/fixtures/decode/cases.z";

/// Every parser.
pub static TARGETS: &[Target] = &[
    Target { name: "pth", seeds: PTH, shape: Shape::Zip, run: weights },
    Target { name: "pth-stream", seeds: PTH, shape: Shape::Bytes, run: weights },
    Target {
        name: "safetensors",
        seeds: &["ganymede-tensor/tests/fixtures/pth/foreign.safetensors", "ganymede-fuzz/model.safetensors"],
        shape: Shape::Safetensors,
        run: safetensors,
    },
    Target { name: "checkpoint-state", seeds: &[], shape: Shape::Text, run: checkpoint_state },
    Target { name: "statistics", seeds: &[], shape: Shape::Safetensors, run: statistics },
    Target {
        name: "npz",
        seeds: &[
            "ganymede-metrics/tests/fixtures/numpy/forms",
            "ganymede-metrics/tests/fixtures/numpy/other",
            "ganymede-metrics/tests/fixtures/numpy/images",
            "ganymede-metrics/tests/fixtures/numpy/rows",
        ],
        shape: Shape::Zip,
        run: npz,
    },
    Target {
        name: "npy",
        seeds: &[
            "ganymede-metrics/tests/fixtures/numpy/rows",
            "ganymede-metrics/tests/fixtures/numpy/images/single.npy",
        ],
        shape: Shape::Bytes,
        run: npy,
    },
    Target {
        name: "vectors",
        seeds: &[
            "ganymede-metrics/tests/fixtures/numpy/rows",
            "ganymede-tensor/tests/fixtures/pth/foreign.safetensors",
        ],
        shape: Shape::Bytes,
        run: vectors,
    },
    Target {
        name: "idx",
        seeds: &[],
        shape: Shape::Gzip,
        run: |bytes, _| ganymede_datasets::doors::idx(bytes),
    },
    Target {
        name: "cifar",
        seeds: &[],
        shape: Shape::Bytes,
        run: |bytes, _| ganymede_datasets::doors::cifar(bytes),
    },
    Target { name: "cifar-tar", seeds: &[], shape: Shape::Tar, run: cifar_tar },
    Target { name: "tar", seeds: &[], shape: Shape::Tar, run: tar },
    Target { name: "deb", seeds: &[], shape: Shape::Bytes, run: deb },
    Target {
        name: "zip-images",
        seeds: &[
            "../datasets/tests/fixtures/archives/stylegan.zip",
            "../datasets/tests/fixtures/archives/vectors.zip",
            "../datasets/tests/fixtures/archives/zip64.zip",
        ],
        shape: Shape::Zip,
        run: zip_images,
    },
    Target {
        name: "tar-images",
        seeds: &[
            "../datasets/tests/fixtures/archives/samples.tar",
            "../datasets/tests/fixtures/archives/long.tar",
            "../datasets/tests/fixtures/archives/pax.tar",
        ],
        shape: Shape::Tar,
        run: tar_images,
    },
    Target {
        name: "metrics-zip",
        seeds: &[
            "../datasets/tests/fixtures/archives/stylegan.zip",
            "../datasets/tests/fixtures/archives/zip64.zip",
        ],
        shape: Shape::Zip,
        run: |bytes, scratch| images(&scratch.file("x.zip", bytes)),
    },
    Target {
        name: "metrics-tar",
        seeds: &[
            "../datasets/tests/fixtures/archives/samples.tar",
            "../datasets/tests/fixtures/archives/pax.tar",
        ],
        shape: Shape::Tar,
        run: metrics_tar,
    },
    Target { name: "path-list", seeds: &[], shape: Shape::Text, run: path_list },
    Target {
        name: "adm-batch",
        seeds: &["ganymede-metrics/tests/fixtures/adm/batch.npz"],
        shape: Shape::Zip,
        run: adm_batch,
    },
    Target {
        name: "dataset-json",
        seeds: &[],
        shape: Shape::Text,
        run: |bytes, _| ganymede_datasets::doors::dataset_json(bytes),
    },
    Target { name: "png", seeds: &[PICTURES], shape: Shape::Png, run: image },
    Target { name: "jpeg", seeds: &[PICTURES], shape: Shape::Bytes, run: image },
    Target { name: "webp", seeds: &[PICTURES], shape: Shape::Bytes, run: image },
    Target { name: "bmp", seeds: &[PICTURES], shape: Shape::Bytes, run: image },
    Target { name: "pnm", seeds: &[PICTURES], shape: Shape::Text, run: image },
    Target { name: "tiff", seeds: &[PICTURES], shape: Shape::Bytes, run: image },
    Target {
        name: "events",
        seeds: &["ganymede-files/tests/fixtures/events"],
        shape: Shape::Records,
        run: |bytes, scratch| drop(EventScalars::read(&scratch.file("x.tfevents", bytes))),
    },
    Target { name: "run-file", seeds: &["ganymede-train/src/presets"], shape: Shape::Text, run: run_file },
    Target { name: "jsonl", seeds: &[], shape: Shape::Text, run: jsonl },
];

/// Bounds that keep a sound file of a megapixel far below the limits of the process.
const IMAGES: DecodeOptions = DecodeOptions {
    formats: Formats::All,
    max_pixels: 1_000_000,
    alpha: Alpha::Over(255),
    depth: Depth::Nearest,
    upright: true,
};

/// As a caller does that knows the names of a network.
fn is_network(shapes: &Shapes) -> Option<Vec<String>> {
    let extra = || shapes.keys().filter(|name| !name.starts_with("main.")).cloned().collect();
    (shapes.contains_key("main.0.weight")).then(extra)
}

fn weights(bytes: &[u8], _: &Scratch) {
    let path = Path::new("x.pth");
    let _ = fit_bytes(bytes, path, None, &is_network, &Device::Cpu);
    let _ = weights_from_bytes(bytes, path, Some("state_dict.generator"), &Device::Cpu);
}

fn safetensors(bytes: &[u8], scratch: &Scratch) {
    let path = Path::new("x.safetensors");
    let _ = fit_bytes(bytes, path, None, &is_network, &Device::Cpu);
    let file = scratch.file("x.safetensors", bytes);
    let _ = Checkpoint::load(&file, &Device::Cpu);
    let _ = load_weights(&file, Some("g"), &Device::Cpu);
}

/// The text is the state of a checkpoint whose content hash is right.
fn checkpoint_state(bytes: &[u8], scratch: &Scratch) {
    let state = String::from_utf8_lossy(bytes).into_owned();
    let metadata = BTreeMap::from([("state".to_owned(), state)]);
    let file = scratch.dir.path().join("state.safetensors");
    let checkpoint = Checkpoint { tensors: scratch.model.tensors.clone(), metadata };
    if checkpoint.save(&file).is_ok() {
        let _ = Sampler::from_checkpoint(&file, &Device::Cpu);
    }
}

fn statistics(bytes: &[u8], scratch: &Scratch) {
    let file = scratch.file("x.stats", bytes);
    let _ = FeatureStats::load(&file);
}

fn npz(bytes: &[u8], scratch: &Scratch) {
    let file = scratch.file("x.npz", bytes);
    let _ = npz_kind(&file);
    let _ = read_npz(&file);
    let _ = FeatureFile::read(&file);
    images(&file);
}

fn npy(bytes: &[u8], scratch: &Scratch) {
    let file = scratch.file("x.npy", bytes);
    let _ = FeatureFile::read(&file);
    images(&file);
}

fn vectors(bytes: &[u8], scratch: &Scratch) {
    ganymede_datasets::doors::vectors(&scratch.file("x.npy", bytes));
}

fn images(file: &Path) {
    if let Ok(folder) = ImageFolder::open(file) {
        for index in [0, folder.len() - 1] {
            let _ = folder.frame(index, &IMAGES);
        }
    }
}

/// As it is, and as one that gzip packed.
fn metrics_tar(bytes: &[u8], scratch: &Scratch) {
    images(&scratch.file("x.tar", bytes));
    images(&scratch.file("x.tar.gz", bytes));
}

/// The list lies beside one file that it may name.
fn path_list(bytes: &[u8], scratch: &Scratch) {
    scratch.file("a.png", b"");
    images(&scratch.file("list.txt", bytes));
}

fn adm_batch(bytes: &[u8], scratch: &Scratch) {
    let file = scratch.file("x.npz", bytes);
    let _ = npz_has_images(&file);
    let _ = read_adm_npz(&file);
    images(&file);
}

fn image(bytes: &[u8], _: &Scratch) {
    let _ = decode_bytes(bytes, &IMAGES);
    let _ = decode_bytes(bytes, &DecodeOptions { max_pixels: 1_000_000, ..DecodeOptions::pil() });
}

fn cifar_tar(bytes: &[u8], scratch: &Scratch) {
    ganymede_datasets::doors::cifar_archive(&scratch.file("cifar-10-binary.tar.gz", bytes));
}

fn tar(bytes: &[u8], scratch: &Scratch) {
    ganymede_datasets::doors::tar_gz(&scratch.file("x.tar.gz", bytes), scratch.dir.path());
}

fn zip_images(bytes: &[u8], scratch: &Scratch) {
    ganymede_datasets::doors::images(&scratch.file("x.zip", bytes));
}

fn tar_images(bytes: &[u8], scratch: &Scratch) {
    ganymede_datasets::doors::images(&scratch.file("x.tar", bytes));
}

fn deb(bytes: &[u8], scratch: &Scratch) {
    ganymede_datasets::doors::deb(&scratch.file("x.deb", bytes), scratch.dir.path());
}

fn run_file(bytes: &[u8], _: &Scratch) {
    let text = String::from_utf8_lossy(bytes);
    let Ok(mut layers) = Layers::text(&text, "run.toml", None) else { return };
    let _ = layers.resolve();
    // Lines of a file are assignments, too.
    let lines: Vec<&str> = text.lines().filter(|line| line.contains('=')).take(8).collect();
    if layers.set(&lines).is_ok() {
        let _ = layers.resolve();
    }
}

fn jsonl(bytes: &[u8], scratch: &Scratch) {
    let file = scratch.file("log.jsonl", bytes);
    ganymede_train::doors::jsonl(&file);
}
