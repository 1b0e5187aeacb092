//! Images to be conditions, given by themselves.

use std::path::Path;

use ganymede_files::{Found, Scan};

use super::downsampled::repeated;
use crate::dataset::ImageSet;
use crate::decoded::Decoded;
use crate::encoded::Encoded;
use crate::error::DatasetError;
use crate::folder::search;
use crate::layout::Layout;
use crate::options::{DEFAULT_FOLDER_RESOLUTION, OpenOptions, Pairs};

/// The image of a file, or the images of a folder in the order of their paths, as conditions: fitted as those of the data
/// are. They are taken to be what the condition is, such as drawn edges; only with [`Pairs::Downsampled`] any image is
/// brought to the low resolution first. Nothing is kept, and no file is skipped.
///
/// # Errors
/// A file cannot be used, or there is none; the factor does not divide the resolution.
pub fn open_conditions(path: &Path, options: &OpenOptions) -> Result<ImageSet, DatasetError> {
    options.validate()?;
    let scan = if path.is_dir() { search(path, options)? } else { one_file(path)? };
    let side = options.resolution.unwrap_or(DEFAULT_FOLDER_RESOLUTION);
    let factor = match options.pairs {
        Some(Pairs::Downsampled { factor }) if factor > 0 && side.is_multiple_of(factor) => factor,
        Some(Pairs::Downsampled { factor }) => {
            let fix = format!("give one that divides {side}, the side of the images");
            return Err(DatasetError::BadOption { option: "factor", value: factor.to_string(), fix });
        }
        _ => 1,
    };
    let strict = OpenOptions { strict: true, ..options.clone() };
    let size = (side / factor, Layout::Single);
    let encoded = Encoded::unlabelled(path, scan);
    let set = Decoded::in_memory("conditions", encoded, size, &strict, &|_, _| {})?.into_images(&strict)?;
    let [channels, height, width] = set.image_shape();
    let pixels = repeated(set.pixels(), width, factor);
    ImageSet::new("conditions", [channels, height * factor, width * factor], pixels, None)
}

fn one_file(path: &Path) -> Result<Scan, DatasetError> {
    let metadata = std::fs::metadata(path).map_err(DatasetError::io("read", path))?;
    let mut scan = Scan::default();
    scan.files.push(Found {
        path: path.to_owned(),
        relative: path.file_name().map(Into::into).unwrap_or_default(),
        bytes: metadata.len(),
        modified_nanos: 0,
    });
    Ok(scan)
}
