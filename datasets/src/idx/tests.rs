use super::*;
use crate::testing::{assert_says, gzip, idx, put};
use proptest::prelude::*;

const FAR: u64 = 1 << 30;

fn parse(bytes: &[u8]) -> Result<IdxArray, DatasetError> {
    parse_idx(&mut &*bytes, Path::new("some-file"), FAR)
}

#[test]
fn plain_and_gzip_are_told_apart_by_content() {
    let plain = idx(&[2, 1, 3], &[1, 2, 3, 4, 5, 6]);
    let expected = IdxArray { dims: vec![2, 1, 3], values: vec![1, 2, 3, 4, 5, 6] };
    assert_eq!(parse(&plain).unwrap(), expected);
    assert_eq!(parse(&gzip(&plain)).unwrap(), expected);
}

#[test]
fn every_damage_is_named() {
    let good = idx(&[2, 1, 3], &[1, 2, 3, 4, 5, 6]);
    assert_says(parse(&[]), &["some-file", "empty"]);
    assert_says(parse(&good[..3]), &["some-file", "header"]);
    assert_says(parse(&good[..9]), &["some-file", "header"]);
    assert_says(parse(&good[..17]), &["some-file", "cut short", "1 of 6"]);
    assert_says(parse(&[&good[..], &[0]].concat()), &["some-file", "goes on after the 6"]);
    assert_says(parse(b"\x89PNG and so on"), &["not an IDX file", "89"]);
    assert_says(parse(&[0, 0, 13, 1, 0, 0, 0, 1, 0, 0, 0, 0]), &["0x0d", "0x08"]);
    assert_says(parse(&[0, 0, 8, 0]), &["0 dimensions"]);
    assert_says(parse(&[0, 0, 8, 9]), &["9 dimensions"]);
    let huge = idx(&[u32::MAX, u32::MAX, u32::MAX, u32::MAX], &[]);
    assert_says(parse(&huge), &["some-file", "4294967295", "max_memory_bytes"]);
    let packed = gzip(&idx(&[60, 10, 10], &(0..6000).map(|i| (i * 7919 % 251) as u8).collect::<Vec<_>>()));
    assert_says(parse(&packed[..packed.len() / 2]), &["some-file", "damaged after", "of 6000"]);
    let mut flipped = packed.clone();
    let last = flipped.len() - 6;
    flipped[last] ^= 1;
    assert_says(parse(&flipped), &["some-file", "damaged"]);
}

#[test]
fn images_and_labels_must_fit() {
    let images = || parse(&idx(&[2, 1, 1], &[7, 8])).unwrap();
    let labels = |values: &[u8]| parse(&idx(&[values.len() as u32], values)).unwrap();
    let path = Path::new("file");
    let with = |values: &[u8], names| join((images(), path), Some((labels(values), path)), names);
    let named = with(&[1, 0], Some(&["x", "y"])).unwrap();
    assert_eq!(named.labels, Some(Labels { classes: vec![1, 0], names: vec!["x".into(), "y".into()] }));
    assert_eq!(with(&[2, 0], None).unwrap().labels.unwrap().names, ["0", "1", "2"]);
    assert_says(with(&[2, 0], Some(&["x", "y"])), &["label 2", "2 classes"]);
    assert_says(with(&[0], None), &["[1]", "2 images"]);
    assert_says(join((labels(&[1]), path), None, None), &["[1]", "three"]);
    assert_says(join((parse(&idx(&[0, 5, 5], &[])).unwrap(), path), None, None), &["no image"]);
}

#[test]
fn parts_are_found_under_the_names_in_use() {
    let dir = tempfile::tempdir().unwrap();
    let file = idx(&[1, 1, 1], &[5]);
    for name in ["train-images-idx3-ubyte", "train-images-idx3-ubyte.gz", "t10k-images.idx3-ubyte.gz"] {
        put(dir.path(), name, &file);
    }
    put(dir.path(), "train-labels-idx1-ubyte.gz", b"");
    put(dir.path(), "t10k-labels.idx1-ubyte", b"");
    put(dir.path(), "train-images-idx3-ubyte.gz.0123abcd.part", b"");
    let part = |images: &str, labels: &str| IdxPart {
        images: dir.path().join(images),
        labels: Some(dir.path().join(labels)),
    };
    let train = part("train-images-idx3-ubyte", "train-labels-idx1-ubyte.gz");
    let test = part("t10k-images.idx3-ubyte.gz", "t10k-labels.idx1-ubyte");
    assert_eq!(find_parts(dir.path(), Split::Train).unwrap(), std::slice::from_ref(&train));
    assert_eq!(find_parts(dir.path(), Split::Test).unwrap(), std::slice::from_ref(&test));
    assert_eq!(find_parts(dir.path(), Split::All).unwrap(), [train, test]);
    put(dir.path(), "letters-train-images-idx3-ubyte", &file);
    assert_says(find_parts(dir.path(), Split::Train), &["several", "letters-train", "path of the file"]);
}

#[test]
fn a_file_without_labels_has_none() {
    let dir = tempfile::tempdir().unwrap();
    put(dir.path(), "train-images-idx3-ubyte", &idx(&[2, 1, 1], &[5, 6]));
    let parts = find_parts(dir.path(), Split::Train).unwrap();
    assert!(parts[0].read(FAR, None).unwrap().labels.is_none());
    // No name from which that of the labels follows: the file is not its own labels.
    assert_eq!(IdxPart::beside(dir.path().join("digits.idx")).labels, None);
}

#[test]
fn parts_of_different_sizes_are_not_joined() {
    let image = |side: u32| {
        let array = parse(&idx(&[1, side, side], &vec![0; (side * side) as usize])).unwrap();
        join((array, Path::new("f")), None, None).unwrap()
    };
    let mut first = image(2);
    append(&mut first, image(2), Path::new("f")).unwrap();
    assert_eq!((first.len(), first.pixels.len()), (2, 8));
    assert_says(append(&mut first, image(3), Path::new("second")), &["second", "[1, 3, 3]", "[1, 2, 2]"]);
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), gz: bool, magic: bool) {
        let mut bytes = bytes;
        if magic && bytes.len() > 4 {
            bytes[..4].copy_from_slice(&[0, 0, 8, 3]);
        }
        let bytes = if gz { gzip(&bytes) } else { bytes };
        let _ = parse(&bytes);
    }

    #[test]
    fn what_is_written_is_read(dims in proptest::collection::vec(1u32..6, 1..=4), gz: bool, start: u8) {
        let count: u32 = dims.iter().product();
        let values: Vec<u8> = (0..count).map(|i| start.wrapping_add((i * 31) as u8)).collect();
        let bytes = idx(&dims, &values);
        let array = parse(&if gz { gzip(&bytes) } else { bytes }).unwrap();
        prop_assert_eq!(array.values, values);
        prop_assert_eq!(array.dims, dims.iter().map(|&d| d as usize).collect::<Vec<_>>());
    }
}
