//! What turns images into rows of features.

use ganymede_tensor::Tensor;
use ndarray::Array2;

use crate::Result;

/// Rows of features of some images, one row an image.
#[derive(Clone, Debug, Default)]
pub struct Features {
    /// The features that distances and neighbours are taken in, `(N, D)`.
    pub pool: Array2<f32>,
    /// Class logits `(N, K)`, where the network classifies: the Inception Score needs them.
    pub logits: Option<Array2<f32>>,
    /// Flattened spatial features `(N, S)`, where the network gives them: sFID needs them.
    pub spatial: Option<Array2<f32>>,
}

/// A frozen network that describes images by numbers.
pub trait FeatureExtractor: Send + Sync {
    /// Its name in provenance, such as `inception2015`.
    fn id(&self) -> &str;
    /// Numbers in a row of [`Features::pool`].
    fn dim(&self) -> usize;
    /// Channels, height and width that [`FeatureExtractor::features`] takes.
    fn input(&self) -> [usize; 3];
    /// SHA-256 of the weights, in hexadecimal.
    fn weights_sha256(&self) -> &str;
    /// Everything that [`FeatureExtractor::features`] depends on besides name, weights and images, in one line such as
    /// `range=unit-255 logits=without-bias spatial=no`; empty where there is nothing to choose.
    ///
    /// It enters [`CacheKey`](crate::CacheKey): two extractors that may give other features of the same images never
    /// have the same name, weights and settings. What changes speed only is left out.
    fn settings(&self) -> String;
    /// Features of images `(N, C, H, W)`: f32 grey levels in `0..=255`, already of the size of
    /// [`FeatureExtractor::input`]. Mapping levels to the network's own range is the extractor's affair.
    ///
    /// # Errors
    /// The shape is another, or an operation on tensors failed.
    fn features(&self, images: &Tensor) -> Result<Features>;
}
