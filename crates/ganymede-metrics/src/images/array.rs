//! Images that lie in one array of NumPy: `arr_0` of an `.npz`, or an `.npy`.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ganymede_files::{Frame, sha256};

use crate::npy::{self, Element, Header};
use crate::npz::{Npz, Stored};
use crate::{MetricError, Result};

/// Bytes that a compressed array may unpack to; others are read from the disk image by image.
const MAX_UNPACKED: u64 = 4 << 30;
/// More images than any set has; each has a name and a place in lists.
const MAX_IMAGES: usize = 20_000_000;
/// Bytes that are looked at to say what numbers an array holds instead.
const LOOKED_AT: u64 = 8 << 20;

/// Where the images lie, and how large they are.
#[derive(Clone, Debug)]
pub(super) struct ImageArray {
    file: PathBuf,
    /// Its key; empty in an `.npy`.
    key: String,
    /// N, H, W, C.
    shape: [usize; 4],
    place: Place,
    format: &'static str,
}

/// What reports call the arrays of files.
const NUMPY: &str = "NumPy";

#[derive(Clone, Debug)]
enum Place {
    /// From that byte of the file on.
    File(u64),
    Memory(Arc<Vec<u8>>),
}

/// Reads images one after the other; each thread has its own.
pub(super) struct ArrayReader {
    array: ImageArray,
    file: Option<File>,
}

impl ImageArray {
    /// The images of an `.npz` or `.npy`; nothing for a file that is neither.
    pub(super) fn open(path: &Path) -> Result<Option<Self>> {
        let io = |source| MetricError::Io { path: path.to_path_buf(), source };
        let mut head = Vec::new();
        File::open(path).map_err(io)?.take(6).read_to_end(&mut head).map_err(io)?;
        match head.as_slice() {
            head if head == npy::MAGIC => Self::of_npy(path).map(Some),
            [b'P', b'K', 3 | 5, 4 | 6, ..] => Self::of_npz(path).map(Some),
            _ => Ok(None),
        }
    }

    fn of_npy(path: &Path) -> Result<Self> {
        let refuse = |reason: String| MetricError::File { path: path.to_path_buf(), reason };
        let io = |source| MetricError::Io { path: path.to_path_buf(), source };
        let mut file = File::open(path).map_err(io)?;
        let length = file.metadata().map_err(io)?.len();
        let (header, start) = npy::read_header(&mut file).map_err(refuse)?;
        let shape = check(&header, || npy::first_numbers(&mut file, &header, LOOKED_AT)).map_err(refuse)?;
        let wanted = header.bytes().and_then(|bytes| bytes.checked_add(start));
        if wanted != Some(length) {
            return Err(refuse(format!("it has {length} bytes, which are not a header and {header}")));
        }
        let place = Place::File(start);
        Ok(Self { file: path.to_path_buf(), key: String::new(), shape, place, format: NUMPY })
    }

    fn of_npz(path: &Path) -> Result<Self> {
        let mut npz = Npz::open(path)?;
        let Some(entry) = npz.images() else {
            crate::npz_kind(path)?;
            let reason =
                "it holds statistics or features, and images are needed: one array (N, H, W, 3) of uint8";
            return Err(npz.error(reason.into()));
        };
        let key = entry.key.clone();
        let header = entry.header.clone().map_err(|reason| npz.error(format!("`{key}`: {reason}")))?;
        let wrong = |npz: &Npz, reason| npz.error(format!("`{key}`: {reason}"));
        let shape = check(&header, || npz.first(&key, LOOKED_AT)).map_err(|reason| wrong(&npz, reason))?;
        let place = match npz.verify(&key, MAX_UNPACKED) {
            Ok(Ok(Stored { start })) => Place::File(start),
            Ok(Err(bytes)) => Place::Memory(Arc::new(bytes)),
            Err(reason) => return Err(wrong(&npz, reason)),
        };
        Ok(Self { file: path.to_path_buf(), key, shape, place, format: NUMPY })
    }

    /// Images that were drawn for the occasion, as levels (H, W, C) one after the other; `of` is what they are of.
    #[cfg(feature = "program")]
    pub(super) fn drawn(of: &Path, [height, width, channels]: [usize; 3], levels: Vec<u8>) -> Self {
        let shape = [levels.len() / (height * width * channels), height, width, channels];
        let place = Place::Memory(Arc::new(levels));
        Self { file: of.to_path_buf(), key: "sample".to_owned(), shape, place, format: "drawn" }
    }

    pub(super) fn len(&self) -> usize {
        self.shape[0]
    }

    /// What reports call it.
    pub(super) fn format(&self) -> &'static str {
        self.format
    }

    /// Bytes of one image.
    fn image_bytes(&self) -> usize {
        self.shape[1..].iter().product()
    }

    /// What an image is called: `samples.npz/arr_0[12]`.
    pub(super) fn name(&self, index: usize) -> PathBuf {
        // A key may hold slashes, and whatever else a zip's names may.
        self.file.join(format!("{}[{index}]", self.key.replace(['/', '\\'], ".")))
    }

    pub(super) fn reader(&self) -> ArrayReader {
        ArrayReader { array: self.clone(), file: None }
    }
}

impl ArrayReader {
    pub(super) fn format(&self) -> &'static str {
        self.array.format()
    }

    /// An image by its number. Colours that are equal everywhere are one channel.
    pub(super) fn frame(&mut self, index: usize, max_pixels: u64) -> Result<Frame, String> {
        let [_, height, width, channels] = self.array.shape;
        if (height as u64).saturating_mul(width as u64) > max_pixels {
            return Err(format!("{width}×{height} pixels are more than the limit of {max_pixels}"));
        }
        let pixels = self.pixels(index).map_err(|error| format!("cannot be read ({error})"))?;
        let is_grey = channels == 3 && pixels.as_chunks::<3>().0.iter().all(|[r, g, b]| r == g && g == b);
        let step = if is_grey { 3 } else { 1 };
        let planes: Vec<u8> = match (channels, is_grey) {
            (3, false) => (0..3).flat_map(|c| pixels.iter().copied().skip(c).step_by(3)).collect(),
            _ => pixels.iter().copied().step_by(step).collect(),
        };
        let planar = [if is_grey { 1 } else { channels }, height, width];
        Frame::from_planar(planar, &planes).ok_or_else(|| "an image of that shape cannot be held".to_owned())
    }

    /// The bytes of an image and their SHA-256, its shape included: the same levels may be images of other sizes.
    pub(super) fn hash(&mut self, index: usize) -> std::io::Result<(u64, String)> {
        let shape = format!("{:?}", &self.array.shape[1..]);
        let pixels = self.pixels(index)?;
        sha256(shape.as_bytes().chain(pixels.as_slice()), u64::MAX - 1)
    }

    fn pixels(&mut self, index: usize) -> std::io::Result<Vec<u8>> {
        let length = self.array.image_bytes();
        match &self.array.place {
            Place::Memory(bytes) => Ok(bytes[index * length..(index + 1) * length].to_vec()),
            Place::File(start) => {
                let file = match &mut self.file {
                    Some(file) => file,
                    None => self.file.insert(File::open(&self.array.file)?),
                };
                file.seek(SeekFrom::Start(start + (index * length) as u64))?;
                let mut pixels = vec![0; length];
                file.read_exact(&mut pixels)?;
                Ok(pixels)
            }
        }
    }
}

/// N, H, W, C of an array of images, or what is wrong with it; `first` gives some of its numbers.
fn check(header: &Header, first: impl FnOnce() -> Result<Vec<f32>, String>) -> Result<[usize; 4], String> {
    let shape = match *header.shape.as_slice() {
        [n, h, w, c @ (1 | 3)] => [n, h, w, c],
        [n, c @ (1 | 3), h, w] => {
            let fix = "save images.transpose(0, 2, 3, 1)";
            return Err(format!("{header} is N, C, H, W ({n} of {c} × {h} × {w}); {fix}"));
        }
        [_, _, _, 4] => return Err(format!("{header} has an alpha channel; save images[..., :3]")),
        [_, _, 3 | 4] => {
            return Err(format!("{header} seems to be one image (H, W, C) and not many; save images[None]"));
        }
        [n, h, w] => [n, h, w, 1],
        _ => {
            return Err(format!("{header} are no images: wanted is (N, H, W, 3), (N, H, W, 1) or (N, H, W)"));
        }
    };
    if header.element != Element::U8 {
        return Err(format!("{header} are no levels of 8 bits{}", range(first)));
    }
    if header.fortran {
        return Err(format!("{header} lies in Fortran's order; save numpy.ascontiguousarray(images)"));
    }
    if shape.contains(&0) {
        return Err(format!("{header} holds no image"));
    }
    if shape[0] > MAX_IMAGES {
        return Err(format!("{header} holds more than {MAX_IMAGES} images"));
    }
    Ok(shape)
}

/// Which numbers there are, and how they become levels.
fn range(first: impl FnOnce() -> Result<Vec<f32>, String>) -> String {
    let Ok(numbers) = first() else { return "; save them as uint8".to_owned() };
    let low = numbers.iter().copied().fold(f32::INFINITY, f32::min);
    let high = numbers.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let fix = match (low, high) {
        (low, high) if low >= 0.0 && high <= 1.0 => "(images * 255).round().astype('uint8')",
        (low, high) if low >= -1.5 && high <= 1.5 => {
            "((images + 1) * 127.5).round().clip(0, 255).astype('uint8')"
        }
        _ => "images.round().clip(0, 255).astype('uint8'), if 0 to 255 is their range",
    };
    format!(" (the first lie from {low} to {high}); save {fix}")
}
