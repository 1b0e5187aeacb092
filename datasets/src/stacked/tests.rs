use std::path::PathBuf;
use std::sync::Arc;

use super::*;
use crate::open;
use crate::testing::{assert_says, idx as idx_file, put};

/// A data folder with ten digits to train on, of grey level 10 + digit, and five to test with, of level 100 + digit.
fn folder() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let mnist = dir.path().join(OF);
    for (part, count, level) in [("train", 10u8, 10), ("t10k", 5, 100)] {
        let pixels: Vec<u8> = (0..count).flat_map(|digit| [level + digit; 28 * 28]).collect();
        let dims = [u32::from(count), 28, 28];
        put(&mnist, &format!("{part}-images-idx3-ubyte"), &idx_file(&dims, &pixels));
        let labels: Vec<u8> = (0..count).collect();
        put(&mnist, &format!("{part}-labels-idx1-ubyte"), &idx_file(&dims[..1], &labels));
    }
    let path = dir.path().to_owned();
    (dir, path)
}

fn opened(data_dir: &Path, change: impl FnOnce(&mut OpenOptions)) -> Result<Arc<dyn Dataset>, DatasetError> {
    let mut options = OpenOptions { data_dir: Some(data_dir.to_owned()), ..OpenOptions::default() };
    change(&mut options);
    Ok(open(NAME, &options)?.dataset)
}

#[test]
fn channels_are_digits_and_the_class_is_their_number() {
    let (_dir, data) = folder();
    let set = opened(&data, |_| ()).unwrap();
    assert_eq!((set.name(), set.len(), set.shape()), (NAME, 128_000, &[3, 28, 28][..]));
    assert_eq!((set.class_names().len(), set.class_names()[42].as_str()), (1000, "042"));
    let mut counts = vec![0usize; 1000];
    let mut bytes = vec![0; 3 * 28 * 28];
    let mut values = vec![0.0; 3 * 28 * 28];
    for index in 0..set.len() {
        let label = set.label(index).unwrap();
        counts[label as usize] += 1;
        if index % 997 == 0 {
            set.read_bytes(index, &mut bytes).unwrap();
            let digits = [0, 1, 2].map(|channel| u32::from(bytes[channel * 784] - 10));
            assert_eq!(label, 100 * digits[0] + 10 * digits[1] + digits[2]);
            assert!(
                (0..3)
                    .all(|channel| bytes[channel * 784..][..784].iter().all(|b| *b == bytes[channel * 784]))
            );
            set.read(index, &mut values).unwrap();
            assert!(values.iter().zip(&bytes).all(|(value, byte)| *value == f32::from(*byte) / 127.5 - 1.0));
        }
    }
    // 128 of each on average, with a standard deviation of 11.3.
    assert!(counts.iter().all(|count| (60..200).contains(count)), "{counts:?}");
    assert_eq!(set.label(128_000), None);
    assert_says(set.read(128_000, &mut values), &[NAME, "128000"]);
    assert_says(set.read(0, &mut values[1..]), &[NAME, "2352 numbers"]);
}

#[test]
fn parts_are_stacked_by_themselves() {
    let (_dir, data) = folder();
    let train = opened(&data, |_| ()).unwrap();
    let test = opened(&data, |options| options.split = Split::Test).unwrap();
    let all = opened(&data, |options| options.split = Split::All).unwrap();
    assert_eq!((test.len(), all.len()), (26_000, 154_000));
    let read = |set: &dyn Dataset, index| {
        let mut bytes = vec![0; 3 * 28 * 28];
        set.read_bytes(index, &mut bytes).unwrap();
        bytes
    };
    for index in [0, 1, 25_999] {
        assert!(read(&*test, index).iter().all(|byte| (100..105).contains(byte)));
        assert_eq!(read(&*all, 128_000 + index), read(&*test, index));
        assert_eq!(read(&*all, index), read(&*train, index));
    }
    assert_eq!(train.content_hash(), opened(&data, |options| options.seed = 7).unwrap().content_hash());
    assert_ne!(train.content_hash(), test.content_hash());
}

#[test]
fn digits_are_framed_as_elsewhere_and_greys_are_refused() {
    let (_dir, data) = folder();
    let set = opened(&data, |options| options.resolution = Some(32)).unwrap();
    assert_eq!(set.shape(), [3, 32, 32]);
    let mut bytes = vec![9; 3 * 32 * 32];
    set.read_bytes(5, &mut bytes).unwrap();
    assert!(bytes[..64].iter().all(|byte| *byte == 0) && bytes[2 * 32 + 2] >= 10);
    assert_says(opened(&data, |options| options.channels = Channels::Grey).map(drop), &["channels", NAME]);
    let nowhere = tempfile::tempdir().unwrap();
    assert_says(opened(nowhere.path(), |_| ()).map(drop), &["data fetch stacked-mnist", OF]);
}
