//! How a data set is opened.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::error::DatasetError;

/// The side of the images of a folder when [`OpenOptions::resolution`] is not given, in pixels.
pub const DEFAULT_FOLDER_RESOLUTION: usize = 64;

/// The environment variable that names the folder of fetched data sets.
pub const DATA_DIR_VARIABLE: &str = "GANYMEDE_DATA";

/// Choices for [`open`](crate::open). [`Default`] suits most uses.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenOptions {
    /// Side of the square images in pixels, 1 to 4096; no effect on toys.
    ///
    /// `None`: IDX and CIFAR-10 images keep their size, folders of images get
    /// [`DEFAULT_FOLDER_RESOLUTION`]. IDX images are padded with black where the frame is even on all
    /// sides and at most an eighth of the image wide (28 to 32 is a frame of 2); everything else is
    /// resized by Lanczos with 3 lobes, antialiased (the kernel grows with the reduction).
    pub resolution: Option<usize>,
    /// How many colour channels the images have.
    pub channels: Channels,
    /// How an image that is not square becomes square.
    pub crop: Crop,
    /// What shows through transparent pixels, and fills the bars of [`Crop::Pad`].
    pub background: Background,
    /// Which part of a data set that has a training and a test part.
    pub split: Split,
    /// Refuse with [`DatasetError::Strict`] instead of skipping images that cannot be used.
    pub strict: bool,
    /// Where fetched data sets are; `None`: [`default_data_dir`].
    pub data_dir: Option<PathBuf>,
    /// A folder that is left out of the search for images, where it lies inside the data: that of the run that
    /// reads them.
    pub exclude: Option<PathBuf>,
    /// Keep decoded folders and archives of images on disk, so that they take no memory and the next start takes
    /// seconds.
    pub cache: bool,
    /// Where they are kept; `None`: `cache` in the data folder.
    pub cache_dir: Option<PathBuf>,
    /// The most memory that the images may take, in bytes; by default 4 GiB. Those that are kept on disk take none.
    pub max_memory_bytes: u64,
    /// Images of more pixels are skipped before they are decoded; by default 200 million.
    pub max_pixels: u64,
    /// The seed of the toys' samples; no effect on images.
    pub seed: u64,
    /// A file of vectors, one for each image in the order of the data set: see [`Vectors`](crate::Vectors). The images
    /// of a folder are in the order of their paths, files that are skipped left out. They take the place of what the data
    /// say themselves.
    pub vectors: Option<PathBuf>,
    /// Where an image beside each sample comes from.
    pub pairs: Option<Pairs>,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self {
            resolution: None,
            channels: Channels::Auto,
            crop: Crop::Centre,
            background: Background::White,
            split: Split::Train,
            strict: false,
            data_dir: None,
            exclude: None,
            cache: true,
            cache_dir: None,
            max_memory_bytes: 4 << 30,
            max_pixels: 200_000_000,
            seed: 0,
            vectors: None,
            pairs: None,
        }
    }
}

impl OpenOptions {
    /// The folder of fetched data sets.
    pub fn data_dir(&self) -> PathBuf {
        self.data_dir.clone().unwrap_or_else(default_data_dir)
    }

    /// The folder of decoded images.
    pub fn cache_dir(&self) -> PathBuf {
        self.cache_dir.clone().unwrap_or_else(|| self.data_dir().join("cache"))
    }

    pub(crate) fn validate(&self) -> Result<(), DatasetError> {
        match self.resolution {
            Some(side @ (0 | 4097..)) => Err(DatasetError::BadOption {
                option: "resolution",
                value: side.to_string(),
                fix: "give a number of pixels from 1 to 4096".into(),
            }),
            _ if self.max_pixels == 0 => Err(DatasetError::BadOption {
                option: "max_pixels",
                value: "0".into(),
                fix: "give a number of pixels of at least 1".into(),
            }),
            _ if self.vectors.is_some() && self.pairs.is_some() => Err(DatasetError::BadOption {
                option: "vectors",
                value: "given beside `pairs`".into(),
                fix: "a sample has one condition: leave out one of the two".into(),
            }),
            _ => Ok(()),
        }
    }
}

/// The folder of fetched data sets: `GANYMEDE_DATA` where set and not empty, else `./data`.
pub fn default_data_dir() -> PathBuf {
    match std::env::var_os(DATA_DIR_VARIABLE) {
        Some(dir) if !dir.is_empty() => PathBuf::from(dir),
        _ => PathBuf::from("data"),
    }
}

/// The number of colour channels.
///
/// Colour becomes grey by the luma of ITU-R BT.709 (PIL's mode `L` uses BT.601, so greys differ a
/// little); grey becomes colour by repetition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Channels {
    /// Grey where most of the images are: their pixels count, not the channels of their files. A tie is colour.
    #[default]
    Auto,
    /// One channel.
    Grey,
    /// Three channels: red, green, blue.
    Rgb,
}

/// How an image that is not square becomes square, before it is resized.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Crop {
    /// The largest square in the middle.
    #[default]
    Centre,
    /// The whole image, with bars of [`Background`].
    Pad,
    /// The whole image, squeezed.
    Stretch,
}

/// The colour behind transparent pixels.
///
/// Programs that drop the alpha channel instead show whatever colour the invisible pixels happen to
/// have, often black and sometimes noise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Background {
    /// 255 in each channel.
    #[default]
    White,
    /// 0 in each channel.
    Black,
}

impl Background {
    pub(crate) fn level(self) -> u8 {
        match self {
            Self::White => 255,
            Self::Black => 0,
        }
    }
}

/// The parts of a data set such as MNIST.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Split {
    /// The training part. `fashion-mnist-10k`, folders of images and toys have no parts and ignore this.
    #[default]
    Train,
    /// The test part.
    Test,
    /// The training part, then the test part.
    All,
}

/// Where the image beside each sample comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pairs {
    /// Two sub-folders with files of equal names: `A` and `B`, else `trainA` and `trainB`, or `testA` and `testB` by
    /// [`OpenOptions::split`]. [`OpenOptions::channels`] is that of the samples; the images beside them have what they
    /// have.
    Folders(Direction),
    /// Each file holds both, A at the left and B at the right, and is twice as wide as high.
    SideBySide(Direction),
    /// The sample's own edges, `[1, H, W]`: 1 where the gradient of its grey levels is steep, else −1.
    ///
    /// The gradient is that of Sobel's two kernels of 3 × 3 on levels from 0 to 255, with the outermost pixels
    /// repeated beyond the frame; steep is a norm of 256 or more, as a step of 64 levels along a straight edge has it.
    /// Colours become grey as in [`Channels`]. Lines are not thinned, as Canny's are. Isola et al. (2017,
    /// arXiv:1611.07004, appendix) take the edges of a network, HED, black on white.
    Edges,
    /// The sample itself in a lower resolution, `[C, H, W]`: the mean of each square of `factor` × `factor` pixels,
    /// rounded to the nearest of 256 levels, in each of them.
    ///
    /// Nearest neighbour, not the bicubic of papers on super-resolution: what is given is exactly the small image,
    /// without anything that a kernel adds or a clamp takes away, and mirroring commutes with it.
    Downsampled {
        /// Pixels of a square's side, 2 or more; it divides height and width.
        factor: usize,
    },
}

impl Pairs {
    /// `folders`, `side-by-side`, `edges` or `downsampled`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Folders(_) => "folders",
            Self::SideBySide(_) => "side-by-side",
            Self::Edges => "edges",
            Self::Downsampled { .. } => "downsampled",
        }
    }

    /// Whether both images lie in files.
    pub fn are_stored(self) -> bool {
        matches!(self, Self::Folders(_) | Self::SideBySide(_))
    }
}

/// Which image of a pair is the condition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// A is the condition, B the sample.
    #[default]
    AtoB,
    /// B is the condition, A the sample.
    BtoA,
}
