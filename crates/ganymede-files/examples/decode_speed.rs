//! How long one thread takes to decode folders of images: `decode_speed FOLDER…`.
//!
//! The best of several rounds over each folder, file reading included, in milliseconds an image.

use std::path::Path;
use std::time::{Duration, Instant};

use ganymede_files::{DecodeOptions, FilesError, Formats, decode, scan};

const ROUNDS: usize = 9;

fn main() -> Result<(), FilesError> {
    for folder in std::env::args_os().skip(1) {
        let files = scan(Path::new(&folder), Formats::All)?.files;
        let mut best = Duration::MAX;
        for _ in 0..ROUNDS {
            let start = Instant::now();
            for file in &files {
                std::hint::black_box(decode(&file.path, &DecodeOptions::pil())?);
            }
            best = best.min(start.elapsed());
        }
        let each = best.as_secs_f64() * 1e3 / files.len().max(1) as f64;
        println!("{each:9.4} ms  {} of {}", files.len(), Path::new(&folder).display());
    }
    Ok(())
}
