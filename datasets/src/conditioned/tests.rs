use super::*;
use crate::dataset::Labels;
use crate::testing::assert_says;
use crate::toys::{Toy, ToySet};

fn images(count: usize, side: usize, labels: bool) -> ImageSet {
    let pixels = (0..count * side * side).map(|i| i as u8).collect();
    let labels = labels.then(|| Labels { classes: vec![0; count], names: vec!["a".into()] });
    ImageSet::new("images", [1, side, side], pixels, labels).unwrap()
}

fn vectors(rows: &[&[f32]]) -> Conditions {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("v.npy");
    std::fs::write(&path, crate::testing::npy("<f4", &[rows.len(), rows[0].len()], &rows.concat())).unwrap();
    Conditions::Vectors(Vectors::open(&path, 1 << 20).unwrap())
}

#[test]
fn a_condition_takes_the_place_of_the_class() {
    let set = Conditioned::new(Arc::new(images(2, 2, true)), vectors(&[&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0]]));
    let set = set.unwrap();
    assert_eq!((set.len(), set.shape(), set.condition_shape()), (2, &[1, 2, 2][..], Some(&[3][..])));
    assert_eq!((set.class_names().len(), set.label(0)), (0, None));
    let mut known = [0.0; 3];
    set.read_condition(1, &mut known).unwrap();
    assert_eq!(known, [4.0, 5.0, 6.0]);
    assert_says(set.read_condition(2, &mut known), &["sample 2", "has 2"]);
    assert_says(set.read_condition(0, &mut [0.0; 2]), &["3 numbers", "room for 2"]);
    assert_says(images(2, 2, true).read_condition(0, &mut known), &["condition", "`images`", "vectors"]);
}

#[test]
fn conditions_that_do_not_fit_are_refused() {
    let new = |data: Arc<dyn Dataset>, conditions| Conditioned::new(data, conditions);
    assert_says(
        new(Arc::new(images(3, 2, false)), vectors(&[&[1.0], &[2.0]])),
        &["2 of shape [1]", "each of the 3"],
    );
    let larger = Conditions::Images(images(3, 4, false));
    assert_says(new(Arc::new(images(3, 2, false)), larger), &["[1, 4, 4]", "height and width", "[1, 2, 2]"]);
    let ring: Arc<dyn Dataset> = Arc::new(ToySet::new(Toy::Ring, 0));
    assert_says(new(ring, Conditions::Images(images(3, 2, false))), &["each of the 1048576"]);
}

#[test]
fn the_hash_covers_the_conditions() {
    let hash =
        |conditions| Conditioned::new(Arc::new(images(2, 2, false)), conditions).unwrap().content_hash();
    let base = hash(vectors(&[&[1.0, 2.0], &[3.0, 4.0]]));
    assert_eq!(base, hash(vectors(&[&[1.0, 2.0], &[3.0, 4.0]])));
    let others = [
        images(2, 2, false).content_hash(),
        hash(vectors(&[&[1.0, 2.0], &[3.0, 5.0]])),
        hash(vectors(&[&[3.0, 4.0], &[1.0, 2.0]])),
        hash(Conditions::Images(images(2, 2, false))),
    ];
    assert!(others.iter().all(|other| *other != base), "{others:?}");
}
