use super::*;
use crate::options::{Background, Channels, Crop};
use crate::testing::{assert_says, gzip, idx, put};

fn read(dataset: &dyn Dataset, index: usize) -> Vec<f32> {
    let mut out = vec![0.0; dataset.shape().iter().product()];
    dataset.read(index, &mut out).unwrap();
    out
}

#[test]
fn the_embedded_clothes_are_the_published_ones() {
    let set = open("fashion-mnist-10k", &OpenOptions::default()).unwrap().dataset;
    assert_eq!((set.name(), set.len(), set.shape()), ("fashion-mnist-10k", 10_000, &[1, 28, 28][..]));
    assert_eq!(set.class_names().len(), 10);
    let first: Vec<&str> =
        (0..5).map(|i| set.class_names()[set.label(i).unwrap() as usize].as_str()).collect();
    assert_eq!(first, ["Ankle boot", "Pullover", "Trouser", "Trouser", "Shirt"]);
    let mut counts = [0; 10];
    (0..10_000).for_each(|index| counts[set.label(index).unwrap() as usize] += 1);
    assert_eq!(counts, [1000; 10]);
    let image = read(&*set, 0);
    assert_eq!(image.iter().copied().fold(f32::INFINITY, f32::min), -1.0);
    assert!(image.iter().all(|value| (-1.0..=1.0).contains(value)));
    assert!(set.modes().is_none());
}

#[test]
fn twenty_eight_to_thirty_two_is_a_black_frame_of_two() {
    let options = |resolution| OpenOptions { resolution, ..OpenOptions::default() };
    let plain = open("fashion-mnist-10k", &options(None)).unwrap().dataset;
    let framed = open("fashion-mnist-10k", &options(Some(32))).unwrap().dataset;
    assert_eq!(framed.shape(), [1, 32, 32]);
    let (small, large) = (read(&*plain, 17), read(&*framed, 17));
    for y in 0..32 {
        for x in 0..32 {
            let inside = (2..30).contains(&x) && (2..30).contains(&y);
            let expected = if inside { small[(y - 2) * 28 + x - 2] } else { -1.0 };
            assert_eq!(large[y * 32 + x], expected, "{x} {y}");
        }
    }
    let resized = open("fashion-mnist-10k", &options(Some(16))).unwrap().dataset;
    assert_eq!((resized.shape(), resized.len()), (&[1, 16, 16][..], 10_000));
    assert_eq!(resized.label(17), plain.label(17));
    assert_ne!(plain.content_hash(), framed.content_hash());
}

#[test]
fn colour_can_be_asked_of_grey_images() {
    let options = OpenOptions { channels: Channels::Rgb, resolution: Some(32), ..OpenOptions::default() };
    let set = open("fashion-mnist-10k", &options).unwrap().dataset;
    assert_eq!(set.shape(), [3, 32, 32]);
    let image = read(&*set, 3);
    assert_eq!(image[..1024], image[1024..2048]);
    assert_eq!(image[..1024], image[2048..]);
}

#[test]
fn toys_are_opened_by_name() {
    for (name, modes) in [("ring", Some(8)), ("grid", Some(25)), ("swiss-roll", None)] {
        let set = open(name, &OpenOptions { seed: 5, ..OpenOptions::default() }).unwrap().dataset;
        assert_eq!((set.name(), set.shape()), (name, &[2][..]));
        assert_eq!(set.modes().map(|modes| modes.centres.len()), modes);
    }
}

#[test]
fn unknown_names_and_bad_options_are_refused_with_the_fix() {
    let defaults = OpenOptions::default();
    assert_says(
        open("fashion-mnst", &defaults),
        &["fashion-mnst", "did you mean `fashion-mnist`", "swiss-roll"],
    );
    assert_says(open("/no/such/folder", &defaults), &["/no/such/folder", "known names"]);
    for resolution in [0, 5000] {
        let options = OpenOptions { resolution: Some(resolution), ..OpenOptions::default() };
        assert_says(open("ring", &options), &["resolution", &resolution.to_string(), "1 to 4096"]);
    }
    assert_says(open("ring", &OpenOptions { max_pixels: 0, ..OpenOptions::default() }), &["max_pixels"]);
    let tight = OpenOptions { max_memory_bytes: 1_000_000, ..OpenOptions::default() };
    assert_says(open("fashion-mnist-10k", &tight), &["1000000 bytes", "max_memory_bytes"]);
    let large = OpenOptions { resolution: Some(4096), ..OpenOptions::default() };
    assert_says(open("fashion-mnist-10k", &large), &["10000 images", "[1, 4096, 4096]", "lower resolution"]);
}

#[test]
fn what_is_not_fetched_says_how_to_fetch_it() {
    let dir = tempfile::tempdir().unwrap();
    let options = OpenOptions { data_dir: Some(dir.path().into()), ..OpenOptions::default() };
    for name in ["mnist", "fashion-mnist"] {
        let command = format!("cargo xtask data fetch {name}");
        assert_says(
            open(name, &options),
            &[name, &command, &format!("ganymede data fetch {name}"), "GANYMEDE_DATA"],
        );
    }
    assert_says(open("cifar-10", &options), &["cifar-10-binary.tar.gz", "https://"]);
    // Half a data set is none.
    put(&dir.path().join("mnist"), "train-images-idx3-ubyte", &idx(&[1, 1, 1], &[0]));
    assert_says(open("mnist", &options), &["cargo xtask data fetch mnist"]);
}

#[test]
fn a_fetched_set_opens_by_part() {
    let dir = tempfile::tempdir().unwrap();
    let mnist = dir.path().join("mnist");
    put(&mnist, "train-images-idx3-ubyte.gz", &gzip(&idx(&[2, 2, 2], &[0, 1, 2, 3, 4, 5, 6, 7])));
    put(&mnist, "train-labels-idx1-ubyte.gz", &gzip(&idx(&[2], &[3, 9])));
    put(&mnist, "t10k-images-idx3-ubyte", &idx(&[1, 2, 2], &[8, 9, 10, 11]));
    put(&mnist, "t10k-labels-idx1-ubyte", &idx(&[1], &[0]));
    let labels = |split| {
        let options = OpenOptions { split, data_dir: Some(dir.path().into()), ..OpenOptions::default() };
        let set = open("mnist", &options).unwrap().dataset;
        assert_eq!(set.class_names().len(), 10);
        (0..set.len()).map(|index| set.label(index).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(labels(Split::Train), [3, 9]);
    assert_eq!(labels(Split::Test), [0]);
    assert_eq!(labels(Split::All), [3, 9, 0]);
}

#[test]
fn folders_and_files_of_published_formats_open_by_path() {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), "kmnist/t10k-images-idx3-ubyte", &idx(&[1, 2, 2], &[8, 9, 10, 11]));
    let at = |relative: &str| dir.path().join(relative).to_str().unwrap().to_owned();
    let defaults = OpenOptions::default();
    let file = open(&at("kmnist/t10k-images-idx3-ubyte"), &defaults).unwrap().dataset;
    assert_eq!((file.len(), file.shape(), file.class_names().len()), (1, &[1, 2, 2][..], 0));
    let test = OpenOptions { split: Split::Test, ..OpenOptions::default() };
    assert_eq!(open(&at("kmnist"), &test).unwrap().dataset.name(), "kmnist");
    assert_says(open(&at("kmnist"), &defaults), &["kmnist", "none of the part Train", "split"]);
    put(dir.path(), "cifar/data_batch_1.bin", &[&[4u8][..], &[200; 3072]].concat());
    let cifar = OpenOptions { resolution: Some(16), channels: Channels::Grey, ..OpenOptions::default() };
    let cifar = open(&at("cifar"), &cifar).unwrap().dataset;
    assert_eq!(
        (cifar.shape(), cifar.label(0), &*cifar.class_names()[4]),
        (&[1, 16, 16][..], Some(4), "deer")
    );
    assert!(read(&*cifar, 0).iter().all(|&value| (value - (200.0 / 127.5 - 1.0)).abs() < 0.02));
    put(dir.path(), "words.txt", b"words");
    assert_says(open(&at("words.txt"), &defaults), &["words.txt", "folder of images", "IDX"]);
    put(dir.path(), "cut-images-idx3-ubyte", &[0, 0]);
    assert_says(open(&at("cut-images-idx3-ubyte"), &defaults), &["cut-images-idx3-ubyte", "header"]);
}

#[test]
fn options_are_what_they_say_by_default() {
    let options = OpenOptions::default();
    assert_eq!((options.crop, options.background, options.strict), (Crop::Centre, Background::White, false));
    assert_eq!(options.cache_dir(), options.data_dir().join("cache"));
    let set = OpenOptions { data_dir: Some("/somewhere".into()), ..OpenOptions::default() };
    assert_eq!(set.cache_dir(), Path::new("/somewhere/cache"));
}
