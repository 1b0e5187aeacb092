//! The pictures of a run: which there are, which a page shows, and how they get into it.

use std::fs;
use std::io::{Cursor, Read};
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ganymede_train::RunFolder;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{ImageFormat, ImageReader, Limits};
use serde::Serialize;

/// Steps of a timeline at most.
const MOST_SHOWN: usize = 40;
/// A larger picture is shown smaller.
const MOST_BYTES: u64 = 400_000;
/// What it is made to fit into, in pixels.
const SIDE: u32 = 1040;
/// Files beyond this are not looked into.
const MOST_READ: u64 = 64 << 20;
/// Pixels along a side, and bytes of memory, of what is decoded.
const MOST_SIDE: u32 = 16_384;
const MOST_MEMORY: u64 = 512 << 20;
/// Of a photograph that nobody measures.
const JPEG_QUALITY: u8 = 88;

/// A picture of samples.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Picture {
    pub(super) step: u64,
    /// What an `img` shows: the picture itself, or where it is served.
    pub(super) src: String,
}

/// The steps of which there are pictures, rising.
pub(super) fn steps(folder: &RunFolder) -> Vec<u64> {
    let entries = fs::read_dir(folder.samples()).into_iter().flatten().flatten();
    let step = |name: &str| name.strip_prefix("step-")?.strip_suffix(".png")?.parse().ok();
    let mut steps: Vec<u64> = entries
        .filter_map(|entry| step(entry.file_name().to_str()?))
        .filter(|&s| is_named(folder, s))
        .collect();
    steps.sort_unstable();
    steps.dedup();
    steps
}

/// `step-7.png` is no name of ours, `step-000007.png` is.
fn is_named(folder: &RunFolder, step: u64) -> bool {
    folder.picture(step).is_file()
}

/// At most so many of them, evenly; the first and the last always.
pub(super) fn thinned(steps: &[u64], most: usize) -> Vec<u64> {
    let most = most.clamp(1, MOST_SHOWN);
    let Some(last) = steps.len().checked_sub(1) else { return Vec::new() };
    if steps.len() <= most {
        return steps.to_vec();
    }
    if most == 1 {
        return vec![steps[last]];
    }
    (0..most).map(|i| steps[(i * last + (most - 1) / 2) / (most - 1)]).collect()
}

/// Pictures to be written into a page, which may take so many bytes together.
pub(super) fn embedded(folder: &RunFolder, budget: usize) -> (Option<String>, Vec<Picture>) {
    let real = embed(&folder.real_picture());
    let mut left = budget.saturating_sub(real.as_ref().map_or(0, String::len));
    let steps = steps(folder);
    let Some(&last) = steps.last() else { return (real, Vec::new()) };
    // The last one is what a run has come to: it is shown whatever it takes.
    let newest = embed(&folder.picture(last));
    let each = newest.as_ref().map_or(1, |src| src.len().max(1));
    let mut shown = Vec::new();
    for step in thinned(&steps, left / each) {
        let src = if step == last { newest.clone() } else { embed(&folder.picture(step)) };
        let Some(src) = src.filter(|src| src.len() <= left || step == last) else { continue };
        left = left.saturating_sub(src.len());
        shown.push(Picture { step, src });
    }
    (real, shown)
}

/// Pictures that a server of `route` gives.
pub(super) fn served(folder: &RunFolder) -> (Option<String>, Vec<Picture>) {
    let real = folder.real_picture().is_file().then(|| "picture/real".to_owned());
    let shown = thinned(&steps(folder), MOST_SHOWN).into_iter();
    (real, shown.map(|step| Picture { step, src: format!("picture/{step}") }).collect())
}

/// A picture as an address that holds it; nothing where the file is missing or none.
pub(crate) fn embed(path: &Path) -> Option<String> {
    let bytes = read(path)?;
    if bytes.len() as u64 <= MOST_BYTES {
        return Some(address("image/png", &bytes));
    }
    smaller(&bytes).map(|bytes| address("image/jpeg", &bytes))
}

/// The bytes of a PNG file of a size that can be dealt with.
pub(super) fn read(path: &Path) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(path).ok()?.take(MOST_READ).read_to_end(&mut bytes).ok()?;
    let is_whole = (bytes.len() as u64) < MOST_READ;
    (is_whole && image::guess_format(&bytes).ok()? == ImageFormat::Png).then_some(bytes)
}

fn smaller(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut limits = Limits::default();
    limits.max_image_width = Some(MOST_SIDE);
    limits.max_image_height = Some(MOST_SIDE);
    limits.max_alloc = Some(MOST_MEMORY);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), ImageFormat::Png);
    reader.limits(limits);
    let picture = reader.decode().ok()?;
    let fits = picture.width() <= SIDE && picture.height() <= SIDE;
    let picture = if fits { picture } else { picture.resize(SIDE, SIDE, FilterType::Triangle) };
    let mut out = Vec::new();
    picture.to_rgb8().write_with_encoder(JpegEncoder::new_with_quality(&mut out, JPEG_QUALITY)).ok()?;
    Some(out)
}

fn address(kind: &str, bytes: &[u8]) -> String {
    format!("data:{kind};base64,{}", STANDARD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeline_is_thinned_evenly_with_both_ends() {
        let steps: Vec<u64> = (0..101).map(|i| 10 * i).collect();
        assert_eq!(thinned(&steps, 3), [0, 500, 1000]);
        assert_eq!(thinned(&steps, 1), [1000]);
        assert_eq!(thinned(&steps, 0), [1000]);
        assert_eq!(thinned(&steps[..2], 3), [0, 10]);
        assert!(thinned(&[], 3).is_empty());
        for most in 2..60 {
            let shown = thinned(&steps, most);
            assert_eq!((shown[0], shown[shown.len() - 1]), (0, 1000), "{most}");
            assert_eq!(shown.len(), most.min(MOST_SHOWN));
            assert!(shown.is_sorted() && shown.windows(2).all(|pair| pair[0] < pair[1]));
        }
    }

    #[test]
    fn pictures_keep_to_the_budget_and_large_ones_are_made_smaller() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("run.toml"), "").unwrap();
        fs::create_dir(dir.path().join("samples")).unwrap();
        let folder = RunFolder::open(dir.path()).unwrap();
        // Noise cannot be packed.
        let mut state = 1u32;
        let noise = image::RgbImage::from_fn(1100, 500, |_, _| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            image::Rgb([(state >> 24) as u8, (state >> 16) as u8, (state >> 8) as u8])
        });
        let small = image::imageops::crop_imm(&noise, 0, 0, 40, 40).to_image();
        (0..30).for_each(|step| small.save(folder.picture(step)).unwrap());
        small.save(folder.real_picture()).unwrap();
        fs::write(folder.samples().join("step-7.png"), "x").unwrap();
        fs::write(folder.samples().join("notes.txt"), "x").unwrap();
        let (real, shown) = embedded(&folder, 70_000);
        let total: usize = shown.iter().map(|picture| picture.src.len()).sum();
        assert!(real.is_some_and(|src| src.starts_with("data:image/png;base64,iVBOR")));
        assert!(total <= 70_000 && shown.len() > 5, "{total} bytes in {}", shown.len());
        assert_eq!((shown[0].step, shown[shown.len() - 1].step), (0, 29));

        noise.save(folder.picture(30)).unwrap();
        let (_, shown) = embedded(&folder, 1000);
        let [last] = &shown[..] else { panic!("{} pictures", shown.len()) };
        assert_eq!(last.step, 30);
        assert!(last.src.starts_with("data:image/jpeg;base64,"));
        let jpeg = STANDARD.decode(last.src.split_once(',').unwrap().1).unwrap();
        let jpeg = image::load_from_memory(&jpeg).unwrap();
        assert_eq!((jpeg.width(), jpeg.height()), (1040, 473));
        // What is no picture is left out.
        fs::write(folder.picture(31), "<svg onload=alert(1)>").unwrap();
        assert!(embedded(&folder, 1000).1.is_empty());
    }
}
