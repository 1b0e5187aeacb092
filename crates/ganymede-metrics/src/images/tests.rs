use super::*;
use crate::Resize;
use ganymede_files::testing::{assert_says, encode, encoded_picture, picture, png, put};
use image::{DynamicImage, ImageFormat};

fn options() -> BatchOptions {
    BatchOptions { batch: 3, threads: 2, ..BatchOptions::new([3, 6, 5]) }
}

/// All images, the number of each batch's images, and the report.
fn read(dir: &Path, options: &BatchOptions) -> (Vec<f32>, Vec<usize>, ImageReport) {
    let mut batches = ImageFolder::open(dir).unwrap().batches(options).unwrap();
    let (mut levels, mut counts) = (Vec::new(), Vec::new());
    for batch in &mut batches {
        let batch = batch.unwrap();
        assert_eq!(batch.images.dims()[1..], options.shape);
        assert_eq!(batch.images.dims()[0], batch.files.len());
        counts.push(batch.files.len());
        levels.extend(batch.images.flatten_all().unwrap().to_vec1::<f32>().unwrap());
    }
    (levels, counts, batches.into_report())
}

#[test]
fn any_mix_of_formats_and_sizes_becomes_full_batches_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let formats = [
        ("a.png", ImageFormat::Png),
        ("b/c.JPG", ImageFormat::Jpeg),
        ("b/d.webp", ImageFormat::WebP),
        ("b/e/f.bmp", ImageFormat::Bmp),
        ("g.ppm", ImageFormat::Pnm),
        ("h.tif", ImageFormat::Tiff),
        ("wrong-suffix.png", ImageFormat::Jpeg),
    ];
    for (i, (name, format)) in formats.into_iter().enumerate() {
        put(dir.path(), name, &encoded_picture(6 + i as u32, 9, format));
    }
    put(dir.path(), "notes.txt", b"");
    let (levels, counts, report) = read(dir.path(), &options());
    assert_eq!((counts, levels.len()), (vec![3, 3, 1], 7 * 90));
    assert!(levels.iter().all(|level| (0.0..=255.0).contains(level)));
    assert_eq!((report.images, report.sizes.len(), report.grey), (7, 7, 0));
    assert_eq!(report.formats["JPEG"], 2);
    assert_eq!(report.skipped, []);
    for threads in [1, 3, 8] {
        for batch in [1, 7, 100] {
            let other = BatchOptions { threads, batch, ..options() };
            assert_eq!(read(dir.path(), &other).0, levels, "{threads} {batch}");
        }
    }
}

#[test]
fn what_cannot_be_used_is_named_and_left_out() {
    let dir = tempfile::tempdir().unwrap();
    let good = encoded_picture(40, 40, ImageFormat::Png);
    for name in ["1.png", "5.png", "9.png"] {
        put(dir.path(), name, &good);
    }
    put(dir.path(), "2-zero.png", b"");
    put(dir.path(), "3-cut.png", &good[..good.len() / 2]);
    put(dir.path(), "4-words.jpg", b"no image at all");
    put(dir.path(), "6-huge.png", &png(20_000, 20_000, 8, 2, &[], &[0; 100]));
    put(dir.path(), "7-movie.gif", b"GIF89a");
    let (levels, counts, report) = read(dir.path(), &options());
    assert_eq!((counts, report.images, levels.len()), (vec![3], 3, 270));
    let expected = [
        ("2-zero.png", "empty"),
        ("3-cut.png", "cut short"),
        ("4-words.jpg", "not a PNG"),
        ("6-huge.png", "20000 x 20000"),
        ("7-movie.gif", ".gif is not read"),
    ];
    for (skipped, (name, reason)) in report.skipped.iter().zip(expected) {
        assert!(skipped.path.ends_with(name) && skipped.reason.contains(reason), "{skipped:?}");
    }
    assert_eq!(report.skipped.len(), expected.len());
    let duplicates: Vec<_> = report.duplicates.iter().map(|d| (d.path.clone(), d.same_as.clone())).collect();
    let path = |name: &str| dir.path().join(name);
    assert_eq!(duplicates, [(path("5.png"), path("1.png")), (path("9.png"), path("1.png"))]);
}

#[test]
fn the_limit_of_pixels_is_an_option() {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), "a.png", &encoded_picture(10, 10, ImageFormat::Png));
    let small = BatchOptions { max_pixels: 99, ..options() };
    let (_, counts, report) = read(dir.path(), &small);
    assert!(counts.is_empty() && report.skipped[0].reason.contains("the limit is 99"), "{report:?}");
    assert_eq!(read(dir.path(), &BatchOptions { max_pixels: 100, ..options() }).1, [1]);
}

#[test]
fn folders_without_images_are_errors_that_say_what_they_hold() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().to_str().unwrap();
    assert_says(ImageFolder::open(dir.path()), &[place, "nothing", "PNG"]);
    put(dir.path(), "a.txt", b"");
    put(dir.path(), "b/c.csv", b"");
    assert_says(ImageFolder::open(dir.path()), &[place, "2 file(s), none of them an image"]);
    put(dir.path(), "d.gif", b"");
    assert_says(ImageFolder::open(dir.path()), &[place, "d.gif", "convert it"]);
    assert_says(ImageFolder::open(&dir.path().join("none")), &["none"]);
    let file = dir.path().join("a.txt");
    assert!(ImageFolder::open(&file).is_err());
}

#[cfg(unix)]
#[test]
fn links_that_lead_back_or_nowhere_are_survived() {
    use std::os::unix::fs::symlink;
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), "sub/a.png", &encoded_picture(8, 8, ImageFormat::Png));
    symlink(dir.path(), dir.path().join("sub/loop")).unwrap();
    symlink(dir.path().join("nothing"), dir.path().join("broken.png")).unwrap();
    symlink("/dev/zero", dir.path().join("endless.png")).unwrap();
    let (_, counts, report) = read(dir.path(), &options());
    assert_eq!((counts, report.skipped.len()), (vec![1], 3));
    assert!(report.skipped.iter().any(|file| file.reason.contains("leads back")));
}

#[test]
fn channels_are_repeated_or_become_luma() {
    let dir = tempfile::tempdir().unwrap();
    let grey = DynamicImage::ImageRgb8(picture(5, 6)).into_luma8();
    put(dir.path(), "a.png", &encode(&DynamicImage::ImageLuma8(grey.clone()), ImageFormat::Png));
    let (levels, _, report) = read(dir.path(), &options());
    let exact: Vec<f32> = grey.as_raw().iter().map(|&level| f32::from(level)).collect();
    assert_eq!((levels, report.grey), (exact.repeat(3), 1));
    let colour = tempfile::tempdir().unwrap();
    let red = image::RgbImage::from_pixel(5, 6, image::Rgb([255, 0, 10]));
    put(colour.path(), "a.png", &encode(&DynamicImage::ImageRgb8(red), ImageFormat::Png));
    // 0.299 * 255 + 0.114 * 10 = 77.4
    let one = BatchOptions { shape: [1, 6, 5], ..options() };
    assert_eq!(read(colour.path(), &one).0, vec![77.0; 30]);
}

#[test]
fn transparency_is_dropped_unless_a_background_is_given() {
    let dir = tempfile::tempdir().unwrap();
    let clear = image::RgbaImage::from_pixel(5, 6, image::Rgba([10, 20, 30, 0]));
    put(dir.path(), "a.png", &encode(&DynamicImage::ImageRgba8(clear), ImageFormat::Png));
    let (levels, _, report) = read(dir.path(), &options());
    assert_eq!((levels[0], levels[30], levels[60], report.transparent), (10.0, 20.0, 30.0, 1));
    let white = BatchOptions { background: Some(255), ..options() };
    assert!(read(dir.path(), &white).0.iter().all(|&level| level == 255.0));
}

#[test]
fn the_content_hash_knows_contents_and_their_order_only() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (small, large) = (encoded_picture(4, 4, ImageFormat::Png), encoded_picture(5, 5, ImageFormat::Png));
    put(a.path(), "1.png", &small);
    put(a.path(), "2.png", &large);
    put(b.path(), "x/1.png", &small);
    put(b.path(), "y/0.png", &large);
    let hash = |dir: &Path| ImageFolder::open(dir).unwrap().content_hash();
    assert_eq!(hash(a.path()), hash(b.path()));
    put(b.path(), "w.png", &large);
    assert_ne!(hash(a.path()), hash(b.path()));
    put(a.path(), "1.png", &large);
    put(a.path(), "2.png", &small);
    std::fs::remove_file(b.path().join("w.png")).unwrap();
    assert_ne!(hash(a.path()), hash(b.path()));
}

#[test]
fn sets_in_common_are_counted() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for side in 4..8 {
        put(a.path(), &format!("{side}.png"), &encoded_picture(side, 4, ImageFormat::Png));
    }
    put(b.path(), "same.bmp", &encoded_picture(5, 4, ImageFormat::Bmp));
    put(b.path(), "other.png", &encoded_picture(50, 4, ImageFormat::Png));
    let (a, b) = (read(a.path(), &options()).2, read(b.path(), &options()).2);
    assert_eq!((a.shared_with(&b), b.shared_with(&a), a.shared_with(&a)), (1, 1, 4));
}

#[test]
fn options_without_sense_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), "a.png", &encoded_picture(8, 8, ImageFormat::Png));
    let folder = ImageFolder::open(dir.path()).unwrap();
    for wrong in [
        BatchOptions::new([2, 8, 8]),
        BatchOptions::new([3, 0, 8]),
        BatchOptions { batch: 0, ..options() },
        BatchOptions { max_pixels: 0, ..options() },
    ] {
        assert!(folder.batches(&wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn files_and_tensors_are_resized_alike() {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), "a.png", &encoded_picture(17, 11, ImageFormat::Png));
    let raw = BatchOptions { shape: [3, 11, 17], ..options() };
    let levels = read(dir.path(), &raw).0;
    let images = ganymede_tensor::Tensor::from_vec(levels, (1, 3, 11, 17), &ganymede_tensor::Device::Cpu);
    let images = images.unwrap();
    for &resize in Resize::ALL {
        for shape in [[3, 6, 5], [1, 20, 30]] {
            let from_file = read(dir.path(), &BatchOptions { shape, resize, ..options() }).0;
            let from_tensor = crate::resize_images(&images, shape, resize).unwrap();
            assert_eq!(from_tensor.flatten_all().unwrap().to_vec1::<f32>().unwrap(), from_file);
        }
    }
}
