use image::ImageFormat;

use super::*;
use crate::open::open;
use crate::options::{Channels, Direction, Split};
use crate::testing::{assert_says, encode, encoded_picture, npy, put};
use crate::{Loader, LoaderConfig};

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

    fn options(&self, pairs: Pairs) -> OpenOptions {
        let cache_dir = Some(self.cache.path().to_path_buf());
        OpenOptions { resolution: Some(4), cache_dir, pairs: Some(pairs), ..OpenOptions::default() }
    }

    fn open(&self, pairs: Pairs) -> Result<Opened, DatasetError> {
        self.open_with(&self.options(pairs))
    }

    fn open_with(&self, options: &OpenOptions) -> Result<Opened, DatasetError> {
        open(self.images.path().to_str().unwrap(), options)
    }
}

const FOLDERS: Pairs = Pairs::Folders(Direction::AtoB);
const SIDE_BY_SIDE: Pairs = Pairs::SideBySide(Direction::AtoB);

/// A grey image of one level in each half.
fn halves(width: u32, height: u32, left: u8, right: u8) -> Vec<u8> {
    let level = |x, _| image::Luma([if 2 * x < width { left } else { right }]);
    encode(&image::GrayImage::from_fn(width, height, level).into(), ImageFormat::Png)
}

fn plain(level: u8) -> Vec<u8> {
    halves(4, 4, level, level)
}

/// The first number of each condition and of each sample, as levels.
fn levels(opened: &Opened) -> Vec<(u8, u8)> {
    let data = opened.dataset.as_ref();
    let level = |x: f32| ((x + 1.0) * 127.5).round() as u8;
    let mut condition = vec![0.0; data.condition_shape().unwrap().iter().product()];
    let mut sample = vec![0.0; data.shape().iter().product()];
    let mut both = |index| {
        data.read_condition(index, &mut condition).unwrap();
        data.read(index, &mut sample).unwrap();
        (level(condition[0]), level(sample[0]))
    };
    (0..data.len()).map(&mut both).collect()
}

#[test]
fn folders_of_equal_names_are_pairs_in_the_order_of_their_names() {
    for (prefix, split) in [("", Split::All), ("train", Split::Train), ("test", Split::Test)] {
        let place = Place::new();
        place.put(&format!("{prefix}A/b.png"), &plain(10));
        place.put(&format!("{prefix}A/a/x.png"), &plain(20));
        place.put(&format!("{prefix}B/b.png"), &plain(110));
        place.put(&format!("{prefix}B/a/x.png"), &plain(120));
        let options = OpenOptions { split, ..place.options(FOLDERS) };
        assert_eq!(levels(&place.open_with(&options).unwrap()), [(20, 120), (10, 110)], "{prefix}");
        let back = OpenOptions { pairs: Some(Pairs::Folders(Direction::BtoA)), ..options };
        let opened = place.open_with(&back).unwrap();
        assert_eq!(levels(&opened), [(120, 20), (110, 10)]);
        assert!(opened.dataset.class_names().is_empty() && opened.skipped.is_empty());
    }
}

#[test]
fn the_condition_has_the_channels_of_its_files() {
    let place = Place::new();
    place.put("A/x.png", &encoded_picture(4, 4, ImageFormat::Png));
    place.put("B/x.png", &encoded_picture(4, 4, ImageFormat::Png));
    let options = OpenOptions { channels: Channels::Grey, ..place.options(FOLDERS) };
    let opened = place.open_with(&options).unwrap();
    assert_eq!(opened.dataset.shape(), [1, 4, 4]);
    assert_eq!(opened.dataset.condition_shape(), Some(&[3, 4, 4][..]));
}

#[test]
fn pairs_without_a_partner_are_refused_by_name() {
    let place = Place::new();
    assert_says(place.open(FOLDERS), &["`A` and `B`", "`trainA` and `trainB`", "equal names"]);
    place.put("A/one.png", &plain(1));
    assert_says(place.open(FOLDERS), &["`A` and `B`"]);
    std::fs::create_dir(place.images.path().join("B")).unwrap();
    assert_says(place.open(FOLDERS), &["no usable image", "B", "empty"]);
    place.put("B/two.png", &plain(1));
    assert_says(place.open(FOLDERS), &["A/one.png", "no partner", "B/one.png", "equal names"]);
    place.put("B/one.png", &plain(1));
    assert_says(place.open(FOLDERS), &["B/two.png", "no partner", "A/two.png"]);
    // Equal names, also of what they end in.
    place.put("A/two.PNG", &plain(1));
    assert_says(place.open(FOLDERS), &["A/two.PNG", "no partner"]);
    let test = OpenOptions { split: Split::Test, ..place.options(FOLDERS) };
    std::fs::rename(place.images.path().join("A"), place.images.path().join("trainA")).unwrap();
    assert_says(place.open_with(&test), &["`testA` and `testB`", "split"]);
}

/// Both images of a pair are left out, and the others keep their partners; also from the cache.
#[test]
fn a_damaged_image_takes_its_partner_with_it() {
    let place = Place::new();
    for (name, level) in [("a", 1), ("b", 2), ("c", 3), ("d", 4)] {
        place.put(&format!("A/{name}.png"), &plain(level));
        place.put(&format!("B/{name}.png"), &plain(level + 100));
    }
    place.put("A/b.png", b"junk");
    place.put("B/c.png", b"junk");
    for _ in 0..2 {
        let opened = place.open(FOLDERS).unwrap();
        assert_eq!(levels(&opened), [(1, 101), (4, 104)]);
        let names: Vec<String> = (opened.skipped.iter())
            .map(|file| file.path.strip_prefix(place.images.path()).unwrap().display().to_string())
            .collect();
        assert_eq!(names, ["A/b.png", "A/c.png", "B/b.png", "B/c.png"]);
        assert!(opened.skipped[1].reason.contains("other image of its pair"), "{:?}", opened.skipped);
    }
    let strict = OpenOptions { strict: true, ..place.options(FOLDERS) };
    assert_says(place.open_with(&strict), &["A/b.png", "strict"]);
    place.put("A/a.png", b"junk");
    place.put("B/d.png", b"junk");
    assert_says(place.open(FOLDERS), &["no usable image"]);
}

#[cfg(unix)]
#[test]
fn names_that_are_no_text_have_partners() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let place = Place::new();
    let name = OsStr::from_bytes(b"caf\xe9 1.png");
    for side in ["A", "B"] {
        let dir = place.images.path().join(side);
        std::fs::create_dir(&dir).unwrap();
        if std::fs::write(dir.join(name), plain(9)).is_err() {
            return; // Some file systems have no such names.
        }
    }
    assert_eq!(place.open(FOLDERS).unwrap().dataset.len(), 1);
    std::fs::remove_file(place.images.path().join("B").join(name)).unwrap();
    place.put("B/other.png", &plain(9));
    assert_says(place.open(FOLDERS), &["no partner", "caf\u{fffd} 1.png"]);
}

#[test]
fn images_side_by_side_are_pairs() {
    let place = Place::new();
    place.put("b.png", &halves(16, 8, 10, 110));
    place.put("a.png", &halves(8, 4, 20, 120));
    let opened = place.open(SIDE_BY_SIDE).unwrap();
    assert_eq!(
        (opened.dataset.shape(), opened.dataset.condition_shape()),
        (&[1, 4, 4][..], Some(&[1, 4, 4][..]))
    );
    assert_eq!(levels(&opened), [(20, 120), (10, 110)]);
    // Once more, from the cache; and the other way round.
    assert_eq!(levels(&place.open(SIDE_BY_SIDE).unwrap()), [(20, 120), (10, 110)]);
    assert_eq!(levels(&place.open(Pairs::SideBySide(Direction::BtoA)).unwrap()), [(120, 20), (110, 10)]);
    // The same files are single images, too, which are kept apart.
    let single = OpenOptions { pairs: None, ..place.options(SIDE_BY_SIDE) };
    assert_eq!(place.open_with(&single).unwrap().dataset.condition_shape(), None);
    assert_eq!(levels(&place.open(SIDE_BY_SIDE).unwrap()).len(), 2);

    place.put("odd.png", &halves(9, 4, 0, 0));
    place.put("square.png", &plain(0));
    let opened = place.open(SIDE_BY_SIDE).unwrap();
    let reasons: Vec<&str> = opened.skipped.iter().map(|file| file.reason.as_str()).collect();
    assert_eq!(levels(&opened).len(), 2);
    assert!(
        reasons[0].contains("9 pixels wide and 4 high") && reasons[0].contains("twice as wide"),
        "{reasons:?}"
    );
    assert!(reasons[1].contains("4 pixels wide and 4 high"), "{reasons:?}");
    let only = Place::new();
    only.put("square.png", &plain(0));
    assert_says(only.open(SIDE_BY_SIDE), &["no usable image", "square.png", "twice as wide as high"]);
}

#[test]
fn conditions_are_made_of_any_images() {
    let options = |pairs| OpenOptions { resolution: Some(32), pairs: Some(pairs), ..OpenOptions::default() };
    let clothes = |pairs| open("fashion-mnist-10k", &options(pairs));
    let edges = clothes(Pairs::Edges).unwrap().dataset;
    assert_eq!((edges.shape(), edges.condition_shape()), (&[1, 32, 32][..], Some(&[1, 32, 32][..])));
    let mut drawn = vec![0.0; 1024];
    edges.read_condition(0, &mut drawn).unwrap();
    let white = drawn.iter().filter(|x| **x == 1.0).count();
    assert!(drawn.iter().all(|x| x.abs() == 1.0) && (50..700).contains(&white), "{white}");

    let small = clothes(Pairs::Downsampled { factor: 4 }).unwrap().dataset;
    let (mut low, mut full) = (vec![0.0; 1024], vec![0.0; 1024]);
    small.read_condition(3, &mut low).unwrap();
    small.read(3, &mut full).unwrap();
    let square =
        |image: &[f32]| -> Vec<f32> { (0..16).map(|i| image[(8 + i / 4) * 32 + 12 + i % 4]).collect() };
    let (of_low, of_full) = (square(&low), square(&full));
    let mean = of_full.iter().sum::<f32>() / 16.0;
    assert!(
        of_low.iter().all(|x| *x == of_low[0] && (x - mean).abs() <= 0.5 / 127.5 + 1e-6),
        "{of_low:?} {mean}"
    );
    assert_ne!(edges.content_hash(), small.content_hash());

    assert_says(clothes(Pairs::Downsampled { factor: 5 }), &["factor", "5", "divides 32 and 32"]);
    assert_says(clothes(Pairs::Downsampled { factor: 1 }), &["factor", "1"]);
    assert_says(clothes(FOLDERS), &["pairs", "fashion-mnist-10k", "only a folder"]);
    assert_says(open("ring", &options(Pairs::Edges)), &["pairs", "`ring`", "only images"]);
    let low = OpenOptions { max_memory_bytes: 11_000_000, ..options(Pairs::Edges) };
    assert!(open("fashion-mnist-10k", &low).is_ok());
}

#[test]
fn vectors_are_rows_of_the_images_in_their_order() {
    let place = Place::new();
    for (name, level) in [("b", 2), ("a", 1), ("c", 3)] {
        place.put(&format!("{name}.png"), &plain(level));
    }
    let file = place.cache.path().join("v.npy");
    let with = |rows: usize| {
        let values: Vec<f32> = (0..2 * rows).map(|i| i as f32).collect();
        std::fs::write(&file, npy("<f4", &[rows, 2], &values)).unwrap();
        let options = OpenOptions { vectors: Some(file.clone()), pairs: None, ..place.options(Pairs::Edges) };
        place.open_with(&options)
    };
    let data = with(3).unwrap().dataset;
    let mut row = [0.0; 2];
    data.read_condition(2, &mut row).unwrap();
    assert_eq!((data.condition_shape(), row), (Some(&[2][..]), [4.0, 5.0]));
    assert_says(with(2), &["v.npy", "[2, 2]", "3 images", "one row an image"]);
    place.put("c.png", b"junk");
    assert_says(with(3), &["[3, 2]", "2 images", "1 of its files cannot be used"]);
    let both = OpenOptions { vectors: Some(file.clone()), ..place.options(Pairs::Edges) };
    assert_says(place.open_with(&both), &["vectors", "one condition"]);
    let toy = OpenOptions { vectors: Some(file.clone()), ..OpenOptions::default() };
    assert_says(open("ring", &toy), &["vectors", "`ring`", "only images"]);
}

/// A sample and the image that is its condition are mirrored together, a vector never is.
#[test]
fn flips_are_alike() {
    let place = Place::new();
    for i in 0..6u8 {
        // A is what B is, 100 levels darker.
        place.put(&format!("A/{i}.png"), &halves(4, 4, 10 * i, 10 * i + 50));
        place.put(&format!("B/{i}.png"), &halves(4, 4, 10 * i + 100, 10 * i + 150));
    }
    let data = place.open(FOLDERS).unwrap().dataset;
    let config = LoaderConfig { batch: 40, seed: 3, flip: true, prefetch: 0 };
    let batch = Loader::new(data, config).unwrap().next().unwrap();
    let condition = batch.condition.unwrap();
    assert_eq!((&condition.shape, &batch.labels), (&vec![40, 1, 4, 4], &None));
    let mirrored = batch.images.chunks(16).filter(|image| image[0] > image[3]).count();
    assert!((5..36).contains(&mirrored), "{mirrored}");
    for (known, sample) in condition.values.iter().zip(&batch.images) {
        assert!((sample - known - 100.0 / 127.5).abs() < 1e-5, "{known} {sample}");
    }
}

#[test]
fn conditions_that_are_given_are_fitted_as_the_data() {
    let place = Place::new();
    place.put("b.png", &halves(8, 8, 0, 200));
    place.put("a.png", &encoded_picture(9, 7, ImageFormat::Png));
    let options = OpenOptions { channels: Channels::Grey, pairs: None, ..place.options(Pairs::Edges) };
    let all = open_conditions(place.images.path(), &options).unwrap();
    assert_eq!((all.len(), all.shape()), (2, &[1, 4, 4][..]));
    let one = open_conditions(&place.images.path().join("b.png"), &options).unwrap();
    assert_eq!(one.bytes(0), all.bytes(1));
    let low = OpenOptions { pairs: Some(Pairs::Downsampled { factor: 2 }), ..options.clone() };
    let low = open_conditions(&place.images.path().join("b.png"), &low).unwrap();
    let bytes = low.bytes(0).unwrap();
    assert_eq!(
        (low.shape(), bytes[0], bytes[0] == bytes[5], bytes[3]),
        (&[1, 4, 4][..], bytes[1], true, bytes[2])
    );
    place.put("c.png", b"junk");
    assert_says(open_conditions(place.images.path(), &options), &["c.png", "strict"]);
    assert_says(open_conditions(&place.images.path().join("none.png"), &options), &["none.png"]);
}
