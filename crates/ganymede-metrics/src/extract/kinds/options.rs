//! How an extractor is loaded, and what is told meanwhile.

use std::path::Path;

use ganymede_tensor::Device;

use crate::Choices;

/// How an extractor is loaded.
#[derive(Clone, Copy, Debug)]
pub struct ExtractorOptions<'a> {
    /// A file of weights that the user named.
    pub weights: Option<&'a Path>,
    /// The cache folder, such as [`cache_dir`](crate::cache_dir), where weights are looked for otherwise.
    pub cache: &'a Path,
    /// Whether to fetch weights that are not there.
    pub fetch: bool,
    /// Whose choices the range of the input, the bias of the logits and the place of spatial features are.
    pub choices: &'a Choices,
    /// Whether spatial features are wanted, where there are some.
    pub spatial: bool,
    /// Images in one pass, at least 1: bounds the memory.
    pub batch: usize,
    /// Where the network runs.
    pub device: &'a Device,
    /// Channels, height and width of the images, for what takes them as they are.
    pub images: Option<[usize; 3]>,
}

/// What happens while an extractor is loaded.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum WeightsNews<'a> {
    /// Its weights are being fetched.
    Fetching {
        /// The name of the file.
        file: &'a str,
        /// Bytes that came.
        bytes: u64,
        /// Of how many, if that is known.
        total: Option<u64>,
    },
    /// Where in a file the weights were, and what of it was left out.
    Found {
        /// The file.
        path: &'a Path,
        /// In words.
        note: &'a str,
    },
}
