use std::path::PathBuf;

use ganymede_files::Frame;
use image::{DynamicImage, ImageFormat};

use crate::error::DatasetError;
use crate::open::{CacheUse, Opened, open};
use crate::options::{Channels, OpenOptions};
use crate::testing::{assert_says, encode, encoded_picture, picture, png, put};

/// A folder of images and a folder for the cache.
struct Place {
    images: tempfile::TempDir,
    cache: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { images: tempfile::tempdir().unwrap(), cache: tempfile::tempdir().unwrap() }
    }

    fn put(&self, relative: &str, bytes: &[u8]) {
        put(self.images.path(), relative, bytes);
    }

    fn options(&self) -> OpenOptions {
        let cache_dir = Some(self.cache.path().to_path_buf());
        OpenOptions { resolution: Some(8), cache_dir, ..OpenOptions::default() }
    }

    fn open(&self) -> Result<Opened, DatasetError> {
        self.open_with(&self.options())
    }

    fn open_with(&self, options: &OpenOptions) -> Result<Opened, DatasetError> {
        open(self.images.path().to_str().unwrap(), options)
    }

    fn path(&self, relative: &str) -> PathBuf {
        self.images.path().join(relative)
    }

    fn cache_files(&self) -> Vec<PathBuf> {
        std::fs::read_dir(self.cache.path()).unwrap().map(|entry| entry.unwrap().path()).collect()
    }
}

fn small(format: ImageFormat) -> Vec<u8> {
    encoded_picture(8, 8, format)
}

fn bytes(opened: &Opened, index: usize) -> Vec<u8> {
    let mut out = vec![0.0; opened.dataset.shape().iter().product()];
    opened.dataset.read(index, &mut out).unwrap();
    out.iter().map(|value| ((value + 1.0) * 127.5).round() as u8).collect()
}

fn reason(opened: &Opened, name: &str) -> String {
    let skipped = opened.skipped.iter().find(|file| file.path.ends_with(name));
    skipped.unwrap_or_else(|| panic!("{name} is not in {:?}", opened.skipped)).reason.clone()
}

#[test]
fn all_formats_in_all_depths_become_one_set() {
    let place = Place::new();
    place.put("a.png", &small(ImageFormat::Png));
    place.put("deep/er/b.WEBP", &small(ImageFormat::WebP));
    place.put("deep/c.JPG", &small(ImageFormat::Jpeg));
    place.put("deep/d.jpeg", &small(ImageFormat::Jpeg));
    place.put("labels.csv", b"1,2");
    place.put(".hidden.png", b"junk");
    place.put(".git/x.png", b"junk");
    place.put("__MACOSX/._a.png", b"junk");
    let opened = place.open().unwrap();
    assert_eq!((opened.dataset.len(), opened.dataset.shape()), (4, &[3, 8, 8][..]));
    assert_eq!(opened.skipped, []);
    assert!(opened.dataset.class_names().is_empty());
    let exact = Frame::Rgb(picture(8, 8)).into_planar();
    // Sorted by path: a.png, deep/c.JPG, deep/d.jpeg, deep/er/b.WEBP; two of them lossless.
    assert_eq!((bytes(&opened, 0), bytes(&opened, 3)), (exact.clone(), exact.clone()));
    assert_ne!(bytes(&opened, 1), exact);
    assert_eq!(bytes(&opened, 1), bytes(&opened, 2));
}

#[test]
fn the_default_is_64_pixels() {
    let place = Place::new();
    place.put("a.png", &encoded_picture(100, 80, ImageFormat::Png));
    let options = OpenOptions { resolution: None, ..place.options() };
    assert_eq!(place.open_with(&options).unwrap().dataset.shape(), [3, 64, 64]);
}

#[test]
fn sub_folders_are_classes_when_they_hold_everything() {
    let place = Place::new();
    place.put("dog/x/1.png", &small(ImageFormat::Png));
    place.put("cat/2.png", &small(ImageFormat::Png));
    place.put("cat/damaged.png", b"junk");
    place.put("empty/readme.txt", b"");
    let opened = place.open().unwrap();
    assert_eq!(opened.dataset.class_names(), ["cat", "dog"]);
    assert_eq!((opened.dataset.label(0), opened.dataset.label(1)), (Some(0), Some(1)));
    assert_eq!(opened.skipped.len(), 1);
    place.put("stray.png", &small(ImageFormat::Png));
    let opened = place.open().unwrap();
    assert!(opened.dataset.class_names().is_empty() && opened.dataset.label(0).is_none());
    let one = Place::new();
    one.put("img/1.png", &small(ImageFormat::Png));
    assert!(one.open().unwrap().dataset.class_names().is_empty());
}

#[test]
fn what_cannot_be_used_is_named_and_skipped() {
    let place = Place::new();
    let good = encoded_picture(40, 40, ImageFormat::Png);
    place.put("good.png", &good);
    place.put("zero.png", b"");
    place.put("cut.png", &good[..good.len() / 2]);
    let jpeg = encoded_picture(40, 40, ImageFormat::Jpeg);
    place.put("cut.jpg", &jpeg[..jpeg.len() * 3 / 4]);
    let webp = encoded_picture(40, 40, ImageFormat::WebP);
    place.put("cut.webp", &webp[..webp.len() / 2]);
    place.put("words.jpg", b"this is not an image at all");
    place.put("gif.png", b"GIF89a\x01\x00\x01\x00\x00\x00\x00;");
    place.put("old.bmp", b"BM");
    place.put("huge.png", &png(30_000, 30_000, 8, 2, &[], &[0; 100]));
    place.put("flat.png", &png(0, 5, 8, 2, &[], &[]));
    let mut flipped = good.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0x40;
    place.put("flipped.png", &flipped);
    let opened = place.open().unwrap();
    assert_eq!((opened.dataset.len(), opened.skipped.len()), (1, 10));
    assert!(opened.skipped.is_sorted_by(|a, b| a.path < b.path));
    let expected = [
        ("zero.png", "empty"),
        ("cut.png", "cut short"),
        ("cut.jpg", "cut short"),
        ("cut.webp", "cut short"),
        ("words.jpg", "not a PNG, JPEG or WebP"),
        ("gif.png", "Gif inside"),
        ("old.bmp", "convert it"),
        ("huge.png", "30000 x 30000"),
        ("flat.png", ""),
        ("flipped.png", "damaged"),
    ];
    // What is whole is not called damaged.
    assert!(!reason(&opened, "gif.png").contains("damaged"));
    for (name, words) in expected {
        assert!(reason(&opened, name).contains(words), "{name}: {}", reason(&opened, name));
    }
    let strict = OpenOptions { strict: true, ..place.options() };
    // Also when the list of the skipped comes from the cache.
    assert_says(place.open_with(&strict), &["10 file(s)", "cut.jpg", "strict"]);
    let uncached = OpenOptions { strict: true, cache: false, ..place.options() };
    assert_says(place.open_with(&uncached), &["10 file(s)", "cut.jpg", "repair or remove"]);
}

#[test]
fn strict_is_content_with_good_images() {
    let place = Place::new();
    place.put("a.png", &small(ImageFormat::Png));
    place.put("notes.txt", b"not an image, and does not say it is");
    let strict = OpenOptions { strict: true, ..place.options() };
    assert_eq!(place.open_with(&strict).unwrap().dataset.len(), 1);
}

#[test]
fn folders_without_images_say_what_they_hold() {
    let place = Place::new();
    let name = place.images.path().to_str().unwrap().to_owned();
    assert_says(place.open(), &[&name, "empty", ".png, .jpg, .jpeg, .webp"]);
    place.put("a.txt", b"");
    place.put("sub/b.csv", b"");
    assert_says(place.open(), &[&name, "2 file(s), none of them an image"]);
    place.put("broken.png", b"");
    assert_says(place.open(), &[&name, "none of its 1 image(s)", "broken.png", "empty"]);
}

#[test]
fn kinds_of_png_become_eight_bits_without_alpha() {
    let place = Place::new();
    // 16 bits: 0x8000 of 0xffff is 127.5, and is 128 of 255.
    place.put("deep.png", &png(1, 1, 16, 2, &[], &[0, 0, 0, 0x80, 0, 0xff, 0xff]));
    place.put("grey16.png", &png(1, 1, 16, 0, &[], &[0, 0xff, 0xff]));
    // A palette of two colours, the second half transparent.
    let palette: &[(&[u8; 4], &[u8])] = &[(b"PLTE", &[255, 0, 0, 0, 0, 255]), (b"tRNS", &[255, 51])];
    place.put("palette.png", &png(2, 1, 8, 3, palette, &[0, 0, 1]));
    place.put("one-bit.png", &png(8, 1, 1, 0, &[], &[0, 0b1010_1010]));
    place.put("rgba.png", &png(1, 1, 8, 6, &[], &[0, 9, 9, 9, 0]));
    place.put("grey-alpha.png", &png(1, 1, 8, 4, &[], &[0, 0, 51]));
    let pixel = |options: &OpenOptions, index| bytes(&place.open_with(options).unwrap(), index);
    let options = |background| OpenOptions {
        resolution: Some(1),
        background,
        channels: Channels::Rgb,
        ..place.options()
    };
    // Sorted: deep, grey-alpha, grey16, one-bit, palette, rgba.
    let white = options(crate::Background::White);
    assert_eq!(pixel(&white, 0), [0, 128, 255]);
    assert_eq!(pixel(&white, 1), [204; 3]);
    assert_eq!(pixel(&white, 2), [255; 3]);
    assert_eq!(pixel(&white, 4), [255, 0, 0]);
    assert_eq!(pixel(&white, 5), [255; 3]);
    let black = options(crate::Background::Black);
    assert_eq!((pixel(&black, 1), pixel(&black, 5)), (vec![0; 3], vec![0; 3]));
    let two = OpenOptions { resolution: Some(2), crop: crate::Crop::Stretch, ..white };
    let palette = pixel(&two, 4);
    // Blue of opacity 0.2 on white: (204, 204, 255).
    assert_eq!([palette[1], palette[5], palette[9]], [204, 204, 255]);
}

#[test]
fn the_majority_decides_on_colour() {
    let place = Place::new();
    let grey = encode(&DynamicImage::ImageLuma8(image::GrayImage::new(8, 8)), ImageFormat::Png);
    place.put("1.png", &grey);
    place.put("2.png", &small(ImageFormat::Png));
    let channels = |options: &OpenOptions| place.open_with(options).unwrap().dataset.shape()[0];
    assert_eq!(channels(&place.options()), 3);
    place.put("3.png", &grey);
    assert_eq!(channels(&place.options()), 1);
    assert_eq!(channels(&OpenOptions { channels: Channels::Rgb, ..place.options() }), 3);
    assert_eq!(channels(&OpenOptions { channels: Channels::Grey, ..place.options() }), 1);
}

#[test]
fn grey_is_what_the_pixels_are() {
    let grey = image::GrayImage::from_fn(8, 8, |x, y| image::Luma([(x * 8 + y * 20) as u8]));
    let greys: Vec<u8> = (0..=255u8).flat_map(|level| [255 - level; 3]).collect();
    let rows: Vec<u8> =
        grey.rows().flat_map(|row| [0].into_iter().chain(row.map(|level| 255 - level.0[0]))).collect();
    let rgb = DynamicImage::ImageLuma8(grey.clone()).into_rgb8();
    let rgba = DynamicImage::ImageLuma8(grey.clone()).into_rgba8();
    let files = [
        ("palette.png", png(8, 8, 8, 3, &[(b"PLTE", &greys)], &rows)),
        ("rgb.png", encode(&DynamicImage::ImageRgb8(rgb.clone()), ImageFormat::Png)),
        ("rgba.png", encode(&DynamicImage::ImageRgba8(rgba), ImageFormat::Png)),
        ("rgb.webp", encode(&DynamicImage::ImageRgb8(rgb), ImageFormat::WebP)),
    ];
    for (name, file) in files {
        let place = Place::new();
        place.put(name, &file);
        let opened = place.open().unwrap();
        assert_eq!((opened.dataset.shape(), bytes(&opened, 0)), (&[1, 8, 8][..], grey.to_vec()), "{name}");
    }
}

/// Squares of their longer side would need 270 gigabytes.
#[test]
fn ribbons_take_the_room_of_their_pixels() {
    let place = Place::new();
    let length = 300_000;
    let row = vec![100; length as usize];
    place.put("lying.png", &png(length, 1, 8, 0, &[], &[&[0], &row[..]].concat()));
    place.put("standing.png", &png(1, length, 8, 0, &[], &[0, 100].repeat(length as usize)));
    let read = |crop| {
        let opened = place.open_with(&OpenOptions { crop, ..place.options() }).unwrap();
        assert_eq!((opened.dataset.len(), &opened.skipped[..]), (2, &[][..]));
        [0, 1].map(|index| bytes(&opened, index))
    };
    assert_eq!(read(crate::Crop::Pad), [vec![255; 64], vec![255; 64]]);
    assert_eq!(read(crate::Crop::Stretch), [vec![100; 64], vec![100; 64]]);
    assert_eq!(read(crate::Crop::Centre), [vec![100; 64], vec![100; 64]]);
}

#[test]
fn a_recorded_orientation_is_applied() {
    let place = Place::new();
    let jpeg = encoded_picture(16, 16, ImageFormat::Jpeg);
    // EXIF: little endian, one entry: tag 0x0112 (orientation), SHORT, count 1, value 6 (turn right).
    let exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    let length = (exif.len() as u16 + 2).to_be_bytes();
    place.put("plain.jpg", &jpeg);
    place.put("turned.jpg", &[&jpeg[..2], &[0xff, 0xe1], &length, exif, &jpeg[2..]].concat());
    let opened = place.open_with(&OpenOptions { resolution: Some(16), ..place.options() }).unwrap();
    assert_eq!(opened.skipped, []);
    let (plain, turned) = (bytes(&opened, 0), bytes(&opened, 1));
    for y in 0..16 {
        for x in 0..16 {
            assert_eq!(turned[y * 16 + x], plain[(15 - x) * 16 + y]);
        }
    }
}

#[test]
fn memory_is_bounded_before_anything_is_decoded() {
    let place = Place::new();
    (0..4).for_each(|i| place.put(&format!("{i}.png"), &small(ImageFormat::Png)));
    let options = |max_memory_bytes, cache| OpenOptions { max_memory_bytes, cache, ..place.options() };
    let words = ["4 images", "768 bytes", "limit is 767", "max_memory_bytes"];
    assert_says(place.open_with(&options(767, false)), &words);
    assert!(place.open_with(&options(768, false)).is_ok());
    // What is kept on disk takes none.
    assert_eq!(place.open_with(&options(0, true)).unwrap().dataset.len(), 4);
    assert_eq!(place.open_with(&options(0, true)).unwrap().dataset.len(), 4);
    // Neither here nor there.
    let cache_dir = Some(place.path("0.png").join("cache"));
    let words = [
        "4 images",
        "768 bytes",
        "cannot be kept in",
        "0.png/cache",
        "limit of memory is 767",
        "GANYMEDE_DATA",
    ];
    assert_says(place.open_with(&OpenOptions { cache_dir, ..options(767, true) }), &words);
}

#[test]
fn the_second_start_reads_the_cache() {
    let place = Place::new();
    place.put("a/1.png", &small(ImageFormat::Png));
    place.put("b/2.jpg", &small(ImageFormat::Jpeg));
    place.put("b/3.png", b"");
    let first = place.open().unwrap();
    let file = place.cache_files()[0].clone();
    assert_eq!(first.cache, CacheUse::Written(file.clone()));
    let second = place.open().unwrap();
    assert_eq!(second.cache, CacheUse::Hit(file.clone()));
    assert_eq!(second.dataset.content_hash(), first.dataset.content_hash());
    assert_eq!(
        (second.dataset.class_names(), &second.skipped),
        (first.dataset.class_names(), &first.skipped)
    );
    assert_eq!((second.dataset.label(1), second.dataset.name()), (Some(1), first.dataset.name()));
    // Other options have another file; a changed folder replaces its file.
    let other = place.open_with(&OpenOptions { resolution: Some(4), ..place.options() }).unwrap();
    assert!(matches!(other.cache, CacheUse::Written(ref path) if *path != file), "{:?}", other.cache);
    place.put("b/3.png", &small(ImageFormat::Png));
    let changed = place.open().unwrap();
    assert_eq!(
        (changed.cache, changed.dataset.len(), changed.skipped),
        (CacheUse::Written(file.clone()), 3, vec![])
    );
    assert_eq!(place.cache_files().len(), 2);
    let off = place.open_with(&OpenOptions { cache: false, ..place.options() }).unwrap();
    assert_eq!(
        (off.cache, off.dataset.content_hash()),
        (CacheUse::Off, place.open().unwrap().dataset.content_hash())
    );
}

#[test]
fn a_damaged_cache_is_made_anew() {
    let place = Place::new();
    place.put("a.png", &small(ImageFormat::Png));
    let hash = place.open().unwrap().dataset.content_hash();
    let file = place.cache_files()[0].clone();
    let whole = std::fs::read(&file).unwrap();
    let flip = |at: usize| {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        bytes
    };
    let mut damaged: Vec<Vec<u8>> = (0..whole.len()).step_by(7).map(flip).collect();
    damaged.push(flip(whole.len() - 1));
    damaged.push([&whole[..], &[0]].concat());
    damaged.extend([0, 10, 20, 30, whole.len() - 33, whole.len() - 1].map(|len| whole[..len].to_vec()));
    for bytes in damaged {
        std::fs::write(&file, &bytes).unwrap();
        let opened = place.open().unwrap();
        assert_eq!(
            (opened.cache, opened.dataset.content_hash()),
            (CacheUse::Written(file.clone()), hash.clone())
        );
    }
    assert_eq!(std::fs::read(&file).unwrap(), whole);
}

#[test]
fn the_folder_of_the_run_itself_is_left_out() {
    let place = Place::new();
    place.put("a.png", &small(ImageFormat::Png));
    let alone = place.open().unwrap().dataset;
    place.put("runs/own/samples/b.png", &small(ImageFormat::Png));
    place.put("runs/own/broken.png", b"no picture");
    place.put("runs/owner/c.png", &small(ImageFormat::Png));
    let open = |exclude: &str, strict| {
        place.open_with(&OpenOptions { exclude: Some(place.path(exclude)), strict, ..place.options() })
    };
    // Of a name that begins alike nothing is left out, nor where the folder lies elsewhere or is all of it.
    assert_eq!(open("runs/own", true).unwrap().dataset.len(), 2);
    assert_eq!(open("runs/../runs/own", false).unwrap().dataset.len(), 2);
    assert_eq!(open("runs/none", false).unwrap().dataset.len(), 3);
    assert_eq!(open("", false).unwrap().dataset.len(), 3);
    assert_eq!(open("runs", true).unwrap().dataset.content_hash(), alone.content_hash());
}

#[test]
fn a_cache_that_cannot_be_written_is_no_error() {
    let place = Place::new();
    place.put("a.png", &small(ImageFormat::Png));
    // A folder below a file cannot be made, not even by root.
    let cache_dir = Some(place.path("a.png").join("cache"));
    let opened = place.open_with(&OpenOptions { cache_dir, ..place.options() }).unwrap();
    assert!(matches!(opened.cache, CacheUse::Failed { .. }), "{:?}", opened.cache);
    assert_eq!(opened.dataset.len(), 1);
}

#[test]
fn progress_counts_every_image_once() {
    let place = Place::new();
    (0..9).for_each(|i| place.put(&format!("{i}.png"), &small(ImageFormat::Png)));
    let seen = std::sync::Mutex::new(Vec::new());
    let note = |done, total| seen.lock().unwrap().push((done, total));
    let dir = place.images.path().to_str().unwrap();
    crate::open_with_progress(dir, &place.options(), &note).unwrap();
    let mut seen = seen.into_inner().unwrap();
    seen.sort_unstable();
    assert_eq!(seen, (1..=9).map(|done| (done, 9)).collect::<Vec<_>>());
}

#[cfg(unix)]
#[test]
fn links_that_lead_nowhere_or_back_are_survived() {
    use std::os::unix::fs::symlink;
    let place = Place::new();
    place.put("sub/a.png", &small(ImageFormat::Png));
    symlink(place.images.path(), place.path("sub/loop")).unwrap();
    symlink(place.path("nothing.png"), place.path("broken.png")).unwrap();
    symlink("/dev/zero", place.path("endless.png")).unwrap();
    symlink(place.path("sub/a.png"), place.path("linked.png")).unwrap();
    let opened = place.open().unwrap();
    assert_eq!((opened.dataset.len(), opened.skipped.len()), (2, 3));
    assert!(reason(&opened, "sub/loop").contains("leads back"), "{}", reason(&opened, "sub/loop"));
    assert!(reason(&opened, "endless.png").contains("not a regular file"));
    assert!(!reason(&opened, "broken.png").is_empty());
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_are_not_unicode_are_images_too() {
    use std::os::unix::ffi::OsStrExt;
    let place = Place::new();
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9.png");
    std::fs::write(place.images.path().join(name), small(ImageFormat::Png)).unwrap();
    assert_eq!(place.open().unwrap().dataset.len(), 1);
    assert!(matches!(place.open().unwrap().cache, CacheUse::Hit(_)));
}

#[test]
fn pictures_that_ganymede_drew_and_run_folders_are_no_data() {
    let place = Place::new();
    place.put("a.png", &small(ImageFormat::Png));
    let drawn = ganymede_files::encode_drawing(&picture(8, 8)).unwrap();
    place.put("grid.png", &drawn);
    // A user's own image by that name is one.
    place.put("more/grid.png", &small(ImageFormat::Png));
    for name in ["run.toml", "checkpoints/last.safetensors", "samples/real.png", "generated-1/000000.png"] {
        place.put(&format!("runs/dcgan-1/{name}"), &small(ImageFormat::Png));
    }
    let opened = place.open().unwrap();
    assert_eq!((opened.dataset.len(), opened.skipped.len()), (2, 2));
    assert!(reason(&opened, "grid.png").contains("that Ganymede drew"));
    assert!(reason(&opened, "dcgan-1").contains("the folder of a run"));
    let run = place.path("runs/dcgan-1");
    let words = ["is the folder of a run", "`ganymede sample "];
    assert_says(open(run.to_str().unwrap(), &place.options()), &words);
}

#[cfg(target_os = "linux")]
#[test]
fn folders_with_names_that_are_no_text_are_kept_like_others() {
    use std::os::unix::ffi::OsStrExt;
    let place = Place::new();
    place.put("a.png", &small(ImageFormat::Png));
    let odd = |name: &[u8]| place.images.path().join(std::ffi::OsStr::from_bytes(name));
    std::fs::write(odd(b"\xff.png"), b"words").unwrap();
    std::fs::create_dir(odd(b"\xe9t\xe9")).unwrap();
    std::fs::write(odd(b"\xe9t\xe9/b.png"), small(ImageFormat::Png)).unwrap();
    let first = place.open().unwrap();
    assert!(matches!(first.cache, CacheUse::Written(_)), "{:?}", first.cache);
    let second = place.open().unwrap();
    assert!(matches!(second.cache, CacheUse::Hit(_)));
    assert_eq!((second.dataset.len(), second.skipped), (2, first.skipped));
}
