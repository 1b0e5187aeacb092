//! Which kinds of image files there are.

use std::ffi::OsStr;
use std::path::Path;

use image::ImageFormat;

/// The format of an image file, told by its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// Portable Network Graphics.
    Png,
    /// JPEG of 8 bits: baseline and progressive, in one scan or several, grey, colours or CMYK, with components of
    /// any whole ratio of sizes. Not arithmetic, lossless or hierarchical.
    Jpeg,
    /// WebP, lossy or lossless; of an animation the first frame.
    WebP,
    /// Windows bitmap of 1, 4, 8, 16, 24 or 32 bits.
    Bmp,
    /// Portable bit, grey or pixel map (PBM, PGM, PPM), binary or text, of any maximum.
    Pnm,
    /// TIFF; of several pages the first. Grey of 1 to 16 bits, colours and CMYK of 8 or 16, uncompressed or by LZW,
    /// Deflate, PackBits or fax group 4. Not palettes, grey with alpha, or JPEG inside.
    Tiff,
}

impl Format {
    /// Its usual name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Png => "PNG",
            Self::Jpeg => "JPEG",
            Self::WebP => "WebP",
            Self::Bmp => "BMP",
            Self::Pnm => "PNM",
            Self::Tiff => "TIFF",
        }
    }

    pub(crate) fn from_image(format: ImageFormat) -> Option<Self> {
        Some(match format {
            ImageFormat::Png => Self::Png,
            ImageFormat::Jpeg => Self::Jpeg,
            ImageFormat::WebP => Self::WebP,
            ImageFormat::Bmp => Self::Bmp,
            ImageFormat::Pnm => Self::Pnm,
            ImageFormat::Tiff => Self::Tiff,
            _ => return None,
        })
    }
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

/// Which formats are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Formats {
    /// PNG, JPEG and WebP: what images of data sets come in.
    Common,
    /// Those, and BMP, PNM and TIFF: what pytorch-fid reads.
    All,
}

/// Suffixes of images, read or not: named, so that nobody uses half a folder without knowing.
const OTHER_IMAGES: [&str; 15] = [
    "gif", "bmp", "tif", "tiff", "avif", "heic", "heif", "jxl", "jp2", "jfif", "tga", "ppm", "pgm", "pbm",
    "psd",
];

impl Formats {
    /// Whether files of a format are read.
    pub fn reads(self, format: Format) -> bool {
        self == Self::All || matches!(format, Format::Png | Format::Jpeg | Format::WebP)
    }

    /// For messages: `PNG, JPEG or WebP`.
    pub fn words(self) -> &'static str {
        match self {
            Self::Common => "PNG, JPEG or WebP",
            Self::All => "PNG, JPEG, WebP, BMP, PNM or TIFF",
        }
    }

    /// Suffixes in lower case, without the dot.
    pub fn suffixes(self) -> &'static [&'static str] {
        match self {
            Self::Common => &["png", "jpg", "jpeg", "webp"],
            Self::All => &["png", "jpg", "jpeg", "webp", "bmp", "pgm", "ppm", "pbm", "tif", "tiff"],
        }
    }

    /// Whether a file calls itself an image.
    ///
    /// # Errors
    /// Why not, of one that is not read.
    pub(crate) fn is_image(self, path: &Path) -> Result<bool, String> {
        let suffix = path.extension().and_then(OsStr::to_str).unwrap_or_default().to_ascii_lowercase();
        match self.suffixes().contains(&suffix.as_str()) {
            true => Ok(true),
            false if OTHER_IMAGES.contains(&suffix.as_str()) => {
                Err(format!(".{suffix} is not read: convert it to {}", self.words()))
            }
            false => Ok(false),
        }
    }
}
