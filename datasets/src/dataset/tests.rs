use super::*;
use crate::testing::assert_says;

fn labels(classes: &[u32]) -> Option<Labels> {
    Some(Labels { classes: classes.to_vec(), names: vec!["a".into(), "b".into()] })
}

#[test]
fn bytes_become_the_interval_from_minus_one_to_one() {
    let set = ImageSet::new("x", [1, 1, 3], vec![0, 51, 255], None).unwrap();
    let mut out = [9.0; 3];
    set.read(0, &mut out).unwrap();
    assert_eq!(out, [-1.0, -0.6, 1.0]);
    for v in 0..=255u8 {
        let set = ImageSet::new("x", [1, 1, 1], vec![v], None).unwrap();
        let mut out = [0.0];
        set.read(0, &mut out).unwrap();
        assert_eq!(((out[0] + 1.0) * 127.5).round(), f32::from(v));
    }
}

#[test]
fn reads_the_image_asked_for_and_refuses_others() {
    let set = ImageSet::new("pair", [1, 1, 2], vec![0, 0, 255, 255], labels(&[1, 0])).unwrap();
    let mut out = [0.0; 2];
    set.read(1, &mut out).unwrap();
    assert_eq!(out, [1.0, 1.0]);
    assert_eq!((set.label(0), set.label(1), set.label(2)), (Some(1), Some(0), None));
    assert_eq!(set.class_names(), ["a", "b"]);
    assert_eq!(
        (set.len(), set.is_empty(), set.bytes(1), set.bytes(2)),
        (2, false, Some(&[255, 255][..]), None)
    );
    assert_says(set.read(2, &mut out), &["sample 2", "pair", "has 2"]);
    assert_says(set.read(0, &mut [0.0; 3]), &["pair", "2 numbers", "room for 3"]);
}

#[test]
fn sizes_and_labels_that_do_not_fit_are_refused() {
    let bad = |shape, pixels: usize, labels| ImageSet::new("x", shape, vec![0; pixels], labels);
    assert_says(bad([1, 0, 2], 2, None), &["shape", "[1, 0, 2]"]);
    assert_says(bad([1, 1, 2], 0, None), &["pixels", "0 bytes"]);
    assert_says(bad([1, 1, 2], 3, None), &["pixels", "3 bytes", "2 bytes"]);
    assert_says(bad([1, 1, 2], 4, labels(&[0])), &["labels", "1 labels", "2 images"]);
    assert_says(bad([1, 1, 2], 4, labels(&[0, 2])), &["labels", "2", "below 2"]);
}

#[test]
fn the_hash_covers_what_a_model_sees_and_nothing_else() {
    let hash = |name: &str, shape, pixels: &[u8], labels| {
        ImageSet::new(name, shape, pixels.to_vec(), labels).unwrap().content_hash()
    };
    let base = hash("x", [1, 1, 2], &[1, 2, 3, 4], labels(&[0, 1]));
    assert_eq!(base.len(), 64);
    assert_eq!(base, hash("another name", [1, 1, 2], &[1, 2, 3, 4], labels(&[0, 1])));
    let others = [
        hash("x", [1, 2, 1], &[1, 2, 3, 4], labels(&[0, 1])),
        hash("x", [1, 1, 2], &[1, 2, 3, 5], labels(&[0, 1])),
        hash("x", [1, 1, 2], &[1, 2, 3, 4], labels(&[1, 1])),
        hash("x", [1, 1, 2], &[1, 2, 3, 4], None),
    ];
    assert!(others.iter().all(|other| *other != base), "{others:?}");
}

/// Checkpoints hold it: another one would make strangers of a run and its data.
#[test]
fn the_hash_of_the_content_stays_what_it_was() {
    let labels = Labels { classes: vec![1, 0], names: vec!["a".into(), "b".into()] };
    let set = ImageSet::new("any name", [1, 1, 2], vec![0, 255, 7, 9], Some(labels)).unwrap();
    // SHA-256 over numbers of 8 bytes and fields that begin with their length, computed in Python.
    assert_eq!(set.content_hash(), "8f1a26edccd20a6344b9af3567e0c5c24dbff0aa89eb0f808ac025356feceb65");
}
