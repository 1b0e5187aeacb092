//! Floor 0 of Ganymede: files from elsewhere, fetched, verified, found, decoded; and where results go.
//!
//! * [`Http`] downloads with progress, goes on where a transfer broke, and says the SHA-256 of what came;
//! * [`scan`] says which files of a folder are images, and which only seem to be;
//! * [`Archive`] reads files of a zip or a tar where they lie, [`SharedFile`] any file at places of several threads;
//! * [`decode`] makes one file an 8-bit [`Frame`] within bounds of memory, whatever the file claims;
//! * [`Output`] is where a result goes, tried before the work;
//! * [`path_text`], [`name_of_path`] and [`shell_quoted`] make text of any path;
//! * [`encode_drawing`] marks pictures that are no samples, [`AnimationEncoder`] those that move;
//! * [`catch_interrupts`] hears the signals that ask a program to end, but for those that its caller turned off;
//! * [`npy`] reads NumPy's arrays, [`events`] what TensorBoard reads, and writes it;
//! * [`Digest`] hashes fields that cannot run into each other.
//!
//! Nothing here panics for what a file holds: a file that cannot be used is an error or an entry of
//! [`Scan::skipped`], with the reason.

mod animation;
mod archive;
mod decode;
mod drawing;
mod error;
pub mod events;
mod formats;
mod frame;
mod hash;
mod http;
mod interrupts;
pub mod npy;
mod output;
mod path_text;
mod scan;
mod shared_file;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use animation::{AnimationConfig, AnimationEncoder, AnimationKind};
pub use archive::{Archive, ArchiveEntry, ArchiveFormat};
pub use decode::{Alpha, DecodeOptions, Decoded, Depth, byte_limit, decode, decode_bytes};
pub use drawing::{encode_drawing, is_drawing, is_run_folder};
pub use error::FilesError;
pub use formats::{Format, Formats};
pub use frame::Frame;
pub use hash::{Digest, crc32, sha256, to_hex};
pub use http::{Download, Http, Received, part_path};
pub use interrupts::catch_interrupts;
pub use output::Output;
pub use path_text::{name_of_path, path_of_bytes, path_of_name, path_text, shell_quoted};
pub use scan::{Found, Scan, Skipped, scan};
pub use shared_file::{SharedFile, free_space};
