//! One encoded image after the other to what the data set holds of it.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use ganymede_files::{Alpha, DecodeOptions, Depth, Formats, Frame, Scan};

use crate::encoded::Encoded;
use crate::error::DatasetError;
use crate::frame::Fit;
use crate::layout::Layout;
use crate::open::SkippedFile;
use crate::options::{Channels, OpenOptions};

/// How far decoding has come: `(done, total)`.
pub(crate) type Tell<'a> = &'a (dyn Fn(usize, usize) + Sync);

/// Images that are to be decoded, and how.
pub(super) struct Work<'a> {
    pub(super) encoded: &'a Encoded,
    pub(super) options: &'a OpenOptions,
    side: usize,
    layout: Layout,
    rules: DecodeOptions,
    progress: Tell<'a>,
    done: AtomicUsize,
}

impl<'a> Work<'a> {
    pub(super) fn new(
        encoded: &'a Encoded,
        (side, layout): (usize, Layout),
        options: &'a OpenOptions,
        progress: Tell<'a>,
    ) -> Self {
        let rules = DecodeOptions { formats: encoded.formats(), ..decode_options(options) };
        Self { encoded, options, side, layout, rules, progress, done: AtomicUsize::new(0) }
    }

    /// The shape of an image of the most channels that there may be.
    pub(super) fn largest(&self) -> [usize; 3] {
        let channels = if self.options.channels == Channels::Grey { 1 } else { 3 };
        [channels, self.side, self.layout.width(self.side)]
    }

    /// One image, fitted, with the channels asked for or else its own; or why there is none.
    pub(super) fn frame(&self, index: usize) -> Result<Frame, String> {
        let decoded = self.encoded.decode(index, &self.rules);
        let frame = decoded.and_then(|frame| self.layout.fit(frame, self.side as u32, self.options));
        (self.progress)(self.done.fetch_add(1, Ordering::Relaxed) + 1, self.encoded.len());
        frame.map(|frame| frame.with_channels(self.options.channels))
    }

    /// Refuses what is left when these could not be decoded: too little, or anything less with `strict`.
    pub(super) fn refuse(&self, failures: &[(usize, String)]) -> Result<(), DatasetError> {
        let scan = &self.encoded.scan;
        let skipped = skipped(scan, failures);
        refuse_if_strict(&skipped, self.options)?;
        match failures.len() < scan.files.len() {
            true => Ok(()),
            false => Err(no_images(&self.encoded.origin, scan.others, &skipped)),
        }
    }
}

/// The channels of a set of which so many images are grey.
pub(super) fn channels_of(grey: usize, all: usize, options: &OpenOptions) -> usize {
    match options.channels {
        Channels::Auto if grey > all - grey => 1,
        Channels::Auto | Channels::Rgb => 3,
        Channels::Grey => 1,
    }
}

/// How data sets decode files.
pub(crate) fn decode_options(options: &OpenOptions) -> DecodeOptions {
    DecodeOptions {
        formats: Formats::Common,
        max_pixels: options.max_pixels,
        alpha: Alpha::Over(options.background.level()),
        depth: Depth::Nearest,
        upright: true,
    }
}

/// What the scan could not use, and what could not be decoded; sorted by path.
pub(super) fn skipped(scan: &Scan, failures: &[(usize, String)]) -> Vec<SkippedFile> {
    let listed = scan.skipped.iter().map(|file| (file.path.clone(), file.reason.clone()));
    let failed = failures.iter().map(|(index, reason)| (scan.files[*index].path.clone(), reason.clone()));
    let mut skipped: Vec<SkippedFile> =
        listed.chain(failed).map(|(path, reason)| SkippedFile { path, reason }).collect();
    skipped.sort_by(|a, b| a.path.cmp(&b.path));
    skipped
}

pub(super) fn refuse_if_strict(skipped: &[SkippedFile], options: &OpenOptions) -> Result<(), DatasetError> {
    match skipped {
        [first, ..] if options.strict => Err(DatasetError::Strict {
            path: first.path.clone(),
            reason: first.reason.clone(),
            count: skipped.len(),
        }),
        _ => Ok(()),
    }
}

/// For a folder or an archive without an image that can be used.
pub(crate) fn no_images(origin: &Path, others: usize, skipped: &[SkippedFile]) -> DatasetError {
    let found = match skipped {
        [] if others == 0 => "it is empty".to_owned(),
        [] => format!("it holds {others} file(s), none of them an image"),
        [first, ..] => format!(
            "none of its {} image(s) can be used, the first is {}: {}",
            skipped.len(),
            first.path.display(),
            first.reason
        ),
    };
    DatasetError::NoImages { dir: origin.to_path_buf(), found }
}
