use super::*;
use crate::testing::{assert_says, gzip, put};

const FAR: u64 = 1 << 30;

/// Records whose pixels tell plane and label apart.
fn batch(labels: &[u8]) -> Vec<u8> {
    labels
        .iter()
        .flat_map(|&label| {
            let planes = (0..3u8).flat_map(move |plane| [plane * 50 + label; 1024]);
            std::iter::once(label).chain(planes)
        })
        .collect()
}

fn archive(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, bytes.as_slice()).unwrap();
    }
    gzip(&builder.into_inner().unwrap())
}

fn labels(images: &RawImages) -> Vec<u32> {
    images.labels.as_ref().unwrap().classes.clone()
}

#[test]
fn batches_are_read_in_order_and_by_part() {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), "data_batch_2.bin", &batch(&[9]));
    put(dir.path(), "data_batch_1.bin", &batch(&[3, 1]));
    put(dir.path(), "test_batch.bin", &batch(&[7]));
    put(dir.path(), "batches.meta.txt", b"airplane\n");
    let read = |split| read_batches(&find_batches(dir.path()), split, FAR).unwrap();
    let train = read(Split::Train);
    assert_eq!(labels(&train), [3, 1, 9]);
    assert_eq!(
        (train.shape, train.pixels[0], train.pixels[1024], train.pixels[2048]),
        ([3, 32, 32], 3, 53, 103)
    );
    assert_eq!(train.labels.unwrap().names[9], "truck");
    assert_eq!(labels(&read(Split::Test)), [7]);
    assert_eq!(labels(&read(Split::All)), [3, 1, 9, 7]);
}

#[test]
fn the_archive_and_its_unpacked_folder_are_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let files = [
        ("cifar-10-batches-bin/data_batch_2.bin", batch(&[2])),
        ("cifar-10-batches-bin/readme.html", b"<html>".to_vec()),
        ("cifar-10-batches-bin/test_batch.bin", batch(&[4])),
        ("cifar-10-batches-bin/data_batch_1.bin", batch(&[1])),
    ];
    put(dir.path(), "cifar-10-binary.tar.gz", &archive(&files));
    for (name, bytes) in &files {
        put(dir.path(), name, bytes);
    }
    for split in [Split::Train, Split::Test, Split::All] {
        let packed = read_archive(&dir.path().join("cifar-10-binary.tar.gz"), split, FAR).unwrap();
        let unpacked = read_batches(&find_batches(dir.path()), split, FAR).unwrap();
        assert_eq!((labels(&packed), &packed.pixels), (labels(&unpacked), &unpacked.pixels));
    }
}

#[test]
fn every_damage_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let read = |name: &str, bytes: &[u8], limit| {
        put(dir.path(), name, bytes);
        read_batches(&[dir.path().join(name)], Split::Train, limit)
    };
    let good = batch(&[1, 2]);
    assert_says(read("data_batch_1.bin", &[], FAR), &["data_batch_1.bin", "empty"]);
    assert_says(read("data_batch_1.bin", &good[..4000], FAR), &["data_batch_1.bin", "4000 bytes", "3073"]);
    assert_says(read("data_batch_1.bin", &batch(&[1, 10]), FAR), &["record 1", "label 10"]);
    assert_says(read("data_batch_1.bin", &good, 3072), &["limit of 3072", "max_memory_bytes"]);
    assert!(read("data_batch_1.bin", &good, 6144).is_ok());
    let test_only = read("test_batch.bin", &good, FAR);
    assert_says(test_only, &["no CIFAR-10 batch", "Train", "data_batch_1.bin"]);
    let tar = archive(&[("data_batch_1.bin", batch(&[1; 20]))]);
    put(dir.path(), "cut.tar.gz", &tar[..tar.len() / 2]);
    assert_says(read_archive(&dir.path().join("cut.tar.gz"), Split::Train, FAR), &["cut.tar.gz"]);
    put(dir.path(), "no.tar.gz", b"these are words");
    assert_says(read_archive(&dir.path().join("no.tar.gz"), Split::Train, FAR), &["no.tar.gz", "tar.gz"]);
    put(dir.path(), "other.tar.gz", &archive(&[("readme.txt", vec![1])]));
    assert_says(read_archive(&dir.path().join("other.tar.gz"), Split::Train, FAR), &["no CIFAR-10 batch"]);
}
