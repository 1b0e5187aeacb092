use super::*;
use crate::conditioned::{Conditioned, Conditions};
use crate::dataset::{ImageSet, Labels};
use crate::testing::assert_says;
use crate::toys::{Toy, ToySet};
use crate::vectors::Vectors;

fn levels(count: usize) -> Vec<u8> {
    (0..count as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect()
}

fn bytes(data: &dyn Dataset, index: usize) -> Vec<u8> {
    let mut out = vec![0; data.shape().iter().product()];
    data.read_bytes(index, &mut out).unwrap();
    out
}

/// Halves in floats, again and again, and rounds what comes of it, as the published tool for data sets does.
fn halved(plane: &[u8], side: usize, to: usize) -> Vec<u8> {
    let (mut plane, mut side) = (plane.iter().map(|&level| f32::from(level)).collect::<Vec<f32>>(), side);
    while side > to {
        let at = |y: usize, x: usize| plane[y * side + x];
        let mean = |i: usize| {
            let (y, x) = (2 * (i / (side / 2)), 2 * (i % (side / 2)));
            (at(y, x) + at(y, x + 1) + at(y + 1, x) + at(y + 1, x + 1)) * 0.25
        };
        plane = (0..(side / 2) * (side / 2)).map(mean).collect();
        side /= 2;
    }
    plane.into_iter().map(|level| level.round_ties_even() as u8).collect()
}

#[test]
fn every_stage_has_the_levels_of_the_published_tool() {
    let side = 32;
    // The second image has ties at every other place.
    let ties = (0..3 * side * side).map(|i| if i % 4 == 0 { 2 } else { 0 } + 20 * (i / 97 % 3) as u8);
    let pixels: Vec<u8> = levels(3 * side * side).into_iter().chain(ties).collect();
    let whole: Arc<dyn Dataset> = Arc::new(ImageSet::new("whole", [3, side, side], pixels, None).unwrap());
    for to in [1, 4, 8, 16, 32] {
        let reduced = Reduced::new(Arc::clone(&whole), to).unwrap();
        assert_eq!((reduced.shape(), reduced.len()), (&[3, to, to][..], 2));
        for index in 0..2 {
            let planes = bytes(&*whole, index);
            let wanted: Vec<u8> =
                planes.chunks(side * side).flat_map(|plane| halved(plane, side, to)).collect();
            assert_eq!(bytes(&reduced, index), wanted, "{to} px, image {index}");
            let mut values = vec![0.0; wanted.len()];
            reduced.read(index, &mut values).unwrap();
            assert!(
                values.iter().zip(&wanted).all(|(value, level)| *value == f32::from(*level) / 127.5 - 1.0)
            );
        }
    }
    assert_eq!([5, 6, 7, 2].map(|sum| rounded(sum, 4)), [1, 2, 2, 0]);
}

#[test]
fn what_is_known_of_images_stays_and_conditions_shrink_with_them() {
    let labels = Labels { classes: vec![1, 0], names: vec!["a".into(), "b".into()] };
    let set = ImageSet::new("set", [1, 2, 4], levels(16), Some(labels)).unwrap();
    let reduced = Reduced::new(Arc::new(set), 1).unwrap();
    assert_eq!((reduced.name(), reduced.shape(), reduced.label(0)), ("set", &[1, 1, 2][..], Some(1)));
    assert_eq!((reduced.class_names().len(), reduced.condition_shape()), (2, None));
    assert_ne!(reduced.content_hash(), reduced.whole().content_hash());
    assert_says(reduced.read(2, &mut [0.0; 2]), &["sample 2", "which has 2"]);
    assert_says(reduced.read(0, &mut [0.0; 8]), &["has 2 numbers", "room for 8"]);
    assert_says(reduced.read_condition(0, &mut [0.0; 2]), &["nothing is known"]);

    let images = || Arc::new(ImageSet::new("set", [1, 2, 2], vec![0, 10, 20, 30, 1, 1, 1, 1], None).unwrap());
    let beside = ImageSet::new("beside", [2, 2, 2], levels(16), None).unwrap();
    let both = Conditioned::new(images(), Conditions::Images(beside)).unwrap();
    let reduced = Reduced::new(Arc::new(both), 1).unwrap();
    let mut out = [0.0; 2];
    reduced.read_condition(1, &mut out).unwrap();
    let wanted = halved(&levels(16)[8..12], 2, 1)[0];
    assert_eq!((reduced.condition_shape(), out[0]), (Some(&[2, 1, 1][..]), f32::from(wanted) / 127.5 - 1.0));
    assert_says(reduced.read_condition(1, &mut [0.0; 8]), &["has 2 numbers"]);
    assert_says(reduced.read_condition(2, &mut out), &["sample 2"]);

    let vectors = Conditions::Vectors(Vectors::of_rows(3, vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]));
    let reduced = Reduced::new(Arc::new(Conditioned::new(images(), vectors).unwrap()), 1).unwrap();
    let mut out = [0.0; 3];
    reduced.read_condition(1, &mut out).unwrap();
    assert_eq!((reduced.condition_shape(), out), (Some(&[3][..]), [4.0, 5.0, 6.0]));
}

#[test]
fn a_side_that_does_not_divide_is_refused() {
    let set: Arc<dyn Dataset> = Arc::new(ImageSet::new("set", [1, 8, 12], levels(96), None).unwrap());
    for side in [0, 3, 5, 6, 7, 16, usize::MAX] {
        assert_says(Reduced::new(Arc::clone(&set), side), &["`side`", &side.to_string(), "divides 8 and 12"]);
    }
    // It divides the height alone.
    assert_says(Reduced::new(Arc::clone(&set), 1), &["divides 8 and 12"]);
    assert_eq!(Reduced::new(set, 2).unwrap().shape(), [1, 2, 3]);
    let toy = Arc::new(ToySet::new(Toy::Ring, 0));
    assert_says(Reduced::new(toy, 4), &["only images", "ring"]);
}
