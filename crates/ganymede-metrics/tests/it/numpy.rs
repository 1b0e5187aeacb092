//! Files that NumPy wrote, of whatever version and in whatever form: statistics, features and images.

use std::path::{Path, PathBuf};

use ganymede_metrics::{
    BatchOptions, FeatureFile, ImageFolder, NpzKind, Resize, frechet_distance, load_npz, npz_kind, read_npz,
};
use image::RgbImage;
use ndarray::{Array2, arr1, arr2};

use crate::support::{assert_relative, fixture_path};

pub(crate) fn fixture(name: &str) -> PathBuf {
    fixture_path("numpy", name)
}

fn all_of(folder: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(fixture(folder)).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn statistics_are_read_in_every_form() {
    let files = all_of("forms");
    assert_eq!(files.len(), 15);
    for path in files {
        assert_eq!(npz_kind(&path).unwrap(), NpzKind::Statistics);
        let (found, notes) = read_npz(&path).unwrap();
        assert_eq!(found.mean, arr1(&[0.5, -1.25, 3.0]), "{}", path.display());
        let wanted = arr2(&[[2.0, 0.5, 0.25], [0.5, 1.0, -0.125], [0.25, -0.125, 4.0]]);
        assert_eq!(found.cov, wanted, "{}", path.display());
        let says_more = path.ends_with("more.npz");
        assert_eq!(notes.len(), usize::from(says_more), "{notes:?}");
        assert!(
            !says_more || notes[0].contains("`mu` and `sigma` are read, not `arr_0`, `mu_s`"),
            "{notes:?}"
        );
    }
    let one = load_npz(&fixture("other/scalars.npz")).unwrap();
    assert_eq!((one.mean, one.cov), (arr1(&[0.5]), arr2(&[[2.0]])));
    let two = load_npz(&fixture("other/integers.npz")).unwrap();
    assert_eq!((two.mean, two.cov), (arr1(&[1.0, 2.0]), Array2::eye(2)));
}

#[test]
fn features_are_read_in_every_form() {
    let files = all_of("rows");
    assert_eq!(files.len(), 7);
    let wanted = Array2::from_shape_fn((4, 3), |(i, j)| (3 * i + j) as f32 / 4.0 - 1.0);
    for path in files {
        assert_eq!(FeatureFile::read(&path).unwrap().rows, wanted, "{}", path.display());
    }
}

#[test]
fn rounding_in_a_covariance_is_taken_back_and_said() {
    let (real, notes) = read_npz(&fixture("other/rounded-real.npz")).unwrap();
    assert!(notes[0].contains("-1.4e-17") && notes[1].contains("2.0e-7"), "{notes:?}");
    assert_eq!(real.cov[(5, 5)], 0.0);
    assert_eq!(real.cov, real.cov.t());
    let fake = load_npz(&fixture("other/rounded-fake.npz")).unwrap();
    // As scipy's square root gives it: see gen.py.
    assert_relative(frechet_distance(&real, &fake).unwrap().distance, 0.7323618667096881, 1e-9);

    for (file, says) in
        [("negative.npz", ["variance -5e-1", "feature 2"]), ("lopsided.npz", ["5.1e-1", "5e-1"])]
    {
        let message = load_npz(&fixture("other").join(file)).unwrap_err().to_string();
        assert!(says.iter().all(|word| message.contains(word)), "{message}");
    }
}

#[test]
fn an_archive_without_use_says_what_is_in_it() {
    let message = npz_kind(&fixture("other/only-spatial.npz")).unwrap_err().to_string();
    for word in ["`mu_s` float64 (3,)", "`sigma_s` float64 (3, 3)", "`mu` (D,)", "uint8"] {
        assert!(message.contains(word), "{message}");
    }
    let message = load_npz(&fixture("other/object.npz")).unwrap_err().to_string();
    assert!(message.contains("`mu`") && message.contains("objects of Python"), "{message}");
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.npz");
    for (bytes, says) in [
        (&b"\x93NUMPY\x01\x00"[..], "name it .npy"),
        (b"\x80\x02}.", "np.savez"),
        (b"", "empty"),
        (b"mu", "zip"),
    ] {
        std::fs::write(&path, bytes).unwrap();
        let message = npz_kind(&path).unwrap_err().to_string();
        assert!(message.contains(says) && message.contains("a.npz"), "{message}");
    }
}

/// Levels of all images at the size that they have, their names, and what was seen.
fn read(path: &Path, shape: [usize; 3]) -> (Vec<f32>, Vec<PathBuf>, ganymede_metrics::ImageReport) {
    let folder = ImageFolder::open(path).unwrap();
    let options = BatchOptions { batch: 4, resize: Resize::Clean, ..BatchOptions::new(shape) };
    let mut batches = folder.batches(&options).unwrap();
    let (mut levels, mut names) = (Vec::new(), Vec::new());
    for batch in &mut batches {
        let batch = batch.unwrap();
        levels.extend(batch.images.flatten_all().unwrap().to_vec1::<f32>().unwrap());
        names.extend(batch.files.iter().map(|index| folder.path(*index).to_path_buf()));
    }
    (levels, names, batches.into_report())
}

/// The images of an array as PNGs in a folder.
pub(crate) fn as_files(array: &Path, dir: &Path) {
    let folder = ImageFolder::open(array).unwrap();
    for index in 0..folder.len() {
        let frame = folder.frame(index, &ganymede_files::DecodeOptions::pil()).unwrap();
        let (width, height) = frame.size();
        let image = RgbImage::from_raw(width, height, frame.interleaved().to_vec()).unwrap();
        image.save(dir.join(format!("{index}.png"))).unwrap();
    }
}

#[test]
fn images_of_an_array_are_those_of_a_folder() {
    let dir = tempfile::tempdir().unwrap();
    let array = fixture("images/samples.npz");
    as_files(&array, dir.path());
    let (of_array, names, report) = read(&array, [3, 30, 32]);
    let (of_files, _, files) = read(dir.path(), [3, 30, 32]);
    assert_eq!(of_array, of_files);
    assert_eq!(names[5], array.join("arr_0[5]"));
    assert_eq!((report.images, report.sizes.clone(), report.grey), (6, files.sizes.clone(), 0));
    assert_eq!(report.shared_with(&files), 6);
    for (file, shape, grey, name) in [
        ("compressed.npz", [3, 4, 4], 0, "arr_0[1]"),
        ("single.npy", [3, 4, 4], 0, "[1]"),
        ("grey.npz", [1, 8, 8], 6, "images[1]"),
    ] {
        let path = fixture("images").join(file);
        let (levels, names, report) = read(&path, shape);
        assert_eq!((levels.len(), report.grey), (6 * shape.iter().product::<usize>(), grey), "{file}");
        assert_eq!(names[1], path.join(name));
    }
    let (packed, whole) = (fixture("images/compressed.npz"), fixture("images/single.npy"));
    assert_eq!(read(&packed, [3, 4, 4]).0, read(&whole, [3, 4, 4]).0);
    let hash = |path: &Path| ImageFolder::open(path).unwrap().content_hash();
    assert_eq!(hash(&packed), hash(&whole));
    assert_ne!(hash(&packed), hash(&array));
}

#[test]
fn arrays_that_are_no_images_yet_say_how_they_become_some() {
    for (file, says) in [
        ("planes.npz", "transpose(0, 2, 3, 1)"),
        ("floats.npz", "from -1 to 0.9764706); save ((images + 1) * 127.5)"),
        ("integers.npz", "int64 (6, 4, 4, 3) are no levels of 8 bits"),
        ("one.npz", "images[None]"),
    ] {
        let message = ImageFolder::open(&fixture("images").join(file)).unwrap_err().to_string();
        assert!(message.contains(says) && message.contains("arr_0"), "{message}");
    }
    let message = ImageFolder::open(&fixture("forms/plain.npz")).unwrap_err().to_string();
    assert!(message.contains("statistics"), "{message}");
}
