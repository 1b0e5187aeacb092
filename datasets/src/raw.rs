//! From images as a file holds them to the data set that was asked for.

use std::path::Path;

use ganymede_files::Frame;
use rayon::prelude::*;

use crate::dataset::{ImageSet, Labels};
use crate::error::DatasetError;
use crate::frame::Fit;
use crate::options::{Channels, OpenOptions};

/// Images of one size, N C H W, as their file holds them.
#[derive(Debug)]
pub(crate) struct RawImages {
    pub(crate) shape: [usize; 3],
    pub(crate) pixels: Vec<u8>,
    pub(crate) labels: Option<Labels>,
}

/// Whether a small difference in size is made up by a black frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// For drawings on black ground, which resizing would only blur.
    PadSmall,
    /// For pictures that fill their frame.
    Never,
}

impl RawImages {
    pub(crate) fn len(&self) -> usize {
        self.pixels.len() / self.shape.iter().product::<usize>()
    }

    /// Brings the images to the size and the channels of `options`.
    pub(crate) fn into_set(
        self,
        name: &str,
        origin: &Path,
        options: &OpenOptions,
        framing: Framing,
    ) -> Result<ImageSet, DatasetError> {
        let shape = self.target_shape(options);
        check_memory(origin, self.len(), shape, options)?;
        if shape == self.shape {
            return ImageSet::new(name, shape, self.pixels, self.labels);
        }
        let image: usize = self.shape.iter().product();
        let fit = |planes: &[u8]| {
            let frame = Frame::from_planar(self.shape, planes)
                .expect("readers yield one or three channels and whole images")
                .with_channels(options.channels);
            match options.resolution {
                Some(side) => fit_square(frame, side as u32, options, framing).into_planar(),
                None => frame.into_planar(),
            }
        };
        let mut pixels = vec![0; self.len() * shape.iter().product::<usize>()];
        pixels
            .par_chunks_exact_mut(shape.iter().product())
            .zip(self.pixels.par_chunks_exact(image))
            .for_each(|(out, planes)| out.copy_from_slice(&fit(planes)));
        ImageSet::new(name, shape, pixels, self.labels)
    }

    fn target_shape(&self, options: &OpenOptions) -> [usize; 3] {
        let [c, h, w] = self.shape;
        let c = match options.channels {
            Channels::Auto => c,
            Channels::Grey => 1,
            Channels::Rgb => 3,
        };
        options.resolution.map_or([c, h, w], |side| [c, side, side])
    }
}

fn fit_square(frame: Frame, side: u32, options: &OpenOptions, framing: Framing) -> Frame {
    let (width, height) = frame.size();
    let pads = |size: u32| {
        let border = side.saturating_sub(size);
        side >= size && border.is_multiple_of(2) && border / 2 <= size / 8
    };
    if framing == Framing::PadSmall && pads(width) && pads(height) {
        return frame.padded(side, side, 0);
    }
    frame.into_square(side, options.crop, options.background)
}

/// Refuses what would not fit into the memory allowed.
pub(crate) fn check_memory(
    origin: &Path,
    images: usize,
    shape: [usize; 3],
    options: &OpenOptions,
) -> Result<(), DatasetError> {
    let needed = shape.iter().fold(images as u64, |bytes, &size| bytes.saturating_mul(size as u64));
    if needed <= options.max_memory_bytes {
        return Ok(());
    }
    Err(DatasetError::TooMuchMemory {
        path: origin.to_path_buf(),
        images,
        shape,
        needed_bytes: needed,
        limit_bytes: options.max_memory_bytes,
    })
}
