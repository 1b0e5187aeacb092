//! Generated samples in the place of real ones.

use ganymede_augment::apa;
use ganymede_tensor::testing::device;
use ganymede_tensor::{Rng, Tensor};

#[test]
fn rows_are_replaced_whole() {
    let rows = |from: f32| Tensor::new(&[from, from + 1.0, from + 2.0, from + 3.0], &device()).unwrap();
    let (real, fake) = (rows(0.0).reshape((2, 2)).unwrap(), rows(10.0).reshape((2, 2)).unwrap());
    let replaced = |which: &[bool]| apa::replace(&real, &fake, which).unwrap().to_vec2::<f32>().unwrap();
    assert_eq!(replaced(&[false, true]), [[0.0, 1.0], [12.0, 13.0]]);
    assert_eq!(replaced(&[true, false]), [[10.0, 11.0], [2.0, 3.0]]);
    assert_eq!(replaced(&[false, false]), [[0.0, 1.0], [2.0, 3.0]]);
    let classes = |classes: &[u32]| Tensor::new(classes, &device()).unwrap();
    let told = apa::replace(&classes(&[1, 2]), &classes(&[8, 9]), &[true, false]).unwrap();
    assert_eq!(told.to_vec1::<u32>().unwrap(), [8, 2]);
    assert!(apa::replace(&real, &fake, &[true]).is_err());
    assert!(apa::replace(&real, &rows(0.0), &[true, true]).is_err());
}

#[test]
fn as_many_are_replaced_as_p_says() {
    let share = |p: f64| {
        let replaced = apa::draw(4000, p, &mut Rng::new(9));
        replaced.iter().filter(|replaced| **replaced).count() as f64 / 4000.0
    };
    assert_eq!((share(0.0), share(1.0)), (0.0, 1.0));
    assert!((share(0.3) - 0.3).abs() < 0.03, "{}", share(0.3));
}
