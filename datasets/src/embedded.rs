//! The 10,000 images of Fashion-MNIST that are built into the program.

use std::path::Path;

use crate::catalogue::FASHION_CLASSES;
use crate::error::DatasetError;
use crate::idx;
use crate::raw::RawImages;

// Zalando SE, MIT licence: `fashion-mnist/LICENSE` beside the files.
static IMAGES: &[u8] = include_bytes!("../fashion-mnist/t10k-images-idx3-ubyte.gz");
static LABELS: &[u8] = include_bytes!("../fashion-mnist/t10k-labels-idx1-ubyte.gz");

/// Unpacks the embedded set.
pub(crate) fn fashion_mnist_10k(max_bytes: u64) -> Result<RawImages, DatasetError> {
    let images_path = Path::new("(built in) t10k-images-idx3-ubyte.gz");
    let labels_path = Path::new("(built in) t10k-labels-idx1-ubyte.gz");
    let images = idx::parse_idx(&mut &*IMAGES, images_path, max_bytes)?;
    let labels = idx::parse_idx(&mut &*LABELS, labels_path, max_bytes)?;
    idx::join((images, images_path), Some((labels, labels_path)), Some(&FASHION_CLASSES))
}
