use std::path::{Path, PathBuf};

use ganymede_files::testing::{fill_but, on_small_disk};
use image::{DynamicImage, ImageFormat};

use crate::dataset::Dataset;
use crate::open::{CacheUse, Opened, open};
use crate::options::{Channels, OpenOptions};
use crate::testing::{assert_says, encode, encoded_picture, picture, put};

struct Place {
    images: tempfile::TempDir,
    cache: tempfile::TempDir,
}

impl Place {
    /// Images in grey and in colours, of which two cannot be used.
    fn new(images: usize) -> Self {
        let place = Self { images: tempfile::tempdir().unwrap(), cache: tempfile::tempdir().unwrap() };
        for i in 0..images as u32 {
            let image = DynamicImage::ImageRgb8(picture(8 + i, 9));
            let image = if i % 3 == 0 { DynamicImage::ImageLuma8(image.into_luma8()) } else { image };
            put(place.images.path(), &format!("{i}.png"), &encode(&image, ImageFormat::Png));
        }
        put(place.images.path(), "1x.png", b"words");
        put(place.images.path(), "z.png", b"words");
        place
    }

    fn options(&self) -> OpenOptions {
        OpenOptions {
            resolution: Some(8),
            cache_dir: Some(self.cache.path().into()),
            ..OpenOptions::default()
        }
    }

    fn open_with(&self, options: &OpenOptions) -> Opened {
        open(self.images.path().to_str().unwrap(), options).unwrap()
    }

    fn open(&self) -> Opened {
        self.open_with(&self.options())
    }
}

fn file(opened: &Opened) -> PathBuf {
    match &opened.cache {
        CacheUse::Hit(path) | CacheUse::Written(path) => path.clone(),
        other => panic!("{other:?}"),
    }
}

fn levels(data: &dyn Dataset) -> Vec<Vec<u8>> {
    let read = |index| {
        let mut out = vec![0; data.shape().iter().product()];
        data.read_bytes(index, &mut out).unwrap();
        let mut values = vec![0.0; out.len()];
        data.read(index, &mut values).unwrap();
        assert!(values.iter().zip(&out).all(|(value, level)| *value == f32::from(*level) / 127.5 - 1.0));
        out
    };
    (0..data.len()).map(read).collect()
}

#[test]
fn what_is_kept_is_what_memory_would_hold() {
    let place = Place::new(8);
    for channels in [Channels::Auto, Channels::Grey, Channels::Rgb] {
        let options = OpenOptions { channels, ..place.options() };
        let written = place.open_with(&options);
        let hit = place.open_with(&options);
        let held = place.open_with(&OpenOptions { cache: false, ..options });
        assert!(matches!((&written.cache, &hit.cache), (CacheUse::Written(_), CacheUse::Hit(_))));
        assert_eq!(levels(&*held.dataset).len(), 8);
        for kept in [written, hit] {
            assert_eq!(levels(&*kept.dataset), levels(&*held.dataset), "{channels:?}");
            assert_eq!(kept.dataset.content_hash(), held.dataset.content_hash());
            assert_eq!(kept.skipped, held.skipped);
            assert_says(kept.dataset.read(8, &mut [0.0; 192]), &["sample 8", "which has 8"]);
            assert_says(kept.dataset.read_bytes(0, &mut [0; 3]), &["room for 3"]);
        }
    }
}

#[test]
fn a_file_that_changes_while_it_is_read_is_an_error() {
    let place = Place::new(4);
    let opened = place.open();
    let path = file(&opened);
    let whole = std::fs::read(&path).unwrap();
    let mut out = vec![0.0; 192];
    let damaged = [&whole[..20], &[whole[20] ^ 1], &whole[21..]].concat();
    std::fs::write(&path, damaged).unwrap();
    let path_words = path.to_str().unwrap();
    assert_says(opened.dataset.read(0, &mut out), &[path_words, "decoded image 0", "start again"]);
    opened.dataset.read(1, &mut out).unwrap();
    std::fs::write(&path, &whole[..100]).unwrap();
    assert_says(opened.dataset.read(1, &mut out), &["could not read", path_words]);
    // A new start makes it anew, and who has the old one open is none the wiser.
    let anew = place.open();
    assert_eq!((anew.cache, std::fs::read(&path).unwrap()), (CacheUse::Written(path.clone()), whole));
    std::fs::remove_file(&path).unwrap();
    anew.dataset.read(1, &mut out).unwrap();
}

#[test]
fn several_may_make_the_same_file_at_once() {
    let place = Place::new(30);
    let hashes: Vec<(String, PathBuf)> = std::thread::scope(|scope| {
        let one = || {
            let opened = place.open();
            assert_eq!(levels(&*opened.dataset).len(), 30);
            (opened.dataset.content_hash(), file(&opened))
        };
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(one)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(hashes.iter().all(|it| *it == hashes[0]), "{hashes:?}");
    assert_eq!(std::fs::read_dir(place.cache.path()).unwrap().count(), 1);
    assert!(matches!(place.open().cache, CacheUse::Hit(_)));
}

#[test]
fn what_a_killed_process_left_is_removed_and_nothing_else() {
    let place = Place::new(2);
    let name = file(&place.open()).file_name().unwrap().to_str().unwrap().to_owned();
    let at = |name: &str| place.cache.path().join(name);
    std::fs::remove_file(at(&name)).unwrap();
    let [dead, alive, other] =
        [format!(".{name}.dead.tmp"), format!(".{name}.alive.tmp"), ".other.dead.tmp".to_owned()];
    for name in [&dead, &alive, &other] {
        std::fs::write(at(name), b"half").unwrap();
    }
    let writer = std::fs::File::open(at(&alive)).unwrap();
    writer.lock().unwrap();
    assert!(matches!(place.open().cache, CacheUse::Written(_)));
    assert_eq!([&dead, &alive, &other].map(|name| at(name).exists()), [false, true, true]);
}

#[test]
fn a_full_disk_costs_the_next_start_its_time() {
    let disk = tempfile::tempdir().unwrap();
    on_small_disk("decoded::tests::a_full_disk_costs_the_next_start_its_time", disk.path(), 256, |disk| {
        let place = Place::new(20);
        let options =
            OpenOptions { resolution: Some(32), cache_dir: Some(disk.join("cache")), ..place.options() };
        fill_but(disk, 60);
        let full = place.open_with(&options);
        let CacheUse::Failed { path, reason } = &full.cache else { panic!("{:?}", full.cache) };
        assert!(reason.contains("bytes are needed") && path.starts_with(disk), "{reason}");
        assert_eq!((full.dataset.len(), unfinished(disk)), (20, 0));
        let tight = OpenOptions { max_memory_bytes: 20_000, ..options.clone() };
        let refused = open(place.images.path().to_str().unwrap(), &tight);
        assert_says(
            refused,
            &["22 images", "67584 bytes", "cannot be kept in", "memory is 20000", "lower resolution"],
        );
        std::fs::remove_file(disk.join("ballast")).unwrap();
        let room = place.open_with(&options);
        assert!(matches!(room.cache, CacheUse::Written(_)), "{:?}", room.cache);
        assert_eq!(room.dataset.content_hash(), full.dataset.content_hash());
    });
}

/// Files that were begun and not finished.
fn unfinished(dir: &Path) -> usize {
    let files =
        |dir: &Path| std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    files(&dir.join("cache")).iter().filter(|path| path.extension().is_some_and(|it| it == "tmp")).count()
}

#[test]
fn images_of_one_kind_take_the_room_that_they_need() {
    let place = Place::new(1);
    put(place.images.path(), "0.png", &encoded_picture(8, 8, ImageFormat::Png));
    let size = |channels| {
        let opened = place.open_with(&OpenOptions { channels, ..place.options() });
        std::fs::metadata(file(&opened)).unwrap().len()
    };
    assert_eq!(size(Channels::Rgb) - size(Channels::Grey), 3 * 2 * 64);
}
